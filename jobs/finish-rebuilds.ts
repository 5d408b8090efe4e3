import { finishRebuilds as carryOn } from '../src/communities/update-community.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Carries on with the changes of time zone that a crash broke off. It can take as long as a community is large. */
export const finishRebuilds: Job<JobServices> = {
  name: 'finish-rebuilds',
  everyMs: 5 * 60_000,
  afterWrites: false,
  async run(services) {
    await carryOn(services);
    return undefined;
  },
};
