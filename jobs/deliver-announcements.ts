import { deliverDue } from '../src/announcements/deliver.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Says what is due, at the moment when it is. */
export const deliverAnnouncements: Job<JobServices> = {
  name: 'deliver-announcements',
  everyMs: 15_000,
  afterWrites: true,
  run: async ({ db, outside, clock, stopping }) => outside && deliverDue(db, outside.messenger, { clock, stopping }),
};
