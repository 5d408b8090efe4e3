/** Moving quests on, in the transaction that records contributions. */
import type { Transaction } from 'kysely';
import { FUTURE_TOLERANCE_MS } from '../contributions/contribution.ts';
import type { Database } from '../db/database.ts';
import { readCompletionsIn, type Completion } from './completion-store.ts';
import { complete, type Reached } from './complete.ts';
import { KnownProgress, type KnownRound, type ProgressMemory, type ReachedSlot } from './progress-memory.ts';
import { isFinal } from './quest.ts';
import { insertRounds, joinSlot, readJoins, readQuestsEndingAfter, readRounds } from './quest-store.ts';
import { deedMaker, reckonMembers, type QuestCommunity } from './reckon.ts';
import { roundsUntil } from './rounds.ts';
import type { Deed } from './tally.ts';

const DAY_MS = 86_400_000;
/** How far back rounds are kept in mind for late contributions; for what is older they are read again. */
const IN_MIND_MS = 7 * DAY_MS;

/** A contribution that was just recorded and counts. The amount is in thousandths. */
export type Advance = {
  memberId: number;
  category: string;
  subject: string | undefined;
  amount: bigint;
  occurredAt: Date;
};

/**
 * Moves the quests of a community on by what was just recorded: makes the rounds that have begun, adds to what is
 * remembered of each member, and writes down and grants what was completed. What somebody completes, and when, follows
 * from the set of contributions alone, whatever their order, their batches or the process.
 *
 * For the transaction that recorded them, after they were written; `firstSeq` is the first sequence number it took.
 *
 * @returns what is to be called once it has committed, with the last sequence number it took
 */
export async function advanceQuests(
  trx: Transaction<Database>,
  community: QuestCommunity & { progress: ProgressMemory },
  firstSeq: bigint,
  recorded: readonly Advance[],
  now: Date,
): Promise<(lastSeq: bigint) => void> {
  const times = recorded.map(({ occurredAt }) => occurredAt.getTime());
  const [earliest, latest] = [Math.min(...times), Math.max(...times)];
  const remembered = community.progress.take(firstSeq);
  const known =
    remembered && !(earliest < remembered.since.getTime())
      ? remembered
      : await readProgress(trx, community.id, new Date(Math.min(earliest, now.getTime() - IN_MIND_MS)));
  const publish = (lastSeq: bigint) => community.progress.keep(known, lastSeq);
  if (known.quests.length === 0) return publish;

  await makeDueRounds(trx, community, known, now);
  const open = known.rounds.filter(
    (round) => round.from <= latest && round.to > earliest && !isFinal(round.quest, round),
  );
  if (open.length === 0) return publish;
  const { doubtful, blocked } = await addDeeds(trx, community, known, open, recorded);
  const completions = await readKnown(trx, community.id, [...doubtful, ...blocked]);
  const reached: (Reached & Pair)[] = [];
  for (const { round, memberId, tally, reachedAt } of await reckonMembers(trx, community, doubtful)) {
    if (reachedAt === undefined) known.slotsOf(memberId)[round.index] = tally;
    else reached.push({ round, memberId, reachedAt, known: completions.get(slotName(round, memberId)) });
  }
  for (const pair of blocked) reached.push({ ...pair, known: completions.get(slotName(pair.round, pair.memberId)) });
  const standing: ReadonlySet<Reached> = await complete(trx, community.id, reached, now);
  for (const one of reached) {
    known.slotsOf(one.memberId)[one.round.index] = { reachedAt: one.reachedAt, isComplete: standing.has(one) };
  }
  return publish;
}

type Pair = { round: KnownRound; memberId: number };

/** Adds contributions to the slots. What has to be reckoned from everything is `doubtful`; what only prerequisites hold up, `blocked`. */
async function addDeeds(
  trx: Transaction<Database>,
  community: QuestCommunity,
  known: KnownProgress,
  open: readonly KnownRound[],
  recorded: readonly Advance[],
): Promise<{ doubtful: Pair[]; blocked: (Pair & { reachedAt: number })[] }> {
  const joinable = open.filter(({ quest }) => quest.joinRequired).map(({ quest }) => quest.id);
  const joins = await readJoins(
    trx,
    community.id,
    [...new Set(joinable)],
    [...new Set(recorded.map(({ memberId }) => memberId))],
  );
  const doubtful: Pair[] = [];
  const blocked = new Map<ReachedSlot, Pair & { reachedAt: number }>();
  const toDeed = deedMaker(community.timeZone);
  for (const one of recorded) {
    const { memberId } = one;
    const deed = toDeed(one);
    const slots = known.slotsOf(memberId);
    for (const round of open) {
      if (!countsFor(round, memberId, deed, joins)) continue;
      const slot = slots[round.index];
      if (slot === DOUBTFUL) continue;
      if (slot && !Array.isArray(slot)) {
        if (deed.at >= slot.reachedAt) {
          if (!slot.isComplete) blocked.set(slot, { round, memberId, reachedAt: slot.reachedAt });
          continue;
        }
        blocked.delete(slot);
      } else if (slot) {
        round.quest.reckoner.add(slot, deed);
        if (!round.quest.reckoner.isReached(slot)) continue;
      }
      // Reached, or perhaps reached earlier than was known, or not known at all.
      slots[round.index] = DOUBTFUL;
      doubtful.push({ round, memberId });
    }
  }
  return { doubtful, blocked: [...blocked.values()] };
}

/** Stands in a slot until what belongs there has been reckoned. */
const DOUBTFUL: ReachedSlot = { reachedAt: 0, isComplete: false };

function countsFor(round: KnownRound, memberId: number, deed: Deed, joins: ReadonlyMap<string, Date>): boolean {
  if (deed.at < round.from || deed.at >= round.to || !round.quest.reckoner.concerns(deed)) return false;
  const { quest } = round;
  if (!quest.joinRequired) return true;
  const joinedAt = joins.get(joinSlot(quest.id, memberId));
  return joinedAt !== undefined && (quest.countEarlier || deed.at >= joinedAt.getTime());
}

async function readProgress(trx: Transaction<Database>, communityId: number, since: Date): Promise<KnownProgress> {
  const quests = await readQuestsEndingAfter(trx, communityId, since);
  return new KnownProgress(since, quests, await readRounds(trx, communityId, quests, since));
}

/**
 * Makes the rounds that a contribution accepted now can fall in. They are there before anything can fall in them, but
 * for what was recorded before the quest was made.
 */
async function makeDueRounds(
  trx: Transaction<Database>,
  community: QuestCommunity,
  known: KnownProgress,
  now: Date,
): Promise<void> {
  const until = new Date(now.getTime() + FUTURE_TOLERANCE_MS);
  for (const quest of known.quests) {
    const last = known.rounds.findLast(({ questId }) => questId === quest.id);
    if ((last?.endsAt ?? quest.startsAt) > until) continue;
    const rounds = roundsUntil(quest, last, community, until);
    known.addRounds(await insertRounds(trx, community.id, quest, rounds, undefined));
  }
}

async function readKnown(
  trx: Transaction<Database>,
  communityId: number,
  pairs: readonly Pair[],
): Promise<Map<string, Completion>> {
  const completions = await readCompletionsIn(trx, communityId, pairs);
  return new Map(completions.map((completion) => [`${completion.roundId} ${completion.memberId}`, completion]));
}

function slotName(round: { id: number }, memberId: number): string {
  return `${round.id} ${memberId}`;
}
