import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { NOT_LINKED, NOT_THERE } from './plan-roles.ts';
import { isEntitled, live, LIVE, memberOf, userOfMember } from './role-differences.ts';

/** Who acts where no person does. */
export const RECONCILER: Actor = { name: 'role reconciler' };

/** Whether there is no later entry of the entitlement of the row `g`: those before it are history. */
export const IS_LATEST = sql`not exists (
  select from grants later
  where later.community_id = g.community_id and later.entitlement = g.entitlement and later.version > g.version offset 0)`;

/**
 * Brings the states of the role grants of some members in line with the records of roles: delivered, failed and why, or
 * waiting and for what. For a transaction that holds the community's lock. Safe to repeat.
 *
 * @param refused why roles cannot be given, by id or `@` and name
 * @param putOff why what is under way waits, where Discord could not be asked
 */
export async function settleRoleGrants(
  trx: Transaction<Database>,
  communityId: number,
  memberIds: readonly number[],
  refused: ReadonlyMap<string, string>,
  putOff?: string,
): Promise<void> {
  // Row by row, by key, whatever the planner believed of the tables when it last looked; and the rows are updated by where
  // they lie: under the lock nobody moves them.
  await sql`
    with latest as materialized (
      select g.tid, g.state, g.state_reason, u.user_id, h.state as holding, h.reason as left_alone, k.left_at,
        r.reason as refusal, g.amount > 0 as is_gift,
        h.state in ('giving', 'ours', 'taking') and not ${isEntitled(sql`g.community_id`, sql`g.member_id`, sql`g.role_id`)} as is_to_go
      from unnest(${numbers(memberIds)}::int[]) as who(member_id)
      cross join lateral ${memberOf(communityId, sql`who.member_id`)} m
      cross join lateral ${userOfMember()} u
      cross join lateral (
        select ctid as tid, * from grants
        where community_id = ${communityId} and member_id = who.member_id and ${LIVE}
          -- What was taken is done with.
          and (amount > 0 or state <> 'delivered') offset 0
      ) g
      left join lateral (
        select state, reason from role_holdings
        where community_id = ${communityId} and discord_user_id = u.user_id and role_id = g.role_id offset 0
      ) h on true
      left join lateral (
        select left_at from role_holders where community_id = ${communityId} and discord_user_id = u.user_id offset 0
      ) k on true
      left join unnest(${[...refused.keys()]}::text[], ${[...refused.values()]}::text[]) as r(role, reason)
        on r.role = coalesce(g.role_id, '@' || g.name)
      where ${IS_LATEST}
    ), settled as (
      select latest.tid, latest.state as before, latest.state_reason as reason_before, d.*
      from latest cross join lateral (
        select state, reason from (values
          (1, 'delivered', null, is_gift and holding in ('ours', 'theirs')),
          (2, 'delivered', null, not is_gift and is_to_go is not true),
          (3, 'failed', left_alone, is_gift and holding = 'left-alone'),
          (4, 'failed', refusal, refusal is not null),
          (5, 'made', ${NOT_LINKED}::text, is_gift and user_id is null),
          (6, 'made', ${NOT_THERE}::text, is_gift and left_at is not null),
          (7, 'made', ${putOff ?? null}::text, true)
        ) as v(n, state, reason, applies) where applies order by n limit 1
      ) d
    )
    update grants g set state = s.state, state_reason = s.reason from settled s
    where g.ctid = s.tid and (s.state, s.reason) is distinct from (s.before, s.reason_before)`.execute(trx);
}

/** Marks the grants of some roles of a member as being delivered, in a transaction that holds the community's lock. */
export async function markDelivering(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  roleIds: readonly string[],
): Promise<void> {
  await sql`
    update grants set state = 'delivering', state_reason = null
    where community_id = ${communityId} and member_id = ${memberId} and role_id = any(${roleIds}::text[])
      and ${LIVE} and state in ('made', 'failed')`.execute(trx);
}

/**
 * Lets the roles lapse that a member was granted before a moment and has not come back for. The audit log says so. For a
 * transaction that holds the community's lock. Safe to repeat.
 *
 * @returns how many grants lapsed
 */
export async function lapseRoleGrants(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  { madeBefore, reason, now }: { madeBefore: Date; reason: string; now: Date },
): Promise<number> {
  const { rows } = await sql<{ handle: string; grants: string[] }>`
    with lapsed as (
      update grants g set state = 'lapsed', state_reason = ${reason}
      where g.community_id = ${communityId} and g.member_id = ${memberId} and ${live('g')} and g.amount > 0 and ${IS_LATEST}
        and g.made_at <= ${madeBefore}
      returning g.grant_id
    )
    select m.handle, array_agg(lapsed.grant_id::text order by lapsed.grant_id) as grants
    from lapsed join members m on m.community_id = ${communityId} and m.member_id = ${memberId} group by m.handle`.execute(
    trx,
  );
  const [row] = rows;
  if (!row) return 0;
  await writeAudit(trx, {
    communityId,
    at: now,
    actor: RECONCILER,
    action: 'grant.lapse',
    target: row.handle,
    after: { grants: row.grants, reason },
  });
  return row.grants.length;
}
