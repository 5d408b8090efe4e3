/** The rows of segments and blocks, read and written. What calls these holds the community's lock. */
import { sql, type Transaction } from 'kysely';
import { instantOf, instants, milliseconds, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Layout } from './layout-cache.ts';
import { LAST_PLACE, type Place } from './place.ts';

export const SEGMENT = 1;
export const BLOCK = 2;
export type Level = typeof SEGMENT | typeof BLOCK;

/** A segment or block: where it begins, and how many members it holds; or how many more than before. */
export type SegmentRow = { boardId: number; level: Level; bound: Place; members: number };

/** Reads where the segments and blocks of boards begin. */
export async function readLayouts(
  trx: Transaction<Database>,
  communityId: number,
  boardIds: readonly number[],
): Promise<Map<number, Layout>> {
  if (boardIds.length === 0) return new Map();
  const { rows } = await sql<BoundRow>`
    select board_id, level, neg_score, reached_at, member_id from segments
    where community_id = ${communityId} and board_id = any(${numbers(boardIds)}::int[])
    order by board_id, level, neg_score, reached_at, member_id`.execute(trx);
  const ofBoards = Map.groupBy(rows, (row) => row.board_id);
  return new Map(
    boardIds.map((boardId) => {
      const own = ofBoards.get(boardId) ?? [];
      const boundsOf = (level: Level) => own.filter((row) => row.level === level).map(placeOf);
      return [boardId, { segments: boundsOf(SEGMENT), blocks: boundsOf(BLOCK) }];
    }),
  );
}

/**
 * Adds to counts.
 *
 * @returns the rows with what they hold now
 */
export async function addCounts(
  trx: Transaction<Database>,
  communityId: number,
  deltas: readonly SegmentRow[],
): Promise<SegmentRow[]> {
  if (deltas.length === 0) return [];
  const { rows } = await sql<CountedRow>`
    update segments s set members = s.members + d.members
    from ${known(communityId, deltas)}
    where s.ctid = known.tid
    returning s.board_id, s.level, s.neg_score, s.reached_at, s.member_id, s.members`.execute(trx);
  if (rows.length !== deltas.length) {
    throw new Error(`Segments of community ${communityId} are missing. Repair it: npm run standings -- rebuild`);
  }
  return rows.map(toSegmentRow);
}

/** Reads what segments hold. */
export async function readCounts(
  trx: Transaction<Database>,
  communityId: number,
  bounds: readonly { boardId: number; bound: Place }[],
): Promise<SegmentRow[]> {
  const wanted = bounds.map((bound) => ({ ...bound, level: SEGMENT, members: 0 }) as const);
  const { rows } = await sql<CountedRow>`
    select known.board_id, known.level, known.neg_score, known.reached_at, known.member_id, known.members
    from ${known(communityId, wanted)}`.execute(trx);
  return rows.map(toSegmentRow);
}

/** Inserts segments and blocks with what they hold. */
export async function insertSegments(
  trx: Transaction<Database>,
  communityId: number,
  rows: readonly SegmentRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await sql`
    insert into segments (community_id, board_id, level, neg_score, reached_at, member_id, members)
    select ${communityId}::int, board_id, level, neg_score, reached_at, member_id, members from ${unnestRows(rows)}`.execute(
    trx,
  );
}

/** Deletes segments and blocks. */
export async function deleteSegments(
  trx: Transaction<Database>,
  communityId: number,
  rows: readonly Omit<SegmentRow, 'members'>[],
): Promise<void> {
  if (rows.length === 0) return;
  const gone = rows.map((row) => ({ ...row, members: 0 }));
  await sql`
    delete from segments s using ${known(communityId, gone)} where s.ctid = known.tid`.execute(trx);
}

/** The places at which every so many standings between two places begin, but for the first. */
export async function readCuts(
  trx: Transaction<Database>,
  communityId: number,
  boardId: number,
  { from, to, size }: { from: Place; to: Place; size: number },
): Promise<Place[]> {
  const { rows } = await sql<PlaceRow>`
    select neg_score, reached_at, member_id from (
      select neg_score, reached_at, member_id, row_number() over (order by neg_score, reached_at, member_id) - 1 as n
      from standings
      where community_id = ${communityId} and board_id = ${boardId}
        and (neg_score, reached_at, member_id) >= ${rowOf(from)} and (neg_score, reached_at, member_id) < ${rowOf(to)}
    ) numbered
    where n > 0 and n % ${size}::int = 0
    order by n`.execute(trx);
  return rows.map(placeOf);
}

/** Writes the counts of some of a board's segments anew from its standings, or of its blocks from its segments. */
export async function recount(
  trx: Transaction<Database>,
  communityId: number,
  boardId: number,
  level: Level,
  bounds: readonly Place[],
  changed: ReadonlySet<Place>,
): Promise<void> {
  const spans = bounds.flatMap((bound, index) =>
    changed.has(bound) ? [{ bound, end: bounds[index + 1] ?? LAST_PLACE }] : [],
  );
  const within = sql`
    (s.neg_score, s.reached_at, s.member_id) >= (d.neg_score, d.reached_at, d.member_id)
    and (s.neg_score, s.reached_at, s.member_id) < (d.end_neg_score, d.end_reached_at, d.end_member_id)`;
  const count =
    level === SEGMENT
      ? sql`select count(*) from standings s where s.community_id = ${communityId} and s.board_id = ${boardId} and ${within}`
      : sql`select coalesce(sum(s.members), 0) from segments s where s.community_id = ${communityId} and s.board_id = ${boardId} and s.level = ${SEGMENT} and ${within}`;
  await sql`
    insert into segments (community_id, board_id, level, neg_score, reached_at, member_id, members)
    select ${communityId}::int, ${boardId}::int, ${level}::smallint, d.neg_score, d.reached_at, d.member_id, (${count})
    from unnest(
      ${numbers(spans.map(({ bound }) => bound.negScore))}::bigint[], ${instants(spans.map(({ bound }) => bound.reachedAt))}::timestamptz[], ${numbers(spans.map(({ bound }) => bound.memberId))}::int[],
      ${numbers(spans.map(({ end }) => end.negScore))}::bigint[], ${instants(spans.map(({ end }) => end.reachedAt))}::timestamptz[], ${numbers(spans.map(({ end }) => end.memberId))}::int[]
    ) as d(neg_score, reached_at, member_id, end_neg_score, end_reached_at, end_member_id)
    on conflict (community_id, board_id, level, neg_score, reached_at, member_id) do update set members = excluded.members`.execute(
    trx,
  );
}

type PlaceRow = { neg_score: bigint; reached_at: Date; member_id: number };
type BoundRow = PlaceRow & { board_id: number; level: Level };
type CountedRow = BoundRow & { members: number };

function placeOf(row: PlaceRow): Place {
  return { negScore: row.neg_score, reachedAt: row.reached_at, memberId: row.member_id };
}

function toSegmentRow(row: CountedRow): SegmentRow {
  return { boardId: row.board_id, level: row.level, bound: placeOf(row), members: row.members };
}

function rowOf(place: Place) {
  return sql`(${place.negScore}::bigint, ${place.reachedAt}::timestamptz, ${place.memberId}::int)`;
}

/** Rows as a table `d`, joined with the segments at their bounds as `known`, and where those lie as `known.tid`. */
function known(communityId: number, rows: readonly SegmentRow[]) {
  // Found row by row, by key, whatever the planner believes of how many there are.
  return sql`${unnestRows(rows)} cross join lateral (
    select ctid as tid, * from segments
    where community_id = ${communityId} and board_id = d.board_id and level = d.level
      and neg_score = d.neg_score and reached_at = d.reached_at and member_id = d.member_id offset 0
  ) known`;
}

/** Rows as a table `d (board_id, level, neg_score, reached_at, member_id, members)`. */
function unnestRows(rows: readonly SegmentRow[]) {
  return sql`(
    select board_id, level, neg_score, ${instantOf('reached_at')} as reached_at, member_id, members from unnest(
      ${numbers(rows.map((row) => row.boardId))}::int[], ${numbers(rows.map((row) => row.level))}::smallint[],
      ${numbers(rows.map((row) => row.bound.negScore))}::bigint[], ${milliseconds(rows.map((row) => row.bound.reachedAt))}::bigint[],
      ${numbers(rows.map((row) => row.bound.memberId))}::int[], ${numbers(rows.map((row) => row.members))}::int[]
    ) as rows(board_id, level, neg_score, reached_at, member_id, members)
  ) d`;
}
