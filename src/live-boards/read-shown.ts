/** What a live board is to show, and when that changes by itself. */
import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { Window, WindowKind } from '../ranking/calendar.ts';
import { statusOf, windowOfPeriod } from '../ranking/periods.ts';
import { readLeaderboard } from '../ranking/read-leaderboard.ts';
import { frozenDueAt } from '../seasons/steps.ts';
import { periodName } from '../seasons/tell-tables.ts';
import type { ShownBoard } from './board-messenger.ts';

/** However little happens, a board is looked at as often: its message may have been deleted. */
const LOOK_EVERY_MS = 3_600_000;

/** A live board, as far as what it shows goes. */
export type Wanted = {
  id: number;
  categoryId: number;
  window: WindowKind;
  places: number;
  /** The key of the period that it has shown so far. */
  period: string | undefined;
};

/** What is to be shown, a hash of it but for the time that it is of, and when to look again though nobody writes. */
export type Reading = { shown: ShownBoard; fingerprint: string; lookAt: Date };

/**
 * Reads what a live board is to show: the current period, or the one that it has shown so far as long as that closes.
 *
 * @throws DomainError `unknown-category` when its category is gone
 */
export async function readShown(
  db: Kysely<Database>,
  community: KnownCommunity,
  wanted: Wanted,
  now: Date,
): Promise<Reading> {
  const category = community.categories.find(({ id }) => id === wanted.categoryId);
  if (!category) throw new DomainError('unknown-category', 'What this board showed is not counted any more.');
  const { key } = windowToShow(community, wanted, now);
  const request = { category: category.slug, window: wanted.window, period: key, limit: wanted.places, offset: 0 };
  const board = await readLeaderboard(db, community, request, now);
  const { id, places } = wanted;
  const awaitedUntil = awaitedIn(community, board.window, now);
  const name = periodName(community, board.window);
  const shown = { id, board, name, places, awaitedUntil, locale: community.locale, asOf: now };
  return { shown, fingerprint: fingerprintOf(shown), lookAt: nextLook(community, category, shown) };
}

/** It turns to the current period once the final table of the one before stands. */
function windowToShow(community: KnownCommunity, { window: kind, period, categoryId }: Wanted, now: Date): Window {
  const current = community.calendar.currentAt(kind, now);
  const shown = period === undefined ? undefined : windowOf(community, kind, period, now);
  if (!shown || shown.key === current.key) return current;
  const status = statusOf(community, shown, now, categoryId);
  return status === 'closing' || status === 'provisional' ? shown : current;
}

/** The window of a period; undefined when there is none any more, as the seasons or the time zone were changed since. */
function windowOf({ calendar }: KnownCommunity, kind: WindowKind, period: string, now: Date): Window | undefined {
  try {
    return windowOfPeriod(calendar, kind, period, now);
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

function awaitedIn({ closingTimes }: KnownCommunity, window: Window, now: Date): Date | undefined {
  if (window.kind === 'all' || now < window.endsAt) return undefined;
  const until = frozenDueAt(closingTimes, window);
  return now < until ? until : undefined;
}

/** The next moment at which it would show something else though nobody wrote, or at which to see that it is still there. */
function nextLook({ calendar, multipliers }: KnownCommunity, category: Category, shown: ShownBoard): Date {
  const { board, awaitedUntil, asOf: now } = shown;
  const { kind, endsAt } = board.window;
  const latest = new Date(now.getTime() + LOOK_EVERY_MS);
  const events = multipliers.filter(({ categoryIds }) => !categoryIds || categoryIds.includes(category.id));
  const moments = [
    endsAt,
    ...(awaitedUntil ? [awaitedUntil] : []),
    // Between two seasons, the next one begins though none has ended.
    ...calendar.windowsBetween(kind, now, latest).map((window) => window.startsAt),
    ...events.flatMap((event) => [event.startsAt, event.endsAt]),
  ];
  return moments.reduce((next, moment) => (moment > now && moment < next ? moment : next), latest);
}

/** A hash of everything that is seen, names and status included. */
function fingerprintOf({ board, name, places, awaitedUntil, locale }: ShownBoard): string {
  const { category, window, status, total, event, entries } = board;
  const seen = [
    [category.title, category.unit, category.measure, locale, places],
    [window.kind, window.key, name, window.startsAt, window.endsAt, status, awaitedUntil],
    event && [event.factor, event.endsAt],
    total,
    entries.map(({ rank, displayName, score }) => [rank, displayName, score]),
  ];
  const text = JSON.stringify(seen, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
  return createHash('sha256').update(text).digest('base64');
}
