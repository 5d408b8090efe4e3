import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { BoardName, KnownBoards } from '../ranking/boards.ts';
import { holds, WINDOW_KINDS, type Calendar } from '../ranking/calendar.ts';
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
  /** The boards of a category that an instant counts on: one a kind of window. The same array for the same boards. */
  boardsAt(categoryId: number, instant: Date): readonly BoardName[];
  /** Boards found so far. */
  readonly boards: ReadonlyMap<string, number>;
  /** Members found so far: ids by handle. */
  readonly members: ReadonlyMap<string, number>;
  /** Adds what a committed transaction found or made. */
  remember(members: ReadonlyMap<string, number>, boards: KnownBoards): void;
};

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
    boardsAt: boardFinder(community.calendar),
    boards,
    members,
    remember(moreMembers, moreBoards) {
      if (members.size + moreMembers.size > MAX_MEMBERS) members.clear();
      for (const [handle, memberId] of moreMembers) members.set(handle, memberId);
      for (const [slot, boardId] of moreBoards) boards.set(slot, boardId);
    },
  };
}

function boardFinder(calendar: Calendar): KnownCommunity['boardsAt'] {
  const lastOf = new Map<number, readonly BoardName[]>();
  return (categoryId, instant) => {
    const last = lastOf.get(categoryId);
    // Contributions come in runs of one week.
    if (last?.every(({ window }) => holds(window, instant))) return last;
    const boards = WINDOW_KINDS.map((kind) => ({ window: calendar.windowAt(kind, instant), categoryId }));
    lastOf.set(categoryId, boards);
    return boards;
  };
}
