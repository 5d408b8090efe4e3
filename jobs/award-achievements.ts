import { awardAchievements } from '../src/badges/award.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Awards achievements for what was recorded, voided, merged or completed since, and for badges that are new. */
export const awardBadges: Job<JobServices> = {
  name: 'award-achievements',
  everyMs: 60_000,
  afterWrites: true,
  async run(services, now) {
    await awardAchievements(services, now, { stopping: services.stopping });
    return undefined;
  },
};
