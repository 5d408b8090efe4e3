/** Where the queue lives: in PostgreSQL, in a schema of its own, or in Redis. */
import { Queue, Worker, type Processor } from 'bullmq';
import { createSteadyBackend } from './postgres-backend.ts';

const QUEUE_NAME = 'jobs';
const SCHEMA = 'queue';
const REDIS_PREFIX = 'omnitensor';
/** How long connecting, and any one command, may take. */
const PATIENCE_MS = 5_000;
const RECONNECT_MS = 1_000;
/** How many jobs a worker does at once: they wait for the database and for Discord, not for the processor. */
const CONCURRENCY = 8;
/** A worker that is killed holds its jobs for this long. */
const LOCK_MS = 30_000;

/** What the product uses of BullMQ's queue and worker, whichever backend is behind. */
export type JobStore = Pick<
  Queue,
  | 'add'
  | 'addBulk'
  | 'getFailed'
  | 'getFailedCount'
  | 'getJob'
  | 'getJobScheduler'
  | 'getJobSchedulers'
  | 'removeJobScheduler'
  | 'upsertJobScheduler'
  | 'waitUntilReady'
  | 'disconnect'
> & { on(event: 'error', listener: (error: Error) => void): unknown };

/** A loop that takes jobs. */
export type JobLoop = Pick<Worker, 'close'> & { on(event: 'error', listener: (error: Error) => void): unknown };

/** Makes connections to one queue. */
export type QueueBackend = {
  /** For messages: `PostgreSQL` or `Redis`. */
  name: string;
  /** Commands fail within seconds where the backend is away, rather than wait for it. */
  openStore(): JobStore;
  /** Takes jobs from now on. The store must be ready: without its tables a worker would try again without a pause. */
  openLoop(process: Processor): JobLoop;
};

export type QueueSettings = {
  databaseUrl: string;
  /** Undefined: the queue lives in PostgreSQL. */
  redisUrl: string | undefined;
  /** Keeps several queues in one place apart: the schema in PostgreSQL, the prefix of keys in Redis. */
  namespace?: string;
};

/** Chooses where the queue lives. Nothing is connected to until something is opened. */
export function chooseBackend({ databaseUrl, redisUrl, namespace }: QueueSettings): QueueBackend {
  const loop = { concurrency: CONCURRENCY, lockDuration: LOCK_MS, runRetryDelay: RECONNECT_MS };
  if (redisUrl !== undefined) {
    const connection = { url: redisUrl, connectTimeout: PATIENCE_MS, retryStrategy: () => RECONNECT_MS };
    return {
      name: 'Redis',
      openStore: () =>
        new Queue(QUEUE_NAME, {
          prefix: namespace ?? REDIS_PREFIX,
          connection: {
            ...connection,
            maxRetriesPerRequest: 1,
            enableOfflineQueue: false,
            commandTimeout: PATIENCE_MS,
          },
        }),
      openLoop: (process) =>
        new Worker(QUEUE_NAME, process, {
          prefix: namespace ?? REDIS_PREFIX,
          connection: { ...connection, maxRetriesPerRequest: null },
          ...loop,
        }),
    };
  }
  const connection = {
    connectionString: databaseUrl,
    schema: namespace ?? SCHEMA,
    migrate: true,
    max: 2,
    application_name: 'omnitensor queue',
    connectionTimeoutMillis: PATIENCE_MS,
    query_timeout: PATIENCE_MS,
    keepAlive: true,
  };
  return {
    name: 'PostgreSQL',
    openStore: () => new Queue(QUEUE_NAME, { connection }, createSteadyBackend),
    openLoop: (process) => new Worker(QUEUE_NAME, process, { connection, ...loop }, createSteadyBackend),
  };
}
