import type { Job } from '../src/queue/job.ts';
import { announceSeasonsJob } from './announce-seasons.ts';
import { awardBadges } from './award-achievements.ts';
import { cleanUp } from './clean-up.ts';
import { closeWindows } from './close-windows.ts';
import { deliverAnnouncements } from './deliver-announcements.ts';
import { finishRebuilds } from './finish-rebuilds.ts';
import { keepBadgeEmojis } from './keep-badge-emojis.ts';
import { readRoles } from './read-roles.ts';
import { reconcileDiscordEvents } from './reconcile-discord-events.ts';
import { reconcileRoles } from './reconcile-roles.ts';
import { remindOfQuests } from './remind-of-quests.ts';
import type { JobServices } from './services.ts';
import { settleExclusions } from './settle-exclusions.ts';
import { settleMultipliers } from './settle-multipliers.ts';
import { settleQuests } from './settle-quests.ts';
import { updateLiveBoardsJob } from './update-live-boards.ts';

/** Every job. A worker that finds a job of another name in the queue leaves it be. */
export const jobs = [
  deliverAnnouncements,
  reconcileRoles,
  reconcileDiscordEvents,
  closeWindows,
  announceSeasonsJob,
  settleMultipliers,
  settleQuests,
  remindOfQuests,
  settleExclusions,
  readRoles,
  awardBadges,
  keepBadgeEmojis,
  updateLiveBoardsJob,
  finishRebuilds,
  cleanUp,
] satisfies Job<JobServices>[];
