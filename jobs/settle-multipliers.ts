import { findNextEnd, settleEndedMultipliers } from '../src/multipliers/settle-multipliers.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Tells what each multiplier event brought that is over. They begin and end by the clock, with nothing to be done. */
export const settleMultipliers: Job<JobServices> = {
  name: 'settle-multipliers',
  everyMs: 60_000,
  // A backdated event may be over moments after it was made.
  afterWrites: true,
  async run(services, now) {
    await settleEndedMultipliers(services, now);
    return findNextEnd(services);
  },
};
