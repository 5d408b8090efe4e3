import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Job } from '../../src/queue/job.ts';
import { useDatabase } from '../support/database.ts';
import { openQueue, queueHome } from '../support/queues.ts';

const database = useDatabase();

const tick: Job<{ ticks: number }> = {
  name: 'tick',
  everyMs: 300,
  afterWrites: false,
  run: (counter) => {
    counter.ticks += 1;
    return Promise.resolve(undefined);
  },
};

describe('a queue in PostgreSQL whose connections break', () => {
  it('JO-9 lives on, however often and at whatever moment that happens', async () => {
    const { backend } = queueHome('PostgreSQL', database.url);
    const worker = await openQueue(backend, [tick], { services: { ticks: 0 } });
    for (let time = 0; time < 5; time += 1) {
      await worker.ran({ outcome: 'done' });
      await sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`.execute(database.db);
    }
    await worker.ran({ outcome: 'done' });
    await sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(database.db);
    await worker.stop();
    expect(worker.queue.stopping.aborted).toBe(true);
  });

  it('JO-20 lives on when the server takes a connection and ends it in the same breath', async () => {
    // Three stand before jobs are taken; that on which the worker waits for them is one of the next two.
    const { port, ended } = await endConnections(database.url, { from: 4, to: 5 });
    const address = Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: String(port) });
    const { backend } = queueHome('PostgreSQL', address.href);
    const worker = await openQueue(backend, [tick], { services: { ticks: 0 } });
    await ended;
    await worker.ran({ outcome: 'done' });
  });
});

/** What a client reads when it may send queries. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** What a server says when it goes down. */
const GOING = errorMessage({ S: 'FATAL', V: 'FATAL', C: '57P01', M: 'terminating connection due to a test' });

/** Listens before a PostgreSQL server, and ends some connections, numbered from 1, as soon as they stand. */
async function endConnections(
  url: string,
  { from, to }: { from: number; to: number },
): Promise<{ port: number; ended: Promise<void> }> {
  const target = { host: new URL(url).hostname, port: Number(new URL(url).port) };
  const all = Promise.withResolvers<void>();
  let standing = 0;
  const server = createServer((client) => {
    const behind = connect(target);
    client.on('error', () => behind.destroy()).on('close', () => behind.destroy());
    behind.on('error', () => client.destroy()).on('close', () => client.destroy());
    client.pipe(behind);
    let stands = false;
    behind.on('data', (data: Buffer) => {
      const isReady = !stands && data.subarray(-READY.length).equals(READY);
      if (isReady) standing += 1;
      const ends = isReady && standing >= from && standing <= to;
      stands ||= isReady;
      if (!ends) return void client.write(data);
      client.end(Buffer.concat([data, GOING]));
      if (standing === to) all.resolve();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // A TCP server's address is an object; only a pipe's is a string.
  return { port: (server.address() as AddressInfo).port, ended: all.promise };
}

/** An error as PostgreSQL's protocol has it: a type, a length, and fields, each a letter and a text that ends with 0. */
function errorMessage(fields: Record<string, string>): Buffer {
  const texts = Object.entries(fields).map(([letter, text]) => `${letter}${text}\0`);
  const body = Buffer.from(`${texts.join('')}\0`);
  const head = Buffer.from([0x45, 0, 0, 0, 0]);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}
