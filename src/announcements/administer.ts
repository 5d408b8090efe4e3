import { sql, type Kysely } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';

export const ANNOUNCEMENT_STATES = [
  'waiting',
  'claimed',
  'delivered',
  'joined',
  'failed',
  'unsure',
  'dropped',
] as const satisfies readonly Database['announcements']['state']['__select__'][];
export type AnnouncementState = (typeof ANNOUNCEMENT_STATES)[number];

/** An announcement as an admin looks after it. */
export type AnnouncementEntry = {
  id: number;
  kind: string;
  state: AnnouncementState;
  dueAt: Date;
  /** The channel or person it is for; neither: the community's channel. */
  channelId: string | undefined;
  recipientId: string | undefined;
  attempts: number;
  deliveredAt: Date | undefined;
  messageId: string | undefined;
  /** Why it waits, failed, is unsure or was dropped. */
  reason: string | undefined;
};

/** Lists announcements, the latest first; `before` is the id that the page before ended with. */
export async function listAnnouncements(
  db: Kysely<Database>,
  communityId: number,
  { state, before, limit }: { state?: AnnouncementState | undefined; before?: number | undefined; limit: number },
): Promise<AnnouncementEntry[]> {
  let query = db
    .selectFrom('announcements')
    .selectAll()
    .where('community_id', '=', communityId)
    .orderBy('announcement_id', 'desc')
    .limit(limit);
  if (state) query = query.where('state', '=', state);
  if (before !== undefined) query = query.where('announcement_id', '<', before);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.announcement_id,
    kind: row.kind,
    state: row.state,
    dueAt: row.due_at,
    channelId: row.channel_id ?? undefined,
    recipientId: row.recipient_id ?? undefined,
    attempts: row.attempts,
    deliveredAt: row.delivered_at ?? undefined,
    messageId: row.message_id ?? undefined,
    reason: row.reason ?? undefined,
  }));
}

/**
 * Has an announcement said after all that failed, or of which nobody knows whether it was said. An admin has looked.
 *
 * @throws DomainError `unknown-announcement`, or `state-conflict` when it is in another state
 */
export async function retryAnnouncement(
  db: Kysely<Database>,
  communityId: number,
  id: number,
  actor: Actor,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('announcements')
      .select('state')
      .where('community_id', '=', communityId)
      .where('announcement_id', '=', id)
      .forUpdate()
      .executeTakeFirst();
    if (!row)
      throw new DomainError('unknown-announcement', `There is no announcement ${id}. The list shows their ids.`);
    if (row.state !== 'failed' && row.state !== 'unsure') {
      throw new DomainError(
        'state-conflict',
        `Announcement ${id} is ${row.state}. Only one that failed, or of which nobody knows, is tried again.`,
      );
    }
    await trx
      .updateTable('announcements')
      .set({ state: 'waiting', attempts: 0, try_at: now, reason: null })
      // Whoever asks for it now finds it of use now.
      .set({ expires_at: sql<Date>`greatest(expires_at, ${new Date(now.getTime() + 3_600_000)}::timestamptz)` })
      .where('community_id', '=', communityId)
      .where('announcement_id', '=', id)
      .execute();
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'announcement.retry',
      target: String(id),
      before: { state: row.state },
      after: { state: 'waiting' },
    });
  });
}

/** How many announcements need an admin, and why the latest does. */
export async function countTroubles(
  db: Kysely<Database>,
  communityId: number,
): Promise<{ count: number; latest: string | undefined }> {
  const { rows } = await sql<{ count: bigint; latest: string | null }>`
    select count(*) as count, (array_agg(reason order by announcement_id desc))[1] as latest from announcements
    where community_id = ${communityId} and state in ('failed', 'unsure')`.execute(db);
  return { count: Number(rows[0]?.count ?? 0n), latest: rows[0]?.latest ?? undefined };
}

/** How many announcements are due and of use, and wait for the community to have a channel. */
export async function countWaitingForChannel(db: Kysely<Database>, communityId: number, now: Date): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from announcements a join communities c using (community_id)
    where a.community_id = ${communityId} and a.state = 'waiting' and a.try_at <= ${now}::timestamptz
      and a.expires_at > ${now}::timestamptz
      and c.discord_channel_id is null and a.channel_id is null and a.recipient_id is null`.execute(db);
  return Number(rows[0]?.count ?? 0n);
}
