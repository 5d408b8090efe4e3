import { closeDueWindows } from '../src/seasons/close-windows.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Closes windows when it is time, and makes their tables final. */
export const closeWindows: Job<JobServices> = {
  name: 'close-windows',
  everyMs: 60_000,
  // Where times were changed, what is due next has to be reckoned anew.
  afterWrites: true,
  run: (services, now) => closeDueWindows(services, now, { stopping: services.stopping }),
};
