import pg from 'pg';

/** SQLSTATE classes that mean "not now": connection lost, resources short (a full disk is 53100), shut down, system error. */
const PASSING_CLASSES = new Set(['08', '53', '57', '58']);
/** Lock and statement timeouts, and a deadlock: worth another try. */
const PASSING_CODES = new Set(['55P03', '40001', '40P01', '25P03']);
const SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
/** What pg says without a code when a connection ends or none can be had in time. */
const LOST =
  /connection terminated|timeout expired|timeout exceeded|connection error|client has encountered|cannot use a pool after|connection ended/i;

/** Whether a query failed because the database is away, full or overloaded, rather than for what it asked. */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (!(error instanceof Error)) return false;
  if (error instanceof pg.DatabaseError) {
    const code = error.code ?? '';
    return PASSING_CLASSES.has(code.slice(0, 2)) || PASSING_CODES.has(code);
  }
  const { code } = error as NodeJS.ErrnoException;
  return (code !== undefined && SYSTEM_CODES.has(code)) || LOST.test(error.message);
}

/** The unique constraint that a statement ran into, or undefined when it failed otherwise. */
export function violatedConstraint(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code === '23505' ? error.constraint : undefined;
}

/** The check constraint that a statement ran into, or undefined when it failed otherwise. */
export function violatedCheck(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError && error.code === '23514' ? error.constraint : undefined;
}
