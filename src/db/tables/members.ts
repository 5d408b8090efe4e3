/** Who contributes, and who is kept from boards. */
import type { Generated, GeneratedAlways } from 'kysely';

export type MemberTables = {
  members: MemberTable;
  member_aliases: MemberAliasTable;
  member_merges: MemberMergeTable;
  link_codes: LinkCodeTable;
  link_failures: LinkFailureTable;
  discord_roles: DiscordRoleTable;
  exclusions: ExclusionTable;
  off_boards: OffBoardsTable;
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
  /** When the member was shown again after hiding, as far as it still counts against the limit. */
  shown_again: Generated<Date[]>;
  /** When the data was deleted. What was contributed stays, under a handle that says nothing. */
  deleted_at: Generated<Date | null>;
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

/** Who was merged into whom, and when in the order of events. */
type MemberMergeTable = { community_id: number; member_id: number; into_member_id: number; seq: bigint };

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

/** The roles of a Discord user as Discord last told them. */
type DiscordRoleTable = { community_id: number; discord_user_id: string; role_ids: string[]; seen_at: Date };

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
