/** Members in announcements: named as everybody may name them, also after they hide or are deleted. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { ToldMember } from '../announcements/announcement.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { ANNOUNCED_NAME } from './public-name.ts';

/** Members as announcements name them, in the order given. */
export async function tellMembers(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<ToldMember[]> {
  if (memberIds.length === 0) return [];
  const { rows } = await sql<ToldMember>`
    select m.member_id as "memberId", ${ANNOUNCED_NAME} as name
    from unnest(${numbers(memberIds)}::int[]) with ordinality as d(member_id, n)
    join members m on m.community_id = ${communityId} and m.member_id = d.member_id order by d.n`.execute(db);
  return rows;
}

/**
 * Names some members anew in all that was put down to be said: what waits is said with the new name, and messages that
 * were sent are changed where they stand, as far back as announcements are kept. Safe to repeat.
 */
export async function retellMembers(
  trx: Transaction<Database>,
  communityId: number,
  memberIds: readonly number[],
  now: Date,
): Promise<void> {
  const names = new Map((await tellMembers(trx, communityId, memberIds)).map((told) => [told.memberId, told.name]));
  // Wherever in an announcement a member is told.
  const { rows } = await sql<{ id: number; messageId: number; content: unknown }>`
    select announcement_id as id, coalesce(lead_id, announcement_id) as "messageId", content from announcements
    where community_id = ${communityId}
      and jsonb_path_exists(content, '$.** ? (@.memberId == $ids[*])', jsonb_build_object('ids', ${numbers(memberIds)}::int[]))
    order by announcement_id for update`.execute(trx);
  for (const { id, content } of rows) {
    await trx
      .updateTable('announcements')
      .set({ content: JSON.stringify(rename(content, names)) })
      .where('community_id', '=', communityId)
      .where('announcement_id', '=', id)
      .execute();
  }
  // What is under way may be said by the old name: it is changed once it has been delivered.
  await sql`
    update announcements set edit_at = ${now}::timestamptz
    where community_id = ${communityId} and announcement_id = any(${numbers(rows.map(({ messageId }) => messageId))}::int[])
      and state in ('claimed', 'delivered')`.execute(trx);
}

/** A copy in which members are told by their new names. */
function rename(value: unknown, names: ReadonlyMap<number, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => rename(one, names));
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rename(one, names)]));
  const { memberId } = copy;
  const name = typeof memberId === 'number' ? names.get(memberId) : undefined;
  return name === undefined ? copy : { ...copy, name };
}
