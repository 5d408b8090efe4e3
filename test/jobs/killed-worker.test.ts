import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import { chooseBackend } from '../../src/queue/backend.ts';
import { AppProcess, type Settings } from '../support/app-process.ts';
import { useDatabase } from '../support/database.ts';
import { cancelled, Outbox } from '../support/outbox.ts';
import { openQueue, redisUrl } from '../support/queues.ts';

const POST = /^POST \/channels\/\d+\/messages/;
/** As long as a sender has to tell how it ended. */
const CLAIM = '31 seconds';

const database = useDatabase();

/** A worker as `npm start` runs it, and nothing else. */
function workerOf(outbox: Outbox, more: Settings = {}): Settings {
  const { discord, guild } = outbox;
  return {
    DATABASE_URL: database.url,
    ROLES: 'worker',
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    DISCORD_GUILD_ID: guild.id,
    ...more,
  };
}

/** Ends a worker as the machine would that loses its power. */
async function kill(worker: AppProcess): Promise<void> {
  worker.kill('SIGKILL');
  await worker.ended;
}

/** Moves what is claimed into the past, as if time had gone by. */
async function letTimePass(outbox: Outbox): Promise<void> {
  await runSql(
    `update announcements set try_at = try_at - interval '${CLAIM}' where community_id = $1 and state = 'claimed'`,
    outbox.communityId,
  );
}

async function runSql(text: string, ...values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(text, values);
  await client.end();
}

/** Starts a worker, and waits until everything has been said. */
async function finish(outbox: Outbox): Promise<void> {
  await letTimePass(outbox);
  await using worker = await AppProcess.start(workerOf(outbox));
  await expect.poll(() => outbox.states(), { timeout: 20_000 }).not.toContain('waiting');
  await expect.poll(() => outbox.states(), { timeout: 20_000 }).not.toContain('claimed');
  await worker.stop();
}

describe('a worker that is killed while it says something', () => {
  it('AN-30 before Discord has got it: the next worker says it once', async () => {
    const outbox = await Outbox.open(database.db);
    await outbox.say(cancelled('Sprint'));
    const hold = outbox.discord.faults.holdNext(POST, 'before');
    await using worker = await AppProcess.start(workerOf(outbox));
    await hold.arrived;
    await kill(worker);
    expect(await outbox.states()).toEqual(['claimed']);
    await finish(outbox);
    expect(outbox.messages()).toHaveLength(1);
    expect(await outbox.states()).toEqual(['delivered']);
  }, 60_000);

  it('AN-31 once Discord has said it and before the answer: the next worker finds it', async () => {
    const outbox = await Outbox.open(database.db);
    await outbox.say(cancelled('Sprint'));
    const hold = outbox.discord.faults.holdNext(POST, 'after');
    await using worker = await AppProcess.start(workerOf(outbox));
    await hold.arrived;
    await kill(worker);
    hold.release();
    await finish(outbox);
    expect(outbox.messages()).toHaveLength(1);
    expect(await outbox.states()).toEqual(['delivered']);
  }, 60_000);

  it('AN-32 after the answer and before it is marked: the next worker finds it', async () => {
    const outbox = await Outbox.open(database.db);
    await outbox.say(cancelled('Sprint'));
    const hold = outbox.discord.faults.holdNext(POST, 'after');
    await using worker = await AppProcess.start(workerOf(outbox));
    await hold.arrived;
    // Marking has to wait for whoever holds the row.
    const [holder, watcher] = [1, 2].map(() => new pg.Client({ connectionString: database.url }));
    if (!holder || !watcher) throw new Error('Two clients were made.');
    for (const client of [holder, watcher]) {
      await client.connect();
      onTestFinished(() => client.end());
    }
    await holder.query('begin');
    await holder.query('select from announcements where community_id = $1 for update', [outbox.communityId]);
    hold.release();
    // Other jobs wait for one another meanwhile. Within a transaction the view would stay as it is read first.
    const waiting = `select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '%update announcements set state%'`;
    await expect.poll(async () => (await watcher.query(waiting)).rowCount, { timeout: 10_000 }).toBe(1);
    await kill(worker);
    await holder.query('rollback');
    await finish(outbox);
    expect(outbox.messages()).toHaveLength(1);
    expect(await outbox.states()).toEqual(['delivered']);
  }, 60_000);
});

describe('a worker of its own process', () => {
  it.for(['PostgreSQL', 'Redis'])(
    'JO-7 a nudge from another process has it know of what is due soon, and it says that at its time, in %s',
    { timeout: 60_000 },
    async (kind, { skip }) => {
      skip(kind === 'Redis' && !redisUrl, 'no Redis answers');
      const [url, settings] = kind === 'Redis' ? [redisUrl, { REDIS_URL: redisUrl }] : [undefined, {}];
      const outbox = await Outbox.open(database.db);
      await using worker = await AppProcess.start(workerOf(outbox, settings));
      const producer = await openQueue(chooseBackend({ databaseUrl: database.url, redisUrl: url }), jobs);
      const said = outbox.discord.nextMessage(outbox.channel);
      const dueAt = new Date(Date.now() + 500);
      await outbox.say(cancelled('Sprint'), { dueAt });
      producer.queue.nudge();
      await said;
      expect(Date.now()).toBeGreaterThanOrEqual(dueAt.getTime());
      const { code } = await worker.stop();
      expect(code).toBe(0);
      expect(outbox.messages()).toHaveLength(1);
    },
  );
});
