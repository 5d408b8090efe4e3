import type { Calendar } from '../ranking/calendar.ts';

export const VISIBILITIES = ['public', 'unlisted', 'members'] as const;
/** Who may read: everybody; everybody who knows the slug; holders of a key of the community. */
export type Visibility = (typeof VISIBILITIES)[number];

export const MEASURES = ['reward', 'amount'] as const;
/** What a category's leaderboard adds up: OMNIT earned, or units contributed. */
export type Measure = (typeof MEASURES)[number];

/** What is counted; each category is a leaderboard. */
export type Category = {
  id: number;
  slug: string;
  title: string;
  /** The word for one unit, such as `GPU-hour`. */
  unit: string;
  measure: Measure;
  /** Reputation a unit, in thousandths. */
  reputation: bigint;
};

/** OMNIT a unit, in thousandths, from a moment on. */
export type Rate = { categoryId: number; subject: string | undefined; startsAt: Date; rate: bigint };

/** A community with everything that pricing and ranking need to know of it, as of one version of its settings. */
export type Community = {
  id: number;
  slug: string;
  name: string;
  timeZone: string;
  /** BCP 47. */
  locale: string;
  visibility: Visibility;
  createdAt: Date;
  discordGuildId: string | undefined;
  discordChannelId: string | undefined;
  configVersion: bigint;
  calendar: Calendar;
  categories: readonly Category[];
  rates: readonly Rate[];
};

/** What is shown of a community in a list. */
export type CommunityListing = Pick<
  Community,
  'id' | 'slug' | 'name' | 'timeZone' | 'locale' | 'visibility' | 'createdAt'
>;
