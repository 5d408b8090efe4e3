import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type LogConfig } from 'kysely';
import pg from 'pg';
import type { Database } from './database.ts';
import { endSilentConnections } from './silence.ts';

const { builtins } = pg.types;

// Instants go out in UTC: in the process's own zone pg loses the seconds that some zones were off by in the 1970s.
pg.defaults.parseInputDatesAsUTC = true;

/** What the server holds every connection to, so that nothing stays open long (see ARCHITECTURE.md, "No transaction lives long"). */
const LIMITS = '-c statement_timeout=10s -c lock_timeout=8s -c idle_in_transaction_session_timeout=10s';
/** When the server should have answered, or ended the statement. */
const SILENCE_LIMIT_MS = 12_000;

const SESSION_OPTIONS = [
  '-c timezone=UTC',
  '-c jit=off',
  // Every hot query finds its rows by key, whatever the keys are: it is planned once a connection, and what the planner
  // believes of a table that was empty when it last looked must not turn it to scanning whole tables.
  '-c plan_cache_mode=force_generic_plan',
  '-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_memoize=off',
].join(' ');

/** How the database's types come into JavaScript: bigint stays exact, instants are dates. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (oid === builtins.INT8) return BigInt;
    if (oid === builtins.TIMESTAMPTZ) return parseInstant;
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  },
};

/** The most statements that a connection keeps prepared; a text beyond that is planned each time. */
const MAX_PREPARED = 300;

/** The longest array, and the longest text of one, in a statement that is prepared: some dozen rows. */
const MAX_PREPARED_ITEMS = 64;
const MAX_PREPARED_CHARACTERS = 1_024;

/**
 * Names each statement after its text, so that the server parses and plans it once a connection instead of at every
 * call. Statements are few: lists go in as arrays, never as a parameter an item.
 *
 * A statement with many rows is planned each time, which costs nothing beside running it: a plan made while a table
 * was small may be one that reads all of it for every row.
 */
class PreparingClient extends pg.Client {
  static readonly #names = new Map<string, string>();

  // oxlint-disable-next-line typescript/no-explicit-any -- pg declares a dozen overloads of this method; only one is touched.
  override query(...args: any[]): any {
    const [text, values] = args;
    if (typeof text === 'string' && Array.isArray(values) && values.length > 0 && !values.some(isLong)) {
      const name = PreparingClient.#nameOf(text);
      if (name) return super.query({ name, text, values });
    }
    // oxlint-disable-next-line typescript/unbound-method -- it is called on `this` in the same breath.
    return Reflect.apply(super.query, this, args);
  }

  static #nameOf(text: string): string | undefined {
    const known = PreparingClient.#names.get(text);
    if (known || PreparingClient.#names.size >= MAX_PREPARED) return known;
    const name = createHash('sha1').update(text).digest('hex');
    PreparingClient.#names.set(text, name);
    return name;
  }
}

function isLong(value: unknown): boolean {
  return Array.isArray(value)
    ? value.length > MAX_PREPARED_ITEMS
    : typeof value === 'string' && value.length > MAX_PREPARED_CHARACTERS;
}

export type ConnectOptions = {
  /** The most connections held at once. */
  maxConnections?: number;
  /** Shown in the server's list of sessions. */
  applicationName?: string;
  /** Lets statements and transactions take as long as they need. */
  unlimited?: boolean;
  /** Called when an idle connection breaks, as when the server is stopped. The pool replaces it by itself. */
  onConnectionLost?: (error: Error) => void;
  log?: LogConfig;
};

/**
 * Opens a pool of connections to a PostgreSQL server. Nothing is sent until the first query.
 *
 * @param connectionString `postgres://user:password@host:port/database`
 */
export function connect(connectionString: string, options: ConnectOptions = {}): Kysely<Database> {
  const pool = new pg.Pool({
    connectionString,
    Client: PreparingClient,
    types,
    max: options.maxConnections ?? 10,
    application_name: options.applicationName ?? 'omnitensor',
    options: options.unlimited ? SESSION_OPTIONS : `${SESSION_OPTIONS} ${LIMITS}`,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  pool.on('error', (error) => options.onConnectionLost?.(error));
  // A connection that breaks in use fails the query at hand and says so once more by this event, which would end the
  // process if nobody listened.
  pool.on('connect', (client) => client.on('error', () => {}));
  if (!options.unlimited) endSilentConnections(pool, SILENCE_LIMIT_MS);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }), ...(options.log ? { log: options.log } : {}) });
}

function parseInstant(text: string): Date {
  // "2026-08-22 14:53:42.123+00", in UTC by the session's setting.
  return new Date(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`);
}
