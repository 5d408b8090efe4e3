import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { runCli, startCli } from '../cli/run-cli.ts';
import { AppProcess, DataDir, hasEnded, isRunning, verifyStandings, type Settings } from '../support/app-process.ts';
import { ContributionLoad } from '../support/contribution-load.ts';
import { useDatabase } from '../support/database.ts';

const CALLERS = 12;
const IMPORTED = 12_000;

/** A server on an embedded PostgreSQL that is loaded by callers and by an import, which goes on by itself when the server is back. */
async function startUnderLoad(dataDir: DataDir) {
  const settings = { DATA_DIR: dataDir.path };
  const app = await AppProcess.start(settings);
  const file = join(dataDir.path, 'import.ndjson');
  const lines = Array.from({ length: IMPORTED }, (_, n) =>
    JSON.stringify({
      id: `imported-${n}`,
      contributor: `imported-${n % 500}`,
      category: 'gpu-contributors',
      amount: '0.16',
      occurredAt: new Date(Date.UTC(2026, 0, 1) + n * 60_000),
    }),
  );
  await writeFile(file, `${lines.join('\n')}\n`);
  const env = { OMNITENSOR_URL: app.url };
  const load = new ContributionLoad(app);
  load.start(CALLERS);
  await load.more(20);
  const importing = startCli(['import', file], { env });
  await load.more(60);
  return { app, load, importing, env, file, again: { ...settings, PORT: new URL(app.url).port } };
}

/** What must be so after whatever happened: all that was answered is there, once, and standings follow from it. */
async function checkAll(
  app: AppProcess,
  { load, importing, env, file }: Awaited<ReturnType<typeof startUnderLoad>>,
  settings: Settings,
) {
  await load.stop();
  await load.settle(app);
  // It may have given up, or have gone on by itself; what it was answered is not lost in either case.
  await importing.ended;
  const { code, stdout } = await runCli(['import', file], { env });
  expect(code).toBe(0);
  const [accepted = 0, duplicates = 0] = stdout.match(/\d+/g)?.map(Number) ?? [];
  expect(accepted + duplicates).toBe(IMPORTED);
  const { json } = await app.call('GET', '/v1/communities/omnitensor/leaderboards/gpu-contributors?window=all&limit=1');
  expect(json).toMatchObject({ total: 500, entries: [{ handle: 'imported-0', score: String(IMPORTED / 500) }] });
  expect(load.improper).toEqual([]);
  expect(await verifyStandings(settings)).toMatchObject({ code: 0 });
}

describe('a crash under load', () => {
  it(
    'EE-10 the server and PostgreSQL killed at once: after the next start what was answered is there exactly once',
    { timeout: 90_000 },
    async () => {
      await using dataDir = await DataDir.make();
      const scene = await startUnderLoad(dataDir);
      await using killed = scene.app;
      const postmaster = (await dataDir.postmaster()) ?? 0;
      process.kill(postmaster, 'SIGKILL');
      killed.kill('SIGKILL');
      await killed.ended;
      await hasEnded(postmaster);
      await using app = await AppProcess.start(scene.again);
      await checkAll(app, scene, scene.again);
      expect((await app.stop()).code).toBe(0);
      expect(await dataDir.postmaster()).toBeUndefined();
    },
  );

  it(
    'EE-11 the server killed alone: the next start takes over the PostgreSQL that was left running',
    { timeout: 90_000 },
    async () => {
      await using dataDir = await DataDir.make();
      const scene = await startUnderLoad(dataDir);
      await using killed = scene.app;
      const postmaster = await dataDir.postmaster();
      killed.kill('SIGKILL');
      await killed.ended;
      await using app = await AppProcess.start(scene.again);
      expect(await dataDir.postmaster()).toBe(postmaster);
      await checkAll(app, scene, scene.again);
      expect((await app.stop()).code).toBe(0);
      expect(await dataDir.postmaster()).toBeUndefined();
      expect(isRunning(postmaster ?? 0)).toBe(false);
    },
  );

  it(
    'EE-12 PostgreSQL killed alone: callers are told to come back, and the server starts it again by itself',
    { timeout: 90_000 },
    async () => {
      await using dataDir = await DataDir.make();
      const scene = await startUnderLoad(dataDir);
      await using app = scene.app;
      process.kill((await dataDir.postmaster()) ?? 0, 'SIGKILL');
      await scene.load.more(1, 503);
      await scene.load.more(50);
      expect(new Set(scene.load.answers.keys())).toEqual(new Set([200, 503]));
      await checkAll(app, scene, { DATA_DIR: dataDir.path });
      expect((await app.stop()).code).toBe(0);
      expect(await dataDir.postmaster()).toBeUndefined();
    },
  );
});

describe('ending', () => {
  const database = useDatabase();

  it('OP-10 SIGTERM finishes what is in hand: calls that were taken in are answered, and the process ends with 0', async () => {
    await using app = await AppProcess.start({ DATABASE_URL: database.url });
    const load = new ContributionLoad(app);
    const lock = await lockEverything();
    load.start(CALLERS);
    await lock.waitedFor();
    app.kill('SIGTERM');
    await app.logs(/^SIGTERM/);
    await lock.release();
    const { code, output } = await app.ended;
    await load.stop();
    expect(code, output).toBe(0);
    expect(output).toContain('Everything has ended');
    expect(load.answers.get(200)).toBeGreaterThan(0);
    expect(load.improper).toEqual([]);
    await using next = await AppProcess.start({ DATABASE_URL: database.url });
    await load.settle(next);
  });

  it('OP-11 a second SIGTERM ends it at once', async () => {
    await using app = await AppProcess.start({ DATABASE_URL: database.url });
    const load = new ContributionLoad(app);
    const lock = await lockEverything();
    load.start(1);
    await lock.waitedFor();
    app.kill('SIGTERM');
    await app.logs(/^SIGTERM/);
    app.kill('SIGTERM');
    expect((await app.ended).code).toBe(1);
    await lock.release();
    await load.stop();
  });

  it('OP-18 started by npm, it ends in order when npm does, whose shell passes no signal on', async () => {
    await using app = await AppProcess.start({ DATABASE_URL: database.url, npm_lifecycle_event: 'start' });
    app.kill('SIGTERM');
    expect((await app.ended).output).toMatch(/npm has ended[^]*Everything has ended/);
  });

  /** Keeps every community from being written to, until released. */
  async function lockEverything() {
    const held = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const locking = database.db.transaction().execute(async (trx) => {
      await sql`select from communities for update`.execute(trx);
      held.resolve();
      await released.promise;
    });
    await held.promise;
    return {
      async release() {
        released.resolve();
        await locking;
      },
      async waitedFor() {
        for (let waiting = 0; waiting === 0;) {
          const { rows } =
            await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
              database.db,
            );
          waiting = rows.length;
        }
      },
    };
  }
});

describe('a DATA_DIR', () => {
  let dataDir: DataDir;
  beforeAll(async () => {
    dataDir = await DataDir.make();
  });
  afterAll(() => dataDir[Symbol.asyncDispose]());

  it('OP-12 told to end while it starts, it leaves no PostgreSQL behind', async () => {
    await using app = await AppProcess.start({ DATA_DIR: dataDir.path }, /^The database was brought up to date/);
    expect(await dataDir.postmaster()).toBeGreaterThan(0);
    expect(await app.stop()).toMatchObject({ code: 0 });
    expect(await dataDir.postmaster()).toBeUndefined();
  });

  it('OP-13 a second server on one DATA_DIR ends with 1 and names the process that serves it; the first one goes on', async () => {
    await using app = await AppProcess.start({ DATA_DIR: dataDir.path });
    const { code, output } = await AppProcess.fail({ DATA_DIR: dataDir.path });
    expect(code).toBe(1);
    expect(output.trimEnd()).toBe(
      `Process ${app.pid} already serves ${dataDir.path}. Stop it first, or give this one a DATA_DIR of its own; several processes on one database need DATABASE_URL.`,
    );
    expect((await app.call('GET', '/readyz')).status).toBe(200);
    expect((await app.stop()).code).toBe(0);
    expect(await dataDir.postmaster()).toBeUndefined();
  });

  it('OP-15 a port that is taken is told in a line, and what had been started is ended again', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : 0);
    const { code, output } = await AppProcess.fail({ DATA_DIR: dataDir.path, PORT: port });
    other.close();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`^Port ${port} is taken .* set PORT .*$`, 'm'));
    expect(output).not.toContain('    at ');
    expect(await dataDir.postmaster()).toBeUndefined();
  });
});

describe('several processes', () => {
  it('OP-14 two processes that start at once on an empty database make its tables and its first community once, each runs its part, and lives on without any connection', async () => {
    const { serverUrl } = inject('postgres');
    const name = `omnitensor_test_roles_${process.pid}`;
    const server = connect(serverUrl, { maxConnections: 1 });
    await sql`create database ${sql.id(name)}`.execute(server);
    try {
      const DATABASE_URL = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
      const [web, worker] = await Promise.all([
        AppProcess.start({ DATABASE_URL, ROLES: 'web' }),
        AppProcess.start({ DATABASE_URL, ROLES: 'worker' }),
      ]);
      await using _web = web;
      await using _worker = worker;
      expect(worker.url).toBe('');
      const { json } = await web.call('GET', '/v1/communities');
      expect(json.communities.map(({ slug }: { slug: string }) => slug)).toEqual(['omnitensor']);
      const migrated = [web, worker].filter(({ output }) => output.includes('brought up to date'));
      expect(migrated).toHaveLength(1);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`.execute(server);
      expect((await worker.stop()).code).toBe(0);
      expect((await web.stop()).code).toBe(0);
    } finally {
      await sql`drop database if exists ${sql.id(name)} with (force)`.execute(server);
      await server.destroy();
    }
  });
});
