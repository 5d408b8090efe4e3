import { sql, type Transaction } from 'kysely';
import type { ToldReward } from '../announcements/announcement.ts';
import { announce } from '../announcements/outbox.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { excludedFromPrizes } from '../fair-play/prizes.ts';
import { formatDecimal } from '../ranking/score.ts';
import { giveAgain, makeGrants, type Entitlement } from '../rewards/grants.ts';
import type { Reward } from '../rewards/reward.ts';
import { insertCompletions, moveCompletions, type Completion } from './completion-store.ts';
import { membersWhoMeet } from './prerequisites.ts';
import { grantKey, isFinal, isJudgedAtEnd, reasonOf } from './quest.ts';
import type { QuestRound } from './quest-store.ts';

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
  const standing = new Set<Reached>();
  const byQuest = Map.groupBy(
    reached.filter(({ round }) => !isFinal(round.quest, round)),
    ({ round }) => round.quest.id,
  );
  // A quest that another one asks for was made before it, and so comes before it.
  for (const questId of [...byQuest.keys()].toSorted((a, b) => a - b)) {
    const ofQuest = byQuest.get(questId) ?? [];
    const fresh: Reached[] = [];
    const moved: Reached[] = [];
    for (const one of ofQuest) {
      if (!one.known) fresh.push(one);
      else {
        standing.add(one);
        if (one.known.completedAt.getTime() !== one.reachedAt) moved.push(one);
      }
    }
    await moveCompletions(trx, communityId, moved.map(toCompletion));
    for (const one of await addCompletions(trx, communityId, fresh, now)) standing.add(one);
  }
  return standing;
}

async function addCompletions(
  trx: Transaction<Database>,
  communityId: number,
  fresh: readonly Reached[],
  now: Date,
): Promise<Reached[]> {
  const quest = fresh[0]?.round.quest;
  if (!quest) return [];
  const memberIds = [...new Set(fresh.map(({ memberId }) => memberId))];
  const meeting = await membersWhoMeet(trx, communityId, quest.prerequisites, memberIds);
  const due = fresh.filter(({ memberId }) => meeting.has(memberId));
  if (due.length === 0) return [];
  const atOnce = quest.maxWinners === undefined;
  const excluded = atOnce ? await excludedFromPrizes(trx, communityId, now) : new Set<number>();
  const wonBy = (memberId: number) => (atOnce ? !excluded.has(memberId) : undefined);
  const made = await insertCompletions(
    trx,
    communityId,
    due.map((one) => ({ ...toCompletion(one), won: wonBy(one.memberId) })),
    now,
  );
  const rounds = new Map(due.map(({ round }) => [round.id, round]));
  for (const [roundId, completions] of Map.groupBy(made, (completion) => completion.roundId)) {
    const round = rounds.get(roundId);
    const winners = completions.filter(({ won }) => won).map(({ memberId }) => memberId);
    if (!round || winners.length === 0) continue;
    await grantRewards(trx, communityId, round, winners, now);
    // What comes later is not news, and what boards judge is told when the round is settled.
    if (!round.settledAt && !isJudgedAtEnd(quest)) await announceCompletions(trx, communityId, round, winners, now);
  }
  return due;
}

/** Grants members what a round gives. What was taken back before is given again; what was granted stays. Safe to repeat. */
export async function grantRewards(
  trx: Transaction<Database>,
  communityId: number,
  round: QuestRound,
  memberIds: readonly number[],
  now: Date,
): Promise<void> {
  const { quest } = round;
  const reason = reasonOf(quest, round);
  const entitlements = memberIds.flatMap((memberId) =>
    quest.rewards.map((reward, index): Entitlement => ({
      key: grantKey(quest.id, round.id, index, memberId),
      memberId,
      reward,
      reason,
    })),
  );
  for (let from = 0; from < entitlements.length; from += GRANTS_AT_ONCE) {
    const some = entitlements.slice(from, from + GRANTS_AT_ONCE);
    const made = await makeGrants(trx, communityId, some, now);
    const before = some.map(({ key }) => key).filter((key) => !made.has(key));
    if (before.length > 0) await giveAgain(trx, communityId, before, reason, now);
  }
}

/** The keys of all that a round grants a member. */
export function grantKeys(round: QuestRound, memberId: number): string[] {
  const { quest } = round;
  return quest.rewards.map((_, index) => grantKey(quest.id, round.id, index, memberId));
}

/** A reward, as announcements tell it. */
export function tellReward(reward: Reward): ToldReward {
  return 'amount' in reward ? { kind: reward.kind, amount: formatDecimal(reward.amount) } : tellNamed(reward);
}

/** The display names of members, in the order given. */
export async function displayNames(
  trx: Transaction<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select m.display_name as name from unnest(${numbers(memberIds)}::int[]) with ordinality as d(member_id, n)
    join members m on m.community_id = ${communityId} and m.member_id = d.member_id order by d.n`.execute(trx);
  return rows.map((row) => row.name);
}

async function announceCompletions(
  trx: Transaction<Database>,
  communityId: number,
  round: QuestRound,
  memberIds: readonly number[],
  now: Date,
): Promise<void> {
  const { quest } = round;
  const names = await displayNames(trx, communityId, memberIds);
  const rewards = quest.rewards.map(tellReward);
  await announce(
    trx,
    communityId,
    memberIds.map((memberId, index) => ({
      key: `quest ${quest.id} completed round ${round.id} member ${memberId}`,
      announcement: { kind: 'quest-completed', quest: quest.name, member: names[index] ?? '', rewards },
      dueAt: now,
      group: `quest ${quest.id} completed`,
    })),
  );
}

function tellNamed(reward: Exclude<Reward, { amount: bigint }>): ToldReward {
  if (reward.kind !== 'role') return { kind: reward.kind, name: reward.name };
  const { roleId, name } = reward;
  return { kind: 'role', roleId, ...(name === undefined ? {} : { name }) };
}

function toCompletion({ round, memberId, reachedAt }: Reached): Completion {
  return { roundId: round.id, memberId, completedAt: new Date(reachedAt), won: undefined };
}
