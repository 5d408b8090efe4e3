import { sql, type Kysely } from 'kysely';
import type { CommunityDirectory } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { formatDecimal, formatMultiplier } from '../ranking/score.ts';

const PAGE = 5_000;

type PricedRow = {
  memberId: number;
  occurredAt: Date;
  seq: bigint;
  source: string;
  id: string;
  categoryId: number;
  subject: string | null;
  amount: bigint;
  rate: bigint;
  multiplier: number;
  reward: bigint;
  reputation: bigint;
};

/**
 * Prices every contribution anew, voided ones included, and says each difference in a sentence. A rate of 0 is right
 * anywhere: so is recorded what counts without earning. Reads only, page by page; can run beside writers.
 */
export async function* verifyPrices(
  db: Kysely<Database>,
  directory: CommunityDirectory,
  slug: string,
): AsyncGenerator<string> {
  const { id: communityId } = await directory.bySlug(slug);
  for (let after: Pick<PricedRow, 'memberId' | 'occurredAt' | 'seq'> | undefined = FIRST; after;) {
    const rows = await readAfter(db, communityId, after);
    // Read after the rows: later settings price what was recorded before as it was priced, earlier ones need not.
    const { categories, prices } = await directory.bySlug(slug);
    const categoryById = new Map(categories.map((category) => [category.id, category]));
    for (const row of rows) {
      const { categoryId, subject, occurredAt, amount } = row;
      const category = categoryById.get(categoryId);
      const price = category && prices.price(category, subject ?? undefined, occurredAt, amount);
      const isRight =
        price !== undefined &&
        BigInt(row.multiplier) === price.multiplier &&
        row.reputation === price.reputation &&
        (row.rate === 0n ? row.reward === 0n : row.rate === price.rate && row.reward === price.reward);
      if (isRight) continue;
      const say = (worth: { rate: bigint; multiplier: bigint; reward: bigint; reputation: bigint }) =>
        `${formatDecimal(worth.rate)} x ${formatMultiplier(worth.multiplier)} = ${formatDecimal(worth.reward)} OMNIT and ${formatDecimal(worth.reputation)} reputation`;
      yield `Contribution "${row.id}" of ${row.source}, ${formatDecimal(amount)} units: ${say({ ...row, multiplier: BigInt(row.multiplier) })}, and by rates and multipliers ${price ? say(price) : 'nothing: its category is gone'}.`;
    }
    after = rows.at(-1);
  }
}

const FIRST = { memberId: 0, occurredAt: new Date(0), seq: 0n };

async function readAfter(
  db: Kysely<Database>,
  communityId: number,
  { memberId, occurredAt, seq }: Pick<PricedRow, 'memberId' | 'occurredAt' | 'seq'>,
): Promise<PricedRow[]> {
  const { rows } = await sql<PricedRow>`
    select c.member_id as "memberId", c.occurred_at as "occurredAt", c.seq, s.name as source, c.external_id as id, c.category_id as "categoryId",
      c.subject, c.amount, c.rate, c.multiplier, c.reward, c.reputation
    from contributions c join sources s on s.community_id = c.community_id and s.source_id = c.source_id
    where c.community_id = ${communityId} and (c.member_id, c.occurred_at, c.seq) > (${memberId}::int, ${occurredAt}::timestamptz, ${seq}::bigint)
    order by c.member_id, c.occurred_at, c.seq limit ${PAGE}`.execute(db);
  return rows;
}
