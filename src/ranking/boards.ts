import { sql, type Transaction } from 'kysely';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Window } from './calendar.ts';
import type { SegmentIndex } from './segments.ts';

/** A leaderboard: one category in one window. */
export type BoardName = { window: Window; categoryId: number };

/** The ids of boards by {@link boardSlot}. Good for one version of a community's settings. */
export type KnownBoards = Map<string, number>;

export function boardSlot({ window, categoryId }: BoardName): string {
  return `${window.kind} ${window.key} ${categoryId}`;
}

/**
 * Finds the boards that are not known yet, and makes those that do not exist, with their windows. For a transaction
 * that holds the community's lock.
 *
 * @returns the ids found or made, to be remembered once the transaction has committed.
 */
export async function findOrMakeBoards(
  trx: Transaction<Database>,
  communityId: number,
  wanted: readonly BoardName[],
  index: SegmentIndex,
): Promise<KnownBoards> {
  const known: KnownBoards = new Map();
  if (wanted.length === 0) return known;
  const windows = wanted.map(({ window }) => window);
  await sql`
    insert into windows (community_id, kind, key, starts_at, ends_at)
    select distinct ${communityId}::int, kind, key, starts_at, ends_at from unnest(
      ${windows.map(({ kind }) => kind)}::text[], ${windows.map(({ key }) => key)}::text[],
      ${instants(windows.map(({ startsAt }) => startsAt))}::timestamptz[], ${instants(windows.map(({ endsAt }) => endsAt))}::timestamptz[]
    ) as d(kind, key, starts_at, ends_at)
    on conflict (community_id, kind, key) do nothing`.execute(trx);
  const names = sql`unnest(
    ${windows.map(({ kind }) => kind)}::text[], ${windows.map(({ key }) => key)}::text[], ${numbers(wanted.map(({ categoryId }) => categoryId))}::int[]
  ) as d(kind, key, category_id)`;
  const made = await sql<{ board_id: number }>`
    insert into boards (community_id, window_id, category_id)
    select w.community_id, w.window_id, d.category_id from ${names}
    join windows w on w.community_id = ${communityId} and w.kind = d.kind and w.key = d.key
    on conflict (community_id, window_id, category_id) do nothing
    returning board_id`.execute(trx);
  await index.addBoards(made.rows.map((row) => row.board_id));

  const { rows } = await sql<{ board_id: number; kind: string; key: string; category_id: number }>`
    select b.board_id, d.kind, d.key, d.category_id from ${names}
    join windows w on w.community_id = ${communityId} and w.kind = d.kind and w.key = d.key
    join boards b on b.community_id = w.community_id and b.window_id = w.window_id and b.category_id = d.category_id`.execute(
    trx,
  );
  for (const row of rows) known.set(`${row.kind} ${row.key} ${row.category_id}`, row.board_id);
  return known;
}
