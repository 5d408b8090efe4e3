import { forgetOld } from '../src/announcements/announcement-store.ts';
import { forgetRoles } from '../src/fair-play/discord-roles.ts';
import type { Job } from '../src/queue/job.ts';
import type { JobServices } from './services.ts';

const DAY_MS = 24 * 3_600_000;
/** How long what was said is kept, for whoever wants to know. */
const KEEP_ANNOUNCEMENTS_MS = 180 * DAY_MS;
/** How long a link code is kept beyond its end, so that entering it late is told from mistyping it. */
const KEEP_LINK_CODES_MS = 7 * DAY_MS;
/** How long people's roles are kept once no role is excluded any more. */
const KEEP_ROLES_MS = 30 * DAY_MS;

/** Forgets what nobody needs any more, and looks whether the clock is right. */
export const cleanUp: Job<JobServices> = {
  name: 'clean-up',
  everyMs: 3_600_000,
  afterWrites: false,
  async run({ db, stopping, lookAtClock }, now) {
    await lookAtClock();
    const communities = await db.selectFrom('communities').select('community_id as id').execute();
    for (const { id } of communities) {
      if (stopping.aborted) break;
      await forgetOld(db, id, new Date(now.getTime() - KEEP_ANNOUNCEMENTS_MS));
      await forgetRoles(db, id, new Date(now.getTime() - KEEP_ROLES_MS));
      await db
        .deleteFrom('link_codes')
        .where('community_id', '=', id)
        .where('expires_at', '<', new Date(now.getTime() - KEEP_LINK_CODES_MS))
        .execute();
    }
    return undefined;
  },
};
