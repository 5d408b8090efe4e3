/** What a community is, counts and lets in. */
import type { Generated, GeneratedAlways } from 'kysely';

export type CommunityTables = {
  communities: CommunityTable;
  categories: CategoryTable;
  rates: RateTable;
  sources: SourceTable;
  api_keys: ApiKeyTable;
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
  /** Where proofs of quests are reviewed. */
  discord_review_channel_id: Generated<string | null>;
  /** The last sequence number taken. A final table is a function of what was recorded up to one. */
  last_seq: Generated<bigint>;
  /** The id of the member created last. */
  last_member_id: Generated<number>;
  /** Counts every change of what intake needs to know: settings, categories, rates, windows. Caches go by it. */
  config_version: Generated<bigint>;
  /** Counts every change of segment bounds in any board of the community. Caches go by it. */
  layout_version: Generated<bigint>;
  /** A change of time zone has yet to be carried into the standings. */
  rebuild_pending: Generated<boolean>;
  /** How long late contributions are awaited after the end of a window, and how long its table is provisional then. */
  late_ms: Generated<number>;
  week_provisional_ms: Generated<number>;
  month_provisional_ms: Generated<number>;
  season_provisional_ms: Generated<number>;
  /** What rewards may cost a month, in thousandths of OMNIT. */
  monthly_budget: Generated<bigint | null>;
  /** How long before the end of a season it is told. */
  countdown_ms: Generated<bigint[]>;
  /** When the next step of a window is due; null: to be reckoned anew. */
  next_step_at: Generated<Date | null>;
  /** When to look next at what is to be said of its seasons, and by which version of the settings that was reckoned. */
  season_look_at: Generated<Date | null>;
  season_look_version: Generated<bigint | null>;
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
