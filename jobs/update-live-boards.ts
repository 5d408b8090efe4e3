import { updateLiveBoards } from '../src/live-boards/update.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

/** Keeps the leaderboards that live in channels up to date. */
export const updateLiveBoardsJob: Job<JobServices> = {
  name: 'update-live-boards',
  everyMs: 15_000,
  afterWrites: true,
  run: async ({ outside, clock, stopping, ...context }) =>
    outside && updateLiveBoards(context, outside.boards, { clock, stopping }),
};
