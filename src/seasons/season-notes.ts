/** What an admin should know of a season that is created: what ends with it, and what it does not cover. */
import type { Kysely } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import { listPrizes } from '../rewards/prizes.ts';

const DAY_MS = 24 * 3_600_000;

/** How moments and keys are written where the notes are read. */
export type Wording = { moment: (at: Date) => string; key: (key: string) => string };

const PLAIN: Wording = { moment: (at) => at.toISOString(), key: (key) => key };

/**
 * What follows from a season for those around it and for the prizes of seasons, as sentences. Reads only.
 *
 * @param community as it is without the season
 * @param planned the season, and the one before it, which may end as it begins
 */
export async function notesOnSeason(
  db: Kysely<Database>,
  community: KnownCommunity,
  { window, before }: { window: Window; before: Window | undefined },
  wording: Wording = PLAIN,
): Promise<string[]> {
  const prizes = (await listPrizes(db, community.id, { window: 'season' })).length;
  return [
    ...notesOnQuarters(community, window, before, prizes > 0, wording),
    ...notesOnGaps(community, window, before, wording),
    ...(prizes > 0 ? [noteOnPrizes(prizes)] : []),
  ];
}

/** That quarters end with the first season of a community's own, and which are missed or cut short. */
function notesOnQuarters(
  { calendar, seasons }: KnownCommunity,
  window: Window,
  before: Window | undefined,
  hasPrizes: boolean,
  { moment, key }: Wording,
): string[] {
  const isFirst = seasons.every((one) => calendar.windowByKey('season', one.key).startsAt > window.startsAt);
  const quarter = calendar.windowAt('season', window.startsAt);
  if (!isFirst || !quarter) return [];
  const until = moment(window.startsAt);
  const isCut = before?.key === quarter.key;
  const missed = isCut ? '' : ` ${key(quarter.key)} will not take place.`;
  const notes = [`From ${until} on there are no calendar quarters: seasons are those that you create.${missed}`];
  if (isCut) {
    const inFull = hasPrizes ? ' Its prizes are given in full all the same.' : '';
    notes.push(`${key(quarter.key)} ends as this season begins, after ${daysOf(before)}.${inFull}`);
  }
  return notes;
}

/** Between which seasons nothing counts towards any. */
function notesOnGaps(
  { calendar, seasons }: KnownCommunity,
  window: Window,
  before: Window | undefined,
  { moment, key }: Wording,
): string[] {
  const next = seasons
    .map((one) => calendar.windowByKey('season', one.key))
    .find(({ startsAt }) => startsAt > window.startsAt);
  const gap = (between: string, from: Date, to: Date) =>
    from < to ? [`Between ${between}, from ${moment(from)} to ${moment(to)}, nothing counts towards a season.`] : [];
  return [
    ...(before ? gap(`${key(before.key)} and this one`, before.endsAt, window.startsAt) : []),
    ...(next ? gap(`this one and ${key(next.key)}`, window.endsAt, next.startsAt) : []),
  ];
}

function noteOnPrizes(count: number): string {
  const which = count === 1 ? 'The prize that is set up for seasons is' : `The ${count} prizes set up for seasons are`;
  return `${which} given for this one too, in full however long it lasts.`;
}

function daysOf({ startsAt, endsAt }: Window): string {
  const days = Math.round((endsAt.getTime() - startsAt.getTime()) / DAY_MS);
  return days === 1 ? '1 day' : `${days} days`;
}
