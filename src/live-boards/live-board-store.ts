/** The rows of live boards that a worker takes in hand, and how it gives them out of hand again. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Reading, Wanted } from './read-shown.ts';

type Db = Kysely<Database>;

/** A live board in hand. */
export type Claimed = Wanted & {
  communityId: number;
  guildId: string;
  channelId: string;
  removing: boolean;
  messageId: string | undefined;
  fingerprint: string | undefined;
  sendingSince: Date | undefined;
  attempts: number;
  lookAt: Date;
  /** The community's, read before what the board shows: what is written meanwhile is seen the next time. */
  lastSeq: bigint;
  configVersion: bigint;
  /** Until when it is in hand. Whoever has it later has another time. */
  until: Date;
};

/** No time to do something lies further ahead; one that does comes from a clock that was wrong, and does not count. */
export const LONGEST_WAIT_MS = 3_600_000;

/**
 * When a board is to be looked at: at once where its community has written since it was seen, else at its time, and not
 * before it may be.
 */
function dueAt(now: Date): RawBuilder<Date> {
  const longest = new Date(now.getTime() + LONGEST_WAIT_MS);
  const ahead = (column: string) =>
    sql`case when ${sql.ref(column)} <= ${longest}::timestamptz then ${sql.ref(column)} end`;
  return sql`coalesce(greatest(${ahead('b.try_at')}, ${ahead('b.busy_until')},
    case when (b.seen_seq, b.seen_version) is not distinct from (c.last_seq, c.config_version) then ${ahead('b.look_at')} end
  ), ${now}::timestamptz)`;
}

/** The communities that have a board to be looked at now, and when the next look is due, or has been. One probe of a key a community. */
export async function findDue(db: Db, now: Date): Promise<{ communityIds: number[]; next: Date | undefined }> {
  const { rows } = await sql<{ ids: number[] | null; next: Date | null }>`
    select array_agg(distinct id order by id) filter (where at <= ${now}::timestamptz) as ids, min(at) as next from (
      select c.community_id as id, ${dueAt(now)} as at
      from communities c join live_boards b on b.community_id = c.community_id and b.state <> 'failed'
    ) boards`.execute(db);
  return { communityIds: rows[0]?.ids ?? [], next: rows[0]?.next ?? undefined };
}

/** Takes a board of a community in hand that is due, the one that has waited longest, leaving out what another worker holds. */
export async function claimNext(db: Db, communityId: number, now: Date, until: Date): Promise<Claimed | undefined> {
  const { rows } = await sql<ClaimedRow>`
    with due as (
      select b.live_board_id, c.last_seq, c.config_version
      from live_boards b join communities c on c.community_id = b.community_id
      where b.community_id = ${communityId} and b.state <> 'failed' and ${dueAt(now)} <= ${now}::timestamptz
      order by b.try_at, b.live_board_id limit 1 for update of b skip locked
    )
    update live_boards b set busy_until = ${until}::timestamptz from due
    where b.community_id = ${communityId} and b.live_board_id = due.live_board_id
    returning b.community_id as "communityId", b.live_board_id as id, b.category_id as "categoryId", b.kind as window,
      b.places, b.guild_id as "guildId", b.channel_id as "channelId", b.state = 'removing' as removing,
      b.message_id as "messageId", b.period, b.fingerprint, b.sending_since as "sendingSince", b.attempts,
      b.look_at as "lookAt", due.last_seq as "lastSeq", due.config_version as "configVersion"`.execute(db);
  const [row] = rows;
  return (
    row && {
      ...row,
      messageId: row.messageId ?? undefined,
      period: row.period ?? undefined,
      fingerprint: row.fingerprint ?? undefined,
      sendingSince: row.sendingSince ?? undefined,
      until,
    }
  );
}

type Nullable = 'messageId' | 'period' | 'fingerprint' | 'sendingSince';
type ClaimedRow = Omit<Claimed, Nullable | 'until'> & { [Key in Nullable]: Claimed[Key] | null };

/**
 * Notes that a message of a board is about to be sent.
 *
 * @returns false when it must not be: the board was removed, or is in other hands
 */
export async function noteSending(db: Db, claimed: Claimed, now: Date): Promise<boolean> {
  const { numAffectedRows = 0n } = await sql`
    update live_boards set message_id = null, sending_since = coalesce(sending_since, ${now}::timestamptz)
    where ${inHand(claimed)} and state = 'active'`.execute(db);
  return numAffectedRows > 0n;
}

/** Notes which message is a board's, where it was sent and nobody had noted it. */
export async function noteFound(db: Db, claimed: Claimed, messageId: string): Promise<void> {
  await sql`
    update live_boards set message_id = ${messageId}, fingerprint = null, sending_since = null
    where ${inHand(claimed)}`.execute(db);
}

/** Gives a board out of hand whose message shows a reading. */
export async function noteShown(
  db: Db,
  claimed: Claimed,
  { messageId, reading, tryAt }: { messageId: string; reading: Reading; tryAt: Date },
): Promise<void> {
  const { shown, fingerprint, lookAt } = reading;
  await sql`
    update live_boards set message_id = ${messageId}, sending_since = null, period = ${shown.board.window.key},
      fingerprint = ${fingerprint}, shown_at = ${shown.asOf}::timestamptz,
      seen_seq = ${claimed.lastSeq}::bigint, seen_version = ${claimed.configVersion}::bigint,
      ${leftAlone(claimed, lookAt, tryAt)}
    where ${inHand(claimed)}`.execute(db);
}

/** Gives a board out of hand that shows already what it is to show. */
export async function noteSeen(
  db: Db,
  claimed: Claimed,
  { lookAt, tryAt }: { lookAt: Date; tryAt: Date },
): Promise<void> {
  await sql`
    update live_boards set seen_seq = ${claimed.lastSeq}::bigint, seen_version = ${claimed.configVersion}::bigint,
      ${leftAlone(claimed, lookAt, tryAt)}
    where ${inHand(claimed)}`.execute(db);
}

/** Notes that a message that was under way certainly was not sent. */
export async function noteUnsent(db: Db, claimed: Claimed): Promise<void> {
  await sql`update live_boards set sending_since = null where ${inHand(claimed)}`.execute(db);
}

/** Gives a board out of hand that could not be shown: it is tried again at a time, or rests when there is none. */
export async function noteFailure(
  db: Db,
  claimed: Claimed,
  { reason, tryAt }: { reason: string; tryAt: Date | undefined },
): Promise<void> {
  await sql`
    update live_boards set busy_until = null, attempts = attempts + 1, reason = ${reason},
      state = case when state = 'active' and ${tryAt === undefined}::bool then 'failed' else state end,
      try_at = coalesce(${tryAt ?? null}::timestamptz, try_at)
    where ${inHand(claimed)}`.execute(db);
}

/** Gives a board out of hand as it is. */
export async function release(db: Db, claimed: Claimed): Promise<void> {
  await sql`update live_boards set busy_until = null where ${inHand(claimed)}`.execute(db);
}

/** Forgets a board whose message is gone. */
export async function forget(db: Db, claimed: Claimed): Promise<void> {
  await sql`delete from live_boards where ${inHand(claimed)}`.execute(db);
}

/** Leaves a board alone for a while, unless somebody has asked meanwhile that it be looked after, or removed. */
function leftAlone(claimed: Claimed, lookAt: Date, tryAt: Date): RawBuilder<unknown> {
  return sql`busy_until = null, attempts = 0, reason = null,
    look_at = case when look_at = ${claimed.lookAt}::timestamptz then ${lookAt}::timestamptz else look_at end,
    try_at = case when state = 'active' then ${tryAt}::timestamptz else try_at end`;
}

function inHand({ communityId, id, until }: Claimed): RawBuilder<unknown> {
  return sql`community_id = ${communityId} and live_board_id = ${id} and busy_until = ${until}::timestamptz`;
}
