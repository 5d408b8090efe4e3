import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/** Above every character that a handle can hold. */
const LAST_CHARACTER = '\u{10FFFF}';

/**
 * Finds members whose handle begins with a text, in the order of handles; merged ones are left out, and for everybody
 * but admins those who are hidden or deleted.
 */
export async function findMembersByPrefix(
  db: Kysely<Database>,
  communityId: number,
  prefix: string,
  { limit, forAdmins }: { limit: number; forAdmins: boolean },
): Promise<{ handle: string; displayName: string }[]> {
  const { rows } = await sql<{ handle: string; displayName: string }>`
    select m.handle, m.display_name as "displayName" from members m
    where m.community_id = ${communityId} and m.handle >= ${prefix} and m.handle < ${prefix + LAST_CHARACTER}
      and not exists (select from member_aliases a where a.community_id = m.community_id and a.handle = m.handle)
      and (${forAdmins} or (m.hidden_as is null and m.deleted_at is null))
    order by m.handle limit ${limit}`.execute(db);
  return rows;
}
