/** Making, changing and cancelling quests. */
import { sql, type Transaction } from 'kysely';
import { amendAnnouncements, announce, dropAnnouncements } from '../announcements/outbox.ts';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { FUTURE_TOLERANCE_MS } from '../contributions/contribution.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { RankingContext } from '../ranking/context.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import type { Reward } from '../rewards/reward.ts';
import { requireRoles, type RoleChecker } from '../rewards/role-checker.ts';
import { closeProofs } from './close-proofs.ts';
import { tellReward } from './complete.ts';
import { examineRounds } from './examine.ts';
import { isJudged, refuseImpossible, singleGoals, writeGoal } from './goal.ts';
import { rolesAskedFor } from './prerequisites.ts';
import {
  requireTimes,
  settleAfterMs,
  statusOf,
  writePrerequisite,
  writeReward,
  type NewQuest,
  type Quest,
  type QuestChanges,
} from './quest.ts';
import { insertQuest, insertRounds, readQuest, readRounds } from './quest-store.ts';
import { daysInRound, roundsUntil } from './rounds.ts';
import { GoalReckoner } from './tally.ts';

/** How many rounds of a new quest may have begun already. */
const MAX_PAST_ROUNDS = 100;

/**
 * Makes a quest. It may start now or earlier: what was recorded before counts by when it occurred, and who has reached
 * the goal by that has completed it when this returns.
 *
 * @returns its id
 * @throws DomainError `invalid-parameter` for what cannot be, `unknown-category`, `unknown-quest`, or `forbidden` for a
 *   role that the bot cannot or must not give
 */
export async function createQuest(
  context: RankingContext & { checkRole: RoleChecker },
  community: KnownCommunity,
  wanted: NewQuest,
  actor: Actor,
  now: Date,
): Promise<number> {
  const { recurrence = 'once', joinRequired = false, prerequisites = [], endsAt } = wanted;
  const startsAt = wanted.startsAt ?? now;
  requireTimes(startsAt, endsAt, now);
  requireGoal(community, wanted, startsAt);
  if (!joinRequired && rolesAskedFor(prerequisites).length > 0) {
    throw new DomainError(
      'invalid-parameter',
      'A role is looked at when somebody joins: set `joinRequired` to true, or leave the role out.',
    );
  }
  await requireRoles(context.checkRole, community.discordGuildId, wanted.rewards);

  const quest: Omit<Quest, 'id' | 'reckoner'> = {
    name: wanted.name,
    description: wanted.description ?? '',
    goal: wanted.goal,
    rewards: wanted.rewards,
    recurrence,
    startsAt,
    endsAt,
    maxWinners: wanted.maxWinners,
    joinRequired,
    countEarlier: wanted.countEarlier ?? false,
    prerequisites,
    settleAfterMs: settleAfterMs(wanted.settleAfterMinutes),
    createdAt: now,
    cancelledAt: undefined,
  };
  const id = await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, community.id);
    const zone = await context.directory.at(trx, community.id, configVersion);
    await requireQuests(trx, community.id, quest);
    const questId = await insertQuest(trx, community.id, quest);
    const made: Quest = { ...quest, id: questId, reckoner: new GoalReckoner(quest.goal) };
    const rounds = roundsUntil(made, undefined, zone, new Date(now.getTime() + FUTURE_TOLERANCE_MS));
    if (rounds.length > MAX_PAST_ROUNDS) {
      throw new DomainError(
        'invalid-parameter',
        `A ${recurrence} quest that starts at ${startsAt.toISOString()} would have ${rounds.length} rounds already. Let it start later: at most ${MAX_PAST_ROUNDS}.`,
      );
    }
    const examinedTo = (await hasContributions(trx, community.id, startsAt)) ? 0 : undefined;
    await insertRounds(trx, community.id, made, rounds, examinedTo);
    await touchConfig(trx, community.id);
    await announceOpening(trx, community.id, made, now);
    await writeAudit(trx, {
      communityId: community.id,
      at: now,
      actor,
      action: 'quest.create',
      target: String(questId),
      after: toAudit(made),
    });
    return questId;
  });
  await examineRounds(context, now, community.id);
  return id;
}

/**
 * Changes what nobody has worked for: name, description, and a later deadline. Goal, rewards and winners stay: for
 * others cancel the quest and make a new one. Safe to repeat.
 *
 * @throws DomainError `unknown-quest`, `invalid-parameter`, or `state-conflict` for a quest that is over or cancelled
 */
export async function editQuest(
  context: RankingContext,
  communityId: number,
  questId: number,
  changes: QuestChanges,
  actor: Actor,
  now: Date,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const quest = await requireQuest(trx, communityId, questId);
    const { name = quest.name, description = quest.description, endsAt = quest.endsAt } = changes;
    requireGoingOn(quest, now);
    if (endsAt < quest.endsAt) {
      throw new DomainError(
        'invalid-parameter',
        `The deadline of this quest is ${quest.endsAt.toISOString()} and can only become later. To end it now, cancel it.`,
      );
    }
    const [before, after] = [
      { name: quest.name, description: quest.description, endsAt: quest.endsAt },
      { name, description, endsAt },
    ];
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    await trx
      .updateTable('quests')
      .set({ name, description, ends_at: endsAt })
      .where('community_id', '=', communityId)
      .where('quest_id', '=', questId)
      .execute();
    if (endsAt > quest.endsAt && quest.recurrence === 'once')
      await prolongRound(trx, communityId, { ...quest, endsAt });
    await touchConfig(trx, communityId);
    await amendAnnouncements(trx, communityId, `quest ${questId} opened`, (told) =>
      told.kind === 'quest-opened' ? { ...told, name, description, endsAt: endsAt.toISOString() } : told,
    );
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'quest.edit',
      target: String(questId),
      before,
      after,
    });
  });
  await examineRounds(context, now, communityId);
}

/**
 * Cancels a quest: from now on nobody completes it, and winners that were not settled yet are never picked. What was
 * granted stays. Safe to repeat.
 *
 * @throws DomainError `unknown-quest`, or `state-conflict` for a quest that is over
 */
export async function cancelQuest(
  context: RankingContext,
  communityId: number,
  questId: number,
  actor: Actor,
  now: Date,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const quest = await requireQuest(trx, communityId, questId);
    if (quest.cancelledAt) return;
    if (statusOf(quest, now) === 'ended') {
      throw new DomainError('state-conflict', `The quest "${quest.name}" is over: there is nothing left to cancel.`);
    }
    await trx
      .updateTable('quests')
      .set({ cancelled_at: now })
      .where('community_id', '=', communityId)
      .where('quest_id', '=', questId)
      .execute();
    await touchConfig(trx, communityId);
    for (const kind of ['opened', 'reminder']) {
      await dropAnnouncements(trx, communityId, `quest ${questId} ${kind}`, 'The quest was cancelled');
    }
    await closeProofs(trx, communityId, { questId }, 'The quest was cancelled.', now);
    if (quest.startsAt <= now) {
      await announce(trx, communityId, [
        {
          key: `quest ${questId} cancelled`,
          announcement: { kind: 'quest-cancelled', quest: quest.name },
          dueAt: now,
        },
      ]);
    }
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'quest.cancel',
      target: String(questId),
      before: { name: quest.name },
      after: { cancelledAt: now },
    });
  });
}

/** @throws DomainError `unknown-quest` */
export async function requireQuest(
  db: Parameters<typeof readQuest>[0],
  communityId: number,
  questId: number,
): Promise<Quest> {
  const quest = await readQuest(db, communityId, questId);
  if (quest) return quest;
  throw new DomainError('unknown-quest', `There is no quest ${questId} in this community.`);
}

/** @throws DomainError `state-conflict` for a quest that is cancelled or whose deadline has passed */
export function requireGoingOn(quest: Quest, now: Date): void {
  const status = statusOf(quest, now);
  if (status === 'scheduled' || status === 'running') return;
  const why = status === 'cancelled' ? 'was cancelled' : `ended at ${quest.endsAt.toISOString()}`;
  throw new DomainError('state-conflict', `The quest "${quest.name}" ${why}.`);
}

/** Refuses a goal that names what is not there, or that nobody can reach. */
function requireGoal(community: KnownCommunity, { goal, recurrence = 'once', endsAt }: NewQuest, startsAt: Date): void {
  for (const part of singleGoals(goal)) {
    if ('category' in part && part.category !== undefined) requireCategory(community, part.category);
    if (isJudged(part) && part.period !== undefined) community.calendar.windowByKey(part.window, part.period);
  }
  refuseImpossible(goal, daysInRound({ recurrence, startsAt, endsAt }, community));
}

/** Whether anything was recorded that occurred at a moment or later. */
async function hasContributions(trx: Transaction<Database>, communityId: number, from: Date): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (
      select from categories g cross join lateral (
        select from contributions c where c.community_id = g.community_id and c.category_id = g.category_id
          and c.occurred_at >= ${from} limit 1
      ) c where g.community_id = ${communityId}
    ) as found`.execute(trx);
  return rows[0]?.found === true;
}

async function requireQuests(
  trx: Transaction<Database>,
  communityId: number,
  { prerequisites }: Pick<Quest, 'prerequisites'>,
): Promise<void> {
  for (const prerequisite of prerequisites) {
    if ('quest' in prerequisite) await requireQuest(trx, communityId, prerequisite.quest);
  }
}

/** Moves the end of the only round, if it has begun. What occurred after the old end may have been recorded already. */
async function prolongRound(trx: Transaction<Database>, communityId: number, quest: Quest): Promise<void> {
  const [round] = await readRounds(trx, communityId, [quest], new Date(0));
  if (!round) return;
  await trx
    .updateTable('quest_rounds')
    .set({
      ends_at: quest.endsAt,
      settles_at: new Date(quest.endsAt.getTime() + quest.settleAfterMs),
      examined_to: 0,
      reminded_at: null,
    })
    .where('community_id', '=', communityId)
    .where('round_id', '=', round.id)
    .execute();
}

async function announceOpening(
  trx: Transaction<Database>,
  communityId: number,
  quest: Quest,
  now: Date,
): Promise<void> {
  const { id, name, description, startsAt, endsAt } = quest;
  const rewards = quest.rewards.map(tellReward);
  await announce(trx, communityId, [
    {
      key: `quest ${id} opened`,
      announcement: { kind: 'quest-opened', name, description, endsAt: endsAt.toISOString(), rewards },
      dueAt: startsAt > now ? startsAt : now,
    },
  ]);
}

function toAudit(quest: Quest): object {
  const { id: _id, reckoner: _reckoner, createdAt: _createdAt, cancelledAt: _cancelledAt, ...kept } = quest;
  return {
    ...kept,
    goal: writeGoal(quest.goal),
    rewards: quest.rewards.map((reward: Reward) => writeReward(reward)),
    prerequisites: quest.prerequisites.map(writePrerequisite),
  };
}
