import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { KnownBoards } from '../ranking/boards.ts';
import type { Community } from './community.ts';
import { loadCommunity } from './community-store.ts';

/** A community as this process remembers it, with what follows from its settings. */
export type KnownCommunity = Community & {
  /** Boards found so far. */
  readonly boards: KnownBoards;
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
    return this.#find('slug', slug, () => new DomainError('unknown-community', `There is no community "${slug}".`));
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
  async at(db: Kysely<Database> | Transaction<Database>, communityId: number, version: bigint): Promise<KnownCommunity> {
    const known = this.#known.get(communityId);
    if (known?.configVersion === version) return known;
    const loaded = await loadCommunity(db, communityId);
    if (!loaded) throw new DomainError('unknown-community', 'The community was removed.');
    const community = { ...loaded, boards: new Map() };
    this.#known.set(communityId, community);
    return community;
  }

  async #find(column: 'slug', value: string, notFound: () => DomainError): Promise<KnownCommunity> {
    const row = await this.#db
      .selectFrom('communities')
      .select(['community_id', 'config_version'])
      .where(column, '=', value)
      .executeTakeFirst();
    if (!row) throw notFound();
    return this.at(this.#db, row.community_id, row.config_version);
  }
}
