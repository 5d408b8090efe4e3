import type { Generated, GeneratedAlways } from 'kysely';

/**
 * The tables. Every key begins with the community, so that data can later be spread by community. Points, amounts and
 * rates are whole thousandths; multipliers are whole hundredths; times are instants to the millisecond.
 */
export type Database = {
  communities: CommunityTable;
  categories: CategoryTable;
  rates: RateTable;
  sources: SourceTable;
  api_keys: ApiKeyTable;
  members: MemberTable;
  contributions: ContributionTable;
  windows: WindowTable;
  boards: BoardTable;
  standings: StandingTable;
  segments: SegmentTable;
  audit_log: AuditLogTable;
};

type CommunityTable = {
  community_id: GeneratedAlways<number>;
  slug: string;
  name: string;
  time_zone: string;
  locale: string;
  visibility: 'public' | 'unlisted' | 'members';
  created_at: Date;
  discord_guild_id: Generated<string | null>;
  /** Where the community's announcements go. */
  discord_channel_id: Generated<string | null>;
  /** The last sequence number taken. A final table is a function of what was recorded up to one. */
  last_seq: Generated<bigint>;
  /** Counts every change of what intake needs to know: settings, categories, rates, windows. Caches go by it. */
  config_version: Generated<bigint>;
  /** Counts every change of segment bounds in any board of the community. Caches go by it. */
  layout_version: Generated<bigint>;
  /** A change of time zone has yet to be carried into the standings. */
  rebuild_pending: Generated<boolean>;
};

type CategoryTable = {
  community_id: number;
  category_id: GeneratedAlways<number>;
  slug: string;
  title: string;
  unit: string;
  /** What the leaderboard adds up. */
  measure: 'reward' | 'amount';
  /** Reputation a unit. */
  reputation: bigint;
};

type RateTable = {
  community_id: number;
  rate_id: GeneratedAlways<number>;
  category_id: number;
  /** Empty: the rate of every subject that has none of its own. */
  subject: string;
  /** The moment from which it holds, for contributions that occurred then or later. */
  starts_at: Date;
  rate: bigint;
};

type SourceTable = {
  community_id: number;
  source_id: GeneratedAlways<number>;
  name: string;
};

type ApiKeyTable = {
  community_id: number;
  key_id: GeneratedAlways<number>;
  name: string;
  /** SHA-256 of the secret. The secret itself is shown once and not kept. */
  secret_hash: Buffer;
  scopes: ('write' | 'admin')[];
  source_id: number;
  /** The handle that the key may write for; null: any. */
  contributor: string | null;
  created_at: Date;
  revoked_at: Generated<Date | null>;
};

type MemberTable = {
  community_id: number;
  /** Grows in the order of creation, which is the last tie-break of a ranking. */
  member_id: Generated<number>;
  handle: string;
  display_name: string;
  /** When what brought the display name occurred, so that older history does not bring back an older name. */
  display_name_at: Date;
  discord_user_id: Generated<string | null>;
  created_at: Date;
  /** The sum of the rewards of the member's contributions. */
  earned_omnit: Generated<bigint>;
  /** The sum of what the member's contributions added to reputation. */
  earned_reputation: Generated<bigint>;
};

type ContributionTable = {
  community_id: number;
  source_id: number;
  /** The id that the source gave it. */
  external_id: string;
  seq: bigint;
  member_id: number;
  category_id: number;
  subject: string | null;
  amount: bigint;
  /** What priced it, kept so that every reward can be explained. */
  rate: bigint;
  multiplier: number;
  reward: bigint;
  reputation: bigint;
  occurred_at: Date;
  recorded_at: Date;
};

type WindowTable = {
  community_id: number;
  window_id: GeneratedAlways<number>;
  kind: 'week' | 'month' | 'season' | 'all';
  key: string;
  starts_at: Date;
  ends_at: Date;
  /** Whether the boundaries stay as they are when the community's time zone changes. */
  kept: Generated<boolean>;
};

/** A leaderboard: one category in one window. */
type BoardTable = {
  community_id: number;
  board_id: GeneratedAlways<number>;
  window_id: number;
  category_id: number;
  /** Counts every change of this board's segment bounds. */
  layout_version: Generated<bigint>;
};

type StandingTable = {
  community_id: number;
  board_id: number;
  member_id: number;
  /** The score, negated, so that ranking order is ascending in all three columns and row comparisons use the index. */
  neg_score: bigint;
  /** The latest `occurred_at` among what is counted. */
  reached_at: Date;
};

/** The counted index of a board: see `src/ranking/segments.ts`. */
type SegmentTable = {
  community_id: number;
  board_id: number;
  /** 1: a segment of standings. 2: a block of segments. */
  level: 1 | 2;
  /** The place in ranking order from which it reaches to the next one of its level. */
  neg_score: bigint;
  reached_at: Date;
  member_id: number;
  /** How many standings it holds. */
  members: number;
};

type AuditLogTable = {
  community_id: number;
  audit_id: GeneratedAlways<bigint>;
  at: Date;
  /** Who: the name of a key, or a Discord user. */
  actor: string;
  /** What was done, such as `rate.create`. */
  action: string;
  /** To what, such as a slug or an id. */
  target: string;
  before: unknown;
  after: unknown;
};
