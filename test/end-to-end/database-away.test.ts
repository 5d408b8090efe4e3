import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { AppProcess, verifyStandings } from '../support/app-process.ts';
import { ContributionLoad } from '../support/contribution-load.ts';
import { useDatabase } from '../support/database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const CALLERS = 8;
const READS = [
  '/v1/communities',
  '/v1/communities/omnitensor',
  '/v1/communities/omnitensor/leaderboards/gpu-contributors',
  '/v1/communities/omnitensor/members/nobody',
  '/readyz',
];

const database = useDatabase();

/** The server with its database at the other end of a cable. */
async function startBehindProxy() {
  const url = new URL(database.url);
  const proxy = await TcpProxy.start({ host: url.hostname, port: Number(url.port || 5432) });
  url.port = String(proxy.port);
  url.hostname = '127.0.0.1';
  const app = await AppProcess.start({ DATABASE_URL: url.href });
  return { app, proxy };
}

let communities = 0;

/** Callers that write to a community of their own, and have begun to. */
async function startLoad(app: AppProcess): Promise<ContributionLoad> {
  const slug = `loaded-${++communities}`;
  await app.call('POST', '/v1/communities', { slug, name: slug, timeZone: 'UTC', preset: 'omnitensor' });
  const load = new ContributionLoad(app, slug);
  load.start(CALLERS);
  await load.more(30);
  return load;
}

/** Everything that needs the database is put off, in words that programs understand; the process itself is well. */
async function expectPutOff(app: AppProcess): Promise<void> {
  expect((await app.call('GET', '/healthz')).status).toBe(200);
  expect((await app.call('GET', '/metrics')).status).toBe(200);
  const answers = await Promise.all(READS.map(async (path) => ({ path, answer: await app.call('GET', path) })));
  for (const { path, answer } of answers) {
    expect({ path, status: answer.status, type: answer.headers.get('content-type') }).toEqual({
      path,
      status: 503,
      type: expect.stringContaining('application/problem+json'),
    });
    expect(answer.json).toMatchObject({ type: 'urn:omnitensor:problem:unavailable', status: 503 });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  }
}

/** The server is as if nothing had happened, and all that was answered is there exactly once. */
async function expectRecovered(app: AppProcess, load: ContributionLoad): Promise<void> {
  await load.more(CALLERS * 2);
  await load.stop();
  expect((await app.call('GET', '/readyz')).status).toBe(200);
  expect(load.improper).toEqual([]);
  expect([...load.answers.keys()].filter((answer) => answer !== 200 && answer !== 503)).toEqual([]);
  await load.settle(app);
  expect(await verifyStandings({ DATABASE_URL: database.url })).toMatchObject({ code: 0 });
  expect((await app.stop()).code).toBe(0);
}

describe('the database away', () => {
  it('EE-20 connections cut and refused: reads and writes are put off with 503, and go on by themselves once it is back', async () => {
    const { app, proxy } = await startBehindProxy();
    await using _app = app;
    await using _proxy = proxy;
    const load = await startLoad(app);
    proxy.refuse();
    await load.more(20, 503);
    await expectPutOff(app);
    proxy.open();
    await expectRecovered(app, load);
  });

  it('EE-21 a database that falls silent: nobody waits for ever', { timeout: 90_000 }, async () => {
    const { app, proxy } = await startBehindProxy();
    await using _app = app;
    await using _proxy = proxy;
    const load = await startLoad(app);
    proxy.stall();
    await load.more(CALLERS, 503);
    await expectPutOff(app);
    proxy.open();
    await expectRecovered(app, load);
  });

  it('EE-22 sessions ended one by one under load: every call is answered with 200 or 503', async () => {
    await using app = await AppProcess.start({ DATABASE_URL: database.url });
    const load = await startLoad(app);
    for (let kill = 0; kill < 40; kill += 1) {
      await load.more(3);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name = 'omnitensor' and state <> 'idle'`.execute(
        database.db,
      );
    }
    expect(load.answers.get(503)).toBeGreaterThan(0);
    await expectRecovered(app, load);
  });

  it('EE-23 it is waited for when both are started at once', async () => {
    const url = new URL(database.url);
    await using proxy = await TcpProxy.start({ host: url.hostname, port: Number(url.port || 5432) });
    url.port = String(proxy.port);
    proxy.refuse();
    const starting = AppProcess.start({ DATABASE_URL: url.href }, /^Waiting for the database/);
    await using app = await starting;
    proxy.open();
    await app.logs(/^Started/);
  });
});
