/**
 * Resolves once a statement that waits for its turn on a connection has left, so that the database works on it while
 * this process reckons. Statements of a transaction given at once take turns by themselves.
 */
export function nextStatementSent(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * `Promise.all` for work that shares a transaction: it settles once all of it has ended, also when some of it fails. Else
 * a statement of the other could come after the rollback, and would be carried out for itself.
 */
export async function allEnded<Work extends readonly Promise<unknown>[]>(
  work: Work,
): Promise<{ -readonly [Index in keyof Work]: Awaited<Work[Index]> }> {
  try {
    return await Promise.all(work);
  } finally {
    await Promise.allSettled(work);
  }
}
