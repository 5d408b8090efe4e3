import type { Kysely, Transaction } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { violatedCheck } from '../db/errors.ts';
import { allEnded, nextStatementSent } from '../db/overlap.ts';
import { holdOverCap } from '../fair-play/hold.ts';
import { addToMembers, createMembers, findMembers, readTotals, type MemberGain } from '../members/member-store.ts';
import { findPseudonyms } from '../privacy/pseudonym.ts';
import { boardSlot, findOrMakeBoards, type BoardName } from '../ranking/boards.ts';
import { advanceQuests, type Advance } from '../quests/advance.ts';
import type { RankingContext } from '../ranking/context.ts';
import { MAX_REWARD, MAX_TOTAL } from '../ranking/score.ts';
import { SegmentIndex } from '../ranking/segments.ts';
import { prepareGains, type Gain } from '../ranking/standings.ts';
import { unreachable, type BatchEntry, type BatchMembers, type Candidate, type Outcome } from './batch.ts';
import { compareWithRecorded } from './compare-recorded.ts';
import { insertContributions, type StoredContribution } from './contribution-store.ts';
import { priceBatch } from './price-batch.ts';

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
  for (const name of new Set(candidates.flatMap((candidate) => candidate.boards))) {
    const slot = boardSlot(name);
    if (!community.boards.has(slot)) missing.set(slot, name);
  }
  return [...missing.values()];
}

/** What contributions add to each member of each board. */
function sumGains(candidates: readonly Candidate[], boardOf: (name: BoardName) => number | undefined): Gain[] {
  const sums = new Map<number, Map<number, Gain>>();
  // Nearly all name the same few boards by the same objects.
  const ids = new Map<BoardName, number>();
  for (const {
    boards,
    isOff,
    memberId,
    gain,
    contribution: { occurredAt },
  } of candidates) {
    if (isOff) continue;
    for (const name of boards) {
      const boardId = ids.get(name) ?? boardOf(name) ?? unreachable(memberId);
      ids.set(name, boardId);
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
