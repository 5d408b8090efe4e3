/** How prizes, and what they would come to, are told over HTTP. */
import { z } from 'zod';
import type { KnownCommunity } from '../communities/directory.ts';
import { formatDecimal } from '../ranking/score.ts';
import type { MonthlyBudget, Unlimited } from '../rewards/budget.ts';
import type { PreviewedBoard, PreviewedMember, PrizePreview } from '../rewards/preview.ts';
import type { Prize, PrizeChange } from '../rewards/prizes.ts';
import type { RewardTotals } from '../rewards/reward-totals.ts';
import { tellReward } from '../rewards/reward.ts';
import { CLOSING_KINDS } from '../seasons/steps.ts';
import { rewardShape } from './quest-shapes.ts';
import { decimalText, windowStatus } from './shapes.ts';

const instantText = z.string().meta({ format: 'date-time' });

/** Windows that have prizes. */
export const prizeWindow = z.enum(CLOSING_KINDS);

export const prizeShape = z
  .object({
    id: z.number().int(),
    category: z.string(),
    window: prizeWindow,
    ranks: z.object({ from: z.number().int(), to: z.number().int() }).optional(),
    topPercent: z.number().int().optional().describe('Of all who stand there, rounded up, and at least one.'),
    minScore: decimalText.optional().describe('Everybody from this score on.'),
    rewards: z.array(rewardShape),
    createdAt: instantText.describe('It is for windows that end later.'),
    removedAt: instantText.optional().describe('It is not for windows that end later.'),
  })
  .meta({ id: 'Prize', description: 'One of `ranks`, `topPercent` and `minScore` says which places it is for.' });

export const prizeChangeShape = prizeShape
  .extend({
    from: z
      .string()
      .optional()
      .describe(
        'The first period that it is for; of a prize that is removed, no longer for. Left out between two seasons, while none lies ahead.',
      ),
    leavesAlone: z.array(z.string()).describe('Periods that are closing at the moment and keep the prizes they had.'),
    notes: z.array(z.string()).describe('Gaps and overlaps with other prizes.'),
  })
  .meta({ id: 'PrizeChange' });

const totalsShape = z
  .object({
    tokens: decimalText.describe('OMNIT.'),
    governance: decimalText,
    reputation: decimalText,
    others: z.array(rewardShape.extend({ count: z.number().int() })).describe('Badges, roles, NFTs and access.'),
  })
  .meta({ id: 'RewardTotals' });

const memberShape = z.object({ handle: z.string(), displayName: z.string() });
const placeShape = memberShape.extend({ rank: z.number().int() });

const boardShape = z
  .object({
    category: z.string(),
    title: z.string(),
    window: prizeWindow,
    period: z.string(),
    endsAt: instantText,
    status: windowStatus,
    members: z.number().int().describe('How many stand on it.'),
    prizes: z.array(prizeShape.extend({ winners: z.number().int() })),
    winners: z.number().int().describe('How many would win something.'),
    first: z.array(placeShape.extend({ rewards: z.array(rewardShape) })).describe('The first 100 of them.'),
    passedOver: z
      .object({ members: z.number().int(), first: z.array(placeShape) })
      .describe('Those kept from prizes who would have won: it passes to the next.'),
    undeliverable: z
      .array(
        z.object({
          reward: rewardShape,
          why: z.string().describe('And what to do.'),
          members: z.number().int(),
          first: z.array(memberShape),
        }),
      )
      .describe('Roles that would not be given as things are.'),
    totals: totalsShape,
  })
  .meta({ id: 'PreviewedBoard' });

const unlimitedShape = z
  .object({
    quest: z.number().int().optional(),
    prize: z.number().int().optional(),
    name: z.string().describe('Of the quest, or of the board.'),
    rewards: z.array(rewardShape),
  })
  .meta({ id: 'Unlimited', description: 'What gives as much as there are members who reach it.' });

export const previewShape = z
  .object({
    boards: z.array(boardShape),
    totals: totalsShape.describe('Of these boards.'),
    budget: z
      .object({
        month: z.string(),
        monthlyBudget: decimalText.nullable(),
        quests: z.object({
          granted: decimalText,
          ahead: decimalText.describe('What limited numbers of winners may still get.'),
        }),
        prizes: z.object({
          granted: decimalText,
          standing: decimalText.describe('Of windows that run or are closing, as they stand.'),
          ahead: decimalText.describe('Of windows yet to begin, at most.'),
        }),
        total: decimalText,
        left: decimalText.nullable().describe('Below 0: over the budget.'),
        unlimited: z.array(unlimitedShape),
      })
      .describe(
        'The OMNIT of all quests and prizes in the running month; a window counts in the month that it ends in.',
      ),
    season: z
      .object({ period: z.string(), totals: totalsShape, unlimited: z.array(unlimitedShape) })
      .describe('What the prizes of the season, and of its months and weeks, come to at most.'),
  })
  .meta({ id: 'PrizePreview' });

export function toPrize(
  { categories }: Pick<KnownCommunity, 'categories'>,
  { id, categoryId, window, band, rewards, createdAt, removedAt }: Prize,
): z.output<typeof prizeShape> {
  return {
    id,
    category: categories.find((category) => category.id === categoryId)?.slug ?? '',
    window,
    ...('minScore' in band ? { minScore: formatDecimal(band.minScore) } : band),
    rewards: rewards.map(tellReward),
    createdAt: createdAt.toISOString(),
    ...(removedAt ? { removedAt: removedAt.toISOString() } : {}),
  };
}

export function toPrizeChange(
  community: Pick<KnownCommunity, 'categories'>,
  { prize, from, untouched, notes }: PrizeChange,
): z.output<typeof prizeChangeShape> {
  return { ...toPrize(community, prize), from: from?.key, leavesAlone: untouched.map(({ key }) => key), notes };
}

export function toPreview(
  community: Pick<KnownCommunity, 'categories'>,
  { boards, totals, budget, season }: PrizePreview,
): z.output<typeof previewShape> {
  return {
    boards: boards.map((board) => toBoard(community, board)),
    totals: toTotals(totals),
    budget: toBudget(community, budget),
    season: {
      period: season.season.key,
      totals: toTotals(season.totals),
      unlimited: season.unlimited.map((one) => toUnlimited(community, one)),
    },
  };
}

function toBoard(
  community: Pick<KnownCommunity, 'categories'>,
  { category, window, status, members, prizes, winners, first, passedOver, undeliverable, totals }: PreviewedBoard,
): z.output<typeof boardShape> {
  return {
    category: category.slug,
    title: category.title,
    window: window.kind,
    period: window.key,
    endsAt: window.endsAt.toISOString(),
    status,
    members,
    prizes: prizes.map(({ prize, winners: count }) => ({ ...toPrize(community, prize), winners: count })),
    winners,
    first: first.map(({ rank, rewards, ...member }) => ({
      rank,
      ...toMember(member),
      rewards: rewards.map(tellReward),
    })),
    passedOver: {
      members: passedOver.members,
      first: passedOver.first.map(({ rank, ...member }) => ({ rank, ...toMember(member) })),
    },
    undeliverable: undeliverable.map((one) => ({ ...one, first: one.first.map(toMember) })),
    totals: toTotals(totals),
  };
}

function toBudget(
  community: Pick<KnownCommunity, 'categories'>,
  { month, limit, quests, prizes, total, unlimited }: MonthlyBudget,
): z.output<typeof previewShape>['budget'] {
  return {
    month: month.key,
    monthlyBudget: limit === undefined ? null : formatDecimal(limit),
    quests: { granted: formatDecimal(quests.granted), ahead: formatDecimal(quests.ahead) },
    prizes: {
      granted: formatDecimal(prizes.granted),
      standing: formatDecimal(prizes.standing),
      ahead: formatDecimal(prizes.ahead),
    },
    total: formatDecimal(total),
    left: limit === undefined ? null : formatDecimal(limit - total),
    unlimited: unlimited.map((one) => toUnlimited(community, one)),
  };
}

function toUnlimited(
  { categories }: Pick<KnownCommunity, 'categories'>,
  one: Unlimited,
): z.output<typeof unlimitedShape> {
  if (one.kind === 'quest') return { quest: one.id, name: one.name, rewards: one.rewards.map(tellReward) };
  const { id, categoryId, rewards } = one.prize;
  const board = categories.find((category) => category.id === categoryId)?.title ?? '';
  return { prize: id, name: board, rewards: rewards.map(tellReward) };
}

function toTotals({ tokens, governance, reputation, others }: RewardTotals): z.output<typeof totalsShape> {
  return {
    tokens: formatDecimal(tokens),
    governance: formatDecimal(governance),
    reputation: formatDecimal(reputation),
    others: others.map(({ reward, count }) => ({ ...reward, count })),
  };
}

function toMember({ handle, displayName }: PreviewedMember): z.output<typeof memberShape> {
  return { handle, displayName };
}
