import type { Job } from '../src/queue/job.ts';
import { deliverRoles } from '../src/rewards/deliver.ts';
import type { JobServices } from './services.ts';

/** Gives the Discord roles that were granted. */
export const deliverGrantedRoles: Job<JobServices> = {
  name: 'deliver-roles',
  everyMs: 30_000,
  afterWrites: true,
  async run({ db, outside, stopping }) {
    if (outside) await deliverRoles(db, outside.roles, { stopping });
    return undefined;
  },
};
