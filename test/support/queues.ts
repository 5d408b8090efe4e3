import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { pino } from 'pino';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { chooseBackend, type QueueBackend } from '../../src/queue/backend.ts';
import type { Job } from '../../src/queue/job.ts';
import { JobQueue, type JobRun } from '../../src/queue/job-queue.ts';

/** Kept for tests of the queue alone: some of them empty it. */
const REDIS_DATABASE = 14;
const REDIS_SERVER = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** A database of a Redis that tests may empty; undefined where none answers. */
export const redisUrl = await findRedis();

/** Where a queue of a test lives, and the ways in which it can be lost. */
export type QueueHome = {
  backend: QueueBackend;
  /** Loses everything in the queue, its tables included. */
  lose(): Promise<void>;
};

/** A queue of its own for a test. */
export function queueHome(kind: 'PostgreSQL' | 'Redis', databaseUrl: string): QueueHome {
  const namespace = `test_${randomBytes(6).toString('hex')}`;
  return {
    backend: chooseBackend({ databaseUrl, redisUrl: kind === 'Redis' ? redisUrl : undefined, namespace }),
    lose: () => (kind === 'Redis' ? flushRedis() : dropQueueTables(databaseUrl, namespace)),
  };
}

export type TestQueue<Services> = {
  queue: JobQueue<Services>;
  /** Resolves when a run has ended that is as wanted, from now on. */
  ran(wanted: Partial<JobRun>): Promise<void>;
  stop(): Promise<void>;
};

/** A worker of a queue, or a mere producer without services. Ends with the test. */
export async function openQueue<Services>(
  backend: QueueBackend,
  jobs: readonly Job<Services>[],
  work?: { services: Services; clock?: () => Date },
): Promise<TestQueue<Services>> {
  const queue = new JobQueue(backend, jobs, pino({ level: process.env['TEST_LOG'] ?? 'silent' }));
  const waiting = new Set<{ wanted: Partial<JobRun>; resolve: () => void }>();
  const onRun = (run: JobRun) => {
    for (const one of waiting) {
      const { name = run.name, outcome = run.outcome } = one.wanted;
      if (name !== run.name || outcome !== run.outcome) continue;
      waiting.delete(one);
      one.resolve();
    }
  };
  await queue.start(work && { clock: () => new Date(), onRun, ...work });
  onTestFinished(() => queue.stop());
  return {
    queue,
    async ran(wanted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.add({ wanted, resolve });
      await promise;
    },
    stop: () => queue.stop(),
  };
}

async function findRedis(): Promise<string | undefined> {
  const redis = new Redis(REDIS_SERVER, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 });
  // Said by what `connect` rejects with.
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return Object.assign(new URL(REDIS_SERVER), { pathname: `/${REDIS_DATABASE}` }).href;
  } catch {
    return undefined;
  } finally {
    redis.disconnect();
  }
}

async function flushRedis(): Promise<void> {
  const redis = new Redis(redisUrl ?? '');
  await redis.flushdb();
  redis.disconnect();
}

async function dropQueueTables(databaseUrl: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`drop schema ${schema} cascade`);
  await client.end();
}
