/** What was contributed, and what happened to it. */
import type { Generated } from 'kysely';

export type ContributionTables = {
  contributions: ContributionTable;
  contribution_changes: ContributionChangeTable;
  held_contributions: HeldContributionTable;
  caps: CapTable;
  feedback_credits: FeedbackCreditTable;
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

/** How much of a category counts a member and day, in thousandths. */
type CapTable = { community_id: number; category_id: number; amount: bigint };

/** A message that was credited as critical feedback, which is the evidence of a contribution of that id. */
type FeedbackCreditTable = {
  community_id: number;
  message_id: string;
  message_link: string;
  author_id: string;
  giver_id: string;
  at: Date;
};
