import { liftEndedExclusions } from '../src/fair-play/exclusions.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Lets those back whose exclusion has ended. */
export const liftExclusions: Job<JobServices> = {
  name: 'lift-exclusions',
  everyMs: 60_000,
  afterWrites: false,
  async run(services, now) {
    await liftEndedExclusions(services, now);
    return undefined;
  },
};
