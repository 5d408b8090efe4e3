import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
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
});
