/** What this program reads of the server's answers. More may be in them, and `--json` shows it. */
import { z } from 'zod';
import { CliError } from './errors.ts';

export const leaderboardSchema = z.object({
  unit: z.string(),
  entries: z.array(z.object({ rank: z.number(), handle: z.string(), score: z.string() })),
});

export const memberSchema = z.object({
  handle: z.string(),
  displayName: z.string(),
  balances: z.object({
    omnit: z.string(),
    governance: z.string(),
    granted: z.string(),
    paid: z.string(),
    payable: z.string(),
  }),
  reputation: z.string(),
  badges: z.array(z.object({ name: z.string(), count: z.number() })),
  standings: z.array(
    z.object({
      category: z.string(),
      window: z.string(),
      period: z.string(),
      rank: z.number(),
      score: z.string(),
      total: z.number(),
    }),
  ),
});

export const categorySchema = z.object({
  slug: z.string(),
  title: z.string(),
  unit: z.string(),
  measure: z.string(),
  rate: z.string(),
  reputation: z.string(),
});

const communitySchema = z.object({
  slug: z.string(),
  name: z.string(),
  timeZone: z.string(),
  locale: z.string(),
  visibility: z.string(),
});
export const communityListSchema = z.object({ communities: z.array(communitySchema) });
export const communityWithCategoriesSchema = communitySchema.extend({
  categories: z.array(categorySchema),
  closing: z.object({
    lateMinutes: z.number(),
    provisionalMinutes: z.object({ week: z.number(), month: z.number(), season: z.number() }),
  }),
  countdownHours: z.array(z.number()),
  monthlyBudget: z.string().nullable().optional(),
});
export type CommunityWithCategories = z.output<typeof communityWithCategoriesSchema>;

export const rateSchema = z.object({
  category: z.string(),
  subject: z.string().optional(),
  rate: z.string(),
  from: z.string(),
});

export const multiplierSchema = z.object({
  id: z.number(),
  name: z.string(),
  factor: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  categories: z.array(z.string()),
  status: z.string(),
  announceAt: z.array(z.string()),
});
export type MultiplierAnswer = z.output<typeof multiplierSchema>;
export const multiplierListSchema = z.object({ total: z.number(), multipliers: z.array(multiplierSchema) });

export const rateListSchema = z.object({ rates: z.array(rateSchema.extend({ until: z.string().optional() })) });

export const whoamiSchema = z.object({ source: z.string(), contributor: z.string().optional() });

export const contributionSchema = z.object({
  kind: z.literal('contribution'),
  source: z.string(),
  id: z.string(),
  contributor: z.string(),
  category: z.string(),
  subject: z.string().optional(),
  occurredAt: z.string(),
  amount: z.string(),
  rate: z.string(),
  multiplier: z.string(),
  event: z.string().optional(),
  reward: z.string(),
  reputation: z.string(),
  rule: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  by: z.string().optional(),
  link: z.string().optional(),
  windows: z.array(z.string()),
});
const grantLineSchema = z.object({
  kind: z.literal('grant'),
  what: z.string(),
  name: z.string().optional(),
  amount: z.string(),
  reason: z.string(),
  state: z.string(),
  madeAt: z.string(),
});
export const ledgerSchema = z.object({
  handle: z.string(),
  explanation: z.object({ text: z.string() }).optional(),
  lines: z.array(z.discriminatedUnion('kind', [contributionSchema, grantLineSchema])),
  next: z.string().nullable(),
});

const placeSchema = z.object({ rank: z.number(), score: z.string(), total: z.number() }).nullable();
export const voidResultSchema = z.object({
  changed: z.number(),
  reward: z.string(),
  already: z.object({ by: z.string(), at: z.string(), reason: z.string() }).optional(),
  leftAlone: z.array(z.string()),
  places: z.array(
    z.object({
      category: z.string(),
      window: z.string(),
      period: z.string(),
      before: placeSchema,
      after: placeSchema,
    }),
  ),
});
export type VoidAnswer = z.output<typeof voidResultSchema>;

export const privacySchema = z.object({
  handle: z.string(),
  hiddenAs: z.string().nullable(),
  showDiscord: z.boolean(),
  mentions: z.boolean(),
  reminders: z.boolean(),
});
export const renamedSchema = z.object({ handle: z.string() });

export const linkCodeSchema = z.object({ code: z.string(), expiresAt: z.string() });
export const mergeSchema = z.object({ merged: z.string(), into: z.string() });

export const exclusionSchema = z.object({
  id: z.number(),
  member: z.string().optional(),
  roleId: z.string().optional(),
  scope: z.string(),
  reason: z.string(),
  startsAt: z.string(),
  endsAt: z.string().nullable(),
  members: z.number(),
});
export type ExclusionAnswer = z.output<typeof exclusionSchema>;
export const exclusionListSchema = z.object({ exclusions: z.array(exclusionSchema) });

export const liveBoardSchema = z.object({
  id: z.number(),
  category: z.string(),
  window: z.string(),
  limit: z.number(),
  channelId: z.string(),
  state: z.string(),
  shownAt: z.string().optional(),
  reason: z.string().optional(),
});
export const liveBoardListSchema = z.object({ liveBoards: z.array(liveBoardSchema) });

export const capListSchema = z.object({ caps: z.array(z.object({ category: z.string(), amount: z.string() })) });
export const heldListSchema = z.object({
  held: z.array(
    z.object({
      number: z.number(),
      source: z.string(),
      id: z.string(),
      contributor: z.string(),
      category: z.string(),
      amount: z.string(),
      reward: z.string(),
      occurredAt: z.string(),
      reason: z.string(),
    }),
  ),
  next: z.number().nullable(),
});
export const decidedSchema = z.object({ id: z.string(), contributor: z.string() });

const keySchema = z.object({
  id: z.number(),
  name: z.string(),
  scopes: z.array(z.string()),
  source: z.string(),
  contributor: z.string().optional(),
  createdAt: z.string(),
});
export const keyListSchema = z.object({ keys: z.array(keySchema) });
export const newKeySchema = keySchema.extend({ key: z.string() });

export const failedJobListSchema = z.object({
  jobs: z.array(
    z.object({ id: z.string(), name: z.string(), reason: z.string(), attempts: z.number(), failedAt: z.string() }),
  ),
});

export const questSchema = z.object({
  id: z.number(),
  name: z.string(),
  description: z.string(),
  status: z.string(),
  startsAt: z.string(),
  endsAt: z.string(),
  goalText: z.string(),
  rewards: z.array(
    z.object({
      kind: z.string(),
      amount: z.string().optional(),
      name: z.string().optional(),
      roleId: z.string().optional(),
    }),
  ),
  recurrence: z.string(),
  maxWinners: z.number().nullable(),
  joinRequired: z.boolean(),
  prerequisites: z.array(
    z.object({
      quest: z.number().optional(),
      badge: z.string().optional(),
      role: z.string().optional(),
      memberBefore: z.string().optional(),
    }),
  ),
  settleAfterMinutes: z.number(),
});
export type QuestAnswer = z.output<typeof questSchema>;
export const questListSchema = z.object({ total: z.number(), quests: z.array(questSchema) });
export const questWithCompletionsSchema = questSchema.extend({
  total: z.number(),
  completions: z.array(z.object({ handle: z.string(), completedAt: z.string(), won: z.boolean().nullable() })),
});
export const questProgressSchema = z.object({
  handle: z.string(),
  round: z.object({ endsAt: z.string() }).nullable(),
  takesPart: z.boolean(),
  percent: z.number(),
  parts: z.array(z.object({ text: z.string(), met: z.boolean() })),
  completedAt: z.string().nullable(),
  won: z.boolean().nullable(),
});

export const proofSchema = z.object({
  id: z.number(),
  quest: z.number(),
  handle: z.string(),
  text: z.string(),
  links: z.array(z.string()),
  files: z.array(z.object({ name: z.string() })),
  state: z.string(),
  submittedAt: z.string(),
});
export type ProofAnswer = z.output<typeof proofSchema>;
export const proofListSchema = z.object({
  proofs: z.array(z.looseObject(proofSchema.shape)),
  next: z.string().nullable(),
});

export const grantSchema = z.object({
  id: z.number(),
  handle: z.string(),
  kind: z.string(),
  name: z.string().optional(),
  roleId: z.string().optional(),
  amount: z.string(),
  reason: z.string(),
  state: z.string(),
  stateReason: z.string().optional(),
});
export type GrantAnswer = z.output<typeof grantSchema>;
export const grantListSchema = z.object({ grants: z.array(grantSchema), next: z.string().nullable() });
export const retriedSchema = z.object({ retried: z.number() });
export const rolePlanSchema = z.object({
  give: z.number(),
  take: z.number(),
  keep: z.number(),
  cannot: z.number(),
  changes: z.array(
    z.object({
      action: z.string(),
      handle: z.string().nullable(),
      discordUserId: z.string().nullable(),
      roleId: z.string().optional(),
      roleName: z.string().optional(),
      why: z.string().optional(),
    }),
  ),
});

export const importAnswerSchema = z.object({
  results: z.array(
    z.object({
      id: z.string().nullable(),
      status: z.enum(['accepted', 'duplicate', 'rejected']),
      reason: z.string().optional(),
      detail: z.string().optional(),
      reward: z.string().optional(),
      multiplier: z.string().optional(),
      held: z.literal(true).optional(),
    }),
  ),
});

/** @throws CliError when the answer is not of the shape: then the server is of another version, or none of ours. */
export function readAnswer<Shape extends z.ZodType>(shape: Shape, body: unknown): z.output<Shape> {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CliError(
    'unreachable',
    `The server's answer is not what this version understands: ${z.prettifyError(parsed.error).split('\n').join(' ')}\nUse the omnitensor-cli that belongs to the server.`,
    { cause: parsed.error },
  );
}
