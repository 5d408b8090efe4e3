/** Removing a community that was never used. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';

/** What would be lost with a community: contributions, members, keys that somebody may hold, boards in channels. */
export const KEEPING_TABLES = [
  'contributions',
  'members',
  'api_keys',
  'live_boards',
] as const satisfies readonly (keyof Database)[];

/**
 * All else that a community has: settings, what jobs noted of it, and what only stands where contributions or members do.
 * What refers to something comes before it.
 */
export const REMOVED_TABLES = [
  'final_changes',
  'final_versions',
  'segments',
  'standings',
  'boards',
  'windows',
  'season_events',
  'season_names',
  'seasons',
  'prizes',
  'grants',
  'member_tallies',
  'award_states',
  'badges',
  'quest_proofs',
  'quest_completions',
  'quest_joins',
  'quest_rounds',
  'quests',
  'multiplier_drafts',
  'multipliers',
  'announcements',
  'role_holdings',
  'role_holders',
  'roles_left_behind',
  'role_refusals',
  'role_passes',
  'exclusions',
  'off_boards',
  'discord_roles',
  'caps',
  'held_contributions',
  'contribution_changes',
  'feedback_credits',
  'link_failures',
  'link_codes',
  'member_merges',
  'member_aliases',
  'rates',
  'categories',
  'sources',
  'audit_log',
  'communities',
] as const satisfies readonly (keyof Database)[];

/**
 * What the bot has made on Discord. Jobs remove it there, and then forget it: scheduled events that nobody wants any more,
 * emojis of badges that are gone.
 */
export const OUTLIVING_TABLES = ['badge_images', 'mirrored_events'] as const satisfies readonly (keyof Database)[];

/**
 * Removes a community with its settings, unless something would be lost with it. For a transaction that holds its lock.
 *
 * @returns whether it was removed
 */
export async function removeIfUnused(trx: Transaction<Database>, communityId: number): Promise<boolean> {
  for (const table of KEEPING_TABLES) {
    const row = await trx
      .selectFrom(table)
      .select('community_id')
      .where('community_id', '=', communityId)
      .limit(1)
      .executeTakeFirst();
    if (row) return false;
  }
  await sql`update badge_images set look_at = 'epoch' where community_id = ${communityId}`.execute(trx);
  for (const table of REMOVED_TABLES) await trx.deleteFrom(table).where('community_id', '=', communityId).execute();
  return true;
}
