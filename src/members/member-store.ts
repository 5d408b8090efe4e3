import { sql, type Kysely, type Transaction } from 'kysely';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';

/** What contributions add to a member, and the newest name they brought. */
export type MemberGain = {
  memberId: number;
  omnit: bigint;
  reputation: bigint;
  displayName: { text: string; at: Date } | undefined;
};

/** Finds the ids of members by handle, the survivor's of a merged one; those that do not exist are left out. */
export async function findMembers(
  db: Kysely<Database>,
  communityId: number,
  handles: readonly string[],
): Promise<Map<string, number>> {
  const { rows } = await sql<{ handle: string; memberId: number | null }>`
    select d.handle, coalesce(
      (select a.member_id from member_aliases a where a.community_id = ${communityId} and a.handle = d.handle),
      (select m.member_id from members m where m.community_id = ${communityId} and m.handle = d.handle)
    ) as "memberId" from unnest(${handles}::text[]) as d(handle)`.execute(db);
  return new Map(rows.flatMap(({ handle, memberId }) => (memberId === null ? [] : [[handle, memberId]])));
}

/** Those of some members whose data was deleted. */
export async function findDeleted(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Set<number>> {
  if (memberIds.length === 0) return new Set();
  const { rows } = await sql<{ memberId: number }>`
    select member_id as "memberId" from members
    where community_id = ${communityId} and member_id = any(${numbers(memberIds)}::int[]) and deleted_at is not null`.execute(
    db,
  );
  return new Set(rows.map(({ memberId }) => memberId));
}

/** The larger of the running totals of members, in thousandths; the survivor's of a merged handle. */
export async function readTotals(
  db: Kysely<Database>,
  communityId: number,
  handles: readonly string[],
): Promise<{ handle: string; largest: bigint }[]> {
  const ids = await findMembers(db, communityId, handles);
  const { rows } = await sql<{ memberId: number; largest: bigint }>`
    select member_id as "memberId", greatest(earned_omnit, earned_reputation) as largest from members
    where community_id = ${communityId} and member_id = any(${numbers([...ids.values()])}::int[])`.execute(db);
  const largest = new Map(rows.map((row) => [row.memberId, row.largest]));
  return [...ids].map(([handle, memberId]) => ({ handle, largest: largest.get(memberId) ?? 0n }));
}

/**
 * Creates members with ids that follow on the last one's, so that they grow in the order of creation. They are shown by
 * their handle until a contribution brings a name. For a transaction that holds the community's lock.
 */
export async function createMembers(
  trx: Transaction<Database>,
  communityId: number,
  members: readonly { memberId: number; handle: string }[],
  createdAt: Date,
): Promise<void> {
  if (members.length === 0) return;
  const ids = members.map((member) => member.memberId);
  await sql`
    with counted as (update communities set last_member_id = ${Math.max(...ids)} where community_id = ${communityId})
    insert into members (community_id, member_id, handle, display_name, display_name_at, created_at)
    select ${communityId}::int, member_id, handle, handle, 'epoch', ${createdAt}::timestamptz
    from unnest(${numbers(ids)}::int[], ${members.map((member) => member.handle)}::text[]) as d(member_id, handle)`.execute(
    trx,
  );
}

/** Adds to the running totals of members, and gives them the names that came with it unless they have a newer one. */
export async function addToMembers(
  trx: Transaction<Database>,
  communityId: number,
  gains: readonly MemberGain[],
): Promise<void> {
  const { numAffectedRows } = await sql`
    update members m set
      earned_omnit = m.earned_omnit + d.omnit,
      earned_reputation = m.earned_reputation + d.reputation,
      display_name = case when d.name_at >= m.display_name_at then d.name else m.display_name end,
      display_name_at = greatest(m.display_name_at, d.name_at)
    from unnest(
      ${numbers(gains.map((gain) => gain.memberId))}::int[], ${numbers(gains.map((gain) => gain.omnit))}::bigint[], ${numbers(gains.map((gain) => gain.reputation))}::bigint[],
      ${gains.map((gain) => gain.displayName?.text ?? null)}::text[], ${instants(gains.map((gain) => gain.displayName?.at))}::timestamptz[]
    ) as d(member_id, omnit, reputation, name, name_at)
    cross join lateral (
      select ctid as tid from members where community_id = ${communityId} and member_id = d.member_id offset 0
    ) known
    where m.ctid = known.tid`.execute(trx);
  // Found by where they lie, which holds as long as whoever changes a member holds the lock.
  if (numAffectedRows !== BigInt(gains.length))
    throw new Error('Members were changed without the lock of their community.');
}
