import { mirrorMultipliers } from '../src/multipliers/mirror.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Keeps the scheduled events of Discord in step with the multiplier events. */
export const reconcileDiscordEvents: Job<JobServices> = {
  name: 'reconcile-discord-events',
  everyMs: 5 * 60_000,
  afterWrites: true,
  async run({ db, outside, stopping }, now) {
    if (outside) await mirrorMultipliers(db, outside.calendar, now, { stopping });
    return undefined;
  },
};
