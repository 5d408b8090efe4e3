/** Grants as admins see them: what failed first, with why and what to do. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import { userOfMember } from './role-differences.ts';
import { NOT_LINKED } from './plan-roles.ts';
import type { RewardKind } from './reward.ts';

export const GRANT_STATES = [
  'effective',
  'made',
  'delivering',
  'delivered',
  'failed',
  'withdrawn',
  'lapsed',
] as const satisfies readonly Database['grants']['state']['__select__'][];
export type GrantState = (typeof GRANT_STATES)[number];

/** Kinds that somebody outside delivers, and then says so. */
const KINDS_BY_HAND = ['nft', 'access'] as const satisfies readonly RewardKind[];

export function isDeliveredByHand(kind: RewardKind): boolean {
  return KINDS_BY_HAND.some((one) => one === kind);
}

/** One entry of the ledger of grants. */
export type ListedGrant = {
  id: bigint;
  handle: string;
  displayName: string;
  kind: RewardKind;
  /** Thousandths of tokens, governance and reputation; a count of the others. Below 0: taken back. */
  amount: bigint;
  name: string | undefined;
  roleId: string | undefined;
  /** What it was granted for, or taken back for. */
  reason: string;
  state: GrantState;
  /** Why it failed, waits or lapsed, and what to do. */
  stateReason: string | undefined;
  madeAt: Date;
};

/** `to-do`: what failed, and what waits for somebody to deliver it. */
export type GrantFilter = {
  state?: GrantState | 'to-do' | undefined;
  kind?: RewardKind | undefined;
  memberId?: number | undefined;
};

/** Where a page ended: within what failed, or behind it. */
export type GrantPlace = { failed: boolean; id: bigint };

/**
 * Lists grants: what failed first, then the others, each the latest first.
 *
 * @param before the place where the page before ended
 */
export async function listGrants(
  db: Kysely<Database>,
  communityId: number,
  filter: GrantFilter,
  { limit, before }: { limit: number; before?: GrantPlace | undefined },
): Promise<{ grants: ListedGrant[]; next: GrantPlace | undefined }> {
  const read = async (failed: boolean, rows: number, below: bigint | undefined) => {
    const isOneState = filter.state !== undefined && filter.state !== 'to-do';
    if (rows === 0 || (isOneState && (filter.state === 'failed') !== failed)) return [];
    const others = filter.state === 'to-do' ? WAITS_FOR_HANDS : sql`g.state <> 'failed'`;
    const which = failed ? sql`g.state = 'failed'` : others;
    return selectGrants(db, communityId, sql`${which} ${conditions(filter)} ${isBelow(below)}`, rows);
  };
  const more = limit + 1;
  const failed = before?.failed === false ? [] : await read(true, more, before?.id);
  const others = await read(false, more - failed.length, before?.failed === false ? before.id : undefined);
  const found = [...failed, ...others];
  const grants = found.slice(0, limit);
  const last = grants.at(-1);
  const next = found.length > limit && last ? { failed: last.state === 'failed', id: last.id } : undefined;
  return { grants, next };
}

/** Reads one grant; undefined where there is none. */
export async function readGrant(
  db: Kysely<Database>,
  communityId: number,
  id: bigint,
): Promise<ListedGrant | undefined> {
  const [grant] = await selectGrants(db, communityId, sql`g.grant_id = ${id}`, 1);
  return grant;
}

/** How many grants failed, for how many different reasons, and what to do about the one that most failed for. */
export async function countFailedGrants(
  db: Kysely<Database>,
  communityId: number,
): Promise<{ count: number; reasons: number; first: string | undefined }> {
  const { rows } = await sql<{ reason: string | null; count: number }>`
    select state_reason as reason, count(*)::int as count from grants
    where community_id = ${communityId} and state = 'failed' group by 1 order by 2 desc, 1`.execute(db);
  return {
    count: rows.reduce((sum, { count }) => sum + count, 0),
    reasons: rows.length,
    first: rows[0]?.reason ?? undefined,
  };
}

/** How many grants wait for somebody to deliver them, or to take back what was delivered. */
export async function countToDeliver(db: Kysely<Database>, communityId: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from grants g where g.community_id = ${communityId} and ${WAITS_FOR_HANDS}`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

/** How many grants failed in the whole installation. */
export async function countAllFailedGrants(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select coalesce(sum(failed.count), 0)::int as count from communities c cross join lateral (
      select count(*) from grants g where g.community_id = c.community_id and g.state = 'failed') failed`.execute(db);
  return rows[0]?.count ?? 0;
}

const WAITS_FOR_HANDS = sql`g.state = 'made' and g.kind = any(${[...KINDS_BY_HAND]}::text[])`;

function conditions({ state, kind, memberId }: GrantFilter): RawBuilder<unknown> {
  return sql`${state === undefined || state === 'to-do' ? sql`` : sql`and g.state = ${state}`}
    ${kind === undefined ? sql`` : sql`and g.kind = ${kind}`}
    ${memberId === undefined ? sql`` : sql`and g.member_id = ${memberId}`}`;
}

function isBelow(id: bigint | undefined): RawBuilder<unknown> {
  return id === undefined ? sql`` : sql`and g.grant_id < ${id}`;
}

async function selectGrants(
  db: Kysely<Database>,
  communityId: number,
  which: RawBuilder<unknown>,
  limit: number,
): Promise<ListedGrant[]> {
  const { rows } = await sql<
    Omit<ListedGrant, 'name' | 'roleId' | 'stateReason'> & Record<'name' | 'roleId' | 'stateReason', string | null>
  >`
    select g.grant_id as id, m.handle, m.display_name as "displayName", g.kind, g.amount, g.name, g.role_id as "roleId", g.reason,
      g.state, g.made_at as "madeAt",
      coalesce(g.state_reason, case when g.state = 'made' and g.kind = 'role' and u.user_id is null then ${NOT_LINKED}::text end) as "stateReason"
    from grants g
    join members m on m.community_id = g.community_id and m.member_id = g.member_id
    cross join lateral ${userOfMember()} u
    where g.community_id = ${communityId} and ${which}
    order by g.grant_id desc limit ${limit}`.execute(db);
  return rows.map(({ name, roleId, stateReason, ...grant }) => ({
    ...grant,
    name: name ?? undefined,
    roleId: roleId ?? undefined,
    stateReason: stateReason ?? undefined,
  }));
}
