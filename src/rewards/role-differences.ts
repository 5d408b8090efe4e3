/** Where the ledger and the records of roles differ, read in pages. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import { discordHandle } from '../members/members.ts';
import type { HoldingState } from './role-decision.ts';

/** How far going through differences has come: before these there are none that were there when it began. */
export type Place = { member: number; user: string };

export const START: Place = { member: 0, user: '' };

/** A role that a member is entitled to and, by the records, has not got. */
export type OwedRole = {
  memberId: number;
  handle: string;
  displayName: string;
  roleId: string;
  /** Null: no Discord account is known. */
  userId: string | null;
  holding: HoldingState | null;
  /** Why it is left alone. */
  reason: string | null;
  leftAt: Date | null;
};

/** A record of a role that its user is not entitled to any more. The user may be no member's account by now. */
export type ExcessRole = {
  userId: string;
  roleId: string;
  holding: HoldingState;
  memberId: number | null;
  handle: string | null;
  displayName: string | null;
};

/** A role that a member is entitled to, and that is known by name alone. */
export type NamedRole = Pick<OwedRole, 'memberId' | 'handle' | 'displayName' | 'userId' | 'leftAt'> & { name: string };

/**
 * Reads the roles that are owed, by member and role.
 *
 * @param askable those alone for which Discord can be asked: not those without an account, missing, or left alone
 */
export function readOwedRoles(
  db: Kysely<Database>,
  communityId: number,
  { pageSize, askable, from = START }: { pageSize: number; askable: boolean; from?: Place },
): AsyncGenerator<OwedRole[]> {
  const which = askable
    ? sql`u.user_id is not null and k.left_at is null and (h.state is null or h.state in ('giving', 'taking'))`
    : sql`(h.state is null or h.state in ('giving', 'taking', 'left-alone'))`;
  return readPages<OwedRole>(pageSize, async (after) => {
    const page = sql`and (member_id, role_id) > (${after?.memberId ?? from.member}::int, ${after?.roleId ?? ''}::text)`;
    const { rows } = await sql<OwedRole>`
      select e.member_id as "memberId", m.handle, m.display_name as "displayName", e.role_id as "roleId",
        u.user_id as "userId", h.state as holding, h.reason, k.left_at as "leftAt"
      from ${entitledRoles(communityId, page)} e
      cross join lateral ${memberOf(communityId, sql`e.member_id`)} m
      cross join lateral ${userOfMember()} u
      left join role_holdings h
        on h.community_id = ${communityId} and h.discord_user_id = u.user_id and h.role_id = e.role_id
      left join role_holders k on k.community_id = ${communityId} and k.discord_user_id = u.user_id
      where ${which} order by e.member_id, e.role_id limit ${pageSize}`.execute(db);
    return rows;
  });
}

/** Reads the records of roles that their users are not entitled to any more, by user and role. */
export function readExcessRoles(
  db: Kysely<Database>,
  communityId: number,
  { pageSize, from = START }: { pageSize: number; from?: Place },
): AsyncGenerator<ExcessRole[]> {
  return readPages<ExcessRole>(pageSize, async (after) => {
    const { rows } = await sql<ExcessRole>`
      select h.discord_user_id as "userId", h.role_id as "roleId", h.state as holding,
        m.member_id as "memberId", m.handle, m.display_name as "displayName"
      from role_holdings h left join lateral ${memberOfUser()} m on true
      where h.community_id = ${communityId}
        and (h.discord_user_id, h.role_id) > (${after?.userId ?? from.user}::text, ${after?.roleId ?? ''}::text)
        and not ${isEntitled(sql`h.community_id`, sql`m.member_id`, sql`h.role_id`)}
      order by h.discord_user_id, h.role_id limit ${pageSize}`.execute(db);
    return rows;
  });
}

/** Reads the roles that are owed and known by name alone, by member and name. */
export function readNamedRoles(
  db: Kysely<Database>,
  communityId: number,
  { pageSize }: { pageSize: number },
): AsyncGenerator<NamedRole[]> {
  return readPages<NamedRole>(pageSize, async (after) => {
    const { rows } = await sql<NamedRole>`
      select e.member_id as "memberId", m.handle, m.display_name as "displayName", e.name,
        u.user_id as "userId", k.left_at as "leftAt"
      from (
        select member_id, name from (
          select member_id, name from grants where community_id = ${communityId} and ${LIVE} and role_id is null
            and (member_id, name) > (${after?.memberId ?? 0}::int, ${after?.name ?? ''}::text)
          group by member_id, name, entitlement having sum(amount) > 0
        ) one group by member_id, name
      ) e
      cross join lateral ${memberOf(communityId, sql`e.member_id`)} m
      cross join lateral ${userOfMember()} u
      left join role_holders k on k.community_id = ${communityId} and k.discord_user_id = u.user_id
      order by e.member_id, e.name limit ${pageSize}`.execute(db);
    return rows;
  });
}

/** Rows of the ledger that stand for a role. What was withdrawn cancels out, and what lapsed is not given any more. */
export const LIVE = live('grants');

/** {@link LIVE} of a table by another name. */
export function live(grants: string): RawBuilder<boolean> {
  return sql`${sql.ref(`${grants}.kind`)} = 'role' and ${sql.ref(`${grants}.state`)} not in ('lapsed', 'withdrawn')`;
}

/**
 * The roles that members are entitled to, as a subquery of `member_id` and `role_id`: by one grant or by several that
 * are in effect.
 *
 * @param which further conditions on the ledger, each with `and` before it
 */
export function entitledRoles(communityId: number, which: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(
    select member_id, role_id from (
      select member_id, role_id from grants
      where community_id = ${communityId} and ${LIVE} and role_id is not null ${which}
      group by member_id, role_id, entitlement having sum(amount) > 0
    ) one group by member_id, role_id)`;
}

/** Whether a member is entitled to a role. */
export function isEntitled(
  communityId: RawBuilder<unknown>,
  memberId: RawBuilder<unknown>,
  roleId: RawBuilder<unknown>,
): RawBuilder<boolean> {
  return sql`exists (
    select from grants where community_id = ${communityId} and ${LIVE} and member_id = ${memberId} and role_id = ${roleId}
    group by entitlement having sum(amount) > 0)`;
}

/** A member, as a subquery of at most one row. It is found by its key for each row, however many the planner expects. */
export function memberOf(communityId: number, memberId: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(select * from members where community_id = ${communityId} and member_id = ${memberId} offset 0)`;
}

/** The Discord user that the member of the row `m` is, as a subquery of one row `user_id`: as `discordUserOf` has it. It is worked out once. */
export function userOfMember(): RawBuilder<unknown> {
  const prefix = discordHandle('');
  return sql`(
    select coalesce(m.discord_user_id, case
      when m.handle like ${sql.lit(`${prefix}%`)} and m.handle ~ ${sql.lit(`^${prefix}[0-9]{1,20}$`)} and not exists (
        select from member_aliases merged where merged.community_id = m.community_id and merged.handle = m.handle)
      then substr(m.handle, ${sql.lit(prefix.length + 1)}) end) as user_id offset 0)`;
}

/** The member that the Discord user of the row `h` is, as a subquery of at most one row: as `findDiscordMember` has it. */
export function memberOfUser(): RawBuilder<unknown> {
  return sql`(
    select found.* from (select ${sql.lit(discordHandle(''))} || h.discord_user_id as handle offset 0) as own
    cross join lateral (
      (select member_id, handle, display_name from members
        where community_id = h.community_id and discord_user_id = h.discord_user_id offset 0)
      union all
      (select member_id, handle, display_name from members
        where community_id = h.community_id and members.handle = own.handle and not exists (
          select from member_aliases merged where merged.community_id = h.community_id and merged.handle = own.handle)
        offset 0)
    ) found limit 1)`;
}

/** Reads page after page, each beginning behind the last row of the one before. */
async function* readPages<Row>(
  pageSize: number,
  read: (after: Row | undefined) => Promise<Row[]>,
): AsyncGenerator<Row[]> {
  let after: Row | undefined;
  for (;;) {
    const rows = await read(after);
    if (rows.length > 0) yield rows;
    after = rows.at(-1);
    if (rows.length < pageSize) return;
  }
}
