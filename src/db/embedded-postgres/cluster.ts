import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { canEnter, exists, handOver, SHARED_DIRECTORY, type Binaries } from './binaries.ts';

export const DATABASE_USER = 'omnitensor';

/** Lies in a cluster, made with it, so that no crash can part the two. */
const PASSWORD_FILE = 'omnitensor-password';
/** Lies in DATA_DIR when the cluster lies elsewhere, and says where. */
const LOCATION_FILE = 'postgres-location';

/** Set once, when a cluster is made. No `fsync` setting: what is committed is on the disk. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  max_wal_size: '4GB',
  checkpoint_timeout: '15min',
  autovacuum_naptime: '15s',
  // Statements can hold what members wrote; the log is for the server's own troubles.
  log_min_error_statement: 'panic',
  log_min_messages: 'error',
};

/** The files of one PostgreSQL server. */
export type Cluster = { directory: string; password: string };

/**
 * Finds the cluster of a DATA_DIR and makes it when there is none. Two processes may do so at once: one of the two
 * clusters is kept. A crash in between leaves nothing that counts.
 */
export async function findOrMakeCluster(dataDir: string, binaries: Binaries): Promise<Cluster> {
  await mkdir(dataDir, { recursive: true });
  const locationFile = join(dataDir, LOCATION_FILE);
  const inside = resolve(dataDir, 'postgres');
  let directory = inside;
  if (await exists(locationFile)) {
    directory = await readLocation(locationFile);
  } else if (await exists(join(inside, 'PG_VERSION'))) {
    directory = inside;
  } else if (await canEnter(binaries.user, dataDir)) {
    await initialise(inside, binaries);
  } else {
    directory = await makeElsewhere(locationFile, binaries);
  }
  return { directory, password: await readFile(join(directory, PASSWORD_FILE), 'utf8') };
}

async function readLocation(locationFile: string): Promise<string> {
  const directory = (await readFile(locationFile, 'utf8')).trim();
  if (await exists(join(directory, 'PG_VERSION'))) return directory;
  throw new Error(
    `${locationFile} says that the database lies in ${directory}, and there is none. Put it back, or remove ${locationFile} to begin with an empty database.`,
  );
}

/** Makes a cluster where PostgreSQL's user can enter, and notes in DATA_DIR where that is. */
async function makeElsewhere(locationFile: string, binaries: Binaries): Promise<string> {
  await mkdir(SHARED_DIRECTORY, { recursive: true, mode: 0o755 });
  const place = await mkdtemp(join(SHARED_DIRECTORY, 'data-'));
  await handOver(place, binaries.user);
  const directory = join(place, 'postgres');
  await initialise(directory, binaries);
  try {
    await writeFile(locationFile, `${directory}\n`, { flag: 'wx' });
    return directory;
  } catch {
    // Another process was faster, and its cluster is the one.
    await rm(place, { recursive: true, force: true });
    return readLocation(locationFile);
  }
}

async function initialise(directory: string, binaries: Binaries): Promise<void> {
  const unfinished = `${directory}.${process.pid}`;
  const passwordFile = join(unfinished, '..', `.${randomBytes(8).toString('hex')}`);
  await mkdir(unfinished, { mode: 0o700 });
  await handOver(unfinished, binaries.user);
  try {
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
    await handOver(passwordFile, binaries.user);
    await binaries.run('initdb', [
      `--pgdata=${unfinished}`,
      `--username=${DATABASE_USER}`,
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...Object.entries(SETTINGS).map(([name, value]) => `--set=${name}=${value}`),
    ]);
    await rename(passwordFile, join(unfinished, PASSWORD_FILE));
    await rename(unfinished, directory).catch(async (error: NodeJS.ErrnoException) => {
      // Another process was faster, and its cluster is the one.
      if (!(await exists(join(directory, 'PG_VERSION')))) throw error;
    });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
  }
}
