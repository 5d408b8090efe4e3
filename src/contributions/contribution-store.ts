import { sql, type Transaction } from 'kysely';
import { instantOf, milliseconds, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';

/** A contribution as it is kept. Amounts in thousandths, the multiplier in hundredths. */
export type StoredContribution = {
  sourceId: number;
  id: string;
  memberId: number;
  categoryId: number;
  subject: string | undefined;
  amount: bigint;
  rate: bigint;
  multiplier: bigint;
  reward: bigint;
  reputation: bigint;
  occurredAt: Date;
};

/**
 * Inserts contributions with the sequence numbers from `firstSeq` on, one each in order, leaving out those whose
 * source and id are taken. For a transaction that holds the community's lock.
 *
 * @returns the indexes of those that were inserted.
 */
export async function insertContributions(
  trx: Transaction<Database>,
  communityId: number,
  contributions: readonly StoredContribution[],
  firstSeq: bigint,
  recordedAt: Date,
): Promise<Set<number>> {
  const { rows } = await sql<{ seq: bigint }>`
    insert into contributions (community_id, source_id, external_id, seq, member_id, category_id, subject, amount, rate, multiplier, reward, reputation, occurred_at, recorded_at)
    select ${communityId}::int, source_id, external_id, ${firstSeq}::bigint + n - 1, member_id, category_id, subject, amount, rate, multiplier, reward, reputation, ${instantOf('occurred_at')}, ${recordedAt}::timestamptz
    from unnest(
      ${numbers(contributions.map((row) => row.sourceId))}::int[], ${contributions.map((row) => row.id)}::text[],
      ${numbers(contributions.map((row) => row.memberId))}::int[], ${numbers(contributions.map((row) => row.categoryId))}::int[],
      ${contributions.map((row) => row.subject ?? null)}::text[], ${numbers(contributions.map((row) => row.amount))}::bigint[],
      ${numbers(contributions.map((row) => row.rate))}::bigint[], ${numbers(contributions.map((row) => row.multiplier))}::smallint[],
      ${numbers(contributions.map((row) => row.reward))}::bigint[], ${numbers(contributions.map((row) => row.reputation))}::bigint[],
      ${milliseconds(contributions.map((row) => row.occurredAt))}::bigint[]
    ) with ordinality as d(source_id, external_id, member_id, category_id, subject, amount, rate, multiplier, reward, reputation, occurred_at, n)
    on conflict (community_id, source_id, external_id) do nothing
    returning seq`.execute(trx);
  return new Set(rows.map((row) => Number(row.seq - firstSeq)));
}

/** Reads contributions by source and id. */
export async function readContributions(
  trx: Transaction<Database>,
  communityId: number,
  keys: readonly { sourceId: number; id: string }[],
): Promise<(StoredContribution & { seq: bigint })[]> {
  const { rows } = await sql<
    Omit<StoredContribution, 'subject' | 'multiplier'> & { seq: bigint; subject: string | null; multiplier: number }
  >`
    select c.seq, c.source_id as "sourceId", c.external_id as "id", c.member_id as "memberId", c.category_id as "categoryId", c.subject,
      c.amount, c.rate, c.multiplier, c.reward, c.reputation, c.occurred_at as "occurredAt"
    from unnest(${numbers(keys.map((key) => key.sourceId))}::int[], ${keys.map((key) => key.id)}::text[]) as d(source_id, external_id)
    cross join lateral (
      select * from contributions where community_id = ${communityId} and source_id = d.source_id and external_id = d.external_id offset 0
    ) c`.execute(trx);
  return rows.map((row) => ({ ...row, subject: row.subject ?? undefined, multiplier: BigInt(row.multiplier) }));
}
