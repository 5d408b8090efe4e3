import { findNextEnd } from '../src/fair-play/exclusion-store.ts';
import { liftEndedExclusions } from '../src/fair-play/exclusions.ts';
import { settleAllOffBoards } from '../src/fair-play/off-boards.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Ends the exclusions that are over, takes those off boards who are to be off, and lets the others back. */
export const settleExclusions: Job<JobServices> = {
  name: 'settle-exclusions',
  everyMs: 60_000,
  afterWrites: true,
  async run(services, now) {
    await liftEndedExclusions(services, now);
    await settleAllOffBoards(services, services);
    return findNextEnd(services.db, now);
  },
};
