import { keepEmojis } from '../src/badges/keep-emojis.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Makes emojis of the pictures of badges, and removes those of badges that are gone. */
export const keepBadgeEmojis: Job<JobServices> = {
  name: 'keep-badge-emojis',
  everyMs: 5 * 60_000,
  afterWrites: true,
  async run({ db, outside, stopping }, now) {
    return outside && keepEmojis(db, outside.emojis, now, { stopping });
  },
};
