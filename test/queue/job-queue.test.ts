import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/queue/job.ts';
import { useDatabase } from '../support/database.ts';
import { openQueue, queueHome, redisUrl } from '../support/queues.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const database = useDatabase();

/** Things that are due at a time, in place of the database's. */
type Things = { due: Map<string, number>; done: string[]; fail: Error | undefined };

function thingsJob(more: Partial<Job<Things>> = {}): Job<Things> {
  return {
    name: 'do-things',
    everyMs: HOUR_MS,
    afterWrites: true,
    async run(things, now) {
      if (things.fail) throw things.fail;
      for (const [name, at] of things.due) {
        if (at > now.getTime()) continue;
        things.due.delete(name);
        things.done.push(name);
      }
      const next = Math.min(...things.due.values());
      return Number.isFinite(next) ? new Date(next) : undefined;
    },
    ...more,
  };
}

const make = (): Things => ({ due: new Map(), done: [], fail: undefined });

const kinds = ['PostgreSQL', 'Redis'] as const;

describe.for(kinds)('a queue in %s', (kind) => {
  const here = kind === 'Redis' && !redisUrl ? test.skip : test;
  const home = () => queueHome(kind, database.url);

  here('JO-1 a job runs when the worker starts, and finds what became due while there was none', async () => {
    const things = make();
    things.due.set('long ago', Date.now() - DAY_MS);
    const { backend } = home();
    const first = Promise.withResolvers<void>();
    await openQueue(
      backend,
      [
        thingsJob({
          run: async (...args) => {
            const next = await thingsJob().run(...args);
            first.resolve();
            return next;
          },
        }),
      ],
      { services: things },
    );
    await first.promise;
    expect(things.done).toEqual(['long ago']);
  });

  here('JO-2 a nudge from another process makes due work happen at once', async () => {
    const things = make();
    const { backend } = home();
    const worker = await openQueue(backend, [thingsJob({ name: `nudged-${kind}` })], { services: things });
    const producer = await openQueue(backend, [thingsJob({ name: `nudged-${kind}` })]);
    things.due.set('written', Date.now() - 1);
    for (let found = false; !found; found = things.done.includes('written')) {
      const ran = worker.ran({ outcome: 'done' });
      producer.queue.nudge();
      await ran;
    }
    expect(things.done).toEqual(['written']);
  });

  here('JO-3 what is due at a known time is done at that time, long before the next tick', async () => {
    const things = make();
    const { backend } = home();
    const worker = await openQueue(backend, [thingsJob()], { services: things });
    things.due.set('soon', Date.now() + 700);
    const told = worker.ran({ outcome: 'done' });
    worker.queue.nudge();
    await told;
    while (!things.done.includes('soon')) await worker.ran({ outcome: 'done' });
    expect(things.done).toEqual(['soon']);
  });

  here(
    'JO-4 a queue that is lost whole is made anew, schedules included, and what is due is done',
    async () => {
      const things = make();
      const queue = home();
      const worker = await openQueue(queue.backend, [thingsJob({ everyMs: 500 })], { services: things });
      await worker.ran({ outcome: 'done' });
      await queue.lose();
      things.due.set('after the loss', Date.now());
      while (!things.done.includes('after the loss')) await worker.ran({ outcome: 'done' });
      expect(things.done).toEqual(['after the loss']);
    },
    40_000,
  );

  here(
    'JO-5 a job that fails is tried again, rests once in the list, and is done when retried',
    async () => {
      const things = make();
      things.fail = new Error('The moon is in the way.');
      const { backend } = home();
      const job = thingsJob({ name: 'fails', afterWrites: false });
      const worker = await openQueue(backend, [job], { services: things });
      for (let attempt = 1; attempt <= 4; attempt += 1) await worker.ran({ outcome: 'failed' });
      const failed = async () => (await worker.queue.listFailed()).filter(({ name }) => name === 'fails');
      await expect.poll(failed, { timeout: 5_000 }).toHaveLength(1);
      const [one] = await failed();
      expect(one).toMatchObject({ reason: 'The moon is in the way.', attempts: 4 });
      expect(await worker.queue.countFailed()).toBeGreaterThanOrEqual(1);

      things.fail = undefined;
      const done = worker.ran({ outcome: 'done' });
      await worker.queue.retry(one?.id ?? '');
      await done;
      await expect.poll(failed, { timeout: 5_000 }).toEqual([]);
      await expect(worker.queue.retry(one?.id ?? '')).rejects.toMatchObject({ code: 'unknown-job' });
      await expect(worker.queue.retry('nonsense')).rejects.toMatchObject({ code: 'unknown-job' });
    },
    40_000,
  );

  here('JO-6 a worker ends within seconds, also twice', async () => {
    const { backend } = home();
    const worker = await openQueue(backend, [thingsJob()], { services: make() });
    await worker.stop();
    await worker.stop();
    worker.queue.nudge();
    await expect(worker.queue.listFailed()).rejects.toMatchObject({ code: 'unavailable' });
  });
});
