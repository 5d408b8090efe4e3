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
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Layout, LayoutCache } from './layout-cache.ts';
import { comparePlaces, FIRST_PLACE, LAST_PLACE, lastBoundBefore, type Place } from './place.ts';
import {
  addCounts,
  BLOCK,
  deleteSegments,
  insertSegments,
  readCounts,
  readCuts,
  readLayouts,
  recount,
  SEGMENT,
  type SegmentRow,
} from './segment-store.ts';

/** How large a segment and a block grow before they are cut. What falls below an eighth is joined, to at most a half. */
export type SegmentLimits = { membersInSegment: number; segmentsInBlock: number };

const SEGMENT_LIMITS: SegmentLimits = { membersInSegment: 1024, segmentsInBlock: 256 };

/** A standing that appears (no `from`), goes (no `to`) or moves. */
export type Move = { boardId: number; from: Place | undefined; to: Place | undefined };

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
    const rows = await addCounts(this.#trx, this.#communityId, this.#deltasOf(moves));
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
    await insertSegments(this.#trx, this.#communityId, rows);
    for (const boardId of boardIds) this.#layouts.set(boardId, { segments: [FIRST_PLACE], blocks: [FIRST_PLACE] });
  }

  /** Cuts a board anew from its standings, whatever its segments were. Takes as long as reading the board does. */
  async recut(boardId: number): Promise<void> {
    await sql`delete from segments where community_id = ${this.#communityId} and board_id = ${boardId}`.execute(
      this.#trx,
    );
    const size = Math.max(1, Math.floor(this.#limits.membersInSegment / 2));
    const cuts = await readCuts(this.#trx, this.#communityId, boardId, { from: FIRST_PLACE, to: LAST_PLACE, size });
    const segments = [FIRST_PLACE, ...cuts];
    const blocks = balancedBlocks(segments, [FIRST_PLACE], this.#limits.segmentsInBlock);
    await recount(this.#trx, this.#communityId, boardId, SEGMENT, segments, new Set(segments));
    await recount(this.#trx, this.#communityId, boardId, BLOCK, blocks, new Set(blocks));
    this.#change(boardId, { segments, blocks });
  }

  async #load(boardIds: ReadonlySet<number>): Promise<void> {
    const missing = [...boardIds].filter((boardId) => !this.#layouts.has(boardId));
    const layouts = await readLayouts(this.#trx, this.#communityId, missing);
    for (const [boardId, layout] of layouts) this.#layouts.set(boardId, layout);
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
  #deltasOf(moves: readonly Move[]): SegmentRow[] {
    const rows: SegmentRow[] = [];
    for (const [boardId, own] of Map.groupBy(moves, (move) => move.boardId)) {
      const { segments, blocks } = this.#layoutOf(boardId);
      for (const [level, bounds] of [
        [SEGMENT, segments],
        [BLOCK, blocks],
      ] as const) {
        for (const [index, members] of countMoves(own, bounds)) {
          if (members !== 0) rows.push({ boardId, level, bound: bounds[index] ?? FIRST_PLACE, members });
        }
      }
    }
    return rows;
  }

  /** Cuts a segment into even pieces of about half the limit. */
  async #cutSegment({ boardId, bound, members }: SegmentRow): Promise<void> {
    const { segments, blocks } = this.#layoutOf(boardId);
    const pieces = Math.max(2, Math.floor(members / (this.#limits.membersInSegment / 2)));
    const size = Math.ceil(members / pieces);
    const at = lastBoundBefore(segments, bound);
    const end = segments[at + 1] ?? LAST_PLACE;
    const cuts = await readCuts(this.#trx, this.#communityId, boardId, { from: bound, to: end, size });
    const left = members - cuts.length * size;
    await addCounts(this.#trx, this.#communityId, [{ boardId, level: SEGMENT, bound, members: size - members }]);
    await insertSegments(
      this.#trx,
      this.#communityId,
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
  async #joinSegments(small: readonly SegmentRow[]): Promise<void> {
    const pairs = small.flatMap(({ boardId, bound }) => this.#neighbours(boardId, bound));
    if (pairs.length === 0) return;
    const rows = await readCounts(
      this.#trx,
      this.#communityId,
      pairs.flatMap(({ boardId, kept, gone }) => [kept, gone].map((bound) => ({ boardId, bound }))),
    );
    const counts = new Map(rows.map(({ boardId, bound, members }) => [slotOf(boardId, bound), members]));
    const lost: SegmentRow[] = [];
    const gained: SegmentRow[] = [];
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
    await deleteSegments(this.#trx, this.#communityId, lost);
    await addCounts(
      this.#trx,
      this.#communityId,
      gained.filter((row) => row.members !== 0),
    );
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

  /** Cuts blocks of too many segments and joins those of too few. */
  async #balanceBlocks(boardId: number): Promise<void> {
    const { segments, blocks } = this.#layoutOf(boardId);
    const balanced = balancedBlocks(segments, blocks, this.#limits.segmentsInBlock);
    const gone = blocks.filter((bound) => !balanced.includes(bound));
    const isNew = balanced.filter((bound) => !blocks.includes(bound));
    if (gone.length === 0 && isNew.length === 0) return;
    this.#change(boardId, { segments, blocks: balanced });
    await deleteSegments(
      this.#trx,
      this.#communityId,
      gone.map((bound) => ({ boardId, level: BLOCK, bound })),
    );
    // Recounted are the new blocks, and those that lost segments to one or gained those of one that is gone.
    const changed = new Set(
      [...isNew, ...gone].flatMap((bound) => {
        const at = lastBoundBefore(balanced, bound);
        return [balanced[at - 1], balanced[at]].filter((place) => place !== undefined);
      }),
    );
    await recount(this.#trx, this.#communityId, boardId, BLOCK, balanced, changed);
  }

  #change(boardId: number, layout: Layout): void {
    this.#layouts.set(boardId, layout);
    this.#changed.add(boardId);
  }
}

/** How many members each stretch between two bounds gains, by the index of the bound that it begins at. */
function countMoves(moves: readonly Move[], bounds: readonly Place[]): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (place: Place, members: number) => {
    const index = lastBoundBefore(bounds, place);
    counts.set(index, (counts.get(index) ?? 0) + members);
  };
  for (const { from, to } of moves) {
    if (from) add(from, -1);
    if (to) add(to, 1);
  }
  return counts;
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

function slotOf(boardId: number, bound: Place): string {
  return `${boardId} ${bound.negScore} ${bound.reachedAt.getTime()} ${bound.memberId}`;
}
