import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { changeStandings, type RankingContext } from '../ranking/context.ts';
import { rebuild } from '../ranking/rebuild.ts';
import { moveWindows } from '../ranking/windows.ts';
import type { ClosingTimes, Community, Visibility } from './community.ts';
import { touchConfig } from './lock.ts';
import { requireLocale, requireTimeZone } from './settings.ts';

type ProvisionalChanges = { [Kind in keyof ClosingTimes['provisionalMs']]?: number | undefined };

export type CommunityChanges = {
  name?: string | undefined;
  timeZone?: string | undefined;
  locale?: string | undefined;
  visibility?: Visibility | undefined;
  /** Also for windows that are closing at the moment: what is due by the new times is done at once. */
  closingTimes?: { lateMs?: number | undefined; provisionalMs?: ProvisionalChanges | undefined } | undefined;
  /** In thousandths of OMNIT; null: nothing is said. */
  monthlyBudget?: bigint | null | undefined;
  /** How long before the end of a season it is told, each in milliseconds; none: it is not. */
  countdownMs?: readonly number[] | undefined;
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
    const { timeZone, closingTimes } = after;
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
      .set({
        ...columnsOf(after),
        ...(moves ? { rebuild_pending: true } : {}),
        // What is due next is reckoned anew.
        ...(timeZone === undefined && closingTimes === undefined ? {} : { next_step_at: null }),
      })
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
  const { time_zone } = await context.db
    .selectFrom('communities')
    .select('time_zone')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  await rebuild(context, communityId);
  // With another zone meanwhile it stays pending: whoever changed it rebuilds, or the next start does. Other settings,
  // which change all the time, are no reason to: nothing closes while it is pending.
  await context.db
    .updateTable('communities')
    .set({ rebuild_pending: false })
    .where('community_id', '=', communityId)
    .where('time_zone', '=', time_zone)
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

/** The settings that can be changed. */
type Settings = Pick<Community, 'name' | 'timeZone' | 'locale' | 'visibility' | 'closingTimes' | 'countdownMs'> & {
  monthlyBudget: bigint | null;
};

/** The settings that change, as they were and as they shall be. */
function differences(
  community: Community,
  changes: CommunityChanges,
): { before: Partial<Settings>; after: Partial<Settings> } {
  const { name, timeZone, locale, visibility, closingTimes, countdownMs, monthlyBudget = null } = community;
  const old: Settings = { name, timeZone, locale, visibility, closingTimes, countdownMs, monthlyBudget };
  const wanted: Settings = {
    name: changes.name ?? name,
    timeZone: changes.timeZone === undefined ? timeZone : requireTimeZone(changes.timeZone),
    locale: changes.locale === undefined ? locale : requireLocale(changes.locale),
    visibility: changes.visibility ?? visibility,
    closingTimes: mergeTimes(closingTimes, changes.closingTimes),
    countdownMs: [...new Set(changes.countdownMs ?? countdownMs)].toSorted((a, b) => b - a),
    monthlyBudget: changes.monthlyBudget === undefined ? monthlyBudget : changes.monthlyBudget,
  };
  const same = SETTINGS.filter((key) => isDeepStrictEqual(old[key], wanted[key]));
  return { before: without(old, same), after: without(wanted, same) };
}

const SETTINGS = [
  'name',
  'timeZone',
  'locale',
  'visibility',
  'closingTimes',
  'countdownMs',
  'monthlyBudget',
] as const satisfies readonly (keyof Settings)[];

function without(settings: Settings, keys: readonly (keyof Settings)[]): Partial<Settings> {
  const left: Partial<Settings> = { ...settings };
  for (const key of keys) delete left[key];
  return left;
}

function mergeTimes(
  { lateMs, provisionalMs }: ClosingTimes,
  { lateMs: late, provisionalMs: provisional }: NonNullable<CommunityChanges['closingTimes']> = {},
): ClosingTimes {
  return {
    lateMs: late ?? lateMs,
    provisionalMs: {
      week: provisional?.week ?? provisionalMs.week,
      month: provisional?.month ?? provisionalMs.month,
      season: provisional?.season ?? provisionalMs.season,
    },
  };
}

/** Settings as columns; what is left out stays as it is. */
function columnsOf({
  name,
  timeZone,
  locale,
  visibility,
  closingTimes,
  countdownMs,
  monthlyBudget,
}: Partial<Settings>) {
  return {
    name,
    time_zone: timeZone,
    locale,
    visibility,
    late_ms: closingTimes?.lateMs,
    week_provisional_ms: closingTimes?.provisionalMs.week,
    month_provisional_ms: closingTimes?.provisionalMs.month,
    season_provisional_ms: closingTimes?.provisionalMs.season,
    countdown_ms: countdownMs?.map(BigInt),
    monthly_budget: monthlyBudget,
  };
}
