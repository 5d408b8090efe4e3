import type { Job } from '../src/queue/job.ts';
import { reconcileRoles as bringInLine } from '../src/rewards/reconcile-roles.ts';
import type { JobServices } from './services.ts';

/** Gives the Discord roles that were granted, and takes those that were for a while. */
export const reconcileRoles: Job<JobServices> = {
  name: 'reconcile-roles',
  everyMs: 30_000,
  afterWrites: true,
  run: async ({ db, outside, clock, stopping }) => outside && bringInLine(db, outside.roles, { clock, stopping }),
};
