import type { Calendar, WindowKind } from '../ranking/calendar.ts';
import type { Closings } from '../ranking/periods.ts';

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

/** A stretch of time in which contributions earn more OMNIT. */
export type Multiplier = {
  id: number;
  name: string;
  /** In whole hundredths: 250 is 2.5 times. */
  factor: bigint;
  /** Undefined: every category. */
  categoryIds: readonly number[] | undefined;
  startsAt: Date;
  endsAt: Date;
};

/** A season that a community defined. Local dates, as `2027-01-01`: from the midnight of the first to that of the second. */
export type Season = { key: string; name: string; startsOn: string; endsOn: string };

/** How long a window takes to close, in milliseconds from its end on. */
export type ClosingTimes = {
  /** How long late contributions are awaited. */
  lateMs: number;
  /** How long its table is provisional after that. */
  provisionalMs: Record<Exclude<WindowKind, 'all'>, number>;
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
  /** Where proofs of quests are reviewed. */
  discordReviewChannelId: string | undefined;
  configVersion: bigint;
  calendar: Calendar;
  /** The seasons of its own, in order; none: calendar quarters. */
  seasons: readonly Season[];
  /** What people call seasons, by key, where they have a name. */
  seasonNames: ReadonlyMap<string, string>;
  closingTimes: ClosingTimes;
  /** How long before its end the end of a season is told, in milliseconds, the longest first. */
  countdownMs: readonly number[];
  /** What quests and prizes may cost a calendar month, in thousandths of OMNIT; undefined: nobody has said. */
  monthlyBudget: bigint | undefined;
  /** How far windows have come that are over. */
  closings: Closings;
  categories: readonly Category[];
  rates: readonly Rate[];
  /** All that were not cancelled, also those that are over: contributions come late. */
  multipliers: readonly Multiplier[];
  /** How much of a category counts a member and day, in thousandths, by category. */
  caps: ReadonlyMap<number, bigint>;
  /** Members that are off boards at the moment. */
  offBoards: ReadonlySet<number>;
  /** Whether a role is excluded at the moment, so that who has it has to be known. */
  excludesRoles: boolean;
};

/** What is shown of a community in a list. */
export type CommunityListing = Pick<
  Community,
  'id' | 'slug' | 'name' | 'timeZone' | 'locale' | 'visibility' | 'createdAt'
>;
