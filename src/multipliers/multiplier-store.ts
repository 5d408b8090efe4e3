import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { MultiplierEvent } from './multiplier.ts';

/** An event that is to be inserted. `requestKey` tells the request apart, so that it is fulfilled once. */
export type MultiplierRow = Omit<MultiplierEvent, 'id' | 'cancelledAt'> & {
  requestKey: string | undefined;
  /** For one that is over when it is made: there is nothing left to be said of it. */
  settledAt: Date | undefined;
};

/** Inserts an event, in a transaction that holds the community's lock. Returns its id. */
export async function insertMultiplier(
  trx: Transaction<Database>,
  communityId: number,
  event: MultiplierRow,
  now: Date,
): Promise<number> {
  const { multiplier_id } = await trx
    .insertInto('multipliers')
    .values({
      community_id: communityId,
      name: event.name,
      factor: Number(event.factor),
      category_ids: event.categoryIds ? [...event.categoryIds] : null,
      starts_at: event.startsAt,
      ends_at: event.endsAt,
      announce_at: [...event.announceAt],
      request_key: event.requestKey ?? null,
      created_at: now,
      settled_at: event.settledAt ?? null,
    })
    .returning('multiplier_id')
    .executeTakeFirstOrThrow();
  return multiplier_id;
}

/** Finds an event by its id. @throws DomainError `unknown-multiplier` */
export async function requireMultiplier(
  db: Kysely<Database>,
  communityId: number,
  id: number,
): Promise<MultiplierEvent> {
  const row = await db
    .selectFrom('multipliers')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('multiplier_id', '=', id)
    .executeTakeFirst();
  if (row) return toEvent(row);
  throw new DomainError(
    'unknown-multiplier',
    `There is no multiplier event ${id}. The list of events shows their ids.`,
  );
}

/** Finds the event that a request made. */
export async function readByRequest(
  db: Kysely<Database>,
  communityId: number,
  requestKey: string,
): Promise<MultiplierEvent | undefined> {
  const row = await db
    .selectFrom('multipliers')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('request_key', '=', requestKey)
    .executeTakeFirst();
  return row && toEvent(row);
}

/** A page of the events: running ones, then scheduled ones, then those that are over or cancelled; of each, the newest first. */
export async function readMultipliers(
  db: Kysely<Database>,
  communityId: number,
  { limit, offset }: { limit: number; offset: number },
  now: Date,
): Promise<{ total: number; multipliers: MultiplierEvent[] }> {
  const ofCommunity = db.selectFrom('multipliers').where('community_id', '=', communityId);
  const { total } = await ofCommunity.select((eb) => eb.fn.countAll<bigint>().as('total')).executeTakeFirstOrThrow();
  const rows = await ofCommunity
    .selectAll()
    .orderBy(
      sql`case when cancelled_at is not null or ends_at <= ${now} then 3 when starts_at > ${now} then 2 else 1 end`,
    )
    .orderBy('multiplier_id', 'desc')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total: Number(total), multipliers: rows.map(toEvent) };
}

/** The events of all communities that are over and have yet to be settled. */
export async function readUnsettled(
  db: Kysely<Database>,
  now: Date,
): Promise<{ communityId: number; event: MultiplierEvent }[]> {
  const rows = await db
    .selectFrom('multipliers')
    .selectAll()
    .where('settled_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .where('ends_at', '<=', now)
    .orderBy('ends_at')
    .execute();
  return rows.map((row) => ({ communityId: row.community_id, event: toEvent(row) }));
}

/** A stretch of time of some categories; undefined: of all. The start belongs to it, the end does not. */
export type Stretch = { categoryIds: readonly number[] | undefined; from: Date; to: Date };

/** When the first or the last contribution of a stretch occurred that was recorded, voided ones included. */
export async function findRecorded(
  db: Kysely<Database>,
  communityId: number,
  { categoryIds, from, to }: Stretch,
  which: 'first' | 'last',
): Promise<Date | undefined> {
  const order = which === 'first' ? sql`asc` : sql`desc`;
  const { rows } = await sql<{ at: Date }>`
    select recorded.at from (${categoriesOf(communityId, categoryIds)}) g cross join lateral (
      select c.occurred_at as at from contributions c
      where c.community_id = ${communityId} and c.category_id = g.category_id
        and c.occurred_at >= ${from}::timestamptz and c.occurred_at < ${to}::timestamptz
      order by c.occurred_at ${order} limit 1
    ) recorded order by recorded.at ${order} limit 1`.execute(db);
  return rows[0]?.at;
}

/** What a factor brought in a stretch: the contributions that it priced, and the OMNIT that they earned more by it. */
export async function sumExtra(
  db: Kysely<Database>,
  communityId: number,
  { categoryIds, from, to }: Stretch,
  factor: bigint,
): Promise<{ contributions: bigint; extra: bigint }> {
  const { rows } = await sql<{ contributions: bigint; extra: bigint }>`
    select count(*) as contributions, coalesce(sum(c.reward - c.amount * c.rate / 1000), 0)::bigint as extra
    from (${categoriesOf(communityId, categoryIds)}) g cross join lateral (
      select c.amount, c.rate, c.reward from contributions c
      where c.community_id = ${communityId} and c.category_id = g.category_id
        and c.occurred_at >= ${from}::timestamptz and c.occurred_at < ${to}::timestamptz
        and c.multiplier = ${factor}::smallint and c.rate > 0 and c.counted
    ) c`.execute(db);
  return rows[0] ?? { contributions: 0n, extra: 0n };
}

function categoriesOf(communityId: number, categoryIds: readonly number[] | undefined) {
  return categoryIds
    ? sql`select unnest(${numbers(categoryIds)}::int[]) as category_id`
    : sql`select category_id from categories where community_id = ${communityId}`;
}

function toEvent(row: Selectable<Database['multipliers']>): MultiplierEvent {
  return {
    id: row.multiplier_id,
    name: row.name,
    factor: BigInt(row.factor),
    categoryIds: row.category_ids ?? undefined,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    announceAt: row.announce_at,
    cancelledAt: row.cancelled_at ?? undefined,
  };
}
