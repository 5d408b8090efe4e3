/** What is said on Discord. */
import type { Generated, GeneratedAlways } from 'kysely';

export type AnnouncementTables = {
  announcements: AnnouncementTable;
  live_boards: LiveBoardTable;
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
