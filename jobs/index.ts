import type { Job } from '../src/queue/job.ts';
import { cleanUp } from './clean-up.ts';
import { deliverAnnouncements } from './deliver-announcements.ts';
import { deliverGrantedRoles } from './deliver-roles.ts';
import { finishRebuilds } from './finish-rebuilds.ts';
import { liftExclusions } from './lift-exclusions.ts';
import { reconcileDiscordEvents } from './reconcile-discord-events.ts';
import { remindOfQuests } from './remind-of-quests.ts';
import type { JobServices } from './services.ts';
import { settleMultipliers } from './settle-multipliers.ts';
import { settleQuests } from './settle-quests.ts';

/** Every job. A worker that finds a job of another name in the queue leaves it be. */
export const jobs = [
  deliverAnnouncements,
  deliverGrantedRoles,
  reconcileDiscordEvents,
  settleMultipliers,
  settleQuests,
  remindOfQuests,
  liftExclusions,
  finishRebuilds,
  cleanUp,
] satisfies Job<JobServices>[];
