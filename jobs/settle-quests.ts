import type { Job } from '../src/queue/job.ts';
import { settleDueRounds } from '../src/quests/settle.ts';
import type { JobServices } from './services.ts';

/** Begins the rounds of quests, and settles those that are due. */
export const settleQuests: Job<JobServices> = {
  name: 'settle-quests',
  everyMs: 60_000,
  // A quest may be over moments after it was made, and a round may wait for nothing but a review.
  afterWrites: true,
  run: settleDueRounds,
};
