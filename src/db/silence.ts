import { Socket } from 'node:net';
import type pg from 'pg';

/**
 * Gives up connections in use on which nothing has come or gone for a while: the server, or the way to it, is dead and
 * nobody says so. What was being asked fails like on any other connection that broke; the pool opens another one.
 *
 * @param limitMs longer than any statement may take
 */
export function endSilentConnections(pool: pg.Pool, limitMs: number): void {
  const inUse = new Set<pg.PoolClient>();
  pool.on('acquire', (client) => inUse.add(client));
  pool.on('release', (_, client) => inUse.delete(client));
  pool.on('remove', (client) => inUse.delete(client));
  pool.on('connect', (client) => {
    const { stream } = connectionOf(client);
    if (!(stream instanceof Socket)) return;
    stream.setTimeout(limitMs, () => {
      if (!inUse.has(client)) return;
      stream.destroy(new Error(`Connection terminated: the database was silent for ${limitMs / 1_000} s`));
    });
  });
}

function connectionOf(client: pg.PoolClient): pg.Connection {
  // A pooled client is a whole one; the type of those in a pool names only what most people need of it.
  return (client as pg.PoolClient & pg.Client).connection;
}
