/** The records of roles: who has what by whose gift, who is missing, and what cannot be given. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { HoldingState } from './role-decision.ts';
import { entitledRoles, LIVE, memberOfUser } from './role-differences.ts';

/** A Discord user, with all that is recorded and granted. */
export type KnownUser = {
  userId: string;
  /** Undefined: no member's account. */
  memberId: number | undefined;
  /** The member that the user was when last looked at. */
  lastMemberId: number | undefined;
  joinedAt: Date | undefined;
  leftAt: Date | undefined;
  roles: KnownRole[];
};

export type KnownRole = {
  roleId: string;
  wanted: boolean;
  holding: HoldingState | undefined;
  /** What it was granted for, or taken back for, the last time. */
  reason: string | undefined;
};

/** Reads a Discord user with the roles that are wanted or recorded. */
export async function readKnownUser(db: Kysely<Database>, communityId: number, userId: string): Promise<KnownUser> {
  const { rows } = await sql<{
    memberId: number | null;
    lastMemberId: number | null;
    joinedAt: Date | null;
    leftAt: Date | null;
  }>`
    select m.member_id as "memberId", k.member_id as "lastMemberId", k.joined_at as "joinedAt", k.left_at as "leftAt"
    from (select ${communityId}::int as community_id, ${userId}::text as discord_user_id) h
    left join lateral ${memberOfUser()} m on true
    left join role_holders k on k.community_id = h.community_id and k.discord_user_id = h.discord_user_id`.execute(db);
  const [user] = rows;
  const memberId = user?.memberId ?? undefined;
  const owner = memberId ?? user?.lastMemberId ?? null;
  const { rows: roles } = await sql<{
    roleId: string;
    wanted: boolean;
    holding: HoldingState | null;
    reason: string | null;
  }>`
    select role_id as "roleId", bool_or(wanted) as wanted, max(holding) as holding, (
      select reason from (
        -- All of them, by key: going through the ledger from its end would find the first late.
        select reason, grant_id from grants
        where community_id = ${communityId} and ${LIVE} and member_id = ${owner}::int and role_id = d.role_id offset 0
      ) g order by grant_id desc limit 1) as reason
    from (
      select role_id, true as wanted, null as holding
      from ${entitledRoles(communityId, sql`and member_id = ${memberId ?? null}::int`)} e
      union all
      select role_id, false, state from role_holdings
      where community_id = ${communityId} and discord_user_id = ${userId}
    ) d group by role_id order by role_id`.execute(db);
  return {
    userId,
    memberId,
    lastMemberId: user?.lastMemberId ?? undefined,
    joinedAt: user?.joinedAt ?? undefined,
    leftAt: user?.leftAt ?? undefined,
    roles: roles.map(({ holding, reason, ...role }) => ({
      ...role,
      holding: holding ?? undefined,
      reason: reason ?? undefined,
    })),
  };
}

/** A change of what is recorded of a user and a role; undefined: there is nothing to record any more. */
export type HoldingChange = { roleId: string; holding: HoldingState | undefined; reason?: string | undefined };

/** Writes down how a user came by roles. What the bot has given stays its own, whoever says otherwise. */
export async function writeHoldings(
  trx: Transaction<Database>,
  communityId: number,
  userId: string,
  changes: readonly HoldingChange[],
): Promise<void> {
  const kept = changes.filter(({ holding }) => holding !== undefined);
  const gone = changes.filter(({ holding }) => holding === undefined).map(({ roleId }) => roleId);
  if (gone.length > 0) {
    await sql`
      delete from role_holdings
      where community_id = ${communityId} and discord_user_id = ${userId} and role_id = any(${gone}::text[])`.execute(
      trx,
    );
  }
  if (kept.length === 0) return;
  await sql`
    insert into role_holdings as known (community_id, discord_user_id, role_id, state, reason)
    select ${communityId}::int, ${userId}::text, d.* from unnest(
      ${kept.map(({ roleId }) => roleId)}::text[], ${kept.map(({ holding }) => holding ?? '')}::text[],
      ${kept.map(({ reason }) => reason ?? null)}::text[]
    ) as d(role_id, state, reason)
    on conflict (community_id, discord_user_id, role_id) do update set state = excluded.state, reason = excluded.reason
    where excluded.state <> 'theirs' or known.state = 'left-alone'`.execute(trx);
}

/** Notes that a user is in the server, or only when to look at one who was not looked at. */
export async function noteHolder(
  trx: Transaction<Database>,
  communityId: number,
  { userId, memberId }: { userId: string; memberId: number },
  { joinedAt, lookAt }: { joinedAt: Date | undefined; lookAt: Date },
): Promise<void> {
  await sql`
    insert into role_holders (community_id, discord_user_id, member_id, joined_at, look_at)
    values (${communityId}, ${userId}, ${memberId}, ${joinedAt ?? null}, ${lookAt})
    on conflict (community_id, discord_user_id) do update
      set member_id = excluded.member_id, joined_at = excluded.joined_at, left_at = null, look_at = excluded.look_at`.execute(
    trx,
  );
}

/**
 * Notes that a user is missing from the server. What the user had there is gone, the bot's gifts and others; what somebody
 * took off before stays remembered.
 *
 * @returns since when
 */
export async function noteMissing(
  trx: Transaction<Database>,
  communityId: number,
  { userId, memberId }: { userId: string; memberId: number },
  { now, lookAt }: { now: Date; lookAt: Date },
): Promise<Date> {
  await sql`
    delete from role_holdings
    where community_id = ${communityId} and discord_user_id = ${userId} and state <> 'left-alone'`.execute(trx);
  const { rows } = await sql<{ leftAt: Date }>`
    insert into role_holders as known (community_id, discord_user_id, member_id, left_at, look_at)
    values (${communityId}, ${userId}, ${memberId}, ${now}, ${lookAt})
    on conflict (community_id, discord_user_id) do update
      set member_id = excluded.member_id, left_at = coalesce(known.left_at, excluded.left_at), look_at = excluded.look_at
    returning left_at as "leftAt"`.execute(trx);
  return rows[0]?.leftAt ?? now;
}

/**
 * Forgets a user to whom nothing is due any more. Where something is recorded still, as a role that could not be taken,
 * the user is looked at again some time.
 */
export async function forgetHolder(
  trx: Transaction<Database>,
  communityId: number,
  userId: string,
  lookAt: Date,
): Promise<void> {
  const ofUser = sql`where k.community_id = ${communityId} and k.discord_user_id = ${userId}`;
  await sql`
    delete from role_holders k ${ofUser} and not exists (
      select from role_holdings h where h.community_id = k.community_id and h.discord_user_id = k.discord_user_id)`.execute(
    trx,
  );
  await sql`update role_holders k set look_at = ${lookAt} ${ofUser}`.execute(trx);
}

/** Reads some users who are due to be looked at, those first who have been for longest. */
export async function readDueUsers(
  db: Kysely<Database>,
  communityId: number,
  now: Date,
  limit: number,
): Promise<string[]> {
  const rows = await db
    .selectFrom('role_holders')
    .select('discord_user_id')
    .where('community_id', '=', communityId)
    .where('look_at', '<=', now)
    .orderBy('look_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.discord_user_id);
}
