/** Saying that a season is about to end or has begun, and putting down its last day, to be mirrored outside. */
import { sql, type Transaction } from 'kysely';
import type { Announcement, ToldPrize } from '../announcements/announcement.ts';
import { amendAnnouncements, announce, withdrawOthers, type NewAnnouncement } from '../announcements/outbox.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import type { RankingContext } from '../ranking/context.ts';
import { prizesOf } from '../rewards/prizes.ts';
import { boardsOf } from './close-windows.ts';
import {
  isLastDayNear,
  lastDayOf,
  LEAD_MS,
  LONGEST_PAUSE_MS,
  newestCountdown,
  nextLook,
  seasonsInView,
  toldAt,
} from './countdown.ts';
import { periodName, tellPrize, tellTables } from './tell-tables.ts';

/** For how long after it began the beginning of a season is worth telling. */
const OPENING_MS = 2 * 24 * 3_600_000;
/** What keys of these announcements begin with. */
const KEYS = 'season ';

type Trx = Transaction<Database>;
type Context = Pick<RankingContext, 'db' | 'directory'>;

/**
 * Puts down what is to be said of the seasons of all communities, a moment before it is due, and the last days of seasons
 * that are near. What waits to be said and no longer holds is withdrawn, or tells the new name: after downtime, and when a
 * season was renamed or removed, the zone or the countdown was changed. Each thing is put down once, however often, and by
 * how many, this is called.
 *
 * @returns when to look next
 * @throws AggregateError with what went wrong in some communities, when all others are done
 */
export async function announceSeasons(
  context: Context,
  now: Date,
  { stopping }: { stopping?: AbortSignal | undefined } = {},
): Promise<Date | undefined> {
  const errors: unknown[] = [];
  for (const communityId of await findDue(context, now)) {
    if (stopping?.aborted) break;
    try {
      await lookAt(context, communityId, now);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some seasons could not be announced.');
  const next = await context.db
    .selectFrom('communities')
    .select((eb) => eb.fn.min('season_look_at').as('at'))
    .executeTakeFirst();
  return next?.at ?? undefined;
}

/** The communities whose time has come, or whose settings are others than those that it was reckoned by. */
async function findDue({ db }: Context, now: Date): Promise<number[]> {
  // A time that lies further ahead than any is put comes from a clock that was wrong.
  const beyond = new Date(now.getTime() + LONGEST_PAUSE_MS);
  const { rows } = await sql<{ communityId: number }>`
    select community_id as "communityId" from communities
    where season_look_version is distinct from config_version
      or season_look_at <= ${now}::timestamptz or season_look_at > ${beyond}::timestamptz
    order by 1`.execute(db);
  return rows.map(({ communityId }) => communityId);
}

async function lookAt(context: Context, communityId: number, now: Date): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, configVersion);
    const lively: Window[] = [];
    for (const season of seasonsInView(community, now)) {
      if (await isLively(trx, community, season)) lively.push(season);
    }
    await sayWhatIsDue(trx, community, lively, now);
    await putDownLastDays(trx, community, lively, now);
    await trx
      .updateTable('communities')
      .set({ season_look_at: nextLook(community, now), season_look_version: configVersion })
      .where('community_id', '=', communityId)
      .execute();
  });
}

/** Whether anything was contributed in a season or in the one before it, or there are prizes: else nobody is told of it. */
async function isLively(trx: Trx, { id, calendar }: KnownCommunity, season: Window): Promise<boolean> {
  const keys = [season.key, calendar.before(season)?.key ?? season.key];
  const { rows } = await sql<{ lively: boolean }>`
    select exists (
      select from windows w join boards b on b.community_id = w.community_id and b.window_id = w.window_id
      where w.community_id = ${id} and w.kind = 'season' and w.key = any(${keys}::text[])
        and exists (select from standings s where s.community_id = b.community_id and s.board_id = b.board_id)
    ) or exists (
      select from prizes where community_id = ${id} and kind = 'season' and removed_at is null
    ) as lively`.execute(trx);
  return rows[0]?.lively === true;
}

async function sayWhatIsDue(trx: Trx, community: KnownCommunity, seasons: readonly Window[], now: Date): Promise<void> {
  const due: NewAnnouncement[] = [];
  for (const season of seasons) {
    if (season.startsAt.getTime() > now.getTime() + LEAD_MS) continue;
    const opening = await tellOpening(trx, community, season, now);
    const countdown = await tellCountdown(trx, community, season, now);
    due.push(...[opening, countdown].filter((one) => one !== undefined));
  }
  const keys = due.map(({ key }) => key);
  // What was to be said before is out of date, or does not hold any more.
  await withdrawOthers(trx, community.id, KEYS, keys);
  for (const { key, announcement } of due) {
    // One that waits tells what is true by now.
    await amendAnnouncements(trx, community.id, key, (told) => withNameOf(told, announcement));
  }
  await announce(trx, community.id, due);
}

function withNameOf(told: Announcement, now: Announcement): Announcement {
  const isOfSeason = told.kind === 'season-opened' || told.kind === 'season-countdown';
  if (!isOfSeason || !('name' in now) || !('endsAt' in now)) return told;
  return { ...told, name: now.name, endsAt: now.endsAt };
}

/** That a season has begun, which nobody wants to hear for the first of a community, or long after. */
async function tellOpening(
  trx: Trx,
  community: KnownCommunity,
  season: Window,
  now: Date,
): Promise<NewAnnouncement | undefined> {
  const { key, startsAt, endsAt } = season;
  if (startsAt <= community.createdAt || now.getTime() - startsAt.getTime() > OPENING_MS) return undefined;
  const prizes: ToldPrize[] = [];
  for (const category of community.categories) {
    const ofBoard = await prizesOf(trx, community.id, category.id, season);
    prizes.push(...ofBoard.map((prize) => tellPrize(category, prize)));
  }
  const name = periodName(community, season);
  return {
    key: `${KEYS}${key} opened`,
    announcement: { kind: 'season-opened', name, endsAt: endsAt.toISOString(), prizes },
    dueAt: startsAt,
  };
}

/** In how long a season ends, the newest of what there is to say. With another end it is said anew. */
async function tellCountdown(
  trx: Trx,
  community: KnownCommunity,
  season: Window,
  now: Date,
): Promise<NewAnnouncement | undefined> {
  const ms = newestCountdown(community, season, now);
  if (ms === undefined || season.endsAt <= now) return undefined;
  const endsAt = season.endsAt.toISOString();
  const tables = await tellTables(trx, community, await boardsOfSeason(trx, community.id, season));
  return {
    key: `${KEYS}${season.key} ends ${endsAt} in ${ms}`,
    announcement: { kind: 'season-countdown', name: periodName(community, season), endsAt, tables },
    dueAt: toldAt(season, ms),
  };
}

async function boardsOfSeason(trx: Trx, communityId: number, { key }: Window): Promise<ReadonlyMap<number, number>> {
  const window = await trx
    .selectFrom('windows')
    .select('window_id')
    .where('community_id', '=', communityId)
    .where('kind', '=', 'season')
    .where('key', '=', key)
    .executeTakeFirst();
  return window ? boardsOf(trx, communityId, window.window_id) : new Map();
}

/** Makes the last days that are put down those that are near. */
async function putDownLastDays(
  trx: Trx,
  community: KnownCommunity,
  seasons: readonly Window[],
  now: Date,
): Promise<void> {
  const near = seasons.filter((season) => isLastDayNear(community, season, now));
  await trx
    .deleteFrom('season_events')
    .where('community_id', '=', community.id)
    .where(sql<boolean>`key <> all(${near.map(({ key }) => key)}::text[])`)
    .execute();
  for (const season of near) {
    const day = {
      name: periodName(community, season),
      starts_at: lastDayOf(community, season).startsAt,
      ends_at: season.endsAt,
    };
    await trx
      .insertInto('season_events')
      .values({ community_id: community.id, key: season.key, ...day })
      .onConflict((conflict) => conflict.columns(['community_id', 'key']).doUpdateSet(day))
      .execute();
  }
}
