import { setTimeout as sleep } from 'node:timers/promises';
import type { Job as QueuedJob } from 'bullmq';
import type { Logger } from 'pino';
import { DomainError } from '../errors.ts';
import type { JobLoop, JobStore, QueueBackend } from './backend.ts';
import { debounce } from './debounce.ts';
import type { Job } from './job.ts';

/** How long after it broke the queue is opened again. */
const REOPEN_MS = 1_000;
/** How often the schedules are looked after: they are gone when Redis was flushed. */
const LOOK_AFTER_MS = 5_000;
/** However often it is nudged, it is so only as often, and yet within a second of a write. */
const NUDGE_PAUSE_MS = 400;
/** How long to leave alone what is due and could not be done, as when another worker has it in hand. */
const LEAVE_ALONE_MS = 1_000;
/** How long what is in hand may take when the worker ends, and taking leave after it. */
const FINISH_WITHIN_MS = 4_000;
const LEAVE_WITHIN_MS = 1_000;

const ATTEMPTS = 4;
const FIRST_BACKOFF_MS = 1_000;
const KEEP_FAILED = { age: 30 * 24 * 3600, count: 1_000 };
const MOST_LISTED = 100;
/** For runs besides the schedule: what they leave undone, the schedule does, with retries. */
const ONCE = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

/** A job that was tried in vain, and rests until an operator has it done again. */
export type FailedJob = { id: string; name: string; reason: string; attempts: number; failedAt: Date };

export type JobRun = { name: string; outcome: 'done' | 'failed' };

/** What a worker does its jobs with. */
export type Work<Services> = {
  services: Services;
  clock: () => Date;
  onRun: (run: JobRun) => void;
};

/**
 * The queue of jobs, opened again whenever it breaks. It only wakes things up: what is due stands in the database, so
 * that nothing is lost when the queue is, and schedules are made anew.
 */
export class JobQueue<Services> {
  /** Has what a write made due done within a second. Costs nothing to call often; fails silently, as the schedule catches it. */
  readonly nudge: () => void;
  readonly #backend: QueueBackend;
  readonly #log: Logger;
  readonly #jobs: readonly Job<Services>[];
  readonly #stopping = new AbortController();
  /** Undefined while the queue is away. */
  #store: JobStore | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(backend: QueueBackend, jobs: readonly Job<Services>[], log: Logger) {
    this.#backend = backend;
    this.#jobs = jobs;
    this.#log = log;
    this.nudge = debounce(() => this.#addNudges(), NUDGE_PAUSE_MS);
  }

  /** Aborted once the queue is told to stop. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /**
   * Opens the queue, and takes jobs from it where there is work to do. Resolves once it is open,
   * or away; what is away is opened by itself. Never rejects.
   */
  async start(work?: Work<Services>): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#running = this.#keepOpen(work, first.resolve);
    await first.promise;
  }

  /** Ends within seconds: what is in hand is finished, or done again by the next worker. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Those that were tried in vain, the latest first. @throws DomainError `unavailable` when the queue is away */
  async listFailed(): Promise<FailedJob[]> {
    const failed = await this.#command((store) => store.getFailed(0, MOST_LISTED - 1));
    return failed.map((job) => ({
      id: job.id ?? '',
      name: job.name,
      reason: job.failedReason,
      attempts: job.attemptsMade,
      failedAt: new Date(job.finishedOn ?? job.timestamp),
    }));
  }

  /** How many were tried in vain; undefined when the queue is away. */
  async countFailed(): Promise<number | undefined> {
    return this.#store?.getFailedCount().catch(() => undefined);
  }

  /** Has one that failed done again. @throws DomainError `unknown-job`, or `unavailable` when the queue is away */
  async retry(id: string): Promise<void> {
    const job = await this.#command((store) => store.getJob(id));
    if (!job || !(await this.#command(() => job.isFailed()))) {
      throw new DomainError('unknown-job', `No failed job has the id "${id}". The list shows those that there are.`);
    }
    await this.#command(() => job.retry('failed', { resetAttemptsMade: true }));
  }

  async #command<Result>(work: (store: JobStore) => Promise<Result>): Promise<Result> {
    const away = `The job queue in ${this.#backend.name} does not answer. What is due is done once it is back.`;
    if (!this.#store) throw new DomainError('unavailable', away);
    try {
      return await work(this.#store);
    } catch (cause) {
      throw new DomainError('unavailable', away, { cause });
    }
  }

  async #addNudges(): Promise<void> {
    const nudged = this.#jobs.filter(({ afterWrites }) => afterWrites);
    try {
      await this.#store?.addBulk(
        nudged.map(({ name }) => ({
          name,
          data: {},
          // One waits at the most; one that comes while it runs is run after it.
          opts: { ...ONCE, deduplication: { id: `nudge-${name}`, keepLastIfActive: true } },
        })),
      );
    } catch (error) {
      this.#log.debug({ err: error }, 'A nudge did not reach the queue; the schedule does what is due');
    }
  }

  async #keepOpen(work: Work<Services> | undefined, onFirst: () => void): Promise<void> {
    let told = false;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#openOnce(work, () => {
          if (told) this.#log.info(`The job queue in ${this.#backend.name} is back`);
          told = false;
          onFirst();
        });
      } catch (error) {
        if (!told)
          this.#log.warn({ err: error }, `The job queue in ${this.#backend.name} is away; trying again by itself`);
        told = true;
        onFirst();
      }
      await sleep(REOPEN_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
    onFirst();
  }

  /** Opens the queue and stays until it is told to stop. @throws what the queue broke with */
  async #openOnce(work: Work<Services> | undefined, onOpen: () => void): Promise<void> {
    const over = Promise.withResolvers<void>();
    // Before anybody waits for it, and after.
    over.promise.catch(() => undefined);
    const { signal } = this.#stopping;
    const end = () => over.resolve();
    signal.addEventListener('abort', end);
    const store = this.#backend.openStore();
    store.on('error', over.reject);
    let loop: JobLoop | undefined;
    let lookAfter: NodeJS.Timeout | undefined;
    try {
      await Promise.race([store.waitUntilReady(), over.promise]);
      if (signal.aborted) return;
      if (work) {
        await Promise.race([this.#lookAfterSchedules(store), over.promise]);
        loop = this.#backend.openLoop((job) => this.#run(work, job, store));
        loop.on('error', over.reject);
        // What became due while nobody worked does not wait for the next tick.
        await Promise.race([
          store.addBulk(this.#jobs.map(({ name }) => ({ name, data: {}, opts: ONCE }))),
          over.promise,
        ]);
        lookAfter = setInterval(() => void this.#lookAfterSchedules(store).catch(over.reject), LOOK_AFTER_MS);
      }
      this.#store = store;
      onOpen();
      await over.promise;
    } finally {
      this.#store = undefined;
      signal.removeEventListener('abort', end);
      clearInterval(lookAfter);
      // A queue that broke is not waited for: its loop would try again and again.
      await within(FINISH_WITHIN_MS, loop?.close(!signal.aborted));
      await within(LEAVE_WITHIN_MS, store.disconnect());
    }
  }

  /** Makes the schedules that lack, or that have come to a halt, and takes away those of jobs that are no more. */
  async #lookAfterSchedules(store: JobStore): Promise<void> {
    const known = await store.getJobSchedulers();
    for (const { key } of known) {
      if (!this.#jobs.some(({ name }) => name === key)) await store.removeJobScheduler(key);
    }
    for (const { name, everyMs } of this.#jobs) {
      const schedule = known.find(({ key }) => key === name);
      const late = Date.now() - everyMs - LOOK_AFTER_MS;
      if (schedule?.every === everyMs && (schedule.next ?? 0) > late) continue;
      await store.upsertJobScheduler(
        name,
        { every: everyMs },
        {
          name,
          opts: {
            attempts: ATTEMPTS,
            backoff: { type: 'exponential', delay: FIRST_BACKOFF_MS },
            removeOnComplete: true,
            removeOnFail: KEEP_FAILED,
          },
        },
      );
    }
  }

  async #run(work: Work<Services>, queued: QueuedJob, store: JobStore): Promise<void> {
    const job = this.#jobs.find(({ name }) => name === queued.name);
    // Of another version of the product.
    if (!job) return;
    try {
      const next = await job.run(work.services, work.clock());
      work.onRun({ name: job.name, outcome: 'done' });
      if (next) await this.#wake(store, job, queued.id, next, work.clock());
    } catch (error) {
      work.onRun({ name: job.name, outcome: 'failed' });
      this.#log.error(
        { err: error, job: job.name, attempt: queued.attemptsMade + 1 },
        'A job failed; it is tried again',
      );
      if (queued.attemptsMade + 1 >= (queued.opts.attempts ?? 1)) await this.#forgetEarlier(store, job.name);
      throw error;
    }
  }

  /** Has a job run at a moment, unless its schedule comes before. */
  async #wake(
    store: JobStore,
    { name, everyMs }: Job<Services>,
    running: string | undefined,
    at: Date,
    now: Date,
  ): Promise<void> {
    const delay = at > now ? at.getTime() - now.getTime() : LEAVE_ALONE_MS;
    if (delay > everyMs) return;
    // The same moment is asked for once; but what runs a hair too early has the id, and needs another.
    const id = `${name}-at-${now.getTime() + delay}`;
    const jobId = id === running ? `${id}-again` : id;
    await store.add(name, {}, { ...ONCE, delay, jobId }).catch((error: unknown) => {
      this.#log.debug({ err: error, job: name }, 'A job could not be put off; its schedule does what is due');
    });
  }

  /** A job that fails at every tick rests once in the list, with its latest reason. */
  async #forgetEarlier(store: JobStore, name: string): Promise<void> {
    const earlier = await store.getFailed().catch(() => []);
    for (const job of earlier) if (job.name === name) await job.remove().catch(() => undefined);
  }
}

/** Waits for something that may fail or hang, for a while. */
async function within(ms: number, work: Promise<unknown> | undefined): Promise<void> {
  const ended = new AbortController();
  await Promise.race([
    work?.catch(() => undefined),
    sleep(ms, undefined, { signal: ended.signal, ref: false }).catch(() => undefined),
  ]);
  ended.abort();
}
