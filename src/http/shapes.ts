/** The shapes of answers, and how domain values become them. */
import { z } from 'zod';
import { MEASURES, VISIBILITIES, type Category, type CommunityListing } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { WINDOW_KINDS, type Window } from '../ranking/calendar.ts';
import { formatDecimal } from '../ranking/score.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

/** An exact decimal: without trailing zeros, as a string. */
export const decimalText = z.string().meta({ examples: ['1200', '6.25'] });
const instantText = z.string().meta({ format: 'date-time' });

export const windowKind = z.enum(WINDOW_KINDS);
export const windowStatus = z.enum(['open', 'closing', 'provisional', 'final', 'archive']);

/** A whole number in a query, within bounds. */
export const wholeNumber = (name: string, least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((value) => value >= least && value <= most, `must be a whole number from ${least} to ${most}`)
    .describe(name)
    .meta({ type: 'integer', minimum: least, maximum: most });

export const categoryShape = z
  .object({
    id: z.number().int(),
    slug: z.string(),
    title: z.string(),
    unit: z.string(),
    measure: z.enum(MEASURES),
    rate: decimalText.describe('OMNIT a unit, for subjects without a rate of their own, at the moment.'),
    reputation: decimalText.describe('Reputation a unit.'),
  })
  .meta({ id: 'Category' });

export const communityShape = z
  .object({
    id: z.number().int(),
    slug: z.string(),
    name: z.string(),
    timeZone: z.string(),
    locale: z.string(),
    visibility: z.enum(VISIBILITIES),
    createdAt: instantText,
  })
  .meta({ id: 'Community' });

export const communityWithCategories = communityShape
  .extend({
    categories: z.array(categoryShape),
    closing: z
      .object({
        lateMinutes: z.number().describe('How long late contributions are awaited after the end of a window.'),
        provisionalMinutes: z
          .object({ week: z.number(), month: z.number(), season: z.number() })
          .describe('How long its table is provisional after that; final then.'),
      })
      .describe('How long windows take to close.'),
    countdownHours: z.array(z.number()).describe('How many hours before its end the end of a season is told.'),
    monthlyBudget: decimalText
      .nullable()
      .optional()
      .describe('The OMNIT that quests and prizes may come to in a month; null: nothing said. Told to admins alone.'),
  })
  .meta({ id: 'CommunityWithCategories' });

export const boundsShape = {
  startsAt: instantText.nullable().describe('Null for `all`.'),
  endsAt: instantText.nullable().describe('The first moment after it. Null for `all`.'),
};

export function toCommunity({
  id,
  slug,
  name,
  timeZone,
  locale,
  visibility,
  createdAt,
}: CommunityListing): z.output<typeof communityShape> {
  return { id, slug, name, timeZone, locale, visibility, createdAt: createdAt.toISOString() };
}

export function toCategory(community: KnownCommunity, category: Category, now: Date): z.output<typeof categoryShape> {
  const { id, slug, title, unit, measure, reputation } = category;
  return {
    id,
    slug,
    title,
    unit,
    measure,
    rate: formatDecimal(community.prices.rateAt(category, undefined, now)),
    reputation: formatDecimal(reputation),
  };
}

export function toCommunityWithCategories(
  community: KnownCommunity,
  { now, forAdmin }: { now: Date; forAdmin: boolean },
): z.output<typeof communityWithCategories> {
  const { categories, closingTimes, countdownMs, monthlyBudget } = community;
  const { week, month, season } = closingTimes.provisionalMs;
  return {
    ...toCommunity(community),
    categories: categories.map((category) => toCategory(community, category, now)),
    closing: {
      lateMinutes: closingTimes.lateMs / MINUTE_MS,
      provisionalMinutes: { week: week / MINUTE_MS, month: month / MINUTE_MS, season: season / MINUTE_MS },
    },
    countdownHours: countdownMs.map((ms) => ms / HOUR_MS),
    ...(forAdmin ? { monthlyBudget: monthlyBudget === undefined ? null : formatDecimal(monthlyBudget) } : {}),
  };
}

export function toBounds(window: Window): { startsAt: string | null; endsAt: string | null } {
  return window.kind === 'all'
    ? { startsAt: null, endsAt: null }
    : { startsAt: window.startsAt.toISOString(), endsAt: window.endsAt.toISOString() };
}
