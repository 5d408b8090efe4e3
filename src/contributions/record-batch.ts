import type { Kysely, Transaction } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { violatedCheck } from '../db/errors.ts';
import { allEnded, nextStatementSent } from '../db/overlap.ts';
import { holdOverCap } from '../fair-play/hold.ts';
import {
  addToMembers,
  createMembers,
  findDeleted,
  findMembers,
  readTotals,
  type MemberGain,
} from '../members/member-store.ts';
import { findPseudonyms } from '../privacy/pseudonym.ts';
import { WINDOW_KINDS } from '../ranking/calendar.ts';
import { closingSlot } from '../ranking/periods.ts';
import { boardSlot, findOrMakeBoards, type BoardName } from '../ranking/boards.ts';
import { advanceQuests, type Advance } from '../quests/advance.ts';
import type { RankingContext } from '../ranking/context.ts';
import { MAX_REWARD, MAX_TOTAL } from '../ranking/score.ts';
import { SegmentIndex } from '../ranking/segments.ts';
import { prepareGains, type Gain } from '../ranking/standings.ts';
import { insertContributions, readContributions, type StoredContribution } from './contribution-store.ts';
import type { Contribution, Rejection } from './contribution.ts';
import type { Price } from './pricing.ts';

/** A checked contribution and the source whose ids it goes by. `unpaid`: it counts, and earns no OMNIT whatever the rate. */
export type BatchEntry = { sourceId: number; contribution: Contribution; unpaid?: true };

/**
 * What became of a contribution. `late`: the windows that were frozen when it came, by key. `held`: it exceeds a cap, and
 * counts nowhere until an admin releases it.
 */
export type Outcome =
  | { status: 'accepted'; reward: bigint; multiplier: bigint; late: readonly string[]; held?: true }
  | { status: 'duplicate'; reward: bigint; multiplier: bigint; late: readonly string[] }
  | ({ status: 'rejected' } & Rejection);

/** An entry on its way through the transaction: what it is worth, and what it adds to which boards. */
type Candidate = BatchEntry & {
  position: number;
  category: Category;
  memberId: number;
  price: Price;
  gain: bigint;
  boards: readonly BoardName[];
  /** Whether the member is kept from boards: these are made all the same, for when the member comes back. */
  isOff: boolean;
  late: readonly string[];
};

/**
 * Records a batch of contributions in one transaction: the contributions, the members they make, and the standings of
 * the windows each falls in that are not frozen. Once it has returned, all of it is durable and visible to every reader.
 *
 * Safe to repeat: what was recorded before is a `duplicate`, or rejected as a `conflict` when it now says something
 * else. The outcome does not depend on how contributions are spread over batches.
 *
 * @returns an outcome an entry, in order.
 */
export async function recordBatch(
  context: RankingContext,
  communityId: number,
  batch: readonly BatchEntry[],
  now: Date,
): Promise<Outcome[]> {
  try {
    return await recordInTransaction(context, communityId, batch, now, new Set());
  } catch (error) {
    if (violatedCheck(error) !== 'members_totals') throw error;
    // Some total would outgrow what can be counted, which takes a hostile or broken source. Once more without it.
    return recordInTransaction(context, communityId, batch, now, await findOutgrown(context.db, communityId, batch));
  }
}

async function recordInTransaction(
  context: RankingContext,
  communityId: number,
  batch: readonly BatchEntry[],
  now: Date,
  outgrown: ReadonlySet<string>,
): Promise<Outcome[]> {
  const afterCommit: (() => void)[] = [];
  const outcomes = await context.db.transaction().execute(async (trx) => {
    const lock = await lockCommunity(trx, communityId, batch.length);
    const community = await context.directory.at(trx, communityId, lock.configVersion);
    const outcomes = new Map<number, Outcome>();
    const members = await findOrNumberMembers(trx, community, batch, lock.lastMemberId);
    const names = batch.flatMap(({ contribution: { displayName } }) => displayName ?? []);
    const pseudonyms = await findPseudonyms(trx, communityId, [...members.keys(), ...names]);
    const candidates = priceBatch(community, batch, members, { outgrown, pseudonyms }, outcomes);

    const index = await SegmentIndex.open(trx, communityId, lock.layoutVersion, context.layouts, context.segmentLimits);
    const found = await findOrMakeBoards(trx, communityId, missingBoards(community, candidates), index);
    const boardOf = (name: BoardName) => community.boards.get(boardSlot(name)) ?? found.get(boardSlot(name));

    // While the database inserts, prepare what follows as if all were new, as it nearly always is.
    const [inserted, addAll] = await Promise.all([
      insertContributions(trx, communityId, candidates.map(toStored), lock.firstSeq, now),
      nextStatementSent().then(() => prepareGains(communityId, sumGains(candidates, boardOf))),
    ]);
    const accepted = candidates.filter((_, position) => inserted.has(position));
    const held = await holdOverCap(trx, community, accepted, lock.firstSeq, now);
    for (const candidate of accepted) {
      const { reward, multiplier } = candidate.price;
      const more = held.has(candidate) ? ({ held: true } as const) : {};
      const { late } = candidate;
      outcomes.set(candidate.position, { status: 'accepted', reward, multiplier, late, ...more });
    }
    const counting = accepted.filter((candidate) => !held.has(candidate));
    const allNew = accepted.length === candidates.length;
    if (!allNew)
      await compareWithRecorded(
        trx,
        community,
        candidates.filter((_, position) => !inserted.has(position)),
        outcomes,
      );

    if (accepted.length > 0) {
      const allCount = counting.length === candidates.length;
      const addGains = allCount ? addAll : prepareGains(communityId, sumGains(counting, boardOf));
      const [, known] = await allEnded([
        addGains(trx, index),
        writeMembers(trx, communityId, accepted, held, members, now),
      ]);
      afterCommit.push(() => community.remember(known, found));
    }
    const keepProgress = await advanceQuests(trx, community, lock.firstSeq, counting.map(toAdvance), now);
    // Holding took sequence numbers of its own.
    const lastSeq = lock.firstSeq + BigInt(batch.length + held.size) - 1n;
    afterCommit.push(() => keepProgress(lastSeq));
    afterCommit.push(await index.finish(lock.layoutVersion, context.layouts));
    return batch.map((_, position) => outcomes.get(position) ?? unreachable(position));
  });
  for (const remember of afterCommit) remember();
  return outcomes;
}

type BatchMembers = Map<string, { memberId: number; isNew: boolean }>;

/** The members of a batch by handle. Who is unknown gets an id, and becomes a member when a contribution is accepted. */
async function findOrNumberMembers(
  trx: Transaction<Database>,
  community: KnownCommunity,
  batch: readonly BatchEntry[],
  lastMemberId: number,
): Promise<BatchMembers> {
  const members: BatchMembers = new Map();
  const wanted = new Set<string>();
  for (const {
    contribution: { contributor },
  } of batch) {
    const memberId = community.members.get(contributor);
    if (memberId === undefined) wanted.add(contributor);
    else members.set(contributor, { memberId, isNew: false });
  }
  if (wanted.size === 0) return members;
  const known = await findMembers(trx, community.id, [...wanted]);
  for (const [handle, memberId] of known) members.set(handle, { memberId, isNew: false });
  const unknown = [...wanted].filter((handle) => !known.has(handle));
  for (const [position, handle] of unknown.entries()) {
    members.set(handle, { memberId: lastMemberId + 1 + position, isNew: true });
  }
  return members;
}

function priceBatch(
  community: KnownCommunity,
  batch: readonly BatchEntry[],
  members: BatchMembers,
  { outgrown, pseudonyms }: { outgrown: ReadonlySet<string>; pseudonyms: ReadonlySet<string> },
  outcomes: Map<number, Outcome>,
): Candidate[] {
  const candidates: Candidate[] = [];
  for (const [position, entry] of batch.entries()) {
    const { contribution } = entry;
    const category = community.categoryBySlug.get(contribution.category);
    if (!category) {
      const slugs = [...community.categoryBySlug.keys()].map((slug) => `"${slug}"`).join(', ') || 'none yet';
      outcomes.set(position, {
        status: 'rejected',
        reason: 'unknown_category',
        detail: `There is no category "${contribution.category}" in this community. It has: ${slugs}.`,
      });
    } else if (pseudonyms.has(contribution.contributor)) {
      outcomes.set(position, {
        status: 'rejected',
        reason: 'invalid_contributor',
        detail: `"${contribution.contributor}" stands for somebody who is hidden or deleted, and nobody contributes under it. Give the contributor's own handle.`,
      });
    } else if (contribution.displayName !== undefined && pseudonyms.has(contribution.displayName)) {
      outcomes.set(position, {
        status: 'rejected',
        reason: 'invalid_display_name',
        detail: `"${contribution.displayName}" stands for somebody who is hidden or deleted, and nobody else is shown by it. Send another display name, or none.`,
      });
    } else if (outgrown.has(contribution.contributor)) {
      outcomes.set(position, {
        status: 'rejected',
        reason: 'total_too_large',
        detail: 'With this, the total of its contributor would be larger than can be counted.',
      });
    } else {
      const { memberId } = members.get(contribution.contributor) ?? unreachable(position);
      const { subject, occurredAt, amount } = contribution;
      const full = community.prices.price(category, subject, occurredAt, amount);
      const price = entry.unpaid ? { ...full, rate: 0n, reward: 0n } : full;
      const gain = category.measure === 'reward' ? price.reward : amount;
      // What measures nothing makes no standing and moves no `reachedAt`.
      const at = community.boardsAt(category.id, occurredAt);
      const boards = gain === 0n ? [] : at.boards;
      const isOff = community.offBoards.has(memberId);
      candidates.push({ ...entry, position, category, memberId, price, gain, boards, isOff, late: at.late });
    }
  }
  return candidates;
}

/** The contributors whose totals the batch would bring over what can be counted. */
async function findOutgrown(
  db: Kysely<Database>,
  communityId: number,
  batch: readonly BatchEntry[],
): Promise<Set<string>> {
  const entries = Map.groupBy(batch, ({ contribution }) => contribution.contributor);
  const totals = await readTotals(db, communityId, [...entries.keys()]);
  return new Set(
    totals
      .filter(({ handle, largest }) => largest + BigInt(entries.get(handle)?.length ?? 0) * MAX_REWARD > MAX_TOTAL)
      .map(({ handle }) => handle),
  );
}

function toStored({ sourceId, contribution, memberId, category, price }: Candidate): StoredContribution {
  const { id, subject, amount, occurredAt } = contribution;
  return { sourceId, id, memberId, categoryId: category.id, subject, amount, occurredAt, ...price };
}

function toAdvance({ memberId, category, contribution }: Candidate): Advance {
  const { subject, amount, occurredAt } = contribution;
  return { memberId, category: category.slug, subject, amount, occurredAt };
}

/** Tells re-sent contributions from other ones under the same id. Amount and time are compared by value, the name is not. */
async function compareWithRecorded(
  trx: Transaction<Database>,
  community: KnownCommunity,
  known: readonly Candidate[],
  outcomes: Map<number, Outcome>,
): Promise<void> {
  const recorded = await readContributions(
    trx,
    community.id,
    known.map(({ sourceId, contribution }) => ({ sourceId, id: contribution.id })),
  );
  const byId = new Map(recorded.map((row) => [`${row.sourceId} ${row.id}`, row]));
  // Whose it was is not known any more of what was recorded for somebody who was deleted.
  const deleted = await findDeleted(
    trx,
    community.id,
    known.flatMap(({ sourceId, contribution, memberId }) => {
      const row = byId.get(`${sourceId} ${contribution.id}`);
      return row && row.memberId !== memberId ? [row.memberId] : [];
    }),
  );
  for (const candidate of known) {
    const { sourceId, contribution, position } = candidate;
    const row = byId.get(`${sourceId} ${contribution.id}`) ?? unreachable(position);
    const same =
      (row.memberId === candidate.memberId || deleted.has(row.memberId)) &&
      row.categoryId === candidate.category.id &&
      row.amount === contribution.amount &&
      row.subject === contribution.subject &&
      row.occurredAt.getTime() === contribution.occurredAt.getTime();
    outcomes.set(
      position,
      same
        ? { status: 'duplicate', reward: row.reward, multiplier: row.multiplier, late: lateOf(community, row) }
        : {
            status: 'rejected',
            reason: 'conflict',
            detail: `The id "${contribution.id}" was recorded before with other content. Give a new contribution an id of its own.`,
          },
    );
  }
}

/** The keys of the windows that were frozen before a contribution was recorded. */
function lateOf(
  { calendar, closings }: KnownCommunity,
  { occurredAt, seq }: Pick<StoredContribution, 'occurredAt'> & { seq: bigint },
): string[] {
  return WINDOW_KINDS.flatMap((kind) => {
    const window = calendar.windowAt(kind, occurredAt);
    const cut = window && closings.get(closingSlot(window))?.frozenSeq;
    return window && cut !== undefined && seq > cut ? [window.key] : [];
  });
}

/** Creates the members that the batch makes, and adds what counts to the totals of all. Returns the ids of everybody in it, by handle. */
async function writeMembers(
  trx: Transaction<Database>,
  communityId: number,
  accepted: readonly Candidate[],
  held: ReadonlySet<Candidate>,
  members: BatchMembers,
  now: Date,
): Promise<Map<string, number>> {
  const gains = new Map<number, MemberGain>();
  const created: { memberId: number; handle: string }[] = [];
  const ids = new Map<string, number>();
  for (const candidate of accepted) {
    const { memberId, price, contribution } = candidate;
    let gain = gains.get(memberId);
    if (!gain) {
      gains.set(memberId, (gain = { memberId, omnit: 0n, reputation: 0n, displayName: undefined }));
      ids.set(contribution.contributor, memberId);
      if (members.get(contribution.contributor)?.isNew) created.push({ memberId, handle: contribution.contributor });
    }
    if (!held.has(candidate)) {
      gain.omnit += price.reward;
      gain.reputation += price.reputation;
    }
    const { displayName: text, occurredAt: at } = contribution;
    if (text !== undefined && !(gain.displayName && gain.displayName.at > at)) gain.displayName = { text, at };
  }
  await createMembers(trx, communityId, created, now);
  await addToMembers(trx, communityId, [...gains.values()]);
  return ids;
}

/** The boards that contributions count on and that this process has not met. */
function missingBoards(community: KnownCommunity, candidates: readonly Candidate[]): BoardName[] {
  const missing = new Map<string, BoardName>();
  for (const name of candidates.flatMap((candidate) => candidate.boards)) {
    const slot = boardSlot(name);
    if (!community.boards.has(slot)) missing.set(slot, name);
  }
  return [...missing.values()];
}

/** What contributions add to each member of each board. */
function sumGains(candidates: readonly Candidate[], boardOf: (name: BoardName) => number | undefined): Gain[] {
  const sums = new Map<number, Map<number, Gain>>();
  for (const {
    boards,
    isOff,
    memberId,
    gain,
    contribution: { occurredAt },
  } of candidates) {
    if (isOff) continue;
    for (const name of boards) {
      const boardId = boardOf(name) ?? unreachable(memberId);
      let members = sums.get(boardId);
      if (!members) sums.set(boardId, (members = new Map()));
      const sum = members.get(memberId);
      if (!sum) members.set(memberId, { boardId, memberId, gain, reachedAt: occurredAt });
      else {
        sum.gain += gain;
        if (occurredAt > sum.reachedAt) sum.reachedAt = occurredAt;
      }
    }
  }
  return [...sums.values()].flatMap((members) => [...members.values()]);
}

/** For what cannot be: every entry has an outcome, every handle an id, every board a row. */
function unreachable(position: number): never {
  throw new Error(`Recording lost track of entry ${position} of a batch.`);
}
