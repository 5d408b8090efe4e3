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
  contribution_changes: ContributionChangeTable;
  held_contributions: HeldContributionTable;
  member_aliases: MemberAliasTable;
  link_codes: LinkCodeTable;
  link_failures: LinkFailureTable;
  feedback_credits: FeedbackCreditTable;
  multipliers: MultiplierTable;
  multiplier_drafts: MultiplierDraftTable;
  quests: QuestTable;
  quest_rounds: QuestRoundTable;
  quest_joins: QuestJoinTable;
  quest_completions: QuestCompletionTable;
  quest_proofs: QuestProofTable;
  grants: GrantTable;
  role_holders: RoleHolderTable;
  role_holdings: RoleHoldingTable;
  role_refusals: RoleRefusalTable;
  role_passes: RolePassTable;
  announcements: AnnouncementTable;
  exclusions: ExclusionTable;
  off_boards: OffBoardsTable;
  discord_roles: DiscordRoleTable;
  caps: CapTable;
  final_versions: FinalVersionTable;
  final_changes: FinalChangeTable;
  seasons: SeasonTable;
  season_names: SeasonNameTable;
  prizes: PrizeTable;
  member_merges: MemberMergeTable;
  live_boards: LiveBoardTable;
  season_events: SeasonEventTable;
  mirrored_events: MirroredEventTable;
  badges: BadgeTable;
  badge_images: BadgeImageTable;
  award_states: AwardStateTable;
  member_tallies: MemberTallyTable;
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

type MemberTable = {
  community_id: number;
  /** Grows in the order of creation, which is the last tie-break of a ranking. */
  member_id: number;
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
  /** The pseudonym by which everybody sees whoever is hidden. */
  hidden_as: Generated<string | null>;
  /** Whether leaderboards tell the Discord account. */
  shows_discord: Generated<boolean>;
  /** Whether announcements leave out the name. */
  no_mention: Generated<boolean>;
  /** Whether reminders are not sent. */
  no_reminders: Generated<boolean>;
  /** When the data was deleted. What was contributed stays, under a handle that says nothing. */
  deleted_at: Generated<Date | null>;
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
  /** False while it is voided or held: it stays, and counts nowhere. */
  counted: Generated<boolean>;
  /** Who it was recorded for, once a merge has moved it to another member. */
  recorded_member_id: Generated<number | null>;
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
  /** When its table was posted as provisional, and the last sequence number then. */
  provisional_at: Generated<Date | null>;
  provisional_seq: Generated<bigint | null>;
  /** When it was frozen, and the last sequence number that counts in it. */
  frozen_at: Generated<Date | null>;
  frozen_seq: Generated<bigint | null>;
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

/** What happened to a contribution after it was recorded. */
type ContributionChangeTable = {
  community_id: number;
  seq: bigint;
  source_id: number;
  external_id: string;
  kind: 'void' | 'unvoid' | 'hold' | 'release' | 'refuse';
  reason: string;
  actor: string;
  at: Date;
};

/** Contributions over a cap, until an admin releases or refuses them. */
type HeldContributionTable = {
  community_id: number;
  /** Of the change that held it. */
  seq: bigint;
  source_id: number;
  external_id: string;
};

type MemberAliasTable = {
  community_id: number;
  /** The handle that was merged. */
  handle: string;
  /** The survivor. */
  member_id: number;
  seq: bigint;
  merged_at: Date;
};

type LinkCodeTable = {
  community_id: number;
  /** SHA-256 of the code. */
  code_hash: Buffer;
  /** Whose handle it proves. */
  member_id: number;
  expires_at: Date;
  used_at: Generated<Date | null>;
};

/** Wrong codes of a Discord user within an hour of the first. */
type LinkFailureTable = { community_id: number; discord_user_id: string; since: Date; failures: number };

/** A message that was credited as critical feedback, which is the evidence of a contribution of that id. */
type FeedbackCreditTable = {
  community_id: number;
  message_id: string;
  message_link: string;
  author_id: string;
  giver_id: string;
  at: Date;
};

type MultiplierTable = {
  community_id: number;
  multiplier_id: GeneratedAlways<number>;
  name: string;
  /** Whole hundredths. */
  factor: number;
  /** Null: all, those added later included. */
  category_ids: number[] | null;
  starts_at: Date;
  ends_at: Date;
  /** When it is announced ahead of its start. */
  announce_at: Date[];
  /** Told apart by it, a request that is sent again makes no second one. */
  request_key: string | null;
  created_at: Date;
  cancelled_at: Generated<Date | null>;
  /** When it was over and what it brought was put down to be said. */
  settled_at: Generated<Date | null>;
};

type MultiplierDraftTable = {
  community_id: number;
  draft_id: GeneratedAlways<number>;
  /** The event as it was asked for, as JSON text. */
  content: unknown;
  created_at: Date;
};

type QuestTable = {
  community_id: number;
  quest_id: GeneratedAlways<number>;
  name: string;
  description: Generated<string>;
  goal: unknown;
  rewards: unknown;
  recurrence: Generated<'once' | 'daily' | 'weekly' | 'monthly'>;
  starts_at: Date;
  ends_at: Date;
  max_winners: Generated<number | null>;
  join_required: Generated<boolean>;
  count_earlier: Generated<boolean>;
  prerequisites: Generated<unknown>;
  /** How long after the end of a round its winners are settled, in milliseconds. */
  settle_after_ms: Generated<number>;
  created_at: Date;
  cancelled_at: Generated<Date | null>;
  /** When the next round begins that does not exist yet; null: all there will be do. */
  next_round_at: Generated<Date | null>;
};

/** One round of a quest: the whole of it, or a day, week or month of one that recurs. */
type QuestRoundTable = {
  community_id: number;
  round_id: GeneratedAlways<number>;
  quest_id: number;
  /** `once`, or the period: `2026-08-22`, `2026-W34`, `2026-08`. */
  key: string;
  starts_at: Date;
  ends_at: Date;
  settles_at: Date;
  /** Up to which member those were looked at who contributed before the round was known; null: all. */
  examined_to: number | null;
  /** When those who joined and are over half way were reminded. */
  reminded_at: Generated<Date | null>;
  settled_at: Generated<Date | null>;
};

type QuestJoinTable = { community_id: number; quest_id: number; member_id: number; joined_at: Date };

type QuestCompletionTable = {
  community_id: number;
  round_id: number;
  member_id: number;
  /** The `occurred_at` of the contribution that reached the goal. */
  completed_at: Date;
  recorded_at: Date;
  /** Null: provisional, until the round is settled; then it has not won. */
  won: boolean | null;
  /** The sequence number that came next when it was recorded. */
  recorded_seq: Generated<bigint>;
};

type QuestProofTable = {
  community_id: number;
  proof_id: GeneratedAlways<number>;
  round_id: number;
  member_id: number;
  content: unknown;
  state: 'waiting' | 'asked' | 'approved' | 'refused';
  submitted_at: Date;
  reviewed_at: Generated<Date | null>;
  /** Who decided, as people read it. */
  reviewer: Generated<string | null>;
  /** Who decided, as the audit log names them. */
  decided_by: Generated<string | null>;
  reason: Generated<string | null>;
  /** What was handed in before more was asked, as JSON text, oldest first. */
  history: Generated<unknown>;
};

/** The ledger of what was granted. */
type GrantTable = {
  community_id: number;
  grant_id: GeneratedAlways<bigint>;
  /** What entitles to it, such as `quest 12 round 3 reward 0 member 7`: granted once, whatever crashes. */
  entitlement: string;
  version: Generated<number>;
  member_id: number;
  kind: 'tokens' | 'governance' | 'reputation' | 'badge' | 'role' | 'nft' | 'access';
  /** Thousandths of tokens, governance and reputation; a count of the others. Negative: taken back. */
  amount: bigint;
  name: string | null;
  role_id: string | null;
  /** For people: what it was granted for. */
  reason: string;
  /** Tokens and the like are in effect when made; roles and the like have to be delivered. */
  state: Generated<'effective' | 'made' | 'delivering' | 'delivered' | 'failed' | 'withdrawn' | 'lapsed'>;
  state_reason: Generated<string | null>;
  made_at: Date;
};

/** A Discord user whom roles concern. */
type RoleHolderTable = {
  community_id: number;
  discord_user_id: string;
  /** The member that the user was when last looked at. */
  member_id: number;
  /** When the user joined the server, as Discord said: another time is another stay. */
  joined_at: Date | null;
  /** Since when the user has been missing from the server; null: is there. */
  left_at: Date | null;
  /** When to look at the user again, though nothing was granted. */
  look_at: Date;
};

/** How a user came by a role that was granted. A role that is wanted and not here has yet to be given. */
type RoleHoldingTable = {
  community_id: number;
  discord_user_id: string;
  role_id: string;
  /**
   * `giving`, `taking`: a request is under way, or its answer was lost. `ours`: given by the bot. `theirs`: was there
   * before. `left-alone`: the bot does not ask for it any more, for the reason given.
   */
  state: 'giving' | 'ours' | 'taking' | 'theirs' | 'left-alone';
  reason: string | null;
};

/** A role that cannot be given or taken: nobody asks for it until the server's roles change. */
type RoleRefusalTable = {
  community_id: number;
  /** The id of a role, or @ and the name of one that is not known by an id. */
  role: string;
  reason: string;
  /** A hash of the server's roles when it was refused. */
  roles_version: string;
};

/** How far the comparing of a community's roles has come. */
type RolePassTable = {
  community_id: number;
  /** When the last whole pass was made, and the version of settings and the last grant that it knew. */
  passed_at: Date | null;
  config_version: bigint | null;
  grant_id: bigint | null;
  /** Counts what admins asked for: a pass that was under way then is not the last word. */
  demands: Generated<number>;
  /** Not before then: a pass is under way, or Discord asked to wait. */
  resume_at: Date | null;
};

/** The outbox: what is to be said. */
type AnnouncementTable = {
  community_id: number;
  /** Also the id of a component in its message, by which it is found again. */
  announcement_id: GeneratedAlways<number>;
  /** Such as `multiplier 12 start`: said once. */
  key: string;
  kind: string;
  content: unknown;
  /** Those of one group that are due together are joined into one message. */
  group_key: Generated<string | null>;
  /** Null: the community's channel. */
  channel_id: Generated<string | null>;
  /** A person, to be told in private. */
  recipient_id: Generated<string | null>;
  due_at: Date;
  /** When to try, or to look whether a try has succeeded; at first, when it is due. */
  try_at: Date;
  /** From when it is of no use any more. */
  expires_at: Date;
  state: Generated<'waiting' | 'claimed' | 'delivered' | 'joined' | 'failed' | 'unsure' | 'dropped'>;
  attempts: Generated<number>;
  claimed_at: Generated<Date | null>;
  /** The announcement whose number is on the message that this one is claimed for. */
  lead_id: Generated<number | null>;
  /** The channel of that message. */
  claimed_channel_id: Generated<string | null>;
  delivered_at: Generated<Date | null>;
  message_id: Generated<string | null>;
  /** When to change its message: what it tells has changed since. */
  edit_at: Generated<Date | null>;
  /** Why it failed, is unsure or was dropped. */
  reason: Generated<string | null>;
};

type ExclusionTable = {
  community_id: number;
  exclusion_id: GeneratedAlways<number>;
  member_id: number | null;
  role_id: string | null;
  scope: 'prizes' | 'boards';
  reason: string;
  starts_at: Date;
  ends_at: Generated<Date | null>;
  lifted_at: Generated<Date | null>;
};

/** A stretch, in the community's sequence numbers, in which a member is off boards. */
type OffBoardsTable = {
  community_id: number;
  member_id: number;
  from_seq: bigint;
  /** The first that it no longer holds at; null: it holds. */
  until_seq: Generated<bigint | null>;
};

/** The roles of a Discord user as Discord last told them. */
type DiscordRoleTable = { community_id: number; discord_user_id: string; role_ids: string[]; seen_at: Date };

/** How much of a category counts a member and day, in thousandths. */
type CapTable = { community_id: number; category_id: number; amount: bigint };

/** A version of the final table of a category in a window. */
type FinalVersionTable = {
  community_id: number;
  window_id: number;
  category_id: number;
  version: number;
  /** What happened up to this sequence number counts. */
  cut_seq: bigint;
  reason: 'closed' | 'amended' | 'privacy';
  /** Why, as an admin gave it. */
  note: Generated<string | null>;
  actor: string;
  made_at: Date;
  /** Goes up when names change before there is a hash. */
  revision: Generated<number>;
  /** The hash of its document, once that has been read through. */
  sha256: Generated<string | null>;
  final_at: Generated<Date | null>;
  members: Generated<number | null>;
  /** The sum of all scores, in thousandths. */
  score_total: Generated<string | null>;
  /** Those who were kept from its prizes. */
  excluded: Generated<number[]>;
  /** The version that is read in its place, since it names somebody who is hidden or deleted by now. */
  replaced_by: Generated<number | null>;
};

/** What a member had in a version of a final table where the next one changed it; null: no standing. */
type FinalChangeTable = {
  community_id: number;
  board_id: number;
  version: number;
  member_id: number;
  neg_score: bigint | null;
  reached_at: Date | null;
};

/** A season that the community defined. Local dates, as `2027-01-01`: from the first midnight to the second. */
type SeasonTable = {
  community_id: number;
  season_id: GeneratedAlways<number>;
  key: string;
  name: string;
  starts_on: string;
  ends_on: string;
  created_at: Date;
};

/** What people call a quarter. */
type SeasonNameTable = { community_id: number; key: string; name: string };

/** What places of a board win. One of ranks, top_percent and min_score is given. */
type PrizeTable = {
  community_id: number;
  prize_id: GeneratedAlways<number>;
  category_id: number;
  kind: 'week' | 'month' | 'season';
  rank_from: number | null;
  rank_to: number | null;
  top_percent: number | null;
  min_score: bigint | null;
  rewards: unknown;
  /** It is for windows that end after this and not after `removed_at`. */
  created_at: Date;
  removed_at: Generated<Date | null>;
};

/** Who was merged into whom, and when in the order of events. */
type MemberMergeTable = { community_id: number; member_id: number; into_member_id: number; seq: bigint };

/** A leaderboard that lives in a channel, as one message. */
type LiveBoardTable = {
  community_id: number;
  /** Also the id of a component of its message, by which it is found again. */
  live_board_id: GeneratedAlways<number>;
  category_id: number;
  kind: 'week' | 'month' | 'season' | 'all';
  /** How many places it shows. */
  places: number;
  /** The server that the channel is one of. */
  guild_id: string;
  channel_id: string;
  placed_at: Date;
  state: Generated<'active' | 'failed' | 'removing'>;
  message_id: Generated<string | null>;
  /** The key of the period that the message shows. */
  period: Generated<string | null>;
  /** A hash of all that it shows. */
  fingerprint: Generated<string | null>;
  shown_at: Generated<Date | null>;
  /** The community's last sequence number and version of settings when it was last looked at. */
  seen_seq: Generated<bigint | null>;
  seen_version: Generated<bigint | null>;
  /** When to look at it again though nobody wrote. */
  look_at: Date;
  /** It is left alone until then, whatever happens. */
  try_at: Date;
  /** A worker has it in hand until then. */
  busy_until: Generated<Date | null>;
  /** Since when a message has been under way of which nobody knows whether it was sent. */
  sending_since: Generated<Date | null>;
  attempts: Generated<number>;
  /** Why it failed, or waits. */
  reason: Generated<string | null>;
};

/** What a badge means, and by which rule it is earned. */
type BadgeTable = {
  community_id: number;
  badge_id: GeneratedAlways<number>;
  /** As grants name it. */
  name: string;
  description: string;
  /** An emoji character. */
  icon: string | null;
  kind: 'once' | 'counted';
  /** Null: it is given by rewards that name it. */
  rule: unknown;
  created_at: Date;
  /** From when nobody earns it any more. */
  removed_at: Generated<Date | null>;
  /** Up to which member those were looked at who may have earned it before; null: all. */
  examined_to: number | null;
  /** Whether that goes on for the first time. */
  is_new: boolean;
  /** How many final tables have been looked at. */
  tables_seen: Generated<number>;
};

/** The picture of a badge, and the emoji that the bot made of it. */
type BadgeImageTable = {
  community_id: number;
  badge_id: number;
  media_type: string;
  content: Buffer;
  emoji_id: Generated<string | null>;
  /** When to look whether the emoji is there. */
  look_at: Date;
  /** Why it is not. */
  reason: Generated<string | null>;
};

/** How far awarding badges has come in a community. Its row is a lock. */
type AwardStateTable = {
  community_id: number;
  /** Everything up to this sequence number has been looked at. */
  seq: Generated<bigint>;
  /** The zone by whose weeks and seasons members were looked at. */
  time_zone: Generated<string | null>;
  /** Whether what was earned is told. */
  announced: Generated<boolean>;
};

/** What a member has contributed in all, as far as awarding badges has come. The amount in thousandths. */
type MemberTallyTable = {
  community_id: number;
  member_id: number;
  category_id: number;
  source_id: number;
  contributions: bigint;
  amount: bigint;
};

/** The last day of a season that is near. */
type SeasonEventTable = {
  community_id: number;
  key: string;
  name: string;
  starts_at: Date;
  ends_at: Date;
};

/** What is, or was to be, mirrored as a scheduled event of Discord. */
type MirroredEventTable = {
  community_id: number;
  /** What is mirrored, and the last line of the event's description. */
  mark: string;
  event_id: Generated<string | null>;
  /** When the scheduled event ends by itself. */
  ends_at: Date;
  /** Since when a worker has been bringing the two in step. */
  mirroring_since: Generated<Date | null>;
};
