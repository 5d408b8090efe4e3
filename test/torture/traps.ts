/** Traps in the database: the server stops inside a transaction, until it is killed there or let go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import type { Installation } from './installation.ts';

/** Tells the locks of traps from those of the product. */
const LOCKS = 7_001;
const LOOK_EVERY_MS = 5;

/** What the server does as it writes to a table. */
const PLACES = {
  contributions: 'records contributions',
  quest_completions: 'completes quests',
  windows: 'freezes a window',
  final_versions: 'writes down a final table',
  grants: 'grants something',
  announcements: 'notes what is said',
  role_holdings: 'notes what roles it gives',
} as const;
export type Place = keyof typeof PLACES;
const TABLES = Object.keys(PLACES) as Place[];
/** With what is written already, or with everything but the commit: if the server alone is killed, that still comes. */
export type Stage = 'writing' | 'committing';

/** Something that may come, and is kept from going on once it has. */
export type Catch = {
  /** What the server is in the middle of. */
  readonly name: string;
  /** Resolves when it has come. */
  readonly arrived: Promise<unknown>;
  release(): Promise<void>;
};

/** Sets the traps, none of which is laid. */
export async function setTraps(db: Kysely<Database>): Promise<void> {
  await sql`
    create function torture_trap() returns trigger language plpgsql as
    'begin perform pg_advisory_xact_lock_shared(${sql.lit(LOCKS)}, tg_argv[0]::int); return null; end'`.execute(db);
  for (const table of TABLES) {
    await sql`
      create trigger torture_writing after insert or update or delete on ${sql.table(table)}
      for each statement execute function torture_trap(${sql.lit(keyOf(table, 'writing'))})`.execute(db);
    await sql`
      create constraint trigger torture_committing after insert or update on ${sql.table(table)}
      deferrable initially deferred
      for each row execute function torture_trap(${sql.lit(keyOf(table, 'committing'))})`.execute(db);
  }
}

/** Lays a trap: the next transaction that comes to a place waits there. A kill of PostgreSQL takes the trap away. */
export function layTrap(installation: Installation, place: Place, stage: Stage): Catch {
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const over = new AbortController();
  const key = keyOf(place, stage);
  const laid = installation
    .withDatabase(async (db) => {
      await sql`select pg_advisory_lock(${LOCKS}::int, ${key}::int)`.execute(db);
      while (!over.signal.aborted) {
        const { rows } = await sql`
          select from pg_locks
          where locktype = 'advisory' and classid = ${LOCKS} and objid = ${key} and not granted`.execute(db);
        if (rows.length > 0) arrive();
        await sleep(LOOK_EVERY_MS);
      }
    })
    .catch(() => undefined);
  return {
    name: `as it ${PLACES[place]}${stage === 'committing' ? ', at the commit' : ''}`,
    arrived,
    async release() {
      over.abort();
      await laid;
    },
  };
}

function keyOf(place: Place, stage: Stage): number {
  return TABLES.indexOf(place) * 2 + (stage === 'writing' ? 0 : 1);
}
