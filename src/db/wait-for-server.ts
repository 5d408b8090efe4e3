import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { isDatabaseAway } from './errors.ts';

const OLDEST_VERSION = 15;
const PATIENCE_MS = 30_000;
const RETRY_MS = 500;

/**
 * Waits until a PostgreSQL server takes connections, for half a minute, as when both are started at once.
 *
 * @throws Error that says why there is no connection, or that the server is too old
 */
export async function waitForServer(connectionString: string, onWaiting: (reason: Error) => void): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let told = false; ;) {
    try {
      return await requireSupportedVersion(connectionString);
    } catch (error) {
      if (!(error instanceof Error) || !isDatabaseAway(error)) throw refusal(error);
      if (performance.now() > deadline) {
        const reason = error.message || ('code' in error ? String(error.code) : error.name);
        throw new Error(`The database does not answer (${reason}). Is it running, and is DATABASE_URL right?`, {
          cause: error,
        });
      }
      if (!told) onWaiting(error);
      told = true;
      await sleep(RETRY_MS);
    }
  }
}

/** What the server itself says when it lets nobody in names neither the setting nor what to do. */
function refusal(error: unknown): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  return new Error(`The database cannot be used: ${error.message}. Is DATABASE_URL right?`);
}

async function requireSupportedVersion(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000 });
  // An idle connection that breaks says so at the next query.
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version_num: string }>('show server_version_num');
    const version = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
    if (version >= OLDEST_VERSION) return;
    throw new Error(`The database is PostgreSQL ${version}. This needs ${OLDEST_VERSION} or newer.`);
  } finally {
    await client.end();
  }
}
