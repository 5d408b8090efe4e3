import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DISCORD_HANDLE, type Member } from '../members/members.ts';

/** A row of `members` that stands for somebody. */
export type MemberRow = { memberId: number; handle: string; hiddenAs: string | null };

/** By which names a person is known: all its handles, and its Discord accounts by their ids. */
export type KnownNames = { handles: readonly string[]; discordUserIds: readonly string[] };

/**
 * All rows of a member, its own first: those that were merged into it still stand in final tables, and are as hidden or
 * deleted as it is.
 */
export async function rowsOf(trx: Transaction<Database>, communityId: number, memberId: number): Promise<MemberRow[]> {
  const { rows } = await sql<MemberRow>`
    select m.member_id as "memberId", m.handle, m.hidden_as as "hiddenAs" from members m
    where m.community_id = ${communityId} and m.member_id in (
      select ${memberId}::int
      union all
      select merged.member_id from member_aliases a
      join members merged on merged.community_id = a.community_id and merged.handle = a.handle
      where a.community_id = ${communityId} and a.member_id = ${memberId})
    order by m.member_id <> ${memberId}, m.member_id`.execute(trx);
  return rows;
}

/** All names of a member, those included that only stand for its Discord account. */
export async function namesOf(
  db: Kysely<Database>,
  communityId: number,
  { id, handle, discordUserId }: Member,
): Promise<KnownNames> {
  const aliases = await db
    .selectFrom('member_aliases')
    .select('handle')
    .where('community_id', '=', communityId)
    .where('member_id', '=', id)
    .execute();
  const handles = [handle, ...aliases.map((alias) => alias.handle)];
  const accounts = [discordUserId, ...handles.map((one) => DISCORD_HANDLE.exec(one)?.[1])];
  return { handles, discordUserIds: [...new Set(accounts.filter((account) => account !== undefined))] };
}
