/** Seasons of a community, and final tables. */
import type { Generated, GeneratedAlways } from 'kysely';

export type SeasonTables = {
  seasons: SeasonTable;
  season_names: SeasonNameTable;
  final_versions: FinalVersionTable;
  final_changes: FinalChangeTable;
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
  /** How many rewards amending gives and takes back. */
  given: Generated<number>;
  taken_back: Generated<number>;
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
