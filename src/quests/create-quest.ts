import { sql, type Transaction } from 'kysely';
import { announce } from '../announcements/outbox.ts';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { FUTURE_TOLERANCE_MS } from '../contributions/contribution.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { RankingContext } from '../ranking/context.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { requireRoles, type RoleChecker } from '../rewards/role-checker.ts';
import { tellReward, writeReward } from '../rewards/reward.ts';
import { examineRounds } from './examine.ts';
import { isJudged, refuseImpossible, singleGoals, writeGoal } from './goal.ts';
import { sayGoal } from './goal-text.ts';
import { requireQuest } from './manage.ts';
import { rolesAskedFor } from './prerequisites.ts';
import { requireTimes, settleAfterMs, writePrerequisite, type NewQuest, type Quest } from './quest.ts';
import { insertQuest, insertRounds } from './quest-store.ts';
import { daysInRound, roundsUntil } from './rounds.ts';
import { GoalReckoner } from './tally.ts';

/** How many rounds of a new quest may have begun already. */
const MAX_PAST_ROUNDS = 100;

/**
 * Makes a quest. It may start now or earlier: what was recorded before counts by when it occurred, and who has reached
 * the goal by that has completed it when this returns.
 *
 * @returns its id
 * @throws DomainError `invalid-parameter` for what cannot be, `unknown-category`, `unknown-quest`, or
 *   `state-conflict` for a role that the bot cannot or must not give
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
  requireTimes(wanted.startsAt, endsAt, now);
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
  const until = new Date(now.getTime() + FUTURE_TOLERANCE_MS);
  const begun = roundsUntil(quest, undefined, community, until).length;
  if (begun > MAX_PAST_ROUNDS) {
    throw new DomainError(
      'invalid-parameter',
      `A ${recurrence} quest that starts at ${startsAt.toISOString()} would have ${begun} rounds already, and at most ${MAX_PAST_ROUNDS} can be. Let it start later.`,
    );
  }
  const id = await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, community.id);
    const zone = await context.directory.at(trx, community.id, configVersion);
    await requireQuests(trx, community.id, quest);
    const questId = await insertQuest(trx, community.id, quest);
    const made: Quest = { ...quest, id: questId, reckoner: new GoalReckoner(quest.goal) };
    const rounds = roundsUntil(made, undefined, zone, until);
    const examinedTo = (await hasContributions(trx, community.id, startsAt)) ? 0 : undefined;
    await insertRounds(trx, community.id, made, rounds, examinedTo);
    await touchConfig(trx, community.id);
    await announceOpening(trx, community.id, made, sayGoal(made.goal, zone), now);
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

async function announceOpening(
  trx: Transaction<Database>,
  communityId: number,
  quest: Quest,
  goal: string,
  now: Date,
): Promise<void> {
  const { id, name, description, startsAt, endsAt } = quest;
  const rewards = quest.rewards.map(tellReward);
  await announce(trx, communityId, [
    {
      key: `quest ${id} opened`,
      announcement: { kind: 'quest-opened', name, description, goal, endsAt: endsAt.toISOString(), rewards },
      dueAt: startsAt > now ? startsAt : now,
    },
  ]);
}

function toAudit(quest: Quest): object {
  const { id: _id, reckoner: _reckoner, createdAt: _createdAt, cancelledAt: _cancelledAt, ...kept } = quest;
  return {
    ...kept,
    goal: writeGoal(quest.goal),
    rewards: quest.rewards.map(writeReward),
    prerequisites: quest.prerequisites.map(writePrerequisite),
  };
}
