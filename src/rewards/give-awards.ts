/** Giving the prizes of a table, in pages: each is written in a transaction that keeps nobody waiting long. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import { sayPeriod } from '../ranking/say-period.ts';
import { findExcess, findLacking, isBetween, rewardPrefix, type AwardedTable } from './award.ts';
import { giveAgain, makeGrants, takeBackGrants } from './grants.ts';
import { prizesOf } from './prizes.ts';
import { findStretches, nextLines, rewardsOf, TOP, type Award, type Cursor, type Stretch } from './winners.ts';

/** How much a page gives or takes back at most. */
const AWARDS_AT_ONCE = 1_000;

/** Why something is taken back, or given again. */
const AMENDED = 'The table was amended';

/**
 * Gives the prizes of a table: what was given under the same entitlement before stays, what is not due any more is taken
 * back by a counter-entry. So giving again, also for another version of the table, writes the difference alone, and
 * whoever begins anew after a crash goes on with what is left.
 *
 * How far it has come is kept in memory. That is enough: while the table does not change, what has been gone through
 * stays right, whoever is merged meanwhile.
 */
export class Giving {
  readonly #table: AwardedTable;
  readonly #reasonOf: (award: Award) => string;
  readonly #atOnce: number;
  #stretches: Stretch[] | undefined;
  #cursor: Cursor | undefined = TOP;
  #key: string | undefined = '';

  constructor(table: AwardedTable, reasonOf: (award: Award) => string, atOnce = AWARDS_AT_ONCE) {
    this.#table = table;
    this.#reasonOf = reasonOf;
    this.#atOnce = atOnce;
  }

  /**
   * Gives a page, and when that was the last one, takes one back. For a transaction that holds the community's lock, and
   * while the table does not change.
   *
   * @returns whether there may be more
   */
  async takePage(trx: Transaction<Database>, now: Date): Promise<boolean> {
    const { communityId, categoryId, window } = this.#table;
    this.#stretches ??= await findStretches(trx, this.#table, await prizesOf(trx, communityId, categoryId, window));
    if (this.#cursor) this.#cursor = await this.#give(trx, this.#stretches, this.#cursor, now);
    if (this.#cursor) return true;
    if (this.#key !== undefined) this.#key = await this.#takeBack(trx, this.#stretches, this.#key, now);
    return this.#key !== undefined;
  }

  async #give(
    trx: Transaction<Database>,
    stretches: readonly Stretch[],
    cursor: Cursor,
    now: Date,
  ): Promise<Cursor | undefined> {
    const rewards = rewardsOf(stretches);
    if (rewards.length === 0) return undefined;
    const { communityId } = this.#table;
    const limit = Math.max(1, Math.floor(this.#atOnce / rewards.length));
    const lines = await nextLines(trx, this.#table, stretches, cursor, limit);
    const lacking = await findLacking(trx, this.#table, stretches, lines);
    const entitlements = lacking
      .filter(({ wasGiven }) => !wasGiven)
      .map(({ key, award }) => ({
        key,
        memberId: award.memberId,
        reward: award.reward,
        reason: this.#reasonOf(award),
      }));
    await makeGrants(trx, communityId, entitlements, now);
    const again = lacking.flatMap(({ key, wasGiven }) => (wasGiven ? [key] : []));
    if (again.length > 0) await giveAgain(trx, communityId, again, AMENDED, now);
    return lines.next;
  }

  async #takeBack(
    trx: Transaction<Database>,
    stretches: readonly Stretch[],
    after: string,
    now: Date,
  ): Promise<string | undefined> {
    const { keys, next } = await findExcess(trx, this.#table, stretches, after, this.#atOnce);
    if (keys.length > 0) await takeBackGrants(trx, this.#table.communityId, keys, AMENDED, now);
    return next;
  }
}

/**
 * Takes back the roles that earlier windows of the same kind gave on the board of a category: they were for the time
 * until the next one closed. Safe to begin anew after a crash.
 */
export class EndingRoles {
  readonly #communityId: number;
  readonly #window: Window;
  readonly #categoryId: number;
  readonly #atOnce: number;
  /** What entitlements begin with that are left to be gone through, and how far the first of them has come. */
  #prefixes: string[] | undefined;
  #after = '';

  constructor(communityId: number, window: Window, categoryId: number, atOnce = AWARDS_AT_ONCE) {
    this.#communityId = communityId;
    this.#window = window;
    this.#categoryId = categoryId;
    this.#atOnce = atOnce;
  }

  /**
   * Takes a page back, for a transaction that holds the community's lock.
   *
   * @returns whether there may be more
   */
  async takePage(trx: Transaction<Database>, now: Date): Promise<boolean> {
    this.#prefixes ??= await this.#findPrefixes(trx);
    for (let left = this.#atOnce; ;) {
      const [prefix] = this.#prefixes;
      if (prefix === undefined) return false;
      const seen = await this.#takeBack(trx, prefix, left, now);
      if (seen === left) return true;
      left -= seen;
      this.#prefixes.shift();
      this.#after = '';
    }
  }

  async #takeBack(trx: Transaction<Database>, prefix: string, limit: number, now: Date): Promise<number> {
    const { rows } = await sql<{ entitlement: string; isInEffect: boolean }>`
      select entitlement, sum(amount) <> 0 as "isInEffect" from grants
      where community_id = ${this.#communityId} and ${isBetween(this.#after || prefix, prefix)}
      group by entitlement order by entitlement limit ${limit}`.execute(trx);
    const keys = rows.flatMap(({ entitlement, isInEffect }) => (isInEffect ? [entitlement] : []));
    const reason = `It was given until ${sayPeriod(this.#window)} closed`;
    if (keys.length > 0) await takeBackGrants(trx, this.#communityId, keys, reason, now);
    this.#after = rows.at(-1)?.entitlement ?? this.#after;
    return rows.length;
  }

  /**
   * What entitlements to roles begin with that can be in effect. Whoever became final last has ended those of all before:
   * only its own are left, and those of what was frozen since.
   */
  async #findPrefixes(trx: Transaction<Database>): Promise<string[]> {
    const { kind, startsAt } = this.#window;
    const earlier = sql`
      from windows w join final_versions v on v.community_id = w.community_id and v.window_id = w.window_id
      where w.community_id = ${this.#communityId} and w.kind = ${kind} and w.starts_at < ${startsAt}::timestamptz
        and v.category_id = ${this.#categoryId} and v.version = 1`;
    const { rows } = await sql<{ windowId: number; key: string; startsAt: Date; endsAt: Date }>`
      select w.window_id as "windowId", w.key, w.starts_at as "startsAt", w.ends_at as "endsAt" ${earlier}
        and w.starts_at >= coalesce((
          select w.starts_at ${earlier} and v.final_at is not null order by w.starts_at desc limit 1
        ), '-infinity')`.execute(trx);
    const prefixes: string[] = [];
    for (const { windowId, ...window } of rows) {
      const table = { windowId, categoryId: this.#categoryId };
      for (const prize of await prizesOf(trx, this.#communityId, this.#categoryId, { kind, ...window })) {
        for (const [rewardIndex, { kind: what }] of prize.rewards.entries()) {
          if (what === 'role') prefixes.push(rewardPrefix(table, { prize, rewardIndex }));
        }
      }
    }
    return prefixes;
  }
}
