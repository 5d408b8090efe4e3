import { sql, type Transaction } from 'kysely';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Announcement } from './announcement.ts';
import { expiryOf } from './expiry.ts';

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
    insert into announcements
      (community_id, key, kind, content, group_key, channel_id, recipient_id, due_at, expires_at, try_at)
    select ${communityId}::int, d.*, d.due_at from unnest(
      ${announcements.map(({ key }) => key)}::text[], ${announcements.map(({ announcement }) => announcement.kind)}::text[],
      ${announcements.map(({ announcement }) => JSON.stringify(announcement))}::jsonb[],
      ${announcements.map(({ group }) => group ?? null)}::text[], ${announcements.map(({ channelId }) => channelId ?? null)}::text[],
      ${announcements.map(({ recipientId }) => recipientId ?? null)}::text[],
      ${instants(announcements.map(({ dueAt }) => dueAt))}::timestamptz[],
      ${instants(announcements.map(({ announcement, dueAt }) => expiryOf(announcement, dueAt)))}::timestamptz[]
    ) as d(key, kind, content, group_key, channel_id, recipient_id, due_at, expires_at)
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

/** Forgets what has yet to be said under a key, so that it can be written down anew. Safe to repeat. */
export async function withdrawAnnouncement(
  trx: Transaction<Database>,
  communityId: number,
  key: string,
): Promise<void> {
  await trx
    .deleteFrom('announcements')
    .where('community_id', '=', communityId)
    .where('key', '=', key)
    .where('state', '=', 'waiting')
    .execute();
}

/**
 * Forgets what has yet to be said under keys that begin so, save under some that stay, so that it can be written down anew.
 * Safe to repeat.
 */
export async function withdrawOthers(
  trx: Transaction<Database>,
  communityId: number,
  keyPrefix: string,
  kept: readonly string[],
): Promise<void> {
  await trx
    .deleteFrom('announcements')
    .where('community_id', '=', communityId)
    .where(sql<boolean>`starts_with(key, ${keyPrefix})`)
    .where(sql<boolean>`key <> all(${kept}::text[])`)
    .where('state', '=', 'waiting')
    .execute();
}

/** Changes what has yet to be said under keys that begin so, as when a multiplier event ends earlier. Safe to repeat. */
export async function amendAnnouncements(
  trx: Transaction<Database>,
  communityId: number,
  keyPrefix: string,
  amend: (announcement: Announcement) => Announcement,
): Promise<void> {
  const { rows } = await sql<{ id: number; content: Announcement; dueAt: Date }>`
    select announcement_id as id, content, due_at as "dueAt" from announcements
    where community_id = ${communityId} and starts_with(key, ${keyPrefix}) and state = 'waiting' for update`.execute(
    trx,
  );
  for (const { id, content, dueAt } of rows) {
    const amended = amend(content);
    await trx
      .updateTable('announcements')
      .set({ content: JSON.stringify(amended), expires_at: expiryOf(amended, dueAt) })
      .where('community_id', '=', communityId)
      .where('announcement_id', '=', id)
      .execute();
  }
}

/** Changes what is told under a key: what has been said already is changed where it stands. Safe to repeat. */
export async function reviseAnnouncement(
  trx: Transaction<Database>,
  communityId: number,
  key: string,
  amend: (announcement: Announcement) => Announcement,
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ id: number; content: Announcement }>`
    select announcement_id as id, content from announcements
    where community_id = ${communityId} and key = ${key} and state in ('waiting', 'claimed', 'delivered', 'failed', 'unsure')
    for update`.execute(trx);
  for (const { id, content } of rows) {
    // One that is under way may tell what was before: it is changed once it has been delivered.
    await sql`
      update announcements set content = ${JSON.stringify(amend(content))}::jsonb,
        edit_at = case when state = 'waiting' then null else ${now}::timestamptz end
      where community_id = ${communityId} and announcement_id = ${id}`.execute(trx);
  }
}

/**
 * Has what waits, or failed, under keys that begin so said in another channel; what failed and was revised since is old
 * news. Safe to repeat.
 */
export async function redirectAnnouncements(
  trx: Transaction<Database>,
  communityId: number,
  keyPrefix: string,
  channelId: string,
  now: Date,
): Promise<void> {
  await trx
    .updateTable('announcements')
    .set({ channel_id: channelId, state: 'waiting', try_at: now, attempts: 0, reason: null })
    .where('community_id', '=', communityId)
    .where(sql<boolean>`starts_with(key, ${keyPrefix})`)
    .where('state', 'in', ['waiting', 'failed'])
    .where('edit_at', 'is', null)
    .execute();
}

/**
 * Has what failed in the community's channel, and is of use still, tried again; what was revised since is old news. Safe to
 * repeat.
 */
export async function retryFailed(trx: Transaction<Database>, communityId: number, now: Date): Promise<void> {
  await trx
    .updateTable('announcements')
    .set({ state: 'waiting', try_at: now, attempts: 0, reason: null })
    .where('community_id', '=', communityId)
    .where('state', '=', 'failed')
    .where('channel_id', 'is', null)
    .where('recipient_id', 'is', null)
    .where('expires_at', '>', now)
    .where('edit_at', 'is', null)
    .execute();
}

/** Whether anything was said under keys that begin so, or may have been. */
export async function wasAnnounced(
  trx: Transaction<Database>,
  communityId: number,
  keyPrefix: string,
): Promise<boolean> {
  const said = await trx
    .selectFrom('announcements')
    .select('announcement_id')
    .where('community_id', '=', communityId)
    .where(sql<boolean>`starts_with(key, ${keyPrefix})`)
    .where('state', 'in', ['claimed', 'delivered', 'joined', 'unsure'])
    .limit(1)
    .executeTakeFirst();
  return said !== undefined;
}

/**
 * Replaces a text that stands for itself, such as a hash, in what is told under keys that begin so: what waits is said with
 * the new one, and messages that were sent are changed where they stand. Safe to repeat.
 */
export async function replaceInAnnouncements(
  trx: Transaction<Database>,
  communityId: number,
  keyPrefix: string,
  { old, by }: { old: string; by: string },
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ messageId: number }>`
    update announcements set content = replace(content::text, ${old}, ${by})::jsonb
    where community_id = ${communityId} and starts_with(key, ${keyPrefix}) and strpos(content::text, ${old}) > 0
    returning coalesce(lead_id, announcement_id) as "messageId"`.execute(trx);
  await sql`
    update announcements set edit_at = ${now}::timestamptz
    where community_id = ${communityId} and announcement_id = any(${numbers(rows.map(({ messageId }) => messageId))}::int[])
      and state in ('claimed', 'delivered')`.execute(trx);
}
