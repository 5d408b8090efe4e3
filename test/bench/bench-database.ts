import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openEmbeddedPostgres } from '../../src/db/embedded-postgres/server.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';

/** A folder for the time of the run, which PostgreSQL's own user can enter too. */
export async function makeTemporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'omnitensor-bench-'));
  await chmod(directory, 0o755);
  return directory;
}

/** The databases that are lent at the moment. */
const lent = new Set<string>();

/** A PostgreSQL server to make databases on: the one that DATABASE_URL names, or an embedded one of this run. */
export async function openServer(): Promise<{ url: string; close(): Promise<void> }> {
  const given = process.env['DATABASE_URL'];
  if (given) return { url: given, close: () => dropLent(given) };
  const dataDir = await makeTemporaryDirectory();
  const embedded = await openEmbeddedPostgres({ dataDir, purpose: 'server' });
  return {
    url: embedded.connectionString,
    async close() {
      await embedded.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Lends a migrated database of its own to some work, and drops it afterwards. */
export async function withDatabase<Result>(serverUrl: string, work: (url: string) => Promise<Result>): Promise<Result> {
  const name = `omnitensor_bench_${randomBytes(6).toString('hex')}`;
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  await runSql(serverUrl, `create database ${name}`);
  lent.add(name);
  try {
    await migrateToLatest(url);
    return await work(url);
  } finally {
    await drop(serverUrl, name);
  }
}

/** Drops what is lent still, as when a run is ended by hand: whoever uses it is cut off. */
export async function dropLent(serverUrl: string): Promise<void> {
  for (const name of lent) await drop(serverUrl, name);
}

async function drop(serverUrl: string, name: string): Promise<void> {
  await runSql(serverUrl, `drop database if exists ${name} with (force)`);
  lent.delete(name);
}

/** Runs a statement in a connection of its own, without the limits and plan settings of the product's. */
async function runSql(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
