/** What this program reads of the server's answers about badges. */
import { z } from 'zod';

export const badgeSchema = z.object({
  id: z.number(),
  name: z.string(),
  description: z.string(),
  icon: z.string().nullable(),
  kind: z.string(),
  ruleText: z.string().nullable(),
  removedAt: z.string().nullable(),
});
export const badgeListSchema = z.object({
  announced: z.boolean(),
  badges: z.array(badgeSchema.extend({ holders: z.number() })),
});
export const collectionSchema = z.object({
  handle: z.string(),
  earned: z.array(
    z.object({
      name: z.string(),
      count: z.number(),
      grantedAt: z.string(),
      badge: z.object({ icon: z.string().nullable(), description: z.string() }).nullable(),
    }),
  ),
  open: z.array(
    z.object({
      name: z.string(),
      icon: z.string().nullable(),
      ruleText: z.string(),
      progress: z.object({ text: z.string(), percent: z.number() }).nullable(),
    }),
  ),
});
