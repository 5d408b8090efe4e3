import { sql, type Kysely, type RawBuilder } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Prerequisite } from './quest.ts';

/**
 * The members among some who meet what a quest asks for beforehand. A role is not looked at here: Discord tells it when
 * the quest is joined.
 */
export async function membersWhoMeet(
  db: Kysely<Database>,
  communityId: number,
  prerequisites: readonly Prerequisite[],
  memberIds: readonly number[],
): Promise<ReadonlySet<number>> {
  const conditions = prerequisites.flatMap((prerequisite) => conditionOf(communityId, prerequisite) ?? []);
  if (conditions.length === 0 || memberIds.length === 0) return new Set(memberIds);
  const { rows } = await sql<{ memberId: number }>`
    select m.member_id as "memberId" from unnest(${numbers(memberIds)}::int[]) as d(member_id)
    join members m on m.community_id = ${communityId} and m.member_id = d.member_id
    where ${sql.join(conditions, sql` and `)}`.execute(db);
  return new Set(rows.map((row) => row.memberId));
}

/** The roles that a quest asks for when it is joined. */
export function rolesAskedFor(prerequisites: readonly Prerequisite[]): string[] {
  return prerequisites.flatMap((prerequisite) => ('role' in prerequisite ? [prerequisite.role] : []));
}

function conditionOf(communityId: number, prerequisite: Prerequisite): RawBuilder<boolean> | undefined {
  if ('role' in prerequisite) return undefined;
  if ('memberBefore' in prerequisite) return sql`m.created_at < ${prerequisite.memberBefore}::timestamptz`;
  if ('badge' in prerequisite) {
    return sql`0 < (
      select coalesce(sum(g.amount), 0) from grants g
      where g.community_id = ${communityId} and g.member_id = m.member_id and g.kind = 'badge' and g.name = ${prerequisite.badge})`;
  }
  return sql`exists (
    select from quest_completions q join quest_rounds r on r.community_id = q.community_id and r.round_id = q.round_id
    where q.community_id = ${communityId} and q.member_id = m.member_id and r.quest_id = ${prerequisite.quest}::int)`;
}
