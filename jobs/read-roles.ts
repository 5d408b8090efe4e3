import { readUnseenRoles } from '../src/fair-play/read-roles.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Reads the roles of members on Discord, where a role was excluded since they were last seen. */
export const readRoles: Job<JobServices> = {
  name: 'read-roles',
  everyMs: 60_000,
  afterWrites: false,
  run: async (services) => services.outside && readUnseenRoles(services, services.outside.readRoles, services),
};
