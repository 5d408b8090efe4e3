/** Prizes, the ledger of grants, and the roles that follow from it. */
import type { Generated, GeneratedAlways } from 'kysely';

export type RewardTables = {
  prizes: PrizeTable;
  grants: GrantTable;
  role_holders: RoleHolderTable;
  role_holdings: RoleHoldingTable;
  roles_left_behind: RoleLeftBehindTable;
  role_refusals: RoleRefusalTable;
  role_passes: RolePassTable;
};

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

/** A role that the bot gave in a server which the community has left since. It is taken back there. */
type RoleLeftBehindTable = { community_id: number; guild_id: string; discord_user_id: string; role_id: string };

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
  /** Where it is gone on with: the member who is owed, and the user who has too much. */
  from_member: Generated<number>;
  from_user: Generated<string>;
};
