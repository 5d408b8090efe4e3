import { Counter, Gauge, type Registry } from 'prom-client';
import type { JobQueue, JobRun } from './job-queue.ts';

/** Counts the runs of jobs, by job and outcome. */
export function countRuns(metrics: Registry): (run: JobRun) => void {
  const runs = new Counter({
    name: 'job_runs_total',
    help: 'Runs of jobs in this process, by what became of them.',
    labelNames: ['job', 'outcome'],
    registers: [metrics],
  });
  return ({ name, outcome }) => runs.inc({ job: name, outcome });
}

/** Shows how many jobs were tried in vain and wait for an operator; no figure while the queue is away. */
export function showFailed(metrics: Registry, queue: Pick<JobQueue<never>, 'countFailed'>): void {
  metrics.registerMetric(
    new Gauge({
      name: 'jobs_failed',
      help: 'Jobs that were tried in vain and rest until an operator has them done again.',
      registers: [],
      async collect() {
        const failed = await queue.countFailed();
        if (failed === undefined) this.reset();
        else this.set(failed);
      },
    }),
  );
}
