import type { Job } from '../src/queue/job.ts';
import { remindSubscribers } from '../src/quests/remind.ts';
import type { JobServices } from './services.ts';

/** Reminds those who joined a quest and are over half way, when a fifth of its time is left. */
export const remindOfQuests: Job<JobServices> = {
  name: 'remind-of-quests',
  everyMs: 60_000,
  afterWrites: false,
  run: remindSubscribers,
};
