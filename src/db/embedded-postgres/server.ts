import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { findBinaries, type Binaries } from './binaries.ts';
import { DATABASE_USER, findOrMakeCluster, type Cluster } from './cluster.ts';

/** Advisory locks that tell who uses the server. They end with the session that holds them, so no crash leaves one behind. */
const IN_USE = 0x6f6d6e69;
const SERVING = 0x6f6d6e6a;

const START_DEADLINE_MS = 60_000;
const RETRY_MS = 200;
const WATCH_MS = 500;

const LEAST_BUFFERS_MB = 128;
const MOST_BUFFERS_MB = 4_096;

export type EmbeddedPostgresOptions = {
  dataDir: string;
  /** `server`: the only process that serves this DATA_DIR. `command`: joins whatever runs, or starts it for a while. */
  purpose: 'server' | 'command';
  /** Told when the server died under this process and was started again. */
  onRestart?: () => void;
};

export type EmbeddedPostgres = {
  connectionString: string;
  /** Leaves the server, and stops it when nobody else uses it. */
  close(): Promise<void>;
};

/**
 * Makes sure that the embedded PostgreSQL of a DATA_DIR runs, and joins it. A server that a killed process left behind
 * is adopted; one that dies later is started again at the same address, so that pools find it again.
 *
 * @throws Error when another process already serves this DATA_DIR, naming it, or when PostgreSQL does not start.
 */
export async function openEmbeddedPostgres({
  dataDir,
  purpose,
  onRestart,
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const cluster = await findOrMakeCluster(dataDir, binaries);
  const addressFile = join(dataDir, 'postgres.json');
  const lastPort = await readPort(addressFile);

  const joined = await joinOrStart(cluster, binaries, lastPort);
  const connectionString = connectionStringOf(cluster, joined.port);
  await writeFile(addressFile, `${JSON.stringify({ connectionString, port: joined.port })}\n`, { mode: 0o600 });

  let closing = false;
  let session = joined.session;
  try {
    await enter(session, purpose, dataDir);
  } catch (error) {
    await session.end();
    throw error;
  }
  const watching = keepUp();

  /** Starts the server again when it went away under this process. */
  async function keepUp(): Promise<void> {
    // oxlint-disable-next-line no-unmodified-loop-condition -- `close` below sets it, while this waits.
    while (!closing) {
      await sleep(WATCH_MS, undefined, { ref: false });
      if (closing || isAlive(session)) continue;
      const again = await joinOrStart(cluster, binaries, joined.port, joined.port).catch(() => undefined);
      if (!again) continue;
      await enter(again.session, purpose, dataDir).then(
        () => ((session = again.session), onRestart?.()),
        () => again.session.end(),
      );
    }
  }

  return {
    connectionString,
    async close() {
      closing = true;
      await watching;
      await leave(session, cluster, binaries);
    },
  };
}

/** A session that holds this process's locks. */
type Session = pg.Client & { ended?: boolean };

function isAlive(session: Session): boolean {
  return !session.ended;
}

/** Joins the server of a cluster, starting it when it does not run. `fixedPort`: at this port or not at all. */
async function joinOrStart(
  cluster: Cluster,
  binaries: Binaries,
  wantedPort: number | undefined,
  fixedPort?: number,
): Promise<{ session: Session; port: number }> {
  const deadline = performance.now() + START_DEADLINE_MS;
  let reason: unknown;
  while (performance.now() < deadline) {
    const running = await runningPort(cluster);
    if (running !== undefined) {
      const session = await openSession(cluster, running).catch((error: unknown) => void (reason = error));
      if (session) return { session, port: running };
    }
    const port = fixedPort ?? (wantedPort !== undefined && (await isFree(wantedPort)) ? wantedPort : await freePort());
    // Fails when another process starts the same cluster at this moment; then that one is joined.
    await binaries
      .run('pg_ctl', [
        'start',
        '--wait',
        `--pgdata=${cluster.directory}`,
        `--log=${join(cluster.directory, 'server.log')}`,
        `--options=-p ${port} -c shared_buffers=${sharedBuffersMb()}MB`,
      ])
      .catch((error: unknown) => void (reason = error));
    const session = await openSession(cluster, port).catch((error: unknown) => void (reason = error));
    if (session) return { session, port };
    await sleep(RETRY_MS);
  }
  throw new Error(
    `The embedded PostgreSQL in ${cluster.directory} does not start; its log is server.log there. ${String(reason)}`,
  );
}

/** How much PostgreSQL keeps of its tables in its own memory: an eighth of what there is, within bounds. */
function sharedBuffersMb(): number {
  // What a container is held to; 0 where that is not known.
  const limit = process.constrainedMemory() || Infinity;
  const eighth = Math.floor(Math.min(limit, totalmem()) / 8 / 1_024 ** 2);
  return Math.min(Math.max(eighth, LEAST_BUFFERS_MB), MOST_BUFFERS_MB);
}

async function openSession(cluster: Cluster, port: number): Promise<Session> {
  const session: Session = new pg.Client({
    connectionString: connectionStringOf(cluster, port),
    application_name: `omnitensor ${process.pid}`,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  session.on('error', () => (session.ended = true));
  session.on('end', () => (session.ended = true));
  await session.connect();
  return session;
}

/** Takes this process's locks. */
async function enter(session: Session, purpose: EmbeddedPostgresOptions['purpose'], dataDir: string): Promise<void> {
  if (purpose === 'server') {
    const { rows } = await session.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [SERVING]);
    if (!rows[0]?.locked) {
      const holder = await session.query<{ pid: string }>(
        `select split_part(a.application_name, ' ', 2) as pid from pg_locks l join pg_stat_activity a on a.pid = l.pid
         where l.locktype = 'advisory' and l.objid = $1 and l.granted`,
        [SERVING],
      );
      const pid = holder.rows[0]?.pid;
      throw new Error(
        `Process ${pid ?? '(unknown)'} already serves ${dataDir}. Stop it first, or give this one a DATA_DIR of its own; several processes on one database need DATABASE_URL.`,
      );
    }
  }
  await session.query('select pg_advisory_lock_shared($1)', [IN_USE]);
}

/** Ends the session, and the server with it when no other process holds it in use. */
async function leave(session: Session, cluster: Cluster, binaries: Binaries): Promise<void> {
  let last = false;
  if (isAlive(session)) {
    await session.query('select pg_advisory_unlock_shared($1)', [IN_USE]);
    const { rows } = await session.query<{ locked: boolean }>('select pg_try_advisory_lock($1) as locked', [IN_USE]);
    last = rows[0]?.locked === true;
    if (!last) await session.end();
  }
  if (last) await binaries.run('pg_ctl', ['stop', '--wait', '--mode=fast', `--pgdata=${cluster.directory}`]);
}

function connectionStringOf(cluster: Cluster, port: number): string {
  return `postgres://${DATABASE_USER}:${cluster.password}@127.0.0.1:${port}/postgres`;
}

/** The port in the `postmaster.pid` of a cluster: its fourth line. The server may be gone all the same. */
async function runningPort(cluster: Cluster): Promise<number | undefined> {
  const lines = await readFile(join(cluster.directory, 'postmaster.pid'), 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  );
  const port = Number(lines[3]);
  return Number.isInteger(port) && port > 0 ? port : undefined;
}

async function readPort(addressFile: string): Promise<number | undefined> {
  try {
    const address: unknown = JSON.parse(await readFile(addressFile, 'utf8'));
    const port = typeof address === 'object' && address && 'port' in address ? address.port : undefined;
    return typeof port === 'number' ? port : undefined;
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  return listenOnce(0);
}

async function isFree(port: number): Promise<boolean> {
  return listenOnce(port).then(
    () => true,
    () => false,
  );
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      // A server that listens on TCP has a port.
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
