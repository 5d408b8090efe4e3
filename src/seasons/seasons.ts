/** Seasons: calendar quarters, or the community's own. */
import { sql, type Transaction } from 'kysely';
import { z } from 'zod';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Season } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { FUTURE_TOLERANCE_MS } from '../contributions/contribution.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { CUSTOM_KEY, isReservedKey, type Calendar, type Window } from '../ranking/calendar.ts';
import type { RankingContext } from '../ranking/context.ts';
import { statusOf, type WindowStatus } from '../ranking/periods.ts';
import { fitWindows } from '../ranking/windows.ts';
import { text } from '../schema.ts';
import { NAME } from '../text.ts';
import { readLocalDate, requireLength } from './season-dates.ts';
import { notesOnSeason } from './season-notes.ts';

const day = z
  .string()
  .describe(
    'A local date such as `2027-01-01`, whose midnight is meant; or the instant of a local midnight in RFC 3339.',
  )
  .meta({ examples: ['2027-01-01'] });

/** A season as it is asked for: `startsAt` is its first day, `endsAt` the day after its last. */
export const newSeasonSchema = z.object({
  key: z
    .string()
    .regex(CUSTOM_KEY, 'must be 1 to 32 small letters, digits and hyphens')
    .describe('How it is addressed: small letters, digits and hyphens.'),
  name: text(NAME),
  startsAt: day,
  endsAt: day,
});
export type NewSeason = z.output<typeof newSeasonSchema>;

/** A season as it is shown. */
export type ShownSeason = { name: string; window: Window; status: WindowStatus | 'upcoming'; isOwn: boolean };

/** A season that was made, and what an admin should know of it, as sentences. */
export type CreatedSeason = ShownSeason & { notes: string[] };

/**
 * Creates a season of the community's own. From the first one's beginning there are no quarters.
 *
 * @returns the season, with what follows from it
 * @throws DomainError as {@link planSeason} does
 */
export async function createSeason(
  context: RankingContext,
  communityId: number,
  wanted: NewSeason,
  actor: Actor,
  now: Date,
): Promise<CreatedSeason> {
  return changeSeasons(context, communityId, async (trx, community) => {
    const { season, shown, before } = planSeason(community, wanted, now);
    const { key, name, startsOn, endsOn } = season;
    await sql`
      insert into seasons (community_id, key, name, starts_on, ends_on, created_at)
      values (${communityId}, ${key}, ${name}, ${startsOn}::date, ${endsOn}::date, ${now})`.execute(trx);
    await writeAudit(trx, { communityId, at: now, actor, action: 'season.create', target: key, after: season });
    return { ...shown, notes: await notesOnSeason(trx, community, { window: shown.window, before }) };
  });
}

/**
 * Holds a season that is asked for against all rules, and says what it would be, and which one is before it. What it finds
 * is sure only under the community's lock.
 *
 * @throws DomainError `invalid-parameter` for a key or dates that cannot be, `name-taken`, or `state-conflict` for one that
 *   overlaps another, or the quarter that is running
 */
export function planSeason(
  community: KnownCommunity,
  { key, name, startsAt, endsAt }: NewSeason,
  now: Date,
): { season: Season; shown: ShownSeason; before: Window | undefined } {
  if (isReservedKey(key)) {
    throw new DomainError(
      'invalid-parameter',
      `"${key}" is, or looks like, the name of a built-in period, such as 2026-Q3, 2026-W34, 2026-08 or current. Choose a key such as "spring-2027".`,
    );
  }
  const { timeZone } = community;
  const startsOn = readLocalDate('startsAt', startsAt, timeZone);
  const endsOn = readLocalDate('endsAt', endsAt, timeZone);
  requireLength(startsOn, endsOn);
  if (community.seasons.some((season) => season.key === key)) {
    throw new DomainError('name-taken', `There is a season "${key}" already. Give this one another key.`);
  }
  const season: Season = { key, name, startsOn: startsOn.toString(), endsOn: endsOn.toString() };
  requirePlace(community, season, now);
  const calendar = calendarWith(community, season);
  const window = calendar.windowByKey('season', key);
  return { season, shown: { name, window, status: 'upcoming', isOwn: true }, before: calendar.before(window) };
}

/**
 * Gives a season another name; of a quarter too. Its key stays.
 *
 * @throws DomainError `invalid-parameter` or `unknown-season` for a key that names none
 */
export async function renameSeason(
  context: RankingContext,
  communityId: number,
  key: string,
  name: string,
  actor: Actor,
  now: Date,
): Promise<ShownSeason> {
  return changeSeasons(context, communityId, async (trx, community) => {
    const window = community.calendar.windowByKey('season', key);
    const isOwn = community.seasons.some((season) => season.key === key);
    if (isOwn) {
      await trx
        .updateTable('seasons')
        .set({ name })
        .where('community_id', '=', communityId)
        .where('key', '=', key)
        .execute();
    } else {
      await sql`
        insert into season_names (community_id, key, name) values (${communityId}, ${key}, ${name})
        on conflict (community_id, key) do update set name = excluded.name`.execute(trx);
    }
    const before = { name: community.seasonNames.get(key) ?? key };
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'season.rename',
      target: key,
      before,
      after: { name },
    });
    return { name, window, status: statusNow(community, window, now), isOwn };
  });
}

/**
 * Removes a season of the community's own that has not begun. Without any left there are quarters again.
 *
 * @throws DomainError as {@link requireRemovable} does
 */
export async function removeSeason(
  context: RankingContext,
  communityId: number,
  key: string,
  actor: Actor,
  now: Date,
): Promise<void> {
  await changeSeasons(context, communityId, async (trx, community) => {
    const season = requireRemovable(community, key, now);
    await requireUnused(trx, communityId, key);
    // A quarter that it would have cut short may be running.
    const others = community.seasons.filter((one) => one !== season);
    await fitWindows(trx, communityId, community.calendar.withSeasons(others));
    await trx.deleteFrom('seasons').where('community_id', '=', communityId).where('key', '=', key).execute();
    await writeAudit(trx, { communityId, at: now, actor, action: 'season.remove', target: key, before: season });
  });
}

/** Refuses for a season of which something is recorded, as when another process's clock was ahead. */
async function requireUnused(trx: Transaction<Database>, communityId: number, key: string): Promise<void> {
  const window = await trx
    .selectFrom('windows')
    .select('window_id')
    .where('community_id', '=', communityId)
    .where('kind', '=', 'season')
    .where('key', '=', key)
    .executeTakeFirst();
  if (!window) return;
  throw new DomainError('state-conflict', `Something of "${key}" is recorded already. What has begun stays.`);
}

/**
 * A season that can be removed. Sure only under the community's lock.
 *
 * @throws DomainError `unknown-season`, or `state-conflict` for one that has begun
 */
export function requireRemovable(community: KnownCommunity, key: string, now: Date): Season {
  const season = community.seasons.find((one) => one.key === key);
  if (!season) throw new DomainError('unknown-season', `There is no season "${key}" of the community's own.`);
  const { startsAt } = community.calendar.windowByKey('season', key);
  if (startsAt > furthestRecorded(now)) return season;
  throw new DomainError('state-conflict', `"${key}" began at ${startsAt.toISOString()}. What has begun stays.`);
}

/**
 * The seasons of a community that have begun since it was created, those that lie ahead as far as they are known, and the
 * next quarter where there are quarters; the newest first.
 */
export function listSeasons(community: KnownCommunity, now: Date): ShownSeason[] {
  const { calendar, createdAt, seasons } = community;
  const begun = calendar.windowsBetween('season', createdAt, now);
  const ahead = seasons.map(({ key }) => calendar.windowByKey('season', key)).filter(({ startsAt }) => startsAt > now);
  const current = calendar.currentAt('season', now);
  const next = calendar.windowAt('season', current.endsAt);
  const windows = new Map([...begun, current, ...(next ? [next] : []), ...ahead].map((window) => [window.key, window]));
  return [...windows.values()]
    .toSorted((a, b) => b.startsAt.getTime() - a.startsAt.getTime())
    .map((window) => showSeason(community, window, now));
}

/** A season by `current`, `previous` or its key. @throws DomainError `invalid-parameter`, `unknown-season` or `no-earlier-window` */
export function findSeason(community: KnownCommunity, key: string, now: Date): ShownSeason {
  const { calendar } = community;
  const current = calendar.currentAt('season', now);
  const window =
    key === 'current' ? current : key === 'previous' ? calendar.before(current) : calendar.windowByKey('season', key);
  if (!window) throw new DomainError('no-earlier-window', 'There is no season before this one.');
  return showSeason(community, window, now);
}

function showSeason(community: KnownCommunity, window: Window, now: Date): ShownSeason {
  return {
    name: community.seasonNames.get(window.key) ?? window.key,
    window,
    status: statusNow(community, window, now),
    isOwn: community.seasons.some(({ key }) => key === window.key),
  };
}

function statusNow(community: KnownCommunity, window: Window, now: Date): ShownSeason['status'] {
  return window.startsAt > now ? 'upcoming' : statusOf(community, window, now);
}

/** Changes the seasons of a community in one transaction under its lock. */
async function changeSeasons<Result>(
  context: RankingContext,
  communityId: number,
  work: (trx: Transaction<Database>, community: KnownCommunity) => Promise<Result>,
): Promise<Result> {
  return context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    const result = await work(trx, await context.directory.at(trx, communityId, configVersion));
    // What is due next is reckoned anew.
    await trx.updateTable('communities').set({ next_step_at: null }).where('community_id', '=', communityId).execute();
    await touchConfig(trx, communityId);
    return result;
  });
}

/** The furthest moment at which what is recorded by now can have occurred. */
function furthestRecorded(now: Date): Date {
  return new Date(now.getTime() + FUTURE_TOLERANCE_MS);
}

/** Refuses a season that has begun, or overlaps another one or the quarter that is running. */
function requirePlace(community: KnownCommunity, season: Season, now: Date): void {
  const overlapped = community.seasons.find((one) => one.startsOn < season.endsOn && season.startsOn < one.endsOn);
  if (overlapped) {
    throw new DomainError(
      'state-conflict',
      `It overlaps the season "${overlapped.key}", from ${overlapped.startsOn} to ${overlapped.endsOn}. Seasons follow one another.`,
    );
  }
  const { startsAt, endsAt } = calendarWith(community, season).windowByKey('season', season.key);
  if (startsAt <= furthestRecorded(now)) {
    throw new DomainError(
      'state-conflict',
      `The season would start at ${startsAt.toISOString()}, which has passed or is less than 5 minutes ahead. Seasons are created before they start.`,
    );
  }
  // The running quarter, and one that something recorded by now may lie in.
  const running = community.calendar.windowAt('season', furthestRecorded(now));
  if (running && !community.seasons.some(({ key }) => key === running.key) && startsAt < running.endsAt) {
    throw new DomainError(
      'state-conflict',
      `The quarter ${running.key} runs until ${running.endsAt.toISOString()}. The first season starts then or later.`,
    );
  }
  if (endsAt <= startsAt) throw new DomainError('invalid-parameter', 'The season would be over as it starts.');
}

/** The calendar with one season more. */
function calendarWith({ calendar, seasons }: KnownCommunity, season: Season): Calendar {
  return calendar.withSeasons([...seasons, season].toSorted((a, b) => (a.startsOn < b.startsOn ? -1 : 1)));
}
