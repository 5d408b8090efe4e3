import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Reward, RewardKind } from './reward.ts';

/** A reward that somebody is entitled to. */
export type Entitlement = {
  /** Makes it once: `quest 12 round 3 reward 0 member 7`. */
  key: string;
  memberId: number;
  reward: Reward;
  /** What for, as people read it. */
  reason: string;
};

/**
 * Grants what somebody is entitled to. What was granted before under the same key is left as it is, so repeating is
 * harmless, whatever crashed. Tokens and the like are in effect at once; roles, NFTs and access have to be delivered.
 *
 * @returns the keys that were granted now
 */
export async function makeGrants(
  trx: Transaction<Database>,
  communityId: number,
  entitlements: readonly Entitlement[],
  now: Date,
): Promise<Set<string>> {
  if (entitlements.length === 0) return new Set();
  const rewards = entitlements.map(({ reward }) => reward);
  const { rows } = await sql<{ entitlement: string }>`
    insert into grants (community_id, entitlement, member_id, kind, amount, name, role_id, reason, state, made_at)
    select ${communityId}::int, d.*, case when d.kind in ('role', 'nft', 'access') then 'made' else 'effective' end, ${now}::timestamptz
    from unnest(
      ${entitlements.map(({ key }) => key)}::text[], ${numbers(entitlements.map(({ memberId }) => memberId))}::int[],
      ${rewards.map(({ kind }) => kind)}::text[], ${numbers(rewards.map(amountOf))}::bigint[],
      ${rewards.map((reward) => ('name' in reward ? (reward.name ?? null) : null))}::text[],
      ${rewards.map((reward) => (reward.kind === 'role' ? (reward.roleId ?? null) : null))}::text[],
      ${entitlements.map(({ reason }) => reason)}::text[]
    ) as d(entitlement, member_id, kind, amount, name, role_id, reason)
    on conflict (community_id, entitlement, version) do nothing
    returning entitlement`.execute(trx);
  return new Set(rows.map((row) => row.entitlement));
}

/**
 * Takes back what was granted under some keys, by an entry of the opposite amount: nothing is erased, and what was paid
 * already is owed back. What had yet to be delivered is withdrawn with it; what was delivered has to be taken back. What
 * was taken back before stays so; safe to repeat.
 */
export async function takeBackGrants(
  trx: Transaction<Database>,
  communityId: number,
  keys: readonly string[],
  reason: string,
  now: Date,
): Promise<void> {
  await sql`
    with taken as (
      select entitlement, max(version) as version, member_id, kind, -sum(amount) as amount, name, role_id,
        (array_agg(state order by version desc))[1] as state
      from grants where community_id = ${communityId} and entitlement = any(${keys}::text[])
      group by entitlement, member_id, kind, name, role_id
      having sum(amount) <> 0
    ), withdrawn as (
      update grants g set state = 'withdrawn', state_reason = null from taken t
      where g.community_id = ${communityId} and g.entitlement = t.entitlement and g.version = t.version
        and t.state in ('made', 'delivering', 'failed')
    )
    insert into grants (community_id, entitlement, version, member_id, kind, amount, name, role_id, reason, state, made_at)
    select ${communityId}::int, entitlement, version + 1, member_id, kind, amount, name, role_id, ${reason}::text,
      case state when 'effective' then 'effective' when 'delivered' then 'made' else 'withdrawn' end, ${now}::timestamptz
    from taken`.execute(trx);
}

/**
 * Grants again what had been taken back under some keys, as when a voided contribution counts after all. Safe to repeat.
 */
export async function giveAgain(
  trx: Transaction<Database>,
  communityId: number,
  keys: readonly string[],
  reason: string,
  now: Date,
): Promise<void> {
  await sql`
    insert into grants (community_id, entitlement, version, member_id, kind, amount, name, role_id, reason, state, made_at)
    select community_id, entitlement, max(version) + 1, member_id, kind, max(amount) filter (where version = 1), name, role_id, ${reason}::text,
      case when kind in ('role', 'nft', 'access') then 'made' else 'effective' end, ${now}::timestamptz
    from grants where community_id = ${communityId} and entitlement = any(${keys}::text[])
    group by community_id, entitlement, member_id, kind, name, role_id
    having sum(amount) = 0`.execute(trx);
}

/**
 * Moves the grants of a merged member to the survivor. What ends with `member 7` in its key ends with the survivor's id
 * then, so that it cannot be granted again. Where both were entitled to the same, the survivor's own stands for both.
 */
export async function moveGrants(
  trx: Transaction<Database>,
  communityId: number,
  from: number,
  into: number,
  reason: string,
  now: Date,
): Promise<void> {
  const moved = sql`regexp_replace(g.entitlement, ${` member ${from}$`}::text, ${` member ${into}`}::text)`;
  const { rows: shared } = await sql<{ own: string; survivors: string; isInEffect: boolean }>`
    select g.entitlement as own, s.entitlement as survivors, sum(g.amount) <> 0 as "isInEffect"
    from grants g cross join lateral (
      select s.entitlement from grants s
      where s.community_id = g.community_id and s.entitlement = ${moved} and s.member_id = ${into} limit 1
    ) s
    where g.community_id = ${communityId} and g.member_id = ${from}
    group by 1, 2`.execute(trx);
  const own = shared.map((grant) => grant.own);
  await takeBackGrants(trx, communityId, own, reason, now);
  const inEffect = shared.filter((grant) => grant.isInEffect).map((grant) => grant.survivors);
  await giveAgain(trx, communityId, inEffect, reason, now);
  await sql`
    update grants g set member_id = ${into}::int, entitlement = case when g.entitlement = any(${own}::text[]) then g.entitlement else ${moved} end
    where g.community_id = ${communityId} and g.member_id = ${from}`.execute(trx);
}

/**
 * The last entry under a key, as a subquery of at most one row `amount`: above 0, the key is in effect; below, it was
 * taken back. In the order of versions, so that it is found by key also by a plan that was made while there were no grants.
 */
export function lastEntry(communityId: number, key: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(
    select amount from grants where community_id = ${communityId} and entitlement = ${key} order by version desc limit 1)`;
}

/** What a member was granted, in all. Tokens, governance tokens and reputation in thousandths. */
export type Granted = {
  tokens: bigint;
  governance: bigint;
  reputation: bigint;
  badges: { name: string; count: number }[];
};

/** Sums what a member was granted: balances are sums of the ledger, never kept beside it. */
export async function readGranted(db: Kysely<Database>, communityId: number, memberId: number): Promise<Granted> {
  const { rows } = await sql<{ kind: RewardKind; name: string | null; total: bigint }>`
    select kind, case when kind = 'badge' then name end as name, sum(amount)::bigint as total from grants
    where community_id = ${communityId} and member_id = ${memberId}
    group by 1, 2 having sum(amount) <> 0 order by min(made_at)`.execute(db);
  const total = (kind: RewardKind) => rows.find((row) => row.kind === kind)?.total ?? 0n;
  return {
    tokens: total('tokens'),
    governance: total('governance'),
    reputation: total('reputation'),
    badges: rows.flatMap((row) =>
      row.kind === 'badge' && row.name ? [{ name: row.name, count: Number(row.total) }] : [],
    ),
  };
}

function amountOf(reward: Reward): bigint {
  return 'amount' in reward ? reward.amount : 1n;
}
