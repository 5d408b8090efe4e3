import { sql, type Kysely } from 'kysely';
import type { Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';

/**
 * Notes the roles that a Discord user has, as an interaction tells them, where a role is excluded; elsewhere nobody's
 * roles are kept. So a role exclusion holds for who had the role when last using the bot in this server. Safe to repeat.
 */
export async function noteRoles(
  db: Kysely<Database>,
  community: Pick<Community, 'id' | 'excludesRoles'>,
  discordUserId: string,
  roleIds: readonly string[],
  now: Date,
): Promise<void> {
  if (!community.excludesRoles) return;
  const ordered = roleIds.toSorted();
  await sql`
    insert into discord_roles as known (community_id, discord_user_id, role_ids, seen_at)
    values (${community.id}, ${discordUserId}, ${ordered}::text[], ${now})
    on conflict (community_id, discord_user_id) do update set role_ids = excluded.role_ids, seen_at = excluded.seen_at
    where known.role_ids <> excluded.role_ids`.execute(db);
}
