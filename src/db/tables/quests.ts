/** Quests. */
import type { Generated, GeneratedAlways } from 'kysely';

export type QuestTables = {
  quests: QuestTable;
  quest_rounds: QuestRoundTable;
  quest_joins: QuestJoinTable;
  quest_completions: QuestCompletionTable;
  quest_proofs: QuestProofTable;
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
