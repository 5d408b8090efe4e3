/** What a final table grants, in pages. */
import type { Transaction } from 'kysely';
import type { Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import { sayPeriod } from '../ranking/say-period.ts';
import type { AwardedTable } from '../rewards/award.ts';
import { EndingRoles, Giving } from '../rewards/give-awards.ts';
import type { Award } from '../rewards/winners.ts';
import type { FinalVersion } from './final-versions.ts';
import { periodName } from './tell-tables.ts';

/** A version as far as prizes go. `total`: how many stand in it. */
export function awardedTable(
  communityId: number,
  {
    boardId,
    windowId,
    window,
    categoryId,
    excluded,
  }: Pick<FinalVersion, 'boardId' | 'windowId' | 'window' | 'categoryId' | 'excluded'>,
  total: number,
): AwardedTable {
  return { communityId, boardId, windowId, window, categoryId, total, excluded: new Set(excluded) };
}

/** Takes back the roles that are over now that a window has closed, and then gives the prizes of a version. */
export class Granting {
  readonly #ending: EndingRoles | undefined;
  readonly #version: FinalVersion;
  readonly #table: AwardedTable;
  readonly #atOnce: number | undefined;
  #giving: Giving | undefined;

  /** @param members how many stand in it */
  constructor(communityId: number, version: FinalVersion, members: number, atOnce: number | undefined) {
    const { reason, window, categoryId } = version;
    if (reason === 'closed') this.#ending = new EndingRoles(communityId, window, categoryId, atOnce);
    this.#version = version;
    this.#table = awardedTable(communityId, version, members);
    this.#atOnce = atOnce;
  }

  /**
   * Writes a page, for a transaction that holds the community's lock, while the version has yet to be made final.
   *
   * @returns whether there may be more
   */
  async takePage(
    trx: Transaction<Database>,
    community: Pick<Community, 'categories' | 'seasonNames'>,
    now: Date,
  ): Promise<boolean> {
    if (await this.#ending?.takePage(trx, now)) return true;
    this.#giving ??= new Giving(this.#table, reasonFor(community, this.#version), this.#atOnce);
    return this.#giving.takePage(trx, now);
  }
}

function reasonFor(
  community: Pick<Community, 'categories' | 'seasonNames'>,
  { window, categoryId }: FinalVersion,
): (award: Award) => string {
  const category = community.categories.find(({ id }) => id === categoryId);
  if (!category) throw new Error(`The category ${categoryId} was removed.`);
  const period = sayPeriod(window, periodName(community, window));
  return ({ rank }) => `Rank ${rank} in ${category.title}, ${period}`;
}
