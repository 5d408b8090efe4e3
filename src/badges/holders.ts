import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/** Up to how many are counted: a badge that everybody has is no slower to show than a rare one. */
export const MOST_COUNTED = 10_000;

/** How many have a badge. `orMore`: at least so many; the rest were not counted. */
export type Holders = { holders: number; orMore: boolean };

/** Counts who has the badges of some names, whatever they were granted for. */
export async function countHolders(
  db: Kysely<Database>,
  communityId: number,
  names: readonly string[],
): Promise<Map<string, Holders>> {
  const { rows } = await sql<{ name: string; holders: number }>`
    select d.name, h.holders from unnest(${names}::text[]) as d(name) cross join lateral (
      select count(*)::int as holders from (
        select from grants g where g.community_id = ${communityId} and g.kind = 'badge' and g.name = d.name
        group by g.member_id having sum(g.amount) > 0 order by g.member_id limit ${MOST_COUNTED}
      ) one
    ) h`.execute(db);
  return new Map(rows.map(({ name, holders }) => [name, { holders, orMore: holders === MOST_COUNTED }]));
}

/** Counts who has the badge of a name. */
export async function countHoldersOf(db: Kysely<Database>, communityId: number, name: string): Promise<Holders> {
  return (await countHolders(db, communityId, [name])).get(name) ?? { holders: 0, orMore: false };
}
