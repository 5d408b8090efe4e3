import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/**
 * Notes that a Discord user is in the server, with the roles that an interaction tells. One who was missing, or has lost
 * a role that was granted, is looked at soon. Costs a look at a key. Safe to repeat.
 *
 * @returns whether there is somebody to look at: then the jobs are to be nudged
 */
export async function noteSeen(
  db: Kysely<Database>,
  communityId: number,
  discordUserId: string,
  roleIds: readonly string[],
  now: Date,
): Promise<boolean> {
  const { rows } = await sql`
    update role_holders k set look_at = ${now}
    where k.community_id = ${communityId} and k.discord_user_id = ${discordUserId} and k.look_at > ${now}
      and (k.left_at is not null or exists (
        select from role_holdings h
        where h.community_id = k.community_id and h.discord_user_id = k.discord_user_id and h.state in ('ours', 'theirs')
          and not h.role_id = any(${roleIds}::text[])))
    returning 1`.execute(db);
  return rows.length > 0;
}
