import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/** What a unit earns from a moment on, in thousandths. `until`: when the next rate of the same kind begins, if one does. */
export type ListedRate = {
  id: number;
  category: string;
  /** Undefined: for every subject without a rate of its own. */
  subject: string | undefined;
  rate: bigint;
  from: Date;
  until: Date | undefined;
};

/** Lists the rates of a community that hold at a moment or later: by category, then by subject, then by time. */
export async function listRates(db: Kysely<Database>, communityId: number, now: Date): Promise<ListedRate[]> {
  const rows = await db
    .selectFrom('rates as r')
    .innerJoin('categories as g', (join) =>
      join.onRef('g.community_id', '=', 'r.community_id').onRef('g.category_id', '=', 'r.category_id'),
    )
    .select((eb) => [
      'r.rate_id',
      'g.slug',
      'r.subject',
      'r.rate',
      'r.starts_at',
      eb.fn
        .agg<Date | null>('lead', ['r.starts_at'])
        .over((over) => over.partitionBy(['r.category_id', 'r.subject']).orderBy('r.starts_at'))
        .as('until'),
    ])
    .where('r.community_id', '=', communityId)
    .orderBy('r.category_id')
    .orderBy('r.subject')
    .orderBy('r.starts_at')
    .execute();
  return rows
    .filter(({ until }) => until === null || until > now)
    .map((row) => ({
      id: row.rate_id,
      category: row.slug,
      subject: row.subject || undefined,
      rate: row.rate,
      from: row.starts_at,
      until: row.until ?? undefined,
    }));
}
