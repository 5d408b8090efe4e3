import { sql } from 'kysely';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { isDatabaseAway } from '../../src/db/errors.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

describe('values', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each(['UTC', 'America/New_York', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'Africa/Monrovia'])(
    'ST-9 instants go to the database and back unchanged, also on a host in %s',
    async (timeZone) => {
      vi.stubEnv('TZ', timeZone);
      for (const at of [0, 1, 63_072_000_000, Date.UTC(2026, 2, 8, 7, 30), Date.UTC(9999, 11, 31, 23, 59, 59, 999)]) {
        const { rows } = await sql<{ at: Date; text: string }>`
          select ${new Date(at)}::timestamptz as at, to_char(${new Date(at)}::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as text`.execute(
          database.db,
        );
        expect(rows).toEqual([{ at: new Date(at), text: new Date(at).toISOString() }]);
      }
    },
  );

  it('ST-9 numbers of 64 bits come back exact', async () => {
    const { rows } = await sql<{ n: bigint }>`select 9223372036854775807::bigint as n`.execute(database.db);
    expect(rows).toEqual([{ n: 9_223_372_036_854_775_807n }]);
  });
});

describe('connections', () => {
  it('ST-10 one that breaks in use fails its query as "away", and is replaced', async () => {
    const db = connect(database.url, { maxConnections: 1 });
    onTestFinished(() => db.destroy());
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
    const sleeping = sql`select pg_sleep(60)`.execute(db);
    await Promise.all([
      expect(sleeping).rejects.toSatisfy(isDatabaseAway),
      vi.waitFor(async () => {
        const broken = await sql`
          select pg_terminate_backend(pid) from pg_stat_activity where pid = ${rows[0]?.pid} and state = 'active'`.execute(
          database.db,
        );
        expect(broken.rows).toHaveLength(1);
      }),
    ]);
    // The end of the connection may be seen only by the next query.
    await vi.waitFor(async () => expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]));
  });

  it('ST-10 one that breaks between two queries of a transaction fails the transaction, not the process', async () => {
    const db = connect(database.url, { maxConnections: 1 });
    onTestFinished(() => db.destroy());
    const work = db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`.execute(database.db);
      return sql`select 1`.execute(trx);
    });
    await expect(work).rejects.toSatisfy(isDatabaseAway);
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
  });

  it('ST-10 a server that is not there is "away"', async () => {
    const nowhere = Object.assign(new URL(database.url), { port: '1' }).href;
    const db = connect(nowhere);
    onTestFinished(() => db.destroy());
    await expect(sql`select 1`.execute(db)).rejects.toSatisfy(isDatabaseAway);
  });
});
