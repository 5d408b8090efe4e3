/**
 * What members have contributed in all, by category and source. Kept beside the contributions as awarding goes through
 * them, so that a member of a million contributions costs as much to look at as any other.
 */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { Community } from '../communities/community.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { FEEDBACK_SOURCE } from '../keys/api-keys.ts';
import type { TotalRule } from './rule.ts';

/** The amount in thousandths. */
export type Tally = {
  memberId: number;
  categoryId: number;
  sourceId: number;
  contributions: bigint;
  amount: bigint;
};

/** Sequence numbers after one, up to another. */
export type Stretch = { after: bigint; upTo: bigint };

/** What was recorded within a stretch and counts, summed up. */
export async function sumRecorded(
  trx: Transaction<Database>,
  communityId: number,
  { after, upTo }: Stretch,
): Promise<Tally[]> {
  const recorded = sql`(
    select * from contributions c
    where c.community_id = ${communityId} and c.seq > ${after}::bigint and c.seq <= ${upTo}::bigint and c.counted)`;
  return (await sumTallies(recorded).execute(trx)).rows;
}

/** Adds to what members have contributed. */
export async function addTallies(
  trx: Transaction<Database>,
  communityId: number,
  tallies: readonly Tally[],
): Promise<void> {
  if (tallies.length === 0) return;
  await sql`
    insert into member_tallies (community_id, member_id, category_id, source_id, contributions, amount)
    select ${communityId}::int, d.* from unnest(
      ${numbers(tallies.map(({ memberId }) => memberId))}::int[], ${numbers(tallies.map(({ categoryId }) => categoryId))}::int[],
      ${numbers(tallies.map(({ sourceId }) => sourceId))}::int[], ${numbers(tallies.map(({ contributions }) => contributions))}::bigint[],
      ${numbers(tallies.map(({ amount }) => amount))}::bigint[]
    ) as d(member_id, category_id, source_id, contributions, amount)
    on conflict (community_id, member_id, category_id, source_id) do update set
      contributions = member_tallies.contributions + excluded.contributions, amount = member_tallies.amount + excluded.amount`.execute(
    trx,
  );
}

/** Sums anew what some members have contributed up to a sequence number, as after something of it was voided. */
export async function recountTallies(
  trx: Transaction<Database>,
  communityId: number,
  memberIds: readonly number[],
  upTo: bigint,
): Promise<void> {
  await trx
    .deleteFrom('member_tallies')
    .where('community_id', '=', communityId)
    .where(sql<boolean>`member_id = any(${numbers(memberIds)}::int[])`)
    .execute();
  await addTallies(trx, communityId, await countTallies(trx, communityId, memberIds, upTo));
}

/** What some members have contributed up to a sequence number, by the contributions themselves. */
export async function countTallies(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
  upTo: bigint,
): Promise<Tally[]> {
  // By member: "+ 0" keeps the server from going by sequence numbers, through all members' rows.
  const own = sql`unnest(${numbers(memberIds)}::int[]) as d(member_id) cross join lateral (
    select * from contributions c where c.community_id = ${communityId} and c.member_id = d.member_id and c.counted
      and c.seq + 0 <= ${upTo}::bigint offset 0)`;
  return (await sumTallies(own).execute(db)).rows;
}

/** What some members have contributed, as it is kept. */
export async function readTallies(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Tally[]> {
  if (memberIds.length === 0) return [];
  return db
    .selectFrom('member_tallies')
    .select(['member_id as memberId', 'category_id as categoryId', 'source_id as sourceId', 'contributions', 'amount'])
    .where('community_id', '=', communityId)
    .where(sql<boolean>`member_id = any(${numbers(memberIds)}::int[])`)
    .execute();
}

/** The source whose contributions are credited feedback; undefined where nobody has credited any. */
export async function findFeedbackSource(db: Kysely<Database>, communityId: number): Promise<number | undefined> {
  const source = await db
    .selectFrom('sources')
    .select('source_id')
    .where('community_id', '=', communityId)
    .where('name', '=', FEEDBACK_SOURCE)
    .executeTakeFirst();
  return source?.source_id;
}

/** Reckons how far somebody has come by what a rule asks for: what of a tally counts, and how much it takes. */
export function totalOf(
  rule: TotalRule,
  { categories }: Pick<Community, 'categories'>,
  feedbackSource: number | undefined,
): { of: (tally: Tally) => bigint; wanted: bigint } {
  const categoryId = 'category' in rule ? categories.find(({ slug }) => slug === rule.category)?.id : undefined;
  switch (rule.kind) {
    case 'contributions': {
      const isMeant = (tally: Tally) => rule.category === undefined || tally.categoryId === categoryId;
      return { of: (tally) => (isMeant(tally) ? tally.contributions : 0n), wanted: BigInt(rule.atLeast) };
    }
    case 'amount':
      return { of: (tally) => (tally.categoryId === categoryId ? tally.amount : 0n), wanted: rule.atLeast };
    case 'feedback':
      return {
        of: (tally) => (tally.sourceId === feedbackSource ? tally.contributions : 0n),
        wanted: BigInt(rule.atLeast),
      };
  }
}

/** Sums tallies by member. */
export function sumByMember(tallies: readonly Tally[], of: (tally: Tally) => bigint): Map<number, bigint> {
  const sums = new Map<number, bigint>();
  for (const tally of tallies) sums.set(tally.memberId, (sums.get(tally.memberId) ?? 0n) + of(tally));
  return sums;
}

/** Sums the contributions `c` of a table expression. */
function sumTallies(contributions: RawBuilder<unknown>): RawBuilder<Tally> {
  return sql<Tally>`
    select c.member_id as "memberId", c.category_id as "categoryId", c.source_id as "sourceId",
      count(*) as contributions, sum(c.amount)::bigint as amount
    from ${contributions} c group by 1, 2, 3`;
}
