/** Moving quests on, in the transaction that records contributions. */
import type { Transaction } from 'kysely';
import { FUTURE_TOLERANCE_MS } from '../contributions/contribution.ts';
import type { Database } from '../db/database.ts';
import { readCompletionsIn, type Completion } from './completion-store.ts';
import { complete, type Reached } from './complete.ts';
import { Counting, type Pair } from './counting.ts';
import { proofGoal } from './goal.ts';
import { KnownProgress, type KnownRound, type ProgressMemory } from './progress-memory.ts';
import { readApprovals } from './proof-store.ts';
import { isFinal } from './quest.ts';
import { insertRounds, readJoins, readQuestsEndingAfter, readRounds, type QuestRound } from './quest-store.ts';
import { deedMaker, readDeeds, reckonMembers, type QuestCommunity } from './reckon.ts';
import { roundsUntil } from './rounds.ts';

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
  const { doubtful, reached } = await count(trx, community, known, open, recorded);
  const due = [...reached.values()];
  for (const { round, memberId, reachedAt } of await reckonMembers(trx, community, doubtful)) {
    if (reachedAt === undefined) known.setReached(memberId, round, undefined);
    else due.push({ round, memberId, reachedAt });
  }
  const completions = await readKnown(trx, community.id, due);
  const all = due.map((pair) => ({ ...pair, known: completions.get(slotName(pair.round, pair.memberId)) }));
  const standing: ReadonlySet<Reached> = await complete(trx, community.id, all, now);
  for (const one of all) {
    known.setReached(one.memberId, one.round, { reachedAt: one.reachedAt, isComplete: standing.has(one) });
  }
  return publish;
}

/** Counts contributions, and for members whom this process has not met what was recorded of them before. */
async function count(
  trx: Transaction<Database>,
  community: QuestCommunity,
  known: KnownProgress,
  open: readonly KnownRound[],
  recorded: readonly Advance[],
): Promise<Counting> {
  const byMember = Map.groupBy(recorded, ({ memberId }) => memberId);
  const joinable = open.filter(({ quest }) => quest.joinRequired).map(({ quest }) => quest.id);
  const joins = await readJoins(trx, community.id, [...new Set(joinable)], [...byMember.keys()]);
  const counting = new Counting(known, open, joins);
  const toDeed = deedMaker(community.timeZone);
  for (const [memberId, own] of byMember) counting.add(memberId, own.map(toDeed));
  if (counting.unknown.length > 0) {
    const spans = new Map(counting.unknown.map((member) => [member.id, counting.spanOf(member)]));
    const proved = open.filter(({ quest }) => proofGoal(quest.goal)).map(({ id }) => id);
    counting.addUnknown(
      await readDeeds(trx, community, spans),
      await readApprovals(trx, community.id, proved, [...spans.keys()]),
    );
  }
  return counting;
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
  const made: QuestRound[] = [];
  for (const quest of known.quests) {
    const last = known.rounds.findLast(({ questId }) => questId === quest.id);
    if ((last?.endsAt ?? quest.startsAt) > until) continue;
    const rounds = roundsUntil(quest, last, community, until);
    made.push(...(await insertRounds(trx, community.id, quest, rounds, undefined)));
  }
  known.addRounds(made);
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
