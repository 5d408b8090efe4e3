/** The windows of a community as rows: where their boundaries are kept, and how a change of time zone moves them. */
import { sql, type Transaction } from 'kysely';
import { instants } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { createCalendar, WINDOW_KINDS, type Calendar, type CustomSeason, type Window } from './calendar.ts';

type Owner = { id: number; createdAt: Date; calendar: Calendar; seasons: readonly CustomSeason[] };

const BOUNDED_KINDS = WINDOW_KINDS.filter((kind) => kind !== 'all');

/**
 * Cuts the windows of a community anew for another time zone. Those that have ended since the community was created
 * keep their boundaries; open ones and those of before are moved. For a transaction that holds the community's lock;
 * standings follow by `rebuild`.
 */
export async function moveWindows(
  trx: Transaction<Database>,
  { id, createdAt, calendar, seasons }: Owner,
  timeZone: string,
  now: Date,
): Promise<void> {
  const ended = windowsBetween(calendar, createdAt, now).filter(({ endsAt }) => endsAt <= now);
  await insertWindows(trx, id, ended, true);
  const moved = createCalendar({ timeZone, kept: ended, seasons });
  await fitWindows(trx, id, moved);
  // What is voided, released or merged before the rebuild has come to it finds its windows.
  await makeWindows(trx, { id, calendar: moved });
}

/**
 * Gives the windows that do not keep their boundaries those of a calendar. For a transaction that holds the community's
 * lock; standings do not follow by this.
 */
export async function fitWindows(trx: Transaction<Database>, communityId: number, calendar: Calendar): Promise<void> {
  const open = await trx
    .selectFrom('windows')
    .select(['kind', 'key'])
    .where('community_id', '=', communityId)
    .where('kept', '=', false)
    .where('kind', '!=', 'all')
    .execute();
  const windows = open.map(({ kind, key }) => calendar.windowByKey(kind, key));
  await sql`
    update windows w set starts_at = d.starts_at, ends_at = d.ends_at from ${unnestWindows(windows)}
    where w.community_id = ${communityId} and w.kind = d.kind and w.key = d.key`.execute(trx);
}

/** Makes the rows of all windows that the community's contributions can fall in. For a transaction that holds its lock. */
export async function makeWindows(
  trx: Transaction<Database>,
  { id, calendar }: Pick<Owner, 'id' | 'calendar'>,
): Promise<void> {
  const { rows } = await sql<{ first: Date | null; last: Date | null }>`
    select min(c.first) as first, max(c.last) as last from categories g cross join lateral (
      select min(occurred_at) as first, max(occurred_at) as last from contributions
      where community_id = g.community_id and category_id = g.category_id
    ) c where g.community_id = ${id}`.execute(trx);
  const { first, last } = rows[0] ?? {};
  if (!first || !last) return;
  await insertWindows(trx, id, windowsBetween(calendar, first, last), false);
}

/** The windows of every kind that hold an instant of a stretch of time; `all` is not among them. */
function windowsBetween(calendar: Calendar, first: Date, last: Date): Window[] {
  return BOUNDED_KINDS.flatMap((kind) => calendar.windowsBetween(kind, first, last));
}

async function insertWindows(
  trx: Transaction<Database>,
  communityId: number,
  windows: readonly Window[],
  kept: boolean,
): Promise<void> {
  await sql`
    insert into windows (community_id, kind, key, starts_at, ends_at, kept)
    select ${communityId}::int, kind, key, starts_at, ends_at, ${kept}::boolean from ${unnestWindows(windows)}
    on conflict (community_id, kind, key) do update set kept = windows.kept or excluded.kept
    where not windows.kept and excluded.kept`.execute(trx);
}

/** Windows as a table `d (kind, key, starts_at, ends_at)`. */
function unnestWindows(windows: readonly Window[]) {
  return sql`unnest(
    ${windows.map(({ kind }) => kind)}::text[], ${windows.map(({ key }) => key)}::text[],
    ${instants(windows.map(({ startsAt }) => startsAt))}::timestamptz[], ${instants(windows.map(({ endsAt }) => endsAt))}::timestamptz[]
  ) as d(kind, key, starts_at, ends_at)`;
}
