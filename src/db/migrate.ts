import { Migrator } from 'kysely/migration';
import { migrations } from '../../migrations/index.ts';
import { connect } from './connect.ts';

/**
 * Brings a database's tables up to date, under a lock: processes that start at once take turns, and the later ones
 * find nothing to do. Each migration is a transaction; repeating is harmless.
 *
 * @returns the names of the migrations that were run.
 * @throws what a migration failed with; nothing of it is left behind.
 */
export async function migrateToLatest(connectionString: string): Promise<string[]> {
  // A connection of its own: an index on a large table may take longer than the limits of the others allow.
  const db = connect(connectionString, { maxConnections: 1, applicationName: 'omnitensor migrate', unlimited: true });
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
    const { error, results = [] } = await migrator.migrateToLatest();
    if (error) throw error instanceof Error ? error : new Error('A migration failed.', { cause: error });
    return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
  } finally {
    await db.destroy();
  }
}
