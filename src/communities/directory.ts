import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { BoardName, KnownBoards } from '../ranking/boards.ts';
import { holds, WINDOW_KINDS, type Window } from '../ranking/calendar.ts';
import { isFrozen } from '../ranking/periods.ts';
import { createPriceList, type PriceList } from '../contributions/pricing.ts';
import { ProgressMemory } from '../quests/progress-memory.ts';
import type { Category, Community } from './community.ts';
import { loadCommunity } from './community-store.ts';
import { isSlug } from './settings.ts';

/** How many members are remembered a community. */
const MAX_MEMBERS = 200_000;

/** A community as this process remembers it: what follows from its settings, and what cannot change while they hold. */
export type KnownCommunity = Community & {
  readonly categoryBySlug: ReadonlyMap<string, Category>;
  readonly prices: PriceList;
  /** How far members have come in quests. */
  readonly progress: ProgressMemory;
  /**
   * The boards of a category that an instant counts on, one a kind of window, and the keys of the windows that it comes
   * too late for. The same object for the same boards.
   */
  boardsAt(categoryId: number, instant: Date): CountingBoards;
  /** Boards found so far. */
  readonly boards: ReadonlyMap<string, number>;
  /** Members found so far: ids by handle. */
  readonly members: ReadonlyMap<string, number>;
  /** Adds what a committed transaction found or made. */
  remember(members: ReadonlyMap<string, number>, boards: KnownBoards): void;
};

/** Where an instant counts, and the keys of the windows that are frozen already. */
type CountingBoards = { readonly boards: readonly BoardName[]; readonly late: readonly string[] };

/** Remembers communities for as long as their settings stay what they are: each use asks the database for the version first. */
export class CommunityDirectory {
  readonly #db: Kysely<Database>;
  readonly #known = new Map<number, KnownCommunity>();

  constructor(db: Kysely<Database>) {
    this.#db = db;
  }

  /** @throws DomainError `unknown-community` */
  async bySlug(slug: string): Promise<KnownCommunity> {
    // What could not be a slug names no community, whatever it holds.
    const row = isSlug(slug)
      ? await this.#db
          .selectFrom('communities')
          .select(['community_id', 'config_version'])
          .where('slug', '=', slug)
          .executeTakeFirst()
      : undefined;
    if (!row) throw new DomainError('unknown-community', `There is no community "${slug}".`);
    return this.at(this.#db, row.community_id, row.config_version);
  }

  /** The community of a Discord guild, or undefined when the guild has none yet. */
  async byGuild(guildId: string): Promise<KnownCommunity | undefined> {
    const row = await this.#db
      .selectFrom('communities')
      .select(['community_id', 'config_version'])
      .where('discord_guild_id', '=', guildId)
      .executeTakeFirst();
    return row && this.at(this.#db, row.community_id, row.config_version);
  }

  /** A community at a version that was read, as with its lock. */
  async at(
    db: Kysely<Database> | Transaction<Database>,
    communityId: number,
    version: bigint,
  ): Promise<KnownCommunity> {
    const known = this.#known.get(communityId);
    if (known?.configVersion === version) return known;
    const loaded = await loadCommunity(db, communityId);
    if (!loaded) throw new DomainError('unknown-community', 'The community was removed.');
    const community = withMemory(loaded);
    this.#known.set(communityId, community);
    return community;
  }
}

function withMemory(community: Community): KnownCommunity {
  const boards = new Map<string, number>();
  const members = new Map<string, number>();
  return {
    ...community,
    categoryBySlug: new Map(community.categories.map((category) => [category.slug, category])),
    prices: createPriceList(community.rates, community.multipliers),
    progress: new ProgressMemory(),
    boardsAt: boardFinder(community),
    boards,
    members,
    remember(moreMembers, moreBoards) {
      if (members.size + moreMembers.size > MAX_MEMBERS) members.clear();
      for (const [handle, memberId] of moreMembers) members.set(handle, memberId);
      for (const [slot, boardId] of moreBoards) boards.set(slot, boardId);
    },
  };
}

function boardFinder(community: Community): KnownCommunity['boardsAt'] {
  const { calendar } = community;
  const lastOf = new Map<number, CountingBoards & { windows: readonly Window[] }>();
  return (categoryId, instant) => {
    const last = lastOf.get(categoryId);
    // Contributions come in runs of one week. In the time between two seasons there is one window less.
    if (last?.windows.length === WINDOW_KINDS.length && last.windows.every((window) => holds(window, instant))) {
      return last;
    }
    const windows = WINDOW_KINDS.flatMap((kind) => calendar.windowAt(kind, instant) ?? []);
    const [frozen, counting] = [[] as Window[], [] as Window[]];
    for (const window of windows) (isFrozen(community, window) ? frozen : counting).push(window);
    const found = {
      windows,
      boards: counting.map((window) => ({ window, categoryId })),
      late: frozen.map(({ key }) => key),
    };
    lastOf.set(categoryId, found);
    return found;
  };
}
