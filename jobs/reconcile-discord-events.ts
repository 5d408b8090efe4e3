import type { Job } from '../src/queue/job.ts';
import { mirrorEvents } from '../src/scheduled-events/mirror.ts';
import type { JobServices } from './services.ts';

/** Keeps the scheduled events of Discord in step with multiplier events and the last days of seasons. */
export const reconcileDiscordEvents: Job<JobServices> = {
  name: 'reconcile-discord-events',
  everyMs: 5 * 60_000,
  afterWrites: true,
  async run({ db, outside, stopping }, now) {
    if (outside) await mirrorEvents(db, outside.calendar, now, { stopping });
    return undefined;
  },
};
