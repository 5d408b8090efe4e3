/** The roles of Discord users, as they were last seen: kept only where a role is excluded. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { settleDiscordUser } from './off-boards.ts';

/**
 * Notes the roles that a Discord user has, as an interaction tells them, where a role is excluded; elsewhere nobody's
 * roles are kept. The user's member goes off boards, or comes back, before this returns. Safe to repeat.
 */
export async function noteRoles(
  context: RankingContext,
  community: Pick<Community, 'id' | 'excludesRoles'>,
  discordUserId: string,
  roleIds: readonly string[],
  now: Date,
): Promise<void> {
  if (!community.excludesRoles) return;
  // What stands there already is not written again at every interaction.
  const changed = sql<boolean>`known.role_ids <> excluded.role_ids or known.seen_at < ${excludedSince(community.id)}`;
  await note(context, community.id, discordUserId, roleIds, now, changed);
}

/**
 * Notes the roles that a Discord user has, as Discord tells them when it is asked. Undefined: the user is not in the
 * server, and is taken to have the roles that were seen last, so that leaving is no way out. An interaction that came
 * in between knows better. The user's member goes off boards, or comes back, before this returns. Safe to repeat.
 */
export async function noteReadRoles(
  context: RankingContext,
  communityId: number,
  discordUserId: string,
  roleIds: readonly string[] | undefined,
  now: Date,
): Promise<void> {
  await note(context, communityId, discordUserId, roleIds, now, sql`known.seen_at < ${excludedSince(communityId)}`);
}

/** Since when the role that was excluded last has been, as a subquery; null where none is. */
export function excludedSince(communityId: number): RawBuilder<Date | null> {
  return sql`(select max(x.starts_at) from exclusions x
    where x.community_id = ${communityId} and x.lifted_at is null and x.role_id is not null)`;
}

/** Forgets the roles of a community where no role is excluded, nor was since a moment: prizes may have yet to be given. */
export async function forgetRoles(db: Kysely<Database>, communityId: number, before: Date): Promise<void> {
  await sql`
    delete from discord_roles where community_id = ${communityId} and not exists (
      select from exclusions x where x.community_id = ${communityId} and x.role_id is not null
        and coalesce(x.lifted_at >= ${before}, true))`.execute(db);
}

async function note(
  context: RankingContext,
  communityId: number,
  discordUserId: string,
  roleIds: readonly string[] | undefined,
  now: Date,
  outdated: RawBuilder<boolean>,
): Promise<void> {
  const ordered = roleIds?.toSorted() ?? null;
  // Seen since the exclusion, also by a clock that lags behind.
  const { rows } = await sql`
    insert into discord_roles as known (community_id, discord_user_id, role_ids, seen_at)
    values (
      ${communityId}, ${discordUserId}, coalesce(${ordered}::text[], '{}'),
      greatest(${now}::timestamptz, ${excludedSince(communityId)}))
    on conflict (community_id, discord_user_id) do update
      set role_ids = coalesce(${ordered}::text[], known.role_ids), seen_at = excluded.seen_at
      where ${outdated}
    returning 1`.execute(context.db);
  if (rows.length > 0) await settleDiscordUser(context, communityId, discordUserId);
}
