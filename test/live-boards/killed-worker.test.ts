import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppProcess, type Settings } from '../support/app-process.ts';
import { useDatabase } from '../support/database.ts';
import { LiveBoards } from '../support/live-boards.ts';

const POST = /^POST \/channels\/\d+\/messages/;
const database = useDatabase();

/** A worker as `npm start` runs it, and nothing else. */
function workerOf({ discord, guild }: LiveBoards): Settings {
  return {
    DATABASE_URL: database.url,
    ROLES: 'worker',
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    DISCORD_GUILD_ID: guild.id,
  };
}

async function runSql(client: pg.Client, text: string, ...values: unknown[]): Promise<number> {
  return (await client.query(text, values)).rowCount ?? 0;
}

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A community with a board that no worker has met yet. */
async function openPlaced(): Promise<LiveBoards> {
  const scene = await LiveBoards.open(database.db);
  await scene.contribute({ ada: 100 });
  await scene.place();
  return scene;
}

/** Ends a worker as the machine would that loses its power. */
async function kill(worker: AppProcess): Promise<void> {
  worker.kill('SIGKILL');
  await worker.ended;
}

/** Lets the time go by that a worker has for a board, and the next worker do what is due. */
async function finish(scene: LiveBoards): Promise<void> {
  const client = await connect();
  const inHand = 'select from live_boards where busy_until is not null and sending_since is not null';
  expect(await runSql(client, inHand)).toBe(1);
  await runSql(client, `update live_boards set busy_until = busy_until - interval '61 seconds'`);
  await using worker = await AppProcess.start(workerOf(scene));
  const shown = 'select from live_boards where shown_at is not null and busy_until is null';
  await expect.poll(() => runSql(client, shown), { timeout: 20_000 }).toBe(1);
  await worker.stop();
}

describe('a worker that is killed while it posts a live board', () => {
  it('LB-16 before Discord has got it: the next worker posts it once', async () => {
    const scene = await openPlaced();
    const hold = scene.discord.faults.holdNext(POST, 'before');
    await using worker = await AppProcess.start(workerOf(scene));
    await hold.arrived;
    await kill(worker);
    await finish(scene);
    expect(scene.text()).toContain('1st · ada');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 0, DELETE: 0 });
  }, 60_000);

  it('LB-16 once Discord has it and before the answer: the next worker finds it, and keeps that one up to date', async () => {
    const scene = await openPlaced();
    const hold = scene.discord.faults.holdNext(POST, 'after');
    await using worker = await AppProcess.start(workerOf(scene));
    await hold.arrived;
    await kill(worker);
    hold.release();
    await scene.contribute({ bob: 200 });
    await finish(scene);
    expect(scene.text()).toContain('1st · bob');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });
  }, 60_000);

  it('LB-16 after the answer and before it is noted: the next worker finds it', async () => {
    const scene = await openPlaced();
    const hold = scene.discord.faults.holdNext(POST, 'after');
    await using worker = await AppProcess.start(workerOf(scene));
    await hold.arrived;
    // Noting has to wait for whoever holds the row.
    const holder = await connect();
    await runSql(holder, 'begin');
    await runSql(holder, 'select from live_boards for update');
    hold.release();
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => runSql(holder, waiting), { timeout: 10_000 }).toBe(1);
    await kill(worker);
    // The server would finish the statement of a client that is dead.
    await runSql(holder, waiting.replace('select', 'select pg_terminate_backend(pid)'));
    await runSql(holder, 'rollback');
    await finish(scene);
    expect(scene.text()).toContain('1st · ada');
    expect(scene.writes().POST).toBe(1);
  }, 60_000);

  it('LB-17 the worker of `npm start` shows what another process has recorded, at its time', async () => {
    const scene = await openPlaced();
    await using worker = await AppProcess.start(workerOf(scene));
    await expect.poll(() => scene.messages().length, { timeout: 20_000 }).toBe(1);
    // The minute since it was posted is over.
    await scene.contribute({ bob: 200 });
    const client = await connect();
    await runSql(client, `update live_boards set try_at = try_at - interval '60 seconds'`);
    await expect.poll(() => scene.text(), { timeout: 20_000 }).toContain('1st · bob');
    const { code } = await worker.stop();
    expect(code).toBe(0);
    expect(scene.problems()).toEqual([]);
  }, 60_000);
});
