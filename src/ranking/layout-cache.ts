import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Place } from './place.ts';

/** Where the segments and blocks of a board begin, each ascending from FIRST_PLACE. Never changed in place. */
export type Layout = { segments: readonly Place[]; blocks: readonly Place[] };

type KnownLayouts = { version: bigint; boards: Map<number, Layout> };

/** How many bounds are remembered over all communities, at some 100 bytes each. */
const MAX_BOUNDS = 500_000;

/** The layouts that this process remembers, each good for one version of its community's layouts. */
export class LayoutCache {
  readonly #communities = new Map<number, KnownLayouts>();
  #bounds = 0;

  /**
   * What is known of a community's boards at a version read under its lock: boards that other processes changed since
   * are forgotten.
   */
  async at(trx: Transaction<Database>, communityId: number, version: bigint): Promise<ReadonlyMap<number, Layout>> {
    const known = this.#communities.get(communityId);
    // A version from before what is known: the database was put back to an earlier state.
    if (!known || version < known.version) return new Map();
    if (known.version === version) return known.boards;
    const changed = await trx
      .selectFrom('boards')
      .select('board_id')
      .where('community_id', '=', communityId)
      .where('layout_version', '>', known.version)
      .execute();
    const boards = new Map(known.boards);
    for (const { board_id } of changed) boards.delete(board_id);
    return boards;
  }

  /** Remembers what a transaction saw and changed. To be called once it has committed, never before. */
  publish(communityId: number, version: bigint, boards: Map<number, Layout>): void {
    const before = this.#communities.get(communityId)?.boards.values() ?? [];
    this.#bounds += countBounds(boards.values()) - countBounds(before);
    this.#communities.set(communityId, { version, boards });
    if (this.#bounds <= MAX_BOUNDS) return;
    this.#communities.clear();
    this.#bounds = 0;
  }
}

function countBounds(layouts: Iterable<Layout>): number {
  let bounds = 0;
  for (const layout of layouts) bounds += layout.segments.length + layout.blocks.length;
  return bounds;
}
