/** What this program reads of the server's answers about seasons, final tables and prizes. */
import { z } from 'zod';

export const seasonSchema = z.object({
  key: z.string(),
  name: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  status: z.string(),
  custom: z.boolean(),
});
export const createdSeasonSchema = seasonSchema.extend({ notes: z.array(z.string()) });
export type SeasonAnswer = z.output<typeof seasonSchema>;
export const seasonListSchema = z.object({ seasons: z.array(seasonSchema) });

const versionSchema = z.object({
  version: z.number(),
  reason: z.string(),
  note: z.string().optional(),
  madeAt: z.string(),
  sha256: z.string().nullable(),
  members: z.number().nullable(),
  total: z.string().nullable(),
  status: z.string(),
});
export const versionListSchema = z.object({ title: z.string(), versions: z.array(versionSchema) });

export const windowSchema = z.object({
  window: z.string(),
  period: z.string(),
  status: z.string(),
  tables: z.array(versionSchema.extend({ category: z.string(), unit: z.string() })),
});
export type WindowAnswer = z.output<typeof windowSchema>;
export const amendedSchema = windowSchema.extend({
  amended: z.array(z.object({ category: z.string(), version: z.number(), changedLines: z.number() })),
});

export const proofSchema = z.object({
  category: z.string(),
  period: z.string(),
  version: z.number(),
  sha256: z.string(),
  recomputedSha256: z.string(),
  members: z.number(),
  verifiedAt: z.string(),
  differences: z.array(z.string()),
});
export type ProofAnswer = z.output<typeof proofSchema>;

const rewardSchema = z.object({
  kind: z.string(),
  amount: z.string().optional(),
  name: z.string().optional(),
  roleId: z.string().optional(),
});

const prizeSchema = z.object({
  id: z.number(),
  category: z.string(),
  window: z.string(),
  ranks: z.object({ from: z.number(), to: z.number() }).optional(),
  topPercent: z.number().optional(),
  minScore: z.string().optional(),
  rewards: z.array(rewardSchema),
});
export type PrizeAnswer = z.output<typeof prizeSchema>;
export const prizeListSchema = z.object({ prizes: z.array(prizeSchema) });
export const prizeChangeSchema = prizeSchema.extend({
  from: z.string().default('the next season'),
  leavesAlone: z.array(z.string()),
  notes: z.array(z.string()),
});

const totalsSchema = z.object({
  tokens: z.string(),
  governance: z.string(),
  reputation: z.string(),
  others: z.array(rewardSchema.extend({ count: z.number() })),
});
export type TotalsAnswer = z.output<typeof totalsSchema>;

const memberSchema = z.object({ handle: z.string() });
const placeSchema = memberSchema.extend({ rank: z.number() });
const boardSchema = z.object({
  title: z.string(),
  window: z.string(),
  period: z.string(),
  endsAt: z.string(),
  status: z.string(),
  members: z.number(),
  winners: z.number(),
  first: z.array(placeSchema.extend({ rewards: z.array(rewardSchema) })),
  passedOver: z.object({ members: z.number(), first: z.array(placeSchema) }),
  undeliverable: z.array(
    z.object({ reward: rewardSchema, why: z.string(), members: z.number(), first: z.array(memberSchema) }),
  ),
});
export type PreviewedBoardAnswer = z.output<typeof boardSchema>;
const unlimitedSchema = z.object({
  quest: z.number().optional(),
  prize: z.number().optional(),
  name: z.string(),
  rewards: z.array(rewardSchema),
});
export type UnlimitedAnswer = z.output<typeof unlimitedSchema>;

export const previewSchema = z.object({
  boards: z.array(boardSchema),
  totals: totalsSchema,
  budget: z.object({
    month: z.string(),
    monthlyBudget: z.string().nullable(),
    quests: z.object({ granted: z.string(), ahead: z.string() }),
    prizes: z.object({ granted: z.string(), standing: z.string(), ahead: z.string() }),
    total: z.string(),
    left: z.string().nullable(),
    unlimited: z.array(unlimitedSchema),
  }),
  season: z.object({ period: z.string(), totals: totalsSchema, unlimited: z.array(unlimitedSchema) }),
});
export type PreviewAnswer = z.output<typeof previewSchema>;
