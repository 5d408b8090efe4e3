import type { Job } from '../src/queue/job.ts';
import { announceSeasons } from '../src/seasons/announce-seasons.ts';
import type { JobServices } from './services.ts';

/** Puts down, a moment before it is due, that a season is about to end or has begun. */
export const announceSeasonsJob: Job<JobServices> = {
  name: 'announce-seasons',
  everyMs: 60_000,
  afterWrites: true,
  run: announceSeasons,
};
