/** In which weeks, and other windows, members have contributed. */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { Community } from '../communities/community.ts';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { WindowKind } from '../ranking/calendar.ts';
import type { Stretch } from './tallies.ts';

type Located = Pick<Community, 'id' | 'calendar'>;

/**
 * Time cut into the windows of a kind that hold anything. The n-th piece begins at `edges[n]` and ends at the next edge;
 * `keys[n]` is the window that it is, or undefined between two seasons. In statements pieces count from 1 on.
 */
export type Pieces = { edges: readonly Date[]; keys: readonly (string | undefined)[] };

/** Cuts the time in which a community has contributions, and now. */
export async function cutTime(
  db: Kysely<Database>,
  { id, calendar }: Located,
  kind: WindowKind,
  now: Date,
): Promise<Pieces> {
  const { rows } = await sql<{ first: Date | null; last: Date | null }>`
    select min(c.first) as first, max(c.last) as last from categories g cross join lateral (
      select min(occurred_at) as first, max(occurred_at) as last from contributions
      where community_id = g.community_id and category_id = g.category_id
    ) c where g.community_id = ${id}`.execute(db);
  const { first, last } = rows[0] ?? {};
  const windows = calendar.windowsBetween(kind, first && first < now ? first : now, last && last > now ? last : now);
  const edges: Date[] = [];
  const keys: (string | undefined)[] = [];
  for (const { key, startsAt, endsAt } of windows) {
    // What follows an earlier end is a piece of its own, unless the window begins right there.
    if (edges.at(-1)?.getTime() === startsAt.getTime()) keys[edges.length - 1] = key;
    else {
      edges.push(startsAt);
      keys.push(key);
    }
    edges.push(endsAt);
    keys.push(undefined);
  }
  return { edges, keys };
}

/** The window of the n-th piece, as statements count. */
export function keyOfPiece({ keys }: Pieces, piece: number): string | undefined {
  return keys[piece - 1];
}

/** The pieces in which members have contributions that count, in order. Members without any are left out. */
export async function readActivePieces(
  db: Kysely<Database>,
  { id }: Located,
  pieces: Pieces,
  memberIds: readonly number[],
): Promise<Map<number, number[]>> {
  if (memberIds.length === 0 || pieces.edges.length === 0) return new Map();
  // From piece to piece, by the first contribution of each: as many probes as pieces, however much was contributed.
  const firstFrom = (member: RawBuilder<unknown>, edge: RawBuilder<unknown>) => sql`
    cross join lateral (
      select width_bucket(c.occurred_at, cut.edges) as piece from contributions c
      where c.community_id = ${id} and c.member_id = ${member} and c.counted
        and c.occurred_at >= cut.edges[${edge}] and c.occurred_at < cut.edges[array_length(cut.edges, 1)]
      order by c.occurred_at limit 1
    ) f`;
  const { rows } = await sql<{ memberId: number; pieces: number[] }>`
    with recursive cut as (select ${edgesOf(pieces)} as edges),
    active as (
      select d.member_id, f.piece from cut cross join unnest(${numbers(memberIds)}::int[]) as d(member_id)
      ${firstFrom(sql`d.member_id`, sql`1`)}
      union all
      select a.member_id, f.piece from active a cross join cut ${firstFrom(sql`a.member_id`, sql`a.piece + 1`)}
    )
    select member_id as "memberId", array_agg(piece order by piece) as pieces from active group by 1`.execute(db);
  return new Map(rows.map((row) => [row.memberId, row.pieces]));
}

/** To how many of some categories members have contributed, by piece. */
export async function countCategories(
  db: Kysely<Database>,
  { id }: Located,
  pieces: Pieces,
  categoryIds: readonly number[],
  memberIds: readonly number[],
): Promise<{ memberId: number; piece: number; categories: number }[]> {
  if (memberIds.length === 0 || pieces.edges.length === 0) return [];
  const { rows } = await sql<{ memberId: number; piece: number; categories: number }>`
    with cut as (select ${edgesOf(pieces)} as edges)
    select d.member_id as "memberId", width_bucket(c.occurred_at, cut.edges) as piece, count(distinct c.category_id)::int as categories
    from cut cross join unnest(${numbers(memberIds)}::int[]) as d(member_id) cross join lateral (
      select c.occurred_at, c.category_id from contributions c
      where c.community_id = ${id} and c.member_id = d.member_id and c.counted
        and c.category_id + 0 = any(${numbers(categoryIds)}::int[])
        and c.occurred_at >= cut.edges[1] and c.occurred_at < cut.edges[array_length(cut.edges, 1)]
      offset 0
    ) c group by 1, 2`.execute(db);
  return rows;
}

/**
 * The members for whom a stretch of sequence numbers brought a first contribution in a piece, or in a piece and a
 * category: for all others it changed nothing about where they have been active.
 */
export async function findNewlyActive(
  trx: Transaction<Database>,
  { id }: Located,
  pieces: Pieces,
  { after, upTo }: Stretch,
  { byCategory }: { byCategory: boolean },
): Promise<number[]> {
  if (pieces.edges.length === 0) return [];
  const category = byCategory ? sql`c.category_id` : sql`0`;
  const { rows: recorded } = await sql<{ memberId: number; categoryId: number; piece: number }>`
    select distinct c.member_id as "memberId", ${category} as "categoryId", width_bucket(c.occurred_at, ${edgesOf(pieces)}) as piece
    from contributions c
    where c.community_id = ${id} and c.seq > ${after}::bigint and c.seq <= ${upTo}::bigint and c.counted`.execute(trx);
  const sameCategory = byCategory ? sql`and c.category_id + 0 = d.category_id` : sql``;
  // By member and time: "+ 0" keeps the server from going by sequence numbers or categories, through all members' rows.
  const { rows } = await sql<{ memberId: number }>`
    with cut as (select ${edgesOf(pieces)} as edges)
    select distinct d.member_id as "memberId" from cut cross join unnest(
      ${numbers(recorded.map(({ memberId }) => memberId))}::int[], ${numbers(recorded.map(({ categoryId }) => categoryId))}::int[],
      ${numbers(recorded.map(({ piece }) => piece))}::int[]
    ) as d(member_id, category_id, piece)
    where not exists (
      select from contributions c
      where c.community_id = ${id} and c.member_id = d.member_id and c.counted and c.seq + 0 <= ${after}::bigint
        and c.occurred_at >= cut.edges[d.piece] and c.occurred_at < cut.edges[d.piece + 1] ${sameCategory}
    )`.execute(trx);
  return rows.map(({ memberId }) => memberId);
}

/** The most pieces in a row. */
export function longestRun(pieces: readonly number[]): number {
  let [longest, run] = [0, 0];
  for (const [index, piece] of pieces.entries()) {
    run = piece - 1 === pieces[index - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** The pieces in a row that reach up to one, or to the one before it: those that can still be added to. */
export function runUpTo(pieces: readonly number[], current: number): number {
  const last = pieces.at(-1);
  if (last === undefined || last < current - 1) return 0;
  let run = 1;
  while (pieces.at(-1 - run) === last - run) run += 1;
  return run;
}

/** Whether so many pieces, or more, lie between two in which there was something. */
export function hasGap(pieces: readonly number[], least: number): boolean {
  return pieces.some((piece, index) => {
    const before = pieces[index - 1];
    return before !== undefined && piece - before > least;
  });
}

function edgesOf({ edges }: Pieces): RawBuilder<Date[]> {
  return sql`${instants(edges)}::timestamptz[]`;
}
