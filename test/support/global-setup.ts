import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openEmbeddedPostgres } from '../../src/db/embedded-postgres/server.ts';
import { migrateToLatest } from '../../src/db/migrate.ts';

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- an interface of vitest's, extended.
  interface ProvidedContext {
    /** A PostgreSQL server, and on it a database with all tables and no rows, to be cloned. */
    postgres: { serverUrl: string; template: string };
  }
}

/** Starts one PostgreSQL for all test files, or takes the one that TEST_DATABASE_URL names, and migrates a template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), 'omnitensor-test-'));
  // Run as root, PostgreSQL's own user must be able to enter; else the data would lie elsewhere and stay behind.
  await chmod(dataDir, 0o755);
  const given = process.env['TEST_DATABASE_URL'];
  const embedded = given ? undefined : await openEmbeddedPostgres({ dataDir, purpose: 'server' });
  const serverUrl = given ?? embedded?.connectionString ?? '';

  const template = `omnitensor_template_${process.pid}`;
  await runSql(serverUrl, `create database ${template}`);
  await migrateToLatest(withDatabase(serverUrl, template));
  project.provide('postgres', { serverUrl, template });

  return async () => {
    await runSql(serverUrl, `drop database ${template} with (force)`);
    await embedded?.close();
    await rm(dataDir, { recursive: true, force: true });
  };
}

async function runSql(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}
