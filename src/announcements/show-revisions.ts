/** Changing messages whose announcements tell something else by now. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Announcement } from './announcement.ts';
import type { Speaker } from './announcement-store.ts';
import { SendError, type Messenger } from './messenger.ts';

const RETRY_MS = 60_000;
/** How long one who changes messages has for all that it took up. */
const CLAIM_MS = 60_000;
const MOST_AT_ONCE = 20;

type Revision = {
  id: number;
  content: Announcement;
  channelId: string | null;
  messageId: string | null;
  expiresAt: Date;
};

/**
 * Changes the messages of a community whose announcements were revised. What cannot be changed any more, as when the
 * message was deleted, is left as it is. Safe to repeat, and from several processes at once.
 */
export async function showRevisions(
  db: Kysely<Database>,
  messenger: Messenger,
  { id: communityId, locale }: Pick<Speaker, 'id' | 'locale'>,
  now: Date,
): Promise<void> {
  const until = new Date(now.getTime() + CLAIM_MS);
  const { rows } = await sql<Revision>`
    with due as (
      select announcement_id from announcements
      where community_id = ${communityId} and state = 'delivered' and edit_at <= ${now}::timestamptz
      order by edit_at limit ${MOST_AT_ONCE} for update skip locked
    )
    update announcements a set edit_at = ${until}::timestamptz from due
    where a.community_id = ${communityId} and a.announcement_id = due.announcement_id
    returning a.announcement_id as id, a.content, a.claimed_channel_id as "channelId", a.message_id as "messageId",
      a.expires_at as "expiresAt"`.execute(db);
  for (const { id, content, channelId, messageId, expiresAt } of rows) {
    const put = async (next: Date | null) => {
      // Revised once more meanwhile, it is shown once more.
      await sql`
        update announcements set edit_at = ${next}::timestamptz
        where community_id = ${communityId} and announcement_id = ${id} and edit_at = ${until}::timestamptz`.execute(
        db,
      );
    };
    try {
      if (channelId !== null && messageId !== null) {
        await messenger.edit({ channelId, messageId }, { id, parts: [[content]], locale });
      }
      await put(null);
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      const later = new Date(now.getTime() + (error.retryAfterMs ?? RETRY_MS));
      await put(error.outcome === 'refused' || later > expiresAt ? null : later);
    }
  }
}
