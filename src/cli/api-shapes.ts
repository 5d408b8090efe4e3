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
export const communityWithCategoriesSchema = communitySchema.extend({ categories: z.array(categorySchema) });
export type CommunityWithCategories = z.output<typeof communityWithCategoriesSchema>;

export const rateSchema = z.object({
  category: z.string(),
  subject: z.string().optional(),
  rate: z.string(),
  from: z.string(),
});

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

export const importAnswerSchema = z.object({
  results: z.array(
    z.object({
      id: z.string().nullable(),
      status: z.enum(['accepted', 'duplicate', 'rejected']),
      reason: z.string().optional(),
      detail: z.string().optional(),
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
