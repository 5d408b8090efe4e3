import { randomBytes } from 'node:crypto';
import type { Kysely } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, inject } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';

export type TestDatabase = { readonly url: string; readonly db: Kysely<Database> };

/** Gives a test file a database of its own, cloned from the migrated template, for as long as it runs. */
export function useDatabase(): TestDatabase {
  const { serverUrl, template } = inject('postgres');
  const name = `omnitensor_test_${randomBytes(6).toString('hex')}`;
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  let db: Kysely<Database> | undefined;

  beforeAll(async () => {
    await onServer(serverUrl, async (client) => {
      await client.query(`create database ${name} template ${template}`);
      // What a test commits need not outlive a power cut.
      await client.query(`alter database ${name} set synchronous_commit = off`);
    });
    db = connect(url);
  });
  afterAll(async () => {
    await db?.destroy();
    await onServer(serverUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
  });

  return {
    url,
    get db() {
      if (!db) throw new Error('The database is there once the tests of the file run.');
      return db;
    },
  };
}

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
