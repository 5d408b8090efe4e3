import { sql, type Transaction } from 'kysely';
import type { Community } from '../communities/community.ts';
import { lockCommunity } from '../communities/lock.ts';
import { milliseconds, instantOf, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { localDays } from '../ranking/local-day.ts';
import { formatDecimal } from '../ranking/score.ts';

/** Who holds what exceeds a cap, as the history of a contribution names it. */
const CAP_ACTOR = 'the cap';

/** A contribution that was just recorded. The amount is in thousandths. */
export type Capped = {
  memberId: number;
  category: { id: number; slug: string };
  sourceId: number;
  contribution: { id: string; amount: bigint; occurredAt: Date };
};

/**
 * Holds what exceeds a cap: a contribution that, with what counts of its member, category and local day, comes to more.
 * One after the other in the order given, so that a smaller one may still fit. They stay recorded, and count nowhere
 * until an admin releases them. For the transaction that recorded them, with the sequence numbers from `firstSeq` on.
 *
 * @returns those that are held
 */
export async function holdOverCap<One extends Capped>(
  trx: Transaction<Database>,
  community: Community,
  recorded: readonly One[],
  firstSeq: bigint,
  now: Date,
): Promise<ReadonlySet<One>> {
  const held = new Set<One>();
  if (community.caps.size === 0) return held;
  const dayAt = localDays(community.timeZone);
  const capped = recorded.flatMap((one) => {
    const cap = community.caps.get(one.category.id);
    return cap === undefined ? [] : [{ one, cap, day: dayAt(one.contribution.occurredAt) }];
  });
  if (capped.length === 0) return held;
  const before = await sumBefore(trx, community.id, capped, firstSeq);
  const sums = new Map<string, bigint>();
  for (const [position, { one, cap, day }] of capped.entries()) {
    const slot = `${one.memberId} ${one.category.id} ${day.startsAt.getTime()}`;
    const sum = (sums.get(slot) ?? before[position] ?? 0n) + one.contribution.amount;
    if (sum > cap) held.add(one);
    else sums.set(slot, sum);
  }
  await writeHolds(trx, community, [...held], now);
  return held;
}

type Day = { startsAt: Date; endsAt: Date };

/** What counted of the same member, category and day before this batch, for each. */
async function sumBefore(
  trx: Transaction<Database>,
  communityId: number,
  capped: readonly { one: Capped; day: Day }[],
  firstSeq: bigint,
): Promise<bigint[]> {
  const { rows } = await sql<{ sum: bigint }>`
    select (
      select coalesce(sum(c.amount), 0)::bigint from contributions c
      where c.community_id = ${communityId} and c.member_id = d.member_id and c.category_id = d.category_id
        and c.occurred_at >= ${instantOf('d.starts_at')} and c.occurred_at < ${instantOf('d.ends_at')}
        and c.counted and c.seq < ${firstSeq}::bigint
    ) as sum
    from unnest(
      ${numbers(capped.map(({ one }) => one.memberId))}::int[], ${numbers(capped.map(({ one }) => one.category.id))}::int[],
      ${milliseconds(capped.map(({ day }) => day.startsAt))}::bigint[], ${milliseconds(capped.map(({ day }) => day.endsAt))}::bigint[]
    ) with ordinality as d(member_id, category_id, starts_at, ends_at, n)
    order by d.n`.execute(trx);
  return rows.map((row) => row.sum);
}

async function writeHolds(
  trx: Transaction<Database>,
  community: Community,
  held: readonly Capped[],
  now: Date,
): Promise<void> {
  if (held.length === 0) return;
  const { firstSeq } = await lockCommunity(trx, community.id, held.length);
  const reasons = held.map(({ category }) => {
    const cap = community.caps.get(category.id) ?? 0n;
    return `Over the cap of ${formatDecimal(cap)} a member and day in ${category.slug}`;
  });
  await sql`
    with held as materialized (
      select source_id, external_id, reason, ${firstSeq}::bigint + n - 1 as seq from unnest(
        ${numbers(held.map((one) => one.sourceId))}::int[], ${held.map((one) => one.contribution.id)}::text[], ${reasons}::text[]
      ) with ordinality as d(source_id, external_id, reason, n)
    ),
    uncounted as (
      update contributions c set counted = false from held
      where c.community_id = ${community.id} and c.source_id = held.source_id and c.external_id = held.external_id
    ),
    waiting as (
      insert into held_contributions (community_id, seq, source_id, external_id)
      select ${community.id}::int, seq, source_id, external_id from held
    )
    insert into contribution_changes (community_id, seq, source_id, external_id, kind, reason, actor, at)
    select ${community.id}::int, seq, source_id, external_id, 'hold', reason, ${CAP_ACTOR}::text, ${now}::timestamptz from held`.execute(
    trx,
  );
}
