import type { Transaction } from 'kysely';
import { announce } from '../announcements/outbox.ts';
import type { Database } from '../db/database.ts';
import { excludedFromPrizes } from '../fair-play/prizes.ts';
import { tellMembers } from '../privacy/told-members.ts';
import { giveAgain, makeGrants, type Entitlement } from '../rewards/grants.ts';
import { tellReward } from '../rewards/reward.ts';
import { insertCompletions, moveCompletions, type Completion } from './completion-store.ts';
import { membersWhoMeet } from './prerequisites.ts';
import { grantKey, isFinal, isJudgedAtEnd, reasonOf } from './quest.ts';
import type { QuestRound } from './quest-store.ts';

/** Why what was taken back is given again. */
const AGAIN = 'What completed the quest counts again';
/** How many grants one statement makes. */
const GRANTS_AT_ONCE = 5_000;

/** That a member has reached the goal of a round, and what was written down of it before. */
export type Reached = { round: QuestRound; memberId: number; reachedAt: number; known: Completion | undefined };

/**
 * Writes down who has reached the goal, as far as they meet what the quest asks for beforehand, and grants what a
 * completion grants at once. Nothing is granted twice, and what is final stays. For a transaction that holds the
 * community's lock.
 *
 * @returns those whose completion stands now
 */
export async function complete(
  trx: Transaction<Database>,
  communityId: number,
  reached: readonly Reached[],
  now: Date,
): Promise<Set<Reached>> {
  const changeable = reached.filter(({ round }) => !isFinal(round.quest, round));
  const standing = new Set(changeable.filter(({ known }) => known));
  const moved = [...standing].filter(({ known, reachedAt }) => known?.completedAt.getTime() !== reachedAt);
  await moveCompletions(trx, communityId, moved.map(toCompletion));

  const fresh = changeable.filter(({ known }) => !known);
  const free = fresh.filter(({ round }) => round.quest.prerequisites.length === 0);
  await addCompletions(trx, communityId, free, now);
  for (const one of free) standing.add(one);
  // A quest that another one asks for was made before it, and so comes before it.
  const asking = Map.groupBy(
    fresh.filter(({ round }) => round.quest.prerequisites.length > 0),
    ({ round }) => round.quest.id,
  );
  for (const [, ofQuest] of [...asking].toSorted(([a], [b]) => a - b)) {
    const { prerequisites } = ofQuest[0]?.round.quest ?? { prerequisites: [] };
    const memberIds = [...new Set(ofQuest.map(({ memberId }) => memberId))];
    const meeting = await membersWhoMeet(trx, communityId, prerequisites, memberIds);
    const due = ofQuest.filter(({ memberId }) => meeting.has(memberId));
    await addCompletions(trx, communityId, due, now);
    for (const one of due) standing.add(one);
  }
  return standing;
}

async function addCompletions(
  trx: Transaction<Database>,
  communityId: number,
  due: readonly Reached[],
  now: Date,
): Promise<void> {
  if (due.length === 0) return;
  const isAtOnce = ({ round }: Reached) => round.quest.maxWinners === undefined;
  const excluded = due.some(isAtOnce) ? await excludedFromPrizes(trx, communityId, now) : new Set<number>();
  const made = await insertCompletions(
    trx,
    communityId,
    due.map((one) => ({ ...toCompletion(one), won: isAtOnce(one) ? !excluded.has(one.memberId) : undefined })),
    now,
  );
  const rounds = new Map(due.map(({ round }) => [round.id, round]));
  const winners = made.flatMap(({ roundId, memberId, won }) => {
    const round = rounds.get(roundId);
    return won && round ? [{ round, memberId }] : [];
  });
  await grantRewards(trx, communityId, winners, now);
  // What comes later is not news, and what boards judge is told when the round is settled.
  const news = winners.filter(({ round }) => !round.settledAt && !isJudgedAtEnd(round.quest));
  await announceCompletions(trx, communityId, news, now);
}

/** A member who gets what a round gives. */
export type Winner = { round: QuestRound; memberId: number };

/** Grants winners what their rounds give. What was taken back before is given again; what was granted stays. Safe to repeat. */
export async function grantRewards(
  trx: Transaction<Database>,
  communityId: number,
  winners: readonly Winner[],
  now: Date,
): Promise<void> {
  const entitlements = winners.flatMap(({ round, memberId }) =>
    round.quest.rewards.map((reward, index): Entitlement => ({
      key: grantKey(round.quest.id, round.id, index, memberId),
      memberId,
      reward,
      reason: reasonOf(round.quest, round),
    })),
  );
  for (let from = 0; from < entitlements.length; from += GRANTS_AT_ONCE) {
    const some = entitlements.slice(from, from + GRANTS_AT_ONCE);
    const made = await makeGrants(trx, communityId, some, now);
    const before = some.map(({ key }) => key).filter((key) => !made.has(key));
    if (before.length > 0) await giveAgain(trx, communityId, before, AGAIN, now);
  }
}

/** The keys of all that a round grants a member. */
export function grantKeys(round: QuestRound, memberId: number): string[] {
  const { quest } = round;
  return quest.rewards.map((_, index) => grantKey(quest.id, round.id, index, memberId));
}

async function announceCompletions(
  trx: Transaction<Database>,
  communityId: number,
  winners: readonly Winner[],
  now: Date,
): Promise<void> {
  if (winners.length === 0) return;
  const members = await tellMembers(
    trx,
    communityId,
    winners.map(({ memberId }) => memberId),
  );
  await announce(
    trx,
    communityId,
    winners.map(({ round, memberId }, index) => ({
      key: `quest ${round.quest.id} completed round ${round.id} member ${memberId}`,
      announcement: {
        kind: 'quest-completed',
        quest: round.quest.name,
        member: members[index] ?? { memberId, name: '' },
        rewards: round.quest.rewards.map(tellReward),
      },
      dueAt: now,
      group: `quest ${round.quest.id} completed`,
    })),
  );
}

function toCompletion({ round, memberId, reachedAt }: Reached): Completion {
  return { roundId: round.id, memberId, completedAt: new Date(reachedAt), won: undefined };
}
