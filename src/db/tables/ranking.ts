/** Windows, and the boards in them. */
import type { Generated, GeneratedAlways } from 'kysely';

export type RankingTables = {
  windows: WindowTable;
  boards: BoardTable;
  standings: StandingTable;
  segments: SegmentTable;
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
