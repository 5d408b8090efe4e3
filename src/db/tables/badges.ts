/** Badges, and how far awarding them has come. */
import type { Generated, GeneratedAlways } from 'kysely';

export type BadgeTables = {
  badges: BadgeTable;
  badge_images: BadgeImageTable;
  award_states: AwardStateTable;
  member_tallies: MemberTallyTable;
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

/** The picture of a badge, null where it was taken away, and the emoji that the bot made of it. */
type BadgeImageTable = {
  community_id: number;
  badge_id: number;
  media_type: string | null;
  content: Buffer | null;
  /** Which picture of the badge it is, counted from 1. */
  version: Generated<number>;
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
