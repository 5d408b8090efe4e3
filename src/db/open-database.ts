import { openEmbeddedPostgres } from './embedded-postgres/server.ts';

/** A database that a command works on for a while. */
export type OpenDatabase = { connectionString: string; close(): Promise<void> };

/** Opens the database of the settings for a command: a running embedded server is joined, else started for as long. */
export async function openDatabase(settings: {
  databaseUrl: string | undefined;
  dataDir: string;
}): Promise<OpenDatabase> {
  if (settings.databaseUrl) return { connectionString: settings.databaseUrl, close: () => Promise.resolve() };
  return openEmbeddedPostgres({ dataDir: settings.dataDir, purpose: 'command' });
}
