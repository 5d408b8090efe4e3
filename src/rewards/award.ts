/** What final tables entitle to, held against what was granted: page by page, however much it is. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import { lastEntry } from './grants.ts';
import {
  mayWin,
  rewardsOf,
  toAward,
  winning,
  wonBy,
  type Award,
  type AwardedBoard,
  type Lines,
  type Stretch,
  type StretchReward,
  type WonRow,
} from './winners.ts';

/** The board of a category in a window whose prizes are given when it is final. */
export type AwardedTable = AwardedBoard & { windowId: number; window: Window; categoryId: number };

/** Something that is won and not in effect. `wasGiven`: it was, and was taken back. */
export type Lacking = { key: string; award: Award; wasGiven: boolean };

/**
 * Finds what some lines of a table win and have not got. Of a member and one merged into it that both won, one wins. A
 * single statement, so that a merge that comes in between confuses nothing.
 */
export async function findLacking(
  db: Kysely<Database>,
  table: AwardedTable,
  stretches: readonly Stretch[],
  lines: Lines,
): Promise<Lacking[]> {
  const rewards = rewardsOf(stretches);
  if (rewards.length === 0) return [];
  const { rows } = await sql<WonRow & { key: string; wasGiven: boolean }>`
    select won.n::int, won.heir as "memberId", min(won.rank)::int as rank, own.key, known.amount is not null as "wasGiven"
    from ${wonBy(table, rewards, lines)} won
    join ${keysTable(table, rewards)} on k.n = won.n
    cross join lateral (select k.key || won.heir as key) own
    left join lateral ${lastEntry(table.communityId, sql`own.key`)} known on true
    where coalesce(known.amount < 0, true) and not (k.is_role and ${rolesEnded(table)})
    group by won.n, won.heir, own.key, known.amount order by 1, 3`.execute(db);
  return rows.flatMap(({ key, wasGiven, ...row }) => toAward(rewards, row).map((award) => ({ key, award, wasGiven })));
}

/** Entitlements that follow each other. `next`: the last of them; undefined, when there are no more. */
export type Excess = { keys: string[]; next: string | undefined };

/** Finds what is in effect and not won among the entitlements of a table behind a key, at most so many. */
export async function findExcess(
  db: Kysely<Database>,
  table: AwardedTable,
  stretches: readonly Stretch[],
  after: string,
  limit: number,
): Promise<Excess> {
  const { communityId, boardId = 0 } = table;
  const prefix = awardPrefix(table);
  const rewards = rewardsOf(stretches);
  const isWonBy = (members: RawBuilder<unknown>) => sql`exists (
    select from ${members} own join standings s on s.community_id = ${communityId} and s.board_id = ${boardId} and s.member_id = own.member_id
    join ${winning(rewards)} join ${keysTable(table, rewards)} on k.n = r.n
    where k.key || page.member_id = page.entitlement and ${mayWin(table)})`;
  // Nearly everybody wins by a line of their own.
  const merged = sql`(
    with recursive own (member_id) as (
      select page.member_id
      union all
      select m.member_id from own join member_merges m on m.community_id = ${communityId} and m.into_member_id = own.member_id
    ) select member_id from own)`;
  const { rows } = await sql<{ seen: number; last: string | null; keys: string[] | null }>`
    with page as materialized (
      select entitlement, sum(amount) <> 0 as in_effect, max(member_id) as member_id, bool_or(kind = 'role') as is_role
      from grants where community_id = ${communityId} and ${isBetween(after || prefix, prefix)}
      group by entitlement order by entitlement limit ${limit}
    )
    select count(*)::int as seen, max(entitlement) as last, array_agg(entitlement order by entitlement) filter (
      where in_effect and not (is_role and ${rolesEnded(table)}) and case
        when ${isWonBy(sql`(select page.member_id)`)} then false else not ${isWonBy(merged)} end
    ) as keys from page`.execute(db);
  const [found] = rows;
  if (!found) return { keys: [], next: undefined };
  return { keys: found.keys ?? [], next: found.seen < limit ? undefined : (found.last ?? undefined) };
}

/** Entitlements behind a key of those that begin with a text that ends with a space. */
export function isBetween(after: string, prefix: string): RawBuilder<boolean> {
  // In the order of bytes they lie before the same with "!" instead.
  return sql`entitlement > ${after} and entitlement < ${prefix.replace(/ $/, '!')}`;
}

/** What entitlements of the prizes of a category in a window begin with. */
function awardPrefix({ windowId, categoryId }: Pick<AwardedTable, 'windowId' | 'categoryId'>): string {
  return `window ${windowId} category ${categoryId} `;
}

/** What entitlements to a reward begin with. What follows is the member's id. */
export function rewardPrefix(
  table: Pick<AwardedTable, 'windowId' | 'categoryId'>,
  { prize, rewardIndex }: Pick<Award, 'prize' | 'rewardIndex'>,
): string {
  return `${awardPrefix(table)}prize ${prize.id} reward ${rewardIndex} member `;
}

/** Rewards as a table `k`: `n`, from 1 on, what entitlements to each begin with, and whether it is a role. */
function keysTable(table: AwardedTable, rewards: readonly StretchReward[]): RawBuilder<unknown> {
  return sql`unnest(
    ${rewards.map((reward) => rewardPrefix(table, reward))}::text[], ${rewards.map(({ reward }) => reward.kind === 'role')}::boolean[]
  ) with ordinality as k(key, is_role, n)`;
}

/**
 * Whether roles of a table are over: once a later window of its kind is frozen, its close takes them back, and nobody
 * gets one any more.
 */
function rolesEnded({
  communityId,
  window,
  categoryId,
}: Pick<AwardedTable, 'communityId' | 'window' | 'categoryId'>): RawBuilder<boolean> {
  return sql`exists (
    select from windows w join final_versions v on v.community_id = w.community_id and v.window_id = w.window_id
    where w.community_id = ${communityId} and w.kind = ${window.kind} and w.starts_at > ${window.startsAt}::timestamptz
      and v.category_id = ${categoryId} and v.version = 1)`;
}

/** As {@link rolesEnded}. */
export async function haveRolesEnded(
  db: Kysely<Database>,
  table: Pick<AwardedTable, 'communityId' | 'window' | 'categoryId'>,
): Promise<boolean> {
  const { rows } = await sql<{ ended: boolean }>`select ${rolesEnded(table)} as ended`.execute(db);
  return rows[0]?.ended === true;
}

/** The members among some who stand on a board. */
export async function amongStandings(
  db: Kysely<Database>,
  communityId: number,
  boardId: number | undefined,
  memberIds: Iterable<number>,
): Promise<number[]> {
  if (boardId === undefined) return [];
  const { rows } = await sql<{ memberId: number }>`
    select member_id as "memberId" from standings
    where community_id = ${communityId} and board_id = ${boardId} and member_id = any(${numbers([...memberIds])}::int[])
    order by member_id`.execute(db);
  return rows.map(({ memberId }) => memberId);
}
