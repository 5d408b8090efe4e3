/** `npm run migrate`: brings the database's tables up to date. */
import { runCommand } from './entry.ts';
import { migrateToLatest } from './db/migrate.ts';
import { openDatabase } from './db/open-database.ts';

await runCommand(async (config) => {
  const database = await openDatabase(config);
  try {
    const migrated = await migrateToLatest(database.connectionString);
    for (const name of migrated) console.log(`Ran ${name}.`);
    console.log(migrated.length === 0 ? 'The database is up to date.' : 'The database was brought up to date.');
  } finally {
    await database.close();
  }
});
