import { sql } from 'kysely';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { connect } from '../../src/db/connect.ts';
import { makeCommunity, NOW, record, recording } from '../support/communities.ts';
import { award, badgeDifferencesOf } from '../support/badges.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const MINUTE_MS = 60_000;
const MEMBERS = 2_000;
/** Of all, half are one member's. */
const EVENTS = 100_000;
const BATCH = 2_000;
const NEW = 20;

let community: Awaited<ReturnType<typeof makeCommunity>>;
let sent = 0;

/** Contributions as they come: every other one of the same member, the latest last. */
function next(count: number): Contribution[] {
  return Array.from({ length: count }, () => {
    sent += 1;
    return {
      id: `e${sent}`,
      contributor: sent % 2 ? 'heavy' : `m${sent % MEMBERS}`,
      category: sent % 3 ? 'gpu-contributors' : 'data-validators',
      amount: 1_000n,
      occurredAt: new Date(NOW.getTime() - (EVENTS - sent) * MINUTE_MS),
    };
  });
}

beforeAll(async () => {
  community = await makeCommunity(database.db);
  const context = recording(database.db);
  for (let from = 0; from < EVENTS; from += BATCH) await record(context, community, next(BATCH));
  await award(context, community);
  expect(await badgeDifferencesOf(context, community)).toEqual([]);
  await sql`vacuum analyze`.execute(database.db);
}, 240_000);

/** The blocks of tables and indexes that the server touches for some work, on a connection of its own. */
async function blocksTouchedBy(work: (db: typeof database.db) => Promise<unknown>): Promise<number> {
  const db = connect(database.url, { maxConnections: 1 });
  onTestFinished(() => db.destroy());
  const count = async () => {
    await sql`select pg_stat_force_next_flush()`.execute(db);
    const { rows } = await sql<{ blocks: bigint }>`
      select sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))::bigint as blocks
      from pg_statio_user_tables`.execute(db);
    return Number(rows[0]?.blocks);
  };
  // Once before, so that what is measured is not the first use of a connection.
  await work(db);
  const before = await count();
  await work(db);
  return (await count()) - before;
}

it('BA-21 awarding costs what has come since the last run, whatever members have contributed before', async () => {
  const { rows } = await sql<{ pages: number }>`
    select relpages as pages from pg_class where relname = 'contributions'`.execute(database.db);
  expect(rows[0]?.pages).toBeGreaterThan(1_000);
  const idle = await blocksTouchedBy((db) => award(recording(db), community));
  const busy = await blocksTouchedBy(async (db) => {
    await record(recording(database.db), community, next(NEW));
    await award(recording(db), community);
  });
  expect(idle).toBeGreaterThan(0);
  expect(idle).toBeLessThan(100);
  expect(busy - idle).toBeGreaterThan(NEW);
  expect(busy - idle).toBeLessThan(25 * NEW);
});
