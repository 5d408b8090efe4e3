/** Multiplier events, and what is mirrored as scheduled events of Discord. */
import type { Generated, GeneratedAlways } from 'kysely';

export type MultiplierTables = {
  multipliers: MultiplierTable;
  multiplier_drafts: MultiplierDraftTable;
  season_events: SeasonEventTable;
  mirrored_events: MirroredEventTable;
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
  /** The community may have been removed. */
  community_id: number;
  /** The server whose scheduled event it is. */
  guild_id: string;
  /** What is mirrored, and the last line of the event's description. */
  mark: string;
  event_id: Generated<string | null>;
  /** When the scheduled event ends by itself. */
  ends_at: Date;
  /** Since when a worker has been bringing the two in step. */
  mirroring_since: Generated<Date | null>;
};
