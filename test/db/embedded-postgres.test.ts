import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedPostgres, type EmbeddedPostgres } from '../../src/db/embedded-postgres/server.ts';

const SERVER_MODULE = new URL('../../src/db/embedded-postgres/server.ts', import.meta.url).href;

let dataDir: string;
const opened: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'omnitensor-embedded-'));
  // PostgreSQL's own user must be able to enter.
  await chmod(dataDir, 0o755);
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }
  // Whoever is left over adopts the server, and so stops it.
  if (existsSync(pidFile())) await open('command');
  for (const server of opened.splice(0)) await server.close();
  expect(existsSync(pidFile())).toBe(false);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function open(purpose: 'server' | 'command', onRestart?: () => void): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres({ dataDir, purpose, ...(onRestart ? { onRestart } : {}) });
  opened.push(server);
  return server;
}

/** Opens the server in a process of its own, which closes it when its input ends. */
async function openInChild(
  purpose: 'server' | 'command',
  directory = dataDir,
): Promise<{ child: ChildProcess; connectionString: string }> {
  const program = `
    import { openEmbeddedPostgres } from ${JSON.stringify(SERVER_MODULE)};
    const server = await openEmbeddedPostgres(${JSON.stringify({ dataDir: directory, purpose })});
    process.stdin.on('end', () => server.close()).resume();
    console.log(server.connectionString);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, connectionString: line.toString().trim() };
}

const pidFile = () => join(dataDir, 'postgres', 'postmaster.pid');
const postmasterPid = async () => Number((await readFile(pidFile(), 'utf8')).split('\n')[0]);

async function query(connectionString: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('the embedded server', () => {
  it('ST-4 keeps its data from one start to the next, with what is committed on the disk', async () => {
    const first = await open('server');
    await query(first.connectionString, 'create table notes (text text); insert into notes values ($$kept$$)');
    expect(await query(first.connectionString, 'show fsync')).toEqual([{ fsync: 'on' }]);
    await first.close();
    opened.pop();
    expect(existsSync(pidFile())).toBe(false);
    const second = await open('server');
    expect(await query(second.connectionString, 'select text from notes')).toEqual([{ text: 'kept' }]);
  });

  it('ST-4 its address and password are for the owner alone', async () => {
    await open('server');
    expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o077).toBe(0);
    const { connectionString } = JSON.parse(await readFile(join(dataDir, 'postgres.json'), 'utf8')) as {
      connectionString: string;
    };
    const wrong = Object.assign(new URL(connectionString), { password: 'guess' }).href;
    await expect(query(wrong, 'select 1')).rejects.toThrow(/password authentication failed/);
  });

  it('ST-5 killed under a running process, it is started again at its address, with its data', async () => {
    const { promise: restarted, resolve } = Promise.withResolvers<void>();
    const { connectionString } = await open('server', resolve);
    const before = await postmasterPid();
    process.kill(before, 'SIGKILL');
    await restarted;
    expect(await query(connectionString, 'select text from notes')).toEqual([{ text: 'kept' }]);
    expect(await postmasterPid()).not.toBe(before);
  });

  it('ST-5 left behind by a Node that was killed, it is adopted', async () => {
    const { child } = await openInChild('server');
    const before = await postmasterPid();
    await killed(child);
    const adopted = await open('server');
    expect(await postmasterPid()).toBe(before);
    expect(await query(adopted.connectionString, 'select text from notes')).toEqual([{ text: 'kept' }]);
  });

  it('ST-5 when everything was killed at once, the next start finds the data', async () => {
    const { child } = await openInChild('server');
    process.kill(await postmasterPid(), 'SIGKILL');
    await killed(child);
    const next = await open('server');
    expect(await query(next.connectionString, 'select text from notes')).toEqual([{ text: 'kept' }]);
  });

  it('ST-6 a second server process on one DATA_DIR is refused and told which process holds it', async () => {
    const { child, connectionString } = await openInChild('server');
    await expect(open('server')).rejects.toThrow(`Process ${child.pid} already serves ${dataDir}.`);
    expect(await query(connectionString, 'select text from notes')).toEqual([{ text: 'kept' }]);
    child.stdin?.end();
    await once(child, 'exit');
    await open('server');
  });

  it('ST-7 a command joins a running server, and whoever leaves last stops it', async () => {
    const server = await open('server');
    const { child, connectionString } = await openInChild('command');
    expect(connectionString).toBe(server.connectionString);
    await server.close();
    opened.pop();
    expect(await query(connectionString, 'select text from notes')).toEqual([{ text: 'kept' }]);
    child.stdin?.end();
    await once(child, 'exit');
    expect(existsSync(pidFile())).toBe(false);
  });

  it('ST-7 a command starts the server for a while when none runs, and several may do so at once', async () => {
    const [first, second] = await Promise.all([openInChild('command'), openInChild('command'), open('command')]);
    expect(first.connectionString).toBe(second.connectionString);
  });
});

describe('where the server lies', () => {
  it('ST-8 two processes that start at once on a new DATA_DIR make one database', async () => {
    const fresh = join(dataDir, 'fresh');
    const both = await Promise.all([openInChild('command', fresh), openInChild('command', fresh)]);
    expect(both[0].connectionString).toBe(both[1].connectionString);
    for (const { child } of both) {
      child.stdin?.end();
      await once(child, 'exit');
    }
    expect((await readdir(fresh)).toSorted()).toEqual(['postgres', 'postgres.json']);
    expect(existsSync(join(fresh, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'ST-8 run as root in a folder that others cannot enter, its data lies elsewhere and is found again',
    async () => {
      const closed = await mkdtemp(join(tmpdir(), 'omnitensor-closed-'));
      await chmod(closed, 0o700);
      const first = await openEmbeddedPostgres({ dataDir: closed, purpose: 'server' });
      const location = (await readFile(join(closed, 'postgres-location'), 'utf8')).trim();
      try {
        await query(first.connectionString, 'create table notes (text text)');
        await first.close();
        const second = await openEmbeddedPostgres({ dataDir: closed, purpose: 'server' });
        expect(await query(second.connectionString, 'select * from notes')).toEqual([]);
        await second.close();
      } finally {
        await rm(dirname(location), { recursive: true, force: true });
      }
      await expect(openEmbeddedPostgres({ dataDir: closed, purpose: 'server' })).rejects.toThrow(
        'postgres-location says that the database lies in',
      );
      await rm(closed, { recursive: true });
    },
  );
});
