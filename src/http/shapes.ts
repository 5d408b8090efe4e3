/** The shapes of answers, and how domain values become them. */
import { z } from 'zod';
import { MEASURES, VISIBILITIES, type Category, type CommunityListing } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { WINDOW_KINDS, type Window } from '../ranking/calendar.ts';
import { formatDecimal } from '../ranking/score.ts';

/** An exact decimal: without trailing zeros, as a string. */
export const decimalText = z.string().meta({ examples: ['1200', '6.25'] });
const instantText = z.string().meta({ format: 'date-time' });

export const windowKind = z.enum(WINDOW_KINDS);

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
  .extend({ categories: z.array(categoryShape) })
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
  now: Date,
): z.output<typeof communityWithCategories> {
  return {
    ...toCommunity(community),
    categories: community.categories.map((category) => toCategory(community, category, now)),
  };
}

export function toBounds(window: Window): { startsAt: string | null; endsAt: string | null } {
  return window.kind === 'all'
    ? { startsAt: null, endsAt: null }
    : { startsAt: window.startsAt.toISOString(), endsAt: window.endsAt.toISOString() };
}
