/** How quests are told over HTTP. */
import { z } from 'zod';
import type { Community } from '../communities/community.ts';
import type { Completion } from '../quests/completion-store.ts';
import { writeGoal, type SingleGoal } from '../quests/goal.ts';
import { sayGoal, sayPart } from '../quests/goal-text.ts';
import type { Progress } from '../quests/progress.ts';
import { RECURRENCES, statusOf, writePrerequisite, type Quest, type Round } from '../quests/quest.ts';
import { formatDecimal } from '../ranking/score.ts';
import { REWARD_KINDS, writeReward } from '../rewards/reward.ts';
import { decimalText } from './shapes.ts';

const MINUTE_MS = 60_000;
const PERCENT = 100;
const instantText = z.string().meta({ format: 'date-time' });

export const rewardShape = z
  .object({
    kind: z.enum(REWARD_KINDS),
    amount: decimalText.optional(),
    name: z.string().optional(),
    roleId: z.string().optional(),
  })
  .meta({ id: 'RewardGiven' });

const roundShape = z
  .object({
    key: z.string().describe('`once`, or the day, week or month: 2026-08-22, 2026-W34, 2026-08.'),
    startsAt: instantText,
    endsAt: instantText,
    settlesAt: instantText.describe('When winners are picked, unless that has been done.'),
    settledAt: instantText.nullable(),
  })
  .meta({ id: 'QuestRound' });

export const questShape = z
  .object({
    id: z.number().int(),
    name: z.string(),
    description: z.string(),
    status: z.enum(['scheduled', 'running', 'settling', 'ended', 'cancelled']),
    startsAt: instantText,
    endsAt: instantText.describe('The deadline.'),
    goal: z.looseObject({}).describe('As it was asked for.'),
    goalText: z.string().describe('The goal in words.'),
    rewards: z.array(rewardShape),
    recurrence: z.enum(RECURRENCES),
    maxWinners: z.number().int().nullable().describe('Null: all who complete it win.'),
    joinRequired: z.boolean(),
    countEarlier: z.boolean(),
    prerequisites: z.array(z.looseObject({})),
    settleAfterMinutes: z.number(),
  })
  .meta({ id: 'Quest' });

const completionShape = z
  .object({
    handle: z.string(),
    completedAt: instantText.describe('When what reached the goal occurred.'),
    won: z.boolean().nullable().describe('Null while winners are not picked yet.'),
  })
  .meta({ id: 'QuestCompletion' });

export const questWithCompletions = questShape
  .extend({
    round: roundShape.nullable().describe('The round that is shown: the last that has begun, unless one is named.'),
    total: z.number().int().describe('How many have completed that round.'),
    completions: z.array(completionShape).describe('The first to complete first.'),
  })
  .meta({ id: 'QuestWithCompletions' });

export const progressShape = z
  .object({
    quest: z.number().int(),
    handle: z.string(),
    round: roundShape.nullable(),
    takesPart: z.boolean().describe('False where the quest has to be joined first.'),
    joinedAt: instantText.nullable(),
    percent: z.number().int().describe('Of the whole goal, rounded down.'),
    parts: z.array(
      z.object({
        text: z.string().describe('How far a part of the goal has come, in words.'),
        kind: z.enum(['amount', 'each', 'days', 'rank', 'score', 'proof']),
        done: decimalText.describe('Of a rank, the rank; 0 without one.'),
        wanted: decimalText,
        met: z.boolean(),
      }),
    ),
    completedAt: instantText.nullable(),
    won: z.boolean().nullable(),
  })
  .meta({ id: 'QuestProgress' });

export function toQuest(community: Community, quest: Quest, now: Date): z.output<typeof questShape> {
  return {
    id: quest.id,
    name: quest.name,
    description: quest.description,
    status: statusOf(quest, now),
    startsAt: quest.startsAt.toISOString(),
    endsAt: quest.endsAt.toISOString(),
    goal: writeGoal(quest.goal),
    goalText: sayGoal(quest.goal, community),
    rewards: z.array(rewardShape).parse(quest.rewards.map(writeReward)),
    recurrence: quest.recurrence,
    maxWinners: quest.maxWinners ?? null,
    joinRequired: quest.joinRequired,
    countEarlier: quest.countEarlier,
    prerequisites: quest.prerequisites.map(writePrerequisite),
    settleAfterMinutes: quest.settleAfterMs / MINUTE_MS,
  };
}

export function toRoundShape(round: Round | undefined): z.output<typeof roundShape> | null {
  if (!round) return null;
  return {
    key: round.key,
    startsAt: round.startsAt.toISOString(),
    endsAt: round.endsAt.toISOString(),
    settlesAt: round.settlesAt.toISOString(),
    settledAt: round.settledAt?.toISOString() ?? null,
  };
}

export function toCompletionShape({
  handle,
  completedAt,
  won,
}: Completion & { handle: string }): z.output<typeof completionShape> {
  return { handle, completedAt: completedAt.toISOString(), won: won ?? null };
}

export function toProgressShape(
  community: Community,
  quest: Quest,
  handle: string,
  { round, progress, completion }: { round: Round | undefined; progress: Progress; completion: Completion | undefined },
): z.output<typeof progressShape> {
  return {
    quest: quest.id,
    handle,
    round: toRoundShape(round),
    takesPart: progress.takesPart,
    joinedAt: progress.joinedAt?.toISOString() ?? null,
    percent: completion ? PERCENT : Math.floor(progress.share * PERCENT),
    parts: progress.parts.map((part) => ({
      text: sayPart(part, community),
      kind: part.goal.kind,
      done: writeCount(part.goal, part.done),
      wanted: writeCount(part.goal, part.wanted),
      met: part.isMet,
    })),
    completedAt: completion?.completedAt.toISOString() ?? null,
    won: completion?.won ?? null,
  };
}

/** Amounts and scores are in thousandths, the others are counts. */
function writeCount({ kind }: SingleGoal, count: bigint): string {
  return kind === 'amount' || kind === 'score' ? formatDecimal(count) : String(count);
}
