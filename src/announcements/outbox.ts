import { sql, type Transaction } from 'kysely';
import { instants } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Announcement } from './announcement.ts';

/** What is to be said, when, where and once. */
export type NewAnnouncement = {
  /** Makes saying it twice impossible: `multiplier 12 start`. */
  key: string;
  announcement: Announcement;
  dueAt: Date;
  /** Those of one group that are due together are joined into one message. */
  group?: string;
  /** A channel other than the community's. */
  channelId?: string;
  /** A Discord user, to be told in private instead. */
  recipientId?: string;
};

/**
 * Writes down what is to be said, in the transaction that makes it true. What was written under the same key before
 * stays as it is; safe to repeat.
 */
export async function announce(
  trx: Transaction<Database>,
  communityId: number,
  announcements: readonly NewAnnouncement[],
): Promise<void> {
  if (announcements.length === 0) return;
  await sql`
    insert into announcements (community_id, key, kind, content, group_key, channel_id, recipient_id, due_at)
    select ${communityId}::int, d.* from unnest(
      ${announcements.map(({ key }) => key)}::text[], ${announcements.map(({ announcement }) => announcement.kind)}::text[],
      ${announcements.map(({ announcement }) => JSON.stringify(announcement))}::jsonb[],
      ${announcements.map(({ group }) => group ?? null)}::text[], ${announcements.map(({ channelId }) => channelId ?? null)}::text[],
      ${announcements.map(({ recipientId }) => recipientId ?? null)}::text[],
      ${instants(announcements.map(({ dueAt }) => dueAt))}::timestamptz[]
    ) as d(key, kind, content, group_key, channel_id, recipient_id, due_at)
    on conflict (community_id, key) do nothing`.execute(trx);
}

/** Drops what has not been said yet under keys that begin so, as when a multiplier event is cancelled. Safe to repeat. */
export async function dropAnnouncements(
  trx: Transaction<Database>,
  communityId: number,
  keyPrefix: string,
  reason: string,
): Promise<void> {
  await trx
    .updateTable('announcements')
    .set({ state: 'dropped', reason })
    .where('community_id', '=', communityId)
    .where(sql<boolean>`starts_with(key, ${keyPrefix})`)
    .where('state', '=', 'waiting')
    .execute();
}
