/** Whom exclusions keep away, in SQL. */
import { sql, type RawBuilder } from 'kysely';
import { numbers } from '../db/arrays.ts';
import { discordHandle } from '../members/members.ts';

/**
 * The members of a community whom some exclusions keep away, as a query of `member_id`: those excluded themselves, and
 * those whose Discord user was last seen with an excluded role.
 *
 * @param which a condition on the exclusion `x`
 * @param memberIds looks at these members alone
 */
export function keptAway(
  communityId: number,
  which: RawBuilder<boolean>,
  memberIds?: readonly number[],
): RawBuilder<{ member_id: number }> {
  const among = (column: string) =>
    memberIds ? sql`and ${sql.ref(column)} = any(${numbers(memberIds)}::int[])` : sql``;
  // So that only their rows are read.
  const amongUsers = memberIds
    ? sql`and r.discord_user_id in (
        select coalesce(m.discord_user_id, substr(m.handle, ${sql.lit(discordHandle('').length + 1)})) from members m
        where m.community_id = ${communityId} ${among('m.member_id')})`
    : sql``;
  return sql`
    select x.member_id from exclusions x
    where x.community_id = ${communityId} and ${which} and x.member_id is not null ${among('x.member_id')}
    union
    select m.member_id from exclusions x
    join discord_roles r on r.community_id = x.community_id and x.role_id = any(r.role_ids) ${amongUsers}
    cross join lateral ${memberOfRow()} m
    where x.community_id = ${communityId} and ${which} ${among('m.member_id')}`;
}

/** How many members the exclusion `x` concerns: one, or those last seen with its role. */
export function countConcerned(): RawBuilder<number> {
  return sql<number>`case when x.role_id is null then 1 else (
    select count(*) from discord_roles r cross join lateral ${memberOfRow()} m
    where r.community_id = x.community_id and x.role_id = any(r.role_ids)) end::int`;
}

/**
 * The member that the Discord user of the row `r` is, as a table to join laterally: the one linked with, or else the
 * one known from Discord alone, unless that one was merged.
 */
function memberOfRow(): RawBuilder<unknown> {
  return sql`(
    select linked.member_id from members linked
    where linked.community_id = r.community_id and linked.discord_user_id = r.discord_user_id
    union
    select own.member_id from members own
    where own.community_id = r.community_id and own.handle = ${discordHandle('')}::text || r.discord_user_id
      and not exists (
        select from member_aliases merged where merged.community_id = own.community_id and merged.handle = own.handle))`;
}
