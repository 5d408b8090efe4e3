/** Changing messages whose announcements tell something else by now. */
import { sql, type Kysely } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Announcement } from './announcement.ts';
import type { Speaker } from './announcement-store.ts';
import { SendError, type Messenger, type Told } from './messenger.ts';
import { groupIntoParts } from './parts.ts';

const RETRY_MS = 60_000;
/** How long one who changes messages has for all that it took up. */
const CLAIM_MS = 60_000;
const MOST_AT_ONCE = 20;

type Revision = { id: number; channelId: string | null; messageId: string | null };

/**
 * Changes the messages of a community whose announcements were revised, all that a message tells. What cannot be changed
 * any more, as when the message was deleted, is left as it is; what may pass is tried again until it is done: a name that
 * is to be gone must go. Safe to repeat, and from several processes at once.
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
    returning a.announcement_id as id, a.claimed_channel_id as "channelId", a.message_id as "messageId"`.execute(db);
  if (rows.length === 0) return;
  const told = await readTold(
    db,
    communityId,
    rows.map(({ id }) => id),
  );
  for (const { id, channelId, messageId } of rows) {
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
        await messenger.edit({ channelId, messageId }, { id, parts: told.get(id) ?? [], locale });
      }
      await put(null);
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      await put(error.outcome === 'refused' ? null : new Date(now.getTime() + (error.retryAfterMs ?? RETRY_MS)));
    }
  }
}

/** What messages tell, by the number of the announcement that each was sent for. */
async function readTold(
  db: Kysely<Database>,
  communityId: number,
  leadIds: readonly number[],
): Promise<Map<number, Told['parts']>> {
  const { rows } = await sql<{ id: number; leadId: number; group_key: string | null; announcement: Announcement }>`
    select announcement_id as id, lead_id as "leadId", group_key, content as announcement from announcements
    where community_id = ${communityId} and lead_id = any(${numbers(leadIds)}::int[]) and state in ('delivered', 'joined')
    order by due_at, announcement_id`.execute(db);
  const messages = Map.groupBy(rows, ({ leadId }) => leadId);
  return new Map(
    [...messages].map(([leadId, ofMessage]) => {
      const parts = groupIntoParts(ofMessage.map((row) => ({ ...row, group: row.group_key ?? undefined })));
      return [leadId, parts.map((part) => part.map(({ announcement }) => announcement))];
    }),
  );
}
