import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { changeStandings, type RankingContext } from '../ranking/context.ts';
import { rebuild } from '../ranking/rebuild.ts';
import { moveWindows } from '../ranking/windows.ts';
import type { Community, Visibility } from './community.ts';
import { touchConfig } from './lock.ts';
import { requireLocale, requireTimeZone } from './settings.ts';

export type CommunityChanges = {
  name?: string | undefined;
  timeZone?: string | undefined;
  locale?: string | undefined;
  visibility?: Visibility | undefined;
  /** Allows a new time zone for a community that has contributions: its open and past windows are cut anew. */
  rebuild?: boolean | undefined;
};

/**
 * Changes the settings of a community. Returns when standings agree with them: after a change of time zone they are
 * recomputed page by page while reading and writing go on. A crash on the way is caught up with by
 * {@link finishRebuilds}. Safe to repeat.
 *
 * @throws DomainError `invalid-parameter`, `unknown-community`, or `state-conflict` when a time zone needs `rebuild`
 */
export async function updateCommunity(
  context: RankingContext,
  communityId: number,
  changes: CommunityChanges,
  actor: Actor,
  now: Date,
): Promise<void> {
  const rebuildNeeded = await changeStandings(context, communityId, async (trx, { lock }) => {
    const community = await context.directory.at(trx, communityId, lock.configVersion);
    const { before, after } = differences(community, changes);
    if (Object.keys(after).length === 0) return false;
    const { name, timeZone, locale, visibility } = after;
    const moves = timeZone !== undefined && (await hasContributions(trx, communityId));
    if (moves && !changes.rebuild) {
      throw new DomainError(
        'state-conflict',
        `"${community.slug}" has contributions, and another time zone moves the boundaries of its windows. Send "rebuild": true to have the standings of open and past windows recomputed.`,
      );
    }
    if (timeZone !== undefined) await moveWindows(trx, community, timeZone, now);
    await trx
      .updateTable('communities')
      .set({ name, time_zone: timeZone, locale, visibility, ...(moves ? { rebuild_pending: true } : {}) })
      .where('community_id', '=', communityId)
      .execute();
    await touchConfig(trx, communityId);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'community.update',
      target: community.slug,
      before,
      after,
    });
    return moves;
  });
  if (rebuildNeeded) await rebuildPending(context, communityId);
}

/** Carries on with the rebuilds that a crash broke off. Safe to repeat, and from several processes at once. */
export async function finishRebuilds(context: RankingContext): Promise<void> {
  const pending = await context.db
    .selectFrom('communities')
    .select('community_id')
    .where('rebuild_pending', '=', true)
    .execute();
  for (const { community_id } of pending) await rebuildPending(context, community_id);
}

async function rebuildPending(context: RankingContext, communityId: number): Promise<void> {
  const versionOf = context.db
    .selectFrom('communities')
    .select('config_version')
    .where('community_id', '=', communityId);
  const { config_version } = await versionOf.executeTakeFirstOrThrow();
  await rebuild(context, communityId);
  // With settings that changed meanwhile it stays pending: whoever changed them rebuilds, or the next start does.
  await context.db
    .updateTable('communities')
    .set({ rebuild_pending: false })
    .where('community_id', '=', communityId)
    .where('config_version', '=', config_version)
    .execute();
}

async function hasContributions(trx: Transaction<Database>, communityId: number): Promise<boolean> {
  const first = await trx
    .selectFrom('contributions')
    .select('seq')
    .where('community_id', '=', communityId)
    .limit(1)
    .executeTakeFirst();
  return first !== undefined;
}

type Settings = Pick<CommunityChanges, 'name' | 'timeZone' | 'locale' | 'visibility'>;

/** The settings that change, as they were and as they shall be. */
function differences(community: Community, changes: CommunityChanges): { before: Settings; after: Settings } {
  const { name, timeZone, locale, visibility } = changes;
  const before: Settings = {};
  const after: Settings = {};
  if (name !== undefined && name !== community.name) [before.name, after.name] = [community.name, name];
  const zone = timeZone === undefined ? undefined : requireTimeZone(timeZone);
  if (zone !== undefined && zone !== community.timeZone) [before.timeZone, after.timeZone] = [community.timeZone, zone];
  const language = locale === undefined ? undefined : requireLocale(locale);
  if (language !== undefined && language !== community.locale) {
    [before.locale, after.locale] = [community.locale, language];
  }
  if (visibility !== undefined && visibility !== community.visibility) {
    [before.visibility, after.visibility] = [community.visibility, visibility];
  }
  return { before, after };
}
