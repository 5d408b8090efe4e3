import { sql } from 'kysely';
import { describe, expect, it, vi } from 'vitest';
import { lockCommunity } from '../../src/communities/lock.ts';
import { Intake } from '../../src/contributions/intake.ts';
import type { BatchEntry, Outcome } from '../../src/contributions/batch.ts';
import { isDatabaseAway } from '../../src/db/errors.ts';
import { contribution, makeCommunity, NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

async function setUp() {
  const { id, sourceId } = await makeCommunity(database.db);
  const intake = new Intake(recording(database.db));
  const entry = (fields: Parameters<typeof contribution>[0]): BatchEntry => ({
    sourceId,
    contribution: contribution(fields),
  });
  return { id, intake, entry, record: (...entries: BatchEntry[]) => intake.record(id, entries, NOW) };
}

const statuses = (outcomes: readonly Outcome[]) => outcomes.map(({ status }) => status);

/** How many transactions wrote the contributions of a community. */
async function transactionsOf(communityId: number): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(distinct xmin::text)::int as count from contributions where community_id = ${communityId}`.execute(
    database.db,
  );
  return rows[0]?.count ?? 0;
}

describe('group commit', () => {
  it('IN-20 single calls that come at once share transactions, and each gets its own answer', async () => {
    const { id, entry, record } = await setUp();
    const calls = Array.from({ length: 1000 }, (_, index) =>
      record(entry({ id: `e${index % 900}`, contributor: `m${index % 50}`, amount: `${1 + (index % 900)}` })),
    );
    const answers = await Promise.all(calls);
    for (const [index, outcomes] of answers.entries()) {
      const reward = BigInt(1 + (index % 900)) * 6250n;
      expect(outcomes).toEqual([
        index < 900
          ? { status: 'accepted', reward, multiplier: 100n, late: [] }
          : { status: 'duplicate', reward, multiplier: 100n, late: [] },
      ]);
    }
    expect(await transactionsOf(id)).toBeLessThanOrEqual(4);
  });

  it('IN-20 large calls are not gathered beyond what a transaction should hold, and keep their order', async () => {
    const { id, entry, record } = await setUp();
    const calls = await Promise.all(
      Array.from({ length: 5 }, (_, call) =>
        record(
          ...Array.from({ length: 900 }, (_, index) => entry({ id: `e${call}-${index}`, contributor: `m${index}` })),
        ),
      ),
    );
    expect(calls.map((outcomes) => outcomes.length)).toEqual([900, 900, 900, 900, 900]);
    expect(await transactionsOf(id)).toBe(3);
    const rows = await database.db
      .selectFrom('contributions')
      .select('external_id')
      .where('community_id', '=', id)
      .orderBy('seq')
      .execute();
    expect(rows.map((row) => row.external_id.split('-')[0])).toEqual(
      Array.from({ length: 4500 }, (_, index) => `e${Math.floor(index / 900)}`),
    );
  });

  it('IN-21 a call that fails by a fault of its own does not spoil those gathered with it', async () => {
    const { entry, record } = await setUp();
    const good = entry({ id: 'good' });
    // A text that PostgreSQL cannot store gets past no edge; here it stands for a fault that nobody foresaw.
    const poisoned = { ...entry({ id: 'bad' }), contribution: { ...good.contribution, id: 'b\u0000d' } };
    const first = record(entry({ id: 'first' }));
    const [before, bad, after] = await Promise.allSettled([
      record(good),
      record(poisoned),
      record(entry({ id: 'more' })),
    ]);
    expect(statuses(await first)).toEqual(['accepted']);
    expect(before).toMatchObject({ status: 'fulfilled', value: [{ status: 'accepted' }] });
    expect(bad).toMatchObject({ status: 'rejected' });
    expect(after).toMatchObject({ status: 'fulfilled', value: [{ status: 'accepted' }] });
    expect(statuses(await record(good))).toEqual(['duplicate']);
  });

  it('IN-21 calls for a community that is not there fail each, and the next call works', async () => {
    const { intake, entry, record } = await setUp();
    const results = await Promise.allSettled(
      [1, 2, 3].map((n) => intake.record(999_999, [entry({ id: `e${n}` })], NOW)),
    );
    for (const result of results)
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'unknown-community' } });
    expect(statuses(await record(entry({ id: 'e1' })))).toEqual(['accepted']);
  });

  it('IN-22 when the connection breaks, the calls on it fail with nothing half-written, and the process lives on', async () => {
    const { id, entry, record } = await setUp();
    const call = (n: number) =>
      record(...Array.from({ length: 100 }, (_, index) => entry({ id: `e${n}-${index}`, contributor: `m${index}` })));
    const calls = await database.db.transaction().execute(async (trx) => {
      await lockCommunity(trx, id);
      const waiting = [call(0), call(1), call(2)];
      const results = Promise.allSettled(waiting);
      // Breaks the connection of the first transaction, which waits for the lock held here.
      await vi.waitFor(async () => {
        const { rows } = await sql`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db);
        expect(rows).toHaveLength(1);
      });
      await waiting[0]?.catch((error: unknown) => expect(isDatabaseAway(error)).toBe(true));
      return { results };
    });
    expect((await calls.results).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    const again = await Promise.all([call(0), call(1), call(2)]);
    expect(again.map((outcomes) => [...new Set(statuses(outcomes))])).toEqual([
      ['accepted'],
      ['duplicate'],
      ['duplicate'],
    ]);
  });

  it('IN-20 an empty call is answered at once', async () => {
    const { record } = await setUp();
    expect(await record()).toEqual([]);
  });
});
