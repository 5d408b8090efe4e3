import { sql, type Kysely } from 'kysely';
import { discordHandle } from '../members/members.ts';
import type { Database } from '../db/database.ts';

/**
 * The members who get no prize at a moment: those excluded from prizes or boards, and those who then have an excluded
 * role, as far as Discord has told. Their ranks stay, and what they would have got passes to the next.
 */
export async function excludedFromPrizes(db: Kysely<Database>, communityId: number, at: Date): Promise<Set<number>> {
  const inForce = sql`x.community_id = ${communityId} and x.starts_at <= ${at}
    and coalesce(x.ends_at > ${at}, true) and coalesce(x.lifted_at > ${at}, true)`;
  const { rows } = await sql<{ memberId: number }>`
    select x.member_id as "memberId" from exclusions x where ${inForce} and x.member_id is not null
    union
    select m.member_id from exclusions x
    join discord_roles r on r.community_id = x.community_id and x.role_id = any(r.role_ids)
    cross join lateral (
      select member_id from members where community_id = r.community_id and discord_user_id = r.discord_user_id
      union
      select member_id from members where community_id = r.community_id and handle = ${discordHandle('')}::text || r.discord_user_id
    ) m
    where ${inForce} and x.role_id is not null`.execute(db);
  return new Set(rows.map((row) => row.memberId));
}
