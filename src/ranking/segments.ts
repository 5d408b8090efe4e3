/**
 * The counted index of a board. Its standings, in ranking order, are cut into segments of at most some hundred; a
 * segment is a bound, the place it begins at, and a count. Blocks do the same with segments: the bound of a block is
 * the bound of its first segment. A rank is then the sum of the blocks ahead, of the segments ahead within the block,
 * and of the standings ahead within the segment, whatever the scores look like (see leaderboard.ts).
 *
 * Counts change with the standings, in the same transaction. Bounds change only when a segment or block is cut or
 * joined; a process keeps them in memory together with the version of the community's layouts, which is checked under
 * the community's lock.
 */
import { sql, type Transaction } from 'kysely';
import { instantOf, instants, milliseconds, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Layout, LayoutCache } from './layout-cache.ts';
import { comparePlaces, FIRST_PLACE, LAST_PLACE, lastBoundBefore, type Place } from './place.ts';

/** How large a segment and a block grow before they are cut. What falls below an eighth is joined, to at most a half. */
export type SegmentLimits = { membersInSegment: number; segmentsInBlock: number };

const SEGMENT_LIMITS: SegmentLimits = { membersInSegment: 1024, segmentsInBlock: 256 };

/** A standing that appears (no `from`), goes (no `to`) or moves. */
export type Move = { boardId: number; from: Place | undefined; to: Place | undefined };

const SEGMENT = 1;
const BLOCK = 2;
type Level = typeof SEGMENT | typeof BLOCK;
type Row = { boardId: number; level: Level; bound: Place; members: number };

/** Everything that one transaction does to the segments of one community. */
export class SegmentIndex {
  readonly #trx: Transaction<Database>;
  readonly #communityId: number;
  readonly #limits: SegmentLimits;
  readonly #layouts: Map<number, Layout>;
  readonly #changed = new Set<number>();

  private constructor(
    trx: Transaction<Database>,
    communityId: number,
    limits: SegmentLimits,
    layouts: Map<number, Layout>,
  ) {
    this.#trx = trx;
    this.#communityId = communityId;
    this.#limits = limits;
    this.#layouts = layouts;
  }

  /** Opens the index for a transaction that holds the community's lock, at the layout version read with it. */
  static async open(
    trx: Transaction<Database>,
    communityId: number,
    layoutVersion: bigint,
    cache: LayoutCache,
    limits: SegmentLimits = SEGMENT_LIMITS,
  ): Promise<SegmentIndex> {
    return new SegmentIndex(trx, communityId, limits, new Map(await cache.at(trx, communityId, layoutVersion)));
  }

  /** Moves the counts of standings that moved, and cuts and joins what that made too large or too small. */
  async move(moves: readonly Move[]): Promise<void> {
    await this.#load(new Set(moves.map((move) => move.boardId)));
    const rows = await this.#addCounts(this.#deltasOf(moves));
    for (const row of rows.filter((row) => row.level === SEGMENT && row.members > this.#limits.membersInSegment)) {
      await this.#cutSegment(row);
    }
    await this.#joinSegments(
      rows.filter((row) => row.level === SEGMENT && row.members < this.#limits.membersInSegment / 8),
    );
    for (const boardId of this.#changed) await this.#balanceBlocks(boardId);
  }

  /**
   * Ends the changes of this transaction: gives the changed layouts the next version.
   *
   * @returns what to call once the transaction has committed, so that the process remembers what it knows.
   */
  async finish(layoutVersion: bigint, cache: LayoutCache): Promise<() => void> {
    let version = layoutVersion;
    if (this.#changed.size > 0) {
      version += 1n;
      await this.#trx
        .updateTable('communities')
        .set({ layout_version: version })
        .where('community_id', '=', this.#communityId)
        .execute();
      await sql`
        update boards set layout_version = ${version}
        where community_id = ${this.#communityId} and board_id = any(${numbers([...this.#changed])}::int[])`.execute(
        this.#trx,
      );
    }
    return () => cache.publish(this.#communityId, version, this.#layouts);
  }

  /** Gives boards that were just made their first segment and block. */
  async addBoards(boardIds: readonly number[]): Promise<void> {
    const rows = boardIds.flatMap((boardId) => [
      { boardId, level: BLOCK, bound: FIRST_PLACE, members: 0 } as const,
      { boardId, level: SEGMENT, bound: FIRST_PLACE, members: 0 } as const,
    ]);
    await this.#insert(rows);
    for (const boardId of boardIds) this.#layouts.set(boardId, { segments: [FIRST_PLACE], blocks: [FIRST_PLACE] });
  }

  /** Cuts a board anew from its standings, whatever its segments were. Takes as long as reading the board does. */
  async recut(boardId: number): Promise<void> {
    await sql`delete from segments where community_id = ${this.#communityId} and board_id = ${boardId}`.execute(
      this.#trx,
    );
    await this.#insert([{ boardId, level: SEGMENT, bound: FIRST_PLACE, members: 0 }]);
    const { rows } = await sql<PlaceRow>`
      insert into segments (community_id, board_id, level, neg_score, reached_at, member_id, members)
      select ${this.#communityId}::int, ${boardId}::int, ${SEGMENT}::smallint, neg_score, reached_at, member_id, 0 from (
        select neg_score, reached_at, member_id, row_number() over (order by neg_score, reached_at, member_id) - 1 as n
        from standings where community_id = ${this.#communityId} and board_id = ${boardId}
      ) numbered
      where n > 0 and n % ${Math.max(1, Math.floor(this.#limits.membersInSegment / 2))}::int = 0
      returning neg_score, reached_at, member_id`.execute(this.#trx);
    const segments = [FIRST_PLACE, ...rows.map(placeOf).toSorted(comparePlaces)];
    const blocks = balancedBlocks(segments, [FIRST_PLACE], this.#limits.segmentsInBlock);
    await recount(this.#trx, this.#communityId, boardId, SEGMENT, segments, new Set(segments));
    await recount(this.#trx, this.#communityId, boardId, BLOCK, blocks, new Set(blocks));
    this.#change(boardId, { segments, blocks });
  }

  async #load(boardIds: ReadonlySet<number>): Promise<void> {
    const missing = [...boardIds].filter((boardId) => !this.#layouts.has(boardId));
    if (missing.length === 0) return;
    const { rows } = await sql<{
      board_id: number;
      level: Level;
      neg_score: bigint;
      reached_at: Date;
      member_id: number;
    }>`
      select board_id, level, neg_score, reached_at, member_id from segments
      where community_id = ${this.#communityId} and board_id = any(${numbers(missing)}::int[])
      order by board_id, level, neg_score, reached_at, member_id`.execute(this.#trx);
    for (const boardId of missing) {
      const own = rows.filter((row) => row.board_id === boardId);
      const boundsOf = (level: Level) => own.filter((row) => row.level === level).map(placeOf);
      this.#layouts.set(boardId, { segments: boundsOf(SEGMENT), blocks: boundsOf(BLOCK) });
    }
  }

  #layoutOf(boardId: number): Layout {
    const layout = this.#layouts.get(boardId);
    if (!layout || layout.segments.length === 0 || layout.blocks.length === 0) {
      throw new Error(
        `Board ${boardId} of community ${this.#communityId} has no segments. Repair it: npm run standings -- rebuild`,
      );
    }
    return layout;
  }

  /** How much the count of each touched segment and block changes; what stays the same is left out. */
  #deltasOf(moves: readonly Move[]): Row[] {
    const deltas = new Map<string, Row>();
    const add = (boardId: number, level: Level, bounds: readonly Place[], place: Place, members: number) => {
      const index = lastBoundBefore(bounds, place);
      const slot = `${boardId} ${level} ${index}`;
      const row = deltas.get(slot);
      if (row) row.members += members;
      else deltas.set(slot, { boardId, level, bound: bounds[index] ?? FIRST_PLACE, members });
    };
    for (const { boardId, from, to } of moves) {
      const { segments, blocks } = this.#layoutOf(boardId);
      for (const [level, bounds] of [
        [SEGMENT, segments],
        [BLOCK, blocks],
      ] as const) {
        if (from) add(boardId, level, bounds, from, -1);
        if (to) add(boardId, level, bounds, to, 1);
      }
    }
    return [...deltas.values()].filter((row) => row.members !== 0);
  }

  /** Adds to counts and returns the rows with what they hold now. */
  async #addCounts(deltas: readonly Row[]): Promise<Row[]> {
    if (deltas.length === 0) return [];
    const { rows } = await sql<SegmentRow>`
      update segments s set members = s.members + d.members
      from ${this.#known(deltas)}
      where s.ctid = known.tid
      returning s.board_id, s.level, s.neg_score, s.reached_at, s.member_id, s.members`.execute(this.#trx);
    if (rows.length !== deltas.length) {
      throw new Error(
        `Segments of community ${this.#communityId} are missing. Repair it: npm run standings -- rebuild`,
      );
    }
    return rows.map((row) => ({ boardId: row.board_id, level: row.level, bound: placeOf(row), members: row.members }));
  }

  async #insert(rows: readonly Row[]): Promise<void> {
    if (rows.length === 0) return;
    await sql`
      insert into segments (community_id, board_id, level, neg_score, reached_at, member_id, members)
      select ${this.#communityId}::int, board_id, level, neg_score, reached_at, member_id, members from ${unnestRows(rows)}`.execute(
      this.#trx,
    );
  }

  async #delete(rows: readonly Row[]): Promise<void> {
    await sql`
      delete from segments s using ${this.#known(rows)} where s.ctid = known.tid`.execute(this.#trx);
  }

  /** Cuts a segment into even pieces of about half the limit. */
  async #cutSegment({ boardId, bound, members }: Row): Promise<void> {
    const { segments, blocks } = this.#layoutOf(boardId);
    const pieces = Math.max(2, Math.floor(members / (this.#limits.membersInSegment / 2)));
    const size = Math.ceil(members / pieces);
    const at = lastBoundBefore(segments, bound);
    const end = segments[at + 1] ?? LAST_PLACE;
    const { rows } = await sql<PlaceRow>`
      select neg_score, reached_at, member_id from (
        select neg_score, reached_at, member_id, row_number() over (order by neg_score, reached_at, member_id) - 1 as n
        from standings
        where community_id = ${this.#communityId} and board_id = ${boardId}
          and (neg_score, reached_at, member_id) >= ${rowOf(bound)} and (neg_score, reached_at, member_id) < ${rowOf(end)}
      ) numbered
      where n > 0 and n % ${size}::int = 0
      order by n`.execute(this.#trx);
    const cuts = rows.map(placeOf);
    const left = members - cuts.length * size;
    await this.#addCounts([{ boardId, level: SEGMENT, bound, members: size - members }]);
    await this.#insert(
      cuts.map((cut, index) => ({
        boardId,
        level: SEGMENT,
        bound: cut,
        members: index === cuts.length - 1 ? left : size,
      })),
    );
    this.#change(boardId, { segments: segments.toSpliced(at + 1, 0, ...cuts), blocks });
  }

  /** Joins small segments with a neighbour of the same block where the two are small enough together. */
  async #joinSegments(small: readonly Row[]): Promise<void> {
    const pairs = small.flatMap(({ boardId, bound }) => this.#neighbours(boardId, bound));
    if (pairs.length === 0) return;
    const counts = await this.#countsOf(
      pairs.flatMap(({ boardId, kept, gone }) => [kept, gone].map((bound) => ({ boardId, bound }))),
    );
    const lost: Row[] = [];
    const gained: Row[] = [];
    const joined = new Set<string>();
    for (const { boardId, kept, gone } of pairs) {
      const slots = [slotOf(boardId, kept), slotOf(boardId, gone)] as const;
      const members = counts.get(slots[0]) ?? 0;
      const moving = counts.get(slots[1]) ?? 0;
      if (members + moving > this.#limits.membersInSegment / 2 || slots.some((slot) => joined.has(slot))) continue;
      for (const slot of slots) joined.add(slot);
      lost.push({ boardId, level: SEGMENT, bound: gone, members: moving });
      gained.push({ boardId, level: SEGMENT, bound: kept, members: moving });
      const { segments, blocks } = this.#layoutOf(boardId);
      this.#change(boardId, { segments: segments.toSpliced(lastBoundBefore(segments, gone), 1), blocks });
    }
    await this.#delete(lost);
    await this.#addCounts(gained.filter((row) => row.members !== 0));
  }

  /** The pairs of a segment with the one before and the one behind it, within its block. */
  #neighbours(boardId: number, bound: Place): { boardId: number; kept: Place; gone: Place }[] {
    const { segments, blocks } = this.#layoutOf(boardId);
    const at = lastBoundBefore(segments, bound);
    return [at, at + 1].flatMap((index) => {
      const kept = segments[index - 1];
      const gone = segments[index];
      // The first segment of a block cannot go: its bound is the block's.
      return kept && gone && comparePlaces(blocks[lastBoundBefore(blocks, gone)] ?? gone, gone) !== 0
        ? [{ boardId, kept, gone }]
        : [];
    });
  }

  async #countsOf(bounds: readonly { boardId: number; bound: Place }[]): Promise<Map<string, number>> {
    const { rows } = await sql<SegmentRow>`
      select known.board_id, known.level, known.neg_score, known.reached_at, known.member_id, known.members
      from ${this.#known(bounds.map((bound) => ({ ...bound, level: SEGMENT, members: 0 })))}`.execute(this.#trx);
    return new Map(rows.map((row) => [slotOf(row.board_id, placeOf(row)), row.members]));
  }

  /** Cuts blocks of too many segments and joins those of too few. */
  async #balanceBlocks(boardId: number): Promise<void> {
    const { segments, blocks } = this.#layoutOf(boardId);
    const balanced = balancedBlocks(segments, blocks, this.#limits.segmentsInBlock);
    const gone = blocks.filter((bound) => !balanced.includes(bound));
    const isNew = balanced.filter((bound) => !blocks.includes(bound));
    if (gone.length === 0 && isNew.length === 0) return;
    this.#change(boardId, { segments, blocks: balanced });
    await this.#delete(gone.map((bound) => ({ boardId, level: BLOCK, bound, members: 0 })));
    // Recounted are the new blocks, and those that lost segments to one or gained those of one that is gone.
    const changed = new Set(
      [...isNew, ...gone].flatMap((bound) => {
        const at = lastBoundBefore(balanced, bound);
        return [balanced[at - 1], balanced[at]].filter((place) => place !== undefined);
      }),
    );
    await recount(this.#trx, this.#communityId, boardId, BLOCK, balanced, changed);
  }

  /** Rows as a table `d`, joined with the segments at their bounds as `known`, and where those lie as `known.tid`. */
  #known(rows: readonly Row[]) {
    // Found row by row, by key, whatever the planner believes of how many there are.
    return sql`${unnestRows(rows)} cross join lateral (
      select ctid as tid, * from segments
      where community_id = ${this.#communityId} and board_id = d.board_id and level = d.level
        and neg_score = d.neg_score and reached_at = d.reached_at and member_id = d.member_id offset 0
    ) known`;
  }

  #change(boardId: number, layout: Layout): void {
    this.#layouts.set(boardId, layout);
    this.#changed.add(boardId);
  }
}

/** Block bounds such that no block has more than `limit` segments, and neighbours of few are one. */
function balancedBlocks(segments: readonly Place[], blocks: readonly Place[], limit: number): Place[] {
  const balanced: Place[] = [];
  let lastSize = 0;
  for (const [index, bound] of blocks.entries()) {
    const start = lastBoundBefore(segments, bound);
    const next = blocks[index + 1];
    const size = (next ? lastBoundBefore(segments, next) : segments.length) - start;
    const small = Math.min(size, lastSize) < limit / 8 && size + lastSize <= limit / 2;
    if (index > 0 && small) {
      lastSize += size;
      continue;
    }
    const pieces = size > limit ? Math.ceil(size / (limit / 2)) : 1;
    lastSize = Math.ceil(size / pieces);
    balanced.push(bound);
    for (let at = start + lastSize; at < start + size; at += lastSize) balanced.push(segments[at] ?? bound);
  }
  return balanced;
}

/** Writes the counts of some of a board's segments anew from its standings, or of its blocks from its segments. */
async function recount(
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
type SegmentRow = PlaceRow & { board_id: number; level: Level; members: number };

function placeOf(row: PlaceRow): Place {
  return { negScore: row.neg_score, reachedAt: row.reached_at, memberId: row.member_id };
}

function rowOf(place: Place) {
  return sql`(${place.negScore}::bigint, ${place.reachedAt}::timestamptz, ${place.memberId}::int)`;
}

function slotOf(boardId: number, bound: Place): string {
  return `${boardId} ${bound.negScore} ${bound.reachedAt.getTime()} ${bound.memberId}`;
}

/** Rows as a table `d (board_id, level, neg_score, reached_at, member_id, members)`. */
function unnestRows(rows: readonly Row[]) {
  return sql`(
    select board_id, level, neg_score, ${instantOf('reached_at')} as reached_at, member_id, members from unnest(
      ${numbers(rows.map((row) => row.boardId))}::int[], ${numbers(rows.map((row) => row.level))}::smallint[],
      ${numbers(rows.map((row) => row.bound.negScore))}::bigint[], ${milliseconds(rows.map((row) => row.bound.reachedAt))}::bigint[],
      ${numbers(rows.map((row) => row.bound.memberId))}::int[], ${numbers(rows.map((row) => row.members))}::int[]
    ) as rows(board_id, level, neg_score, reached_at, member_id, members)
  ) d`;
}
