/**
 * Resolves once a statement that waits for its turn on a connection has left, so that the database works on it while
 * this process reckons. Statements of a transaction given at once take turns by themselves.
 */
export function nextStatementSent(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
