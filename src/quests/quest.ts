/** What a quest is, and what follows from it at a moment. Pure: the time is a parameter. */
import { z } from 'zod';
import { DomainError } from '../errors.ts';
import { END_OF_TIME } from '../ranking/calendar.ts';
import { rewardSchema, type Reward } from '../rewards/reward.ts';
import { instant, text } from '../schema.ts';
import { NAME, type TextRule } from '../text.ts';
import { goalSchema, isJudged, singleGoals, type Goal } from './goal.ts';
import type { GoalReckoner } from './tally.ts';

export const RECURRENCES = ['once', 'daily', 'weekly', 'monthly'] as const;
/** Whether a quest has one round, or one each day, week or month of the community. */
export type Recurrence = (typeof RECURRENCES)[number];

/** What a quest is about, for people. */
const DESCRIPTION: TextRule = { maxCodePoints: 1_000, pathSafe: false };

const MAX_REWARDS = 10;
const MAX_PREREQUISITES = 10;
const MAX_WINNERS = 1_000_000;
const MAX_ID = 2_147_483_647;
const MINUTE_MS = 60_000;
const MAX_SETTLE_MINUTES = 7 * 24 * 60;
const DEFAULT_SETTLE_MINUTES = 60;

/** What somebody must have or be so that a completion counts. A role is looked at when joining, the others on completion. */
export const prerequisiteSchema = z
  .union(
    [
      z.strictObject({ quest: z.int().min(1).max(MAX_ID).describe('The id of a quest that was completed.') }),
      z.strictObject({ badge: text(NAME).describe('The name of a badge that is held.') }),
      z.strictObject({ memberBefore: instant.describe('Became a member before this moment.') }),
      z.strictObject({
        role: z.string().regex(/^\d{1,20}$/, 'must be the id of a role of Discord'),
      }),
    ],
    'must be {"quest": id}, {"badge": name}, {"memberBefore": time} or {"role": id}',
  )
  .meta({ id: 'Prerequisite' });
export type Prerequisite = z.output<typeof prerequisiteSchema>;

const description = z
  .union([z.literal(''), text(DESCRIPTION)])
  .describe('What it is about, for people: at most 1,000 characters.');

/** A quest as it is asked for. */
export const newQuestSchema = z.object({
  name: text(NAME),
  description: description.optional(),
  startsAt: instant.optional().describe('The first moment that counts; now if not given. It may be past.'),
  endsAt: instant.describe('The deadline: the first moment that counts no more. It lies ahead.'),
  goal: goalSchema,
  rewards: z
    .array(rewardSchema)
    .min(1, 'must hold a reward')
    .max(MAX_REWARDS, `holds more than ${MAX_REWARDS}`)
    .describe('What whoever completes it gets; with `maxWinners`, the winners.'),
  recurrence: z.enum(RECURRENCES).optional().describe('`once` if not given. Others begin anew at local midnights.'),
  maxWinners: z
    .int()
    .min(1, 'must be at least 1')
    .max(MAX_WINNERS, `is above ${MAX_WINNERS}`)
    .optional()
    .describe('Only the first so many of each round win; decided when it is settled.'),
  joinRequired: z.boolean().optional().describe('Only who joins takes part, and from then on.'),
  countEarlier: z.boolean().optional().describe('With `joinRequired`: what came before joining counts, too.'),
  prerequisites: z.array(prerequisiteSchema).max(MAX_PREREQUISITES, `holds more than ${MAX_PREREQUISITES}`).optional(),
  settleAfterMinutes: z
    .int()
    .min(0, 'must be at least 0')
    .max(MAX_SETTLE_MINUTES, `is above ${MAX_SETTLE_MINUTES}`)
    .optional()
    .describe('How long after its end a round waits for late contributions before it is settled; 60 if not given.'),
});
export type NewQuest = z.output<typeof newQuestSchema>;

/** What can be changed of a quest: nothing that anybody has worked for. */
export const questChangesSchema = z.strictObject({
  name: text(NAME).optional(),
  description: description.optional(),
  endsAt: instant.optional().describe('A later deadline.'),
});
export type QuestChanges = z.output<typeof questChangesSchema>;

/** A quest as it is kept. */
export type Quest = {
  id: number;
  name: string;
  description: string;
  goal: Goal;
  rewards: readonly Reward[];
  recurrence: Recurrence;
  startsAt: Date;
  endsAt: Date;
  maxWinners: number | undefined;
  joinRequired: boolean;
  countEarlier: boolean;
  prerequisites: readonly Prerequisite[];
  settleAfterMs: number;
  createdAt: Date;
  cancelledAt: Date | undefined;
  /** The rules of its goal, ready to reckon with. */
  reckoner: GoalReckoner;
};

/** The whole of a quest, or a day, week or month of one that recurs. */
export type Round = {
  id: number;
  questId: number;
  /** `once`, or the period: `2026-08-22`, `2026-W34`, `2026-08`. */
  key: string;
  startsAt: Date;
  endsAt: Date;
  settlesAt: Date;
  settledAt: Date | undefined;
  /** Up to which member those have been looked at who contributed before the round was known; undefined: all. */
  examinedTo: number | undefined;
};

export type QuestStatus = 'scheduled' | 'running' | 'settling' | 'ended' | 'cancelled';

/** What a quest is at a moment. `settling`: the deadline has passed, and the last round waits for late contributions. */
export function statusOf(quest: Quest, now: Date): QuestStatus {
  if (quest.cancelledAt) return 'cancelled';
  if (now < quest.startsAt) return 'scheduled';
  if (now < quest.endsAt) return 'running';
  return now.getTime() < quest.endsAt.getTime() + quest.settleAfterMs ? 'settling' : 'ended';
}

/** Whether a board has a say in who reaches the goal, which then is known when the round is settled. */
export function isJudgedAtEnd({ goal }: Pick<Quest, 'goal'>): boolean {
  return singleGoals(goal).some(isJudged);
}

/**
 * Whether nothing changes any more who completed a round. Where winners were picked or a board was asked, settling is
 * the end; elsewhere late contributions go on counting by when they occurred, as they do for the window `all`.
 */
export function isFinal(quest: Quest, round: Pick<Round, 'settledAt'>): boolean {
  return round.settledAt !== undefined && (quest.maxWinners !== undefined || isJudgedAtEnd(quest));
}

/** When a member's contributions begin to count for a round; undefined: they do not. */
export function countsFrom(quest: Quest, round: Round, joinedAt: Date | undefined): Date | undefined {
  if (!quest.joinRequired) return round.startsAt;
  if (!joinedAt || joinedAt >= round.endsAt) return undefined;
  return quest.countEarlier || joinedAt < round.startsAt ? round.startsAt : joinedAt;
}

/** The key under which a reward is granted to a member: whatever happens, once. */
export function grantKey(questId: number, roundId: number, reward: number, memberId: number): string {
  return `quest ${questId} round ${roundId} reward ${reward} member ${memberId}`;
}

/** What a reward is granted for, as people read it. */
export function reasonOf(quest: Quest, round: Pick<Round, 'key'>): string {
  return quest.recurrence === 'once' ? `Quest "${quest.name}"` : `Quest "${quest.name}", ${round.key}`;
}

/** The JSON of a prerequisite, as it is asked for. */
export function writePrerequisite(prerequisite: Prerequisite): Record<string, unknown> {
  return 'memberBefore' in prerequisite ? { memberBefore: prerequisite.memberBefore.toISOString() } : prerequisite;
}

/**
 * Holds the times of a new quest against each other.
 *
 * @param startsAt undefined: now
 * @throws DomainError `invalid-parameter`
 */
export function requireTimes(startsAt: Date | undefined, endsAt: Date, now: Date): void {
  if (startsAt && endsAt <= startsAt) {
    throw new DomainError(
      'invalid-parameter',
      `\`endsAt\`, ${endsAt.toISOString()}, is not after \`startsAt\`, ${startsAt.toISOString()}.`,
    );
  }
  if (endsAt <= now) {
    throw new DomainError(
      'invalid-parameter',
      `The deadline, ${endsAt.toISOString()}, has passed. Choose one that lies ahead.`,
    );
  }
  // Settling comes after it, and has to be a time that can be written down.
  if (endsAt.getTime() > END_OF_TIME.getTime() - MAX_SETTLE_MINUTES * MINUTE_MS) {
    throw new DomainError(
      'invalid-parameter',
      `The deadline, ${endsAt.toISOString()}, is too far ahead. Choose an earlier year.`,
    );
  }
}

export function settleAfterMs(minutes: number | undefined): number {
  return (minutes ?? DEFAULT_SETTLE_MINUTES) * MINUTE_MS;
}
