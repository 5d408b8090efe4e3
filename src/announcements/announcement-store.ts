import { sql, type Kysely, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Announcement } from './announcement.ts';

/** A community with something to say: a channel, where one is chosen. */
export type Speaker = { id: number; name: string; channelId: string | undefined; locale: string };

/** A row of the outbox that is to be said. */
export type Waiting = {
  id: number;
  announcement: Announcement;
  group: string | undefined;
  channelId: string | undefined;
  recipientId: string | undefined;
  attempts: number;
};

/** Announcements under one message whose sender has not told how it ended. */
export type OpenClaim = {
  leadId: number;
  ids: readonly number[];
  claimedAt: Date;
  attempts: number;
  channelId: string | undefined;
  recipientId: string | undefined;
};

/** The most rows that one message can join. */
const MOST_ROWS = 500;

type Db = Kysely<Database>;
type Trx = Transaction<Database>;

/**
 * What is to be tried now. A time to try again that lies further ahead than any is ever put comes from a clock that
 * was wrong, and counts as due.
 */
function isDue(now: Date, longestWaitMs: number) {
  const beyond = new Date(now.getTime() + longestWaitMs);
  return sql<boolean>`(try_at <= ${now}::timestamptz or (attempts > 0 and try_at > ${beyond}::timestamptz))`;
}

/** Communities that have something to say or to look after. One probe of an index a community. */
export async function findSpeakers(db: Db, now: Date, longestWaitMs: number): Promise<Speaker[]> {
  const { rows } = await sql<{ id: number; name: string; channelId: string | null; locale: string }>`
    select c.community_id as id, c.name, c.discord_channel_id as "channelId", c.locale from communities c
    where exists (
      select from announcements where community_id = c.community_id and state in ('waiting', 'claimed')
        and ${isDue(now, longestWaitMs)})
      or exists (
        select from announcements where community_id = c.community_id and state = 'delivered' and edit_at <= ${now}::timestamptz)
    order by 1`.execute(db);
  return rows.map((row) => ({ ...row, channelId: row.channelId ?? undefined }));
}

/** When something is next to be tried that can be: what waits for a channel is not. */
export async function findNextTry(db: Db): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date | null }>`
    select min(a.at) as at from communities c cross join lateral (
      (select try_at as at from announcements
       where community_id = c.community_id and state = 'waiting'
         and (c.discord_channel_id is not null or channel_id is not null or recipient_id is not null)
       order by try_at limit 1)
      union all
      (select try_at from announcements where community_id = c.community_id and state = 'claimed' order by try_at limit 1)
      union all
      (select edit_at from announcements
       where community_id = c.community_id and state = 'delivered' and edit_at is not null order by edit_at limit 1)
    ) a`.execute(db);
  return rows[0]?.at ?? undefined;
}

/** Drops what is of no use any more. */
export async function dropExpired(db: Db, communityId: number, now: Date): Promise<void> {
  await sql`
    update announcements set state = 'dropped', reason = 'It could not be said while it was of use.'
    where community_id = ${communityId} and state = 'waiting' and try_at <= ${now}::timestamptz
      and expires_at <= ${now}::timestamptz`.execute(db);
}

/** Locks what is due and can be said, the earliest first, leaving out what another worker holds. */
export async function lockDue(
  trx: Trx,
  { id, channelId }: Speaker,
  now: Date,
  longestWaitMs: number,
): Promise<Waiting[]> {
  const { rows } = await sql<{
    id: number;
    content: Announcement;
    group_key: string | null;
    channel_id: string | null;
    recipient_id: string | null;
    attempts: number;
  }>`
    select announcement_id as id, content, group_key, channel_id, recipient_id, attempts from announcements
    where community_id = ${id} and state = 'waiting' and ${isDue(now, longestWaitMs)}
      and (${channelId !== undefined}::bool or channel_id is not null or recipient_id is not null)
    order by due_at, announcement_id limit ${MOST_ROWS} for update skip locked`.execute(trx);
  return rows.map((row) => ({
    id: row.id,
    announcement: row.content,
    group: row.group_key ?? undefined,
    channelId: row.channel_id ?? channelId,
    recipientId: row.recipient_id ?? undefined,
    attempts: row.attempts,
  }));
}

/** Notes that a message is about to be sent, and until when its sender has time to tell how it ended. */
export async function claim(
  trx: Trx,
  communityId: number,
  ids: readonly number[],
  { leadId, channelId, now, until }: { leadId: number; channelId: string | undefined; now: Date; until: Date },
): Promise<void> {
  await sql`
    update announcements set state = 'claimed', lead_id = ${leadId}, claimed_at = ${now}, try_at = ${until},
      attempts = attempts + 1, reason = null,
      claimed_channel_id = ${channelId ?? null}
    where community_id = ${communityId} and announcement_id = any(${numbers(ids)}::int[])`.execute(trx);
}

/** Notes that a message was sent: its first announcement is delivered, the others are joined to it. */
export async function markDelivered(
  db: Db,
  communityId: number,
  ids: readonly number[],
  { leadId, messageId, now }: { leadId: number; messageId: string; now: Date },
): Promise<void> {
  await sql`
    update announcements set state = case when announcement_id = ${leadId} then 'delivered' else 'joined' end,
      delivered_at = ${now}, message_id = ${messageId}, reason = null
    where community_id = ${communityId} and state = 'claimed' and announcement_id = any(${numbers(ids)}::int[])`.execute(
    db,
  );
}

/** Notes that a claim ended without a message: to be tried again, or given up. */
export async function endClaim(
  db: Db,
  communityId: number,
  ids: readonly number[],
  end:
    { state: 'waiting'; tryAt: Date; reason: string; counts: boolean } | { state: 'failed' | 'unsure'; reason: string },
): Promise<void> {
  const [tryAt, less] = end.state === 'waiting' ? [end.tryAt, end.counts ? 0 : 1] : [undefined, 0];
  await sql`
    update announcements set state = ${end.state}, reason = ${end.reason}, attempts = attempts - ${less}::int,
      try_at = coalesce(${tryAt ?? null}::timestamptz, try_at)
    where community_id = ${communityId} and state = 'claimed' and announcement_id = any(${numbers(ids)}::int[])`.execute(
    db,
  );
}

/**
 * Notes that a claim ended as the channel is not there any more. What has no channel of its own waits for the community's
 * next one, without a try being lost; the rest has failed.
 */
export async function endClaimInNoChannel(
  db: Db,
  communityId: number,
  ids: readonly number[],
  { reason, now }: { reason: string; now: Date },
): Promise<void> {
  await sql`
    update announcements set reason = ${reason}, try_at = ${now}::timestamptz,
      state = case when channel_id is null then 'waiting' else 'failed' end,
      attempts = case when channel_id is null then attempts - 1 else attempts end
    where community_id = ${communityId} and state = 'claimed' and announcement_id = any(${numbers(ids)}::int[])`.execute(
    db,
  );
}

/** Puts everything off that is due in a place which is to be left alone. */
export async function holdBack(
  db: Db,
  { id, channelId }: Speaker,
  place: { channelId: string } | { recipientId: string },
  until: Date,
): Promise<void> {
  const here =
    'channelId' in place
      ? sql`recipient_id is null and coalesce(channel_id, ${channelId ?? null}) = ${place.channelId}`
      : sql`recipient_id = ${place.recipientId}`;
  await sql`
    update announcements set try_at = ${until}::timestamptz
    where community_id = ${id} and state = 'waiting' and try_at < ${until}::timestamptz and ${here}`.execute(db);
}

/** Takes claims whose sender has not told how they ended, and keeps others from looking after them for a while. */
export async function takeOpenClaims(
  db: Db,
  communityId: number,
  { now, until, longestWaitMs }: { now: Date; until: Date; longestWaitMs: number },
): Promise<OpenClaim[]> {
  const { rows } = await sql<{
    lead_id: number;
    id: number;
    claimed_at: Date;
    attempts: number;
    channel_id: string | null;
    recipient_id: string | null;
  }>`
    with open as (
      select announcement_id from announcements
      where community_id = ${communityId} and state = 'claimed' and ${isDue(now, longestWaitMs)}
      order by announcement_id for update skip locked
    )
    update announcements a set try_at = ${until} from open
    where a.community_id = ${communityId} and a.announcement_id = open.announcement_id
    returning a.lead_id, a.announcement_id as id, a.claimed_at, a.attempts, a.claimed_channel_id as channel_id,
      a.recipient_id`.execute(db);
  return [...Map.groupBy(rows, (row) => row.lead_id)].flatMap(([leadId, claimed]) => {
    const [first] = claimed;
    if (!first) return [];
    return [
      {
        leadId,
        ids: claimed.map(({ id }) => id),
        claimedAt: first.claimed_at,
        attempts: Math.max(...claimed.map(({ attempts }) => attempts)),
        channelId: first.channel_id ?? undefined,
        recipientId: first.recipient_id ?? undefined,
      },
    ];
  });
}

/** Forgets what was said or dropped long ago. Returns how many rows went, at most some thousands a call. */
export async function forgetOld(db: Db, communityId: number, before: Date): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from announcements where community_id = ${communityId} and announcement_id in (
      select announcement_id from announcements
      where community_id = ${communityId} and state in ('delivered', 'joined', 'dropped') and due_at < ${before}
      order by announcement_id limit 5000)`.execute(db);
  return Number(numAffectedRows);
}
