import type { Job } from '../src/queue/job.ts';
import { settleDueRounds } from '../src/quests/settle.ts';
import type { JobServices } from './services.ts';

/** Begins the rounds of quests, and settles those that are due. */
export const settleQuests: Job<JobServices> = {
  name: 'settle-quests',
  everyMs: 60_000,
  afterWrites: false,
  run: settleDueRounds,
};
