import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { CommunityDirectory, KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Category } from '../communities/community.ts';
import { addToMembers, createMembers, findMembers, takeMemberIds, type MemberGain, type MemberTotals } from '../members/member-store.ts';
import { boardSlot, findOrMakeBoards, type BoardName, type KnownBoards } from '../ranking/boards.ts';
import { WINDOW_KINDS } from '../ranking/calendar.ts';
import type { LayoutCache } from '../ranking/layout-cache.ts';
import { MAX_TOTAL } from '../ranking/score.ts';
import { SegmentIndex, type SegmentLimits } from '../ranking/segments.ts';
import { addGains, type Gain } from '../ranking/standings.ts';
import { insertContributions, readContributions, type StoredContribution } from './contribution-store.ts';
import type { Contribution, Rejection } from './contribution.ts';
import { priceList, type Price } from './pricing.ts';

/** A checked contribution and the source whose ids it goes by. */
export type BatchEntry = { sourceId: number; contribution: Contribution };

/** What became of a contribution. `late`: the windows that were frozen when it came, by key. */
export type Outcome =
  | { status: 'accepted'; reward: bigint; multiplier: bigint; late: string[] }
  | { status: 'duplicate'; reward: bigint; multiplier: bigint }
  | ({ status: 'rejected' } & Rejection);

/** What recording needs beside the batch. */
export type RecordingContext = {
  db: Kysely<Database>;
  directory: CommunityDirectory;
  layouts: LayoutCache;
  segmentLimits?: SegmentLimits;
};

/** An entry on its way through the transaction. */
type Candidate = BatchEntry & { position: number; category: Category; memberId: number; price: Price };

/**
 * Records a batch of contributions in one transaction: the contributions, the members they make, and the standings of
 * the four windows each falls in. Once it has returned, all of it is durable and visible to every reader.
 *
 * Safe to repeat: what was recorded before is a `duplicate`, or rejected as a `conflict` when it now says something
 * else. The outcome does not depend on how contributions are spread over batches.
 *
 * @returns an outcome an entry, in order.
 */
export async function recordBatch(
  context: RecordingContext,
  communityId: number,
  batch: readonly BatchEntry[],
  now: Date,
): Promise<Outcome[]> {
  const afterCommit: (() => void)[] = [];
  const outcomes = await context.db.transaction().execute(async (trx) => {
    const lock = await lockCommunity(trx, communityId, batch.length);
    const community = await context.directory.at(trx, communityId, lock.configVersion);
    const outcomes = new Map<number, Outcome>();
    const members = await findOrNumberMembers(trx, communityId, batch);

    const candidates = priceBatch(community, batch, members, outcomes);
    const stored = candidates.map(toStored);
    const inserted = stored.length === 0 ? new Set<number>() : await insertContributions(trx, communityId, stored, lock.firstSeq, now);
    const accepted = candidates.filter((_, index) => inserted.has(index));
    for (const { position, price } of accepted) {
      outcomes.set(position, { status: 'accepted', reward: price.reward, multiplier: price.multiplier, late: [] });
    }
    const known = candidates.filter((_, index) => !inserted.has(index));
    if (known.length > 0) await compareWithRecorded(trx, communityId, known, outcomes);

    if (accepted.length > 0) {
      await writeMembers(trx, communityId, accepted, members, now);
      const index = await SegmentIndex.open(trx, communityId, lock.layoutVersion, context.layouts, context.segmentLimits);
      const boards = await addToStandings(trx, community, accepted, index);
      const rememberLayouts = await index.finish(lock.layoutVersion, context.layouts);
      afterCommit.push(rememberLayouts, () => boards.forEach((boardId, slot) => community.boards.set(slot, boardId)));
    }
    return batch.map((_, position) => outcomes.get(position) ?? unreachable(position));
  });
  for (const remember of afterCommit) remember();
  return outcomes;
}

type BatchMembers = Map<string, MemberTotals & { isNew: boolean }>;

/** The members of a batch by handle. Who is unknown gets an id, and becomes a member when a contribution is accepted. */
async function findOrNumberMembers(trx: Transaction<Database>, communityId: number, batch: readonly BatchEntry[]): Promise<BatchMembers> {
  const handles = [...new Set(batch.map(({ contribution }) => contribution.contributor))];
  const known = await findMembers(trx, communityId, handles);
  const unknown = handles.filter((handle) => !known.has(handle));
  const ids = await takeMemberIds(trx, unknown.length);
  const members: BatchMembers = new Map();
  for (const [handle, member] of known) members.set(handle, { ...member, isNew: false });
  for (const [position, handle] of unknown.entries()) {
    members.set(handle, { memberId: ids[position] ?? unreachable(position), omnit: 0n, reputation: 0n, isNew: true });
  }
  return members;
}

function priceBatch(
  community: KnownCommunity,
  batch: readonly BatchEntry[],
  members: BatchMembers,
  outcomes: Map<number, Outcome>,
): Candidate[] {
  const categories = new Map(community.categories.map((category) => [category.slug, category]));
  const price = priceList(community.rates);
  const candidates: Candidate[] = [];
  for (const [position, entry] of batch.entries()) {
    const { contribution } = entry;
    const category = categories.get(contribution.category);
    const member = members.get(contribution.contributor);
    if (!category || !member) {
      const slugs = [...categories.keys()].map((slug) => `"${slug}"`).join(', ') || 'none yet';
      outcomes.set(position, { status: 'rejected', reason: 'unknown_category', detail: `There is no category "${contribution.category}" in this community. It has: ${slugs}.` });
      continue;
    }
    const priced = price(category, contribution.subject, contribution.occurredAt, contribution.amount);
    member.omnit += priced.reward;
    member.reputation += priced.reputation;
    if (member.omnit > MAX_TOTAL || member.reputation > MAX_TOTAL) {
      outcomes.set(position, { status: 'rejected', reason: 'total_too_large', detail: 'With it, the total of this contributor would be larger than can be counted.' });
      continue;
    }
    candidates.push({ ...entry, position, category, memberId: member.memberId, price: priced });
  }
  return candidates;
}

function toStored({ sourceId, contribution, memberId, category, price }: Candidate): StoredContribution {
  const { id, subject, amount, occurredAt } = contribution;
  return { sourceId, id, memberId, categoryId: category.id, subject, amount, occurredAt, ...price };
}

/** Tells re-sent contributions from other ones under the same id. Amount and time are compared by value, the name is not. */
async function compareWithRecorded(
  trx: Transaction<Database>,
  communityId: number,
  known: readonly Candidate[],
  outcomes: Map<number, Outcome>,
): Promise<void> {
  const recorded = await readContributions(trx, communityId, known.map(({ sourceId, contribution }) => ({ sourceId, id: contribution.id })));
  const byId = new Map(recorded.map((row) => [`${row.sourceId} ${row.id}`, row]));
  for (const candidate of known) {
    const { sourceId, contribution, position } = candidate;
    const row = byId.get(`${sourceId} ${contribution.id}`) ?? unreachable(position);
    const same =
      row.memberId === candidate.memberId &&
      row.categoryId === candidate.category.id &&
      row.amount === contribution.amount &&
      row.subject === contribution.subject &&
      row.occurredAt.getTime() === contribution.occurredAt.getTime();
    outcomes.set(
      position,
      same
        ? { status: 'duplicate', reward: row.reward, multiplier: row.multiplier }
        : { status: 'rejected', reason: 'conflict', detail: `The id "${contribution.id}" was recorded before with other content. Give a new contribution an id of its own.` },
    );
  }
}

async function writeMembers(
  trx: Transaction<Database>,
  communityId: number,
  accepted: readonly Candidate[],
  members: BatchMembers,
  now: Date,
): Promise<void> {
  const gains = new Map<number, MemberGain>();
  const created: { memberId: number; handle: string }[] = [];
  for (const { memberId, price, contribution } of accepted) {
    let gain = gains.get(memberId);
    if (!gain) {
      gains.set(memberId, (gain = { memberId, omnit: 0n, reputation: 0n, displayName: undefined }));
      if (members.get(contribution.contributor)?.isNew) created.push({ memberId, handle: contribution.contributor });
    }
    gain.omnit += price.reward;
    gain.reputation += price.reputation;
    const named = contribution.displayName === undefined ? undefined : { text: contribution.displayName, at: contribution.occurredAt };
    if (named && !(gain.displayName && gain.displayName.at > named.at)) gain.displayName = named;
  }
  await createMembers(trx, communityId, created, now);
  await addToMembers(trx, communityId, [...gains.values()]);
}

/** Adds accepted contributions to the standings of their windows. Returns the boards that had to be looked up. */
async function addToStandings(
  trx: Transaction<Database>,
  community: KnownCommunity,
  accepted: readonly Candidate[],
  index: SegmentIndex,
): Promise<KnownBoards> {
  const boards = new Map<string, BoardGains>();
  for (const { contribution, category, memberId, price } of accepted) {
    const gain = category.measure === 'reward' ? price.reward : contribution.amount;
    // What measures nothing makes no standing and moves no `reachedAt`.
    if (gain === 0n) continue;
    for (const kind of WINDOW_KINDS) {
      const name = { window: community.calendar.windowAt(kind, contribution.occurredAt), categoryId: category.id };
      const slot = boardSlot(name);
      let board = boards.get(slot);
      if (!board) boards.set(slot, (board = { name, members: new Map() }));
      const sum = board.members.get(memberId);
      if (!sum) board.members.set(memberId, { gain, reachedAt: contribution.occurredAt });
      else {
        sum.gain += gain;
        if (contribution.occurredAt > sum.reachedAt) sum.reachedAt = contribution.occurredAt;
      }
    }
  }
  const missing = [...boards].flatMap(([slot, { name }]) => (community.boards.has(slot) ? [] : [name]));
  const found = await findOrMakeBoards(trx, community.id, missing, index);

  const gains: Gain[] = [];
  for (const [slot, { members }] of boards) {
    const boardId = community.boards.get(slot) ?? found.get(slot);
    if (boardId === undefined) throw new Error(`The board "${slot}" of community ${community.id} was not made.`);
    for (const [memberId, sum] of members) gains.push({ boardId, memberId, ...sum });
  }
  if (gains.length > 0) await addGains(trx, community.id, gains, index);
  return found;
}

type BoardGains = { name: BoardName; members: Map<number, { gain: bigint; reachedAt: Date }> };

/** For what cannot be: every entry has an outcome, every handle an id. */
function unreachable(position: number): never {
  throw new Error(`Recording lost track of entry ${position} of a batch.`);
}
