/** Live boards as admins look after them. */
import { sql, type Kysely, type Selectable } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { WindowKind } from '../ranking/calendar.ts';

/**
 * A leaderboard that lives in a channel: one message, kept up to date. It shows the current period of its window, or one
 * that is over until its final table stands.
 */
export type LiveBoard = {
  id: number;
  categoryId: number;
  window: WindowKind;
  /** How many places it shows. */
  places: number;
  guildId: string;
  channelId: string;
  placedAt: Date;
  /** `waiting`: it has no message yet. `failed`: it rests until somebody has it tried again. */
  state: 'waiting' | 'live' | 'failed';
  /** Its message, with the key of the period that it shows, and as of when. */
  message: { id: string; period: string; shownAt: Date } | undefined;
  /** Why it failed, or why what has changed is not shown yet. */
  reason: string | undefined;
};

/** The boards of a community, in the order in which they were placed. */
export async function listLiveBoards(db: Kysely<Database>, communityId: number): Promise<LiveBoard[]> {
  const rows = await db
    .selectFrom('live_boards')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('state', '!=', 'removing')
    .orderBy('live_board_id')
    .execute();
  return rows.map(toLiveBoard);
}

/**
 * Removes a board; a worker deletes its message.
 *
 * @throws DomainError `unknown-live-board`
 */
export async function removeLiveBoard(
  db: Kysely<Database>,
  communityId: number,
  id: number,
  actor: Actor,
  now: Date,
): Promise<LiveBoard> {
  return db.transaction().execute(async (trx) => {
    const row = await trx
      .updateTable('live_boards')
      .set({ state: 'removing', look_at: now, try_at: now, attempts: 0, reason: null })
      .where('community_id', '=', communityId)
      .where('live_board_id', '=', id)
      .where('state', '!=', 'removing')
      .returningAll()
      .executeTakeFirst();
    if (!row) {
      throw new DomainError('unknown-live-board', `There is no live board ${id}. The list shows those that there are.`);
    }
    const board = toLiveBoard(row);
    const { categoryId, window, channelId, places } = board;
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'live-board.remove',
      target: String(id),
      before: { categoryId, window, channelId, places },
    });
    return board;
  });
}

/** Has the boards that failed tried again: those in some channels, or all. Returns how many there were. Safe to repeat. */
export async function retryLiveBoards(
  db: Kysely<Database>,
  communityId: number,
  actor: Actor,
  now: Date,
  channelIds?: readonly string[],
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    let query = trx
      .updateTable('live_boards')
      .set({ state: 'active', try_at: now, attempts: 0, reason: null })
      .where('community_id', '=', communityId)
      .where('state', '=', 'failed');
    if (channelIds) query = query.where('channel_id', 'in', channelIds);
    const rows = await query.returning(['live_board_id as id', 'channel_id as channelId']).execute();
    for (const { id, channelId } of rows) {
      await writeAudit(trx, {
        communityId,
        at: now,
        actor,
        action: 'live-board.retry',
        target: String(id),
        after: { channelId },
      });
    }
    return rows.length;
  });
}

/** How many boards failed and rest, and why the latest does. */
export async function countRestingBoards(
  db: Kysely<Database>,
  communityId: number,
): Promise<{ count: number; latest: string | undefined }> {
  const { rows } = await sql<{ count: number; latest: string | null }>`
    select count(*)::int as count, (array_agg(reason order by live_board_id desc))[1] as latest from live_boards
    where community_id = ${communityId} and state = 'failed'`.execute(db);
  return { count: rows[0]?.count ?? 0, latest: rows[0]?.latest ?? undefined };
}

/** A board as its row has it. */
export function toLiveBoard(row: Selectable<Database['live_boards']>): LiveBoard {
  const { message_id: messageId, period, shown_at: shownAt } = row;
  const isShown = messageId !== null && period !== null && shownAt !== null;
  return {
    id: row.live_board_id,
    categoryId: row.category_id,
    window: row.kind,
    places: row.places,
    guildId: row.guild_id,
    channelId: row.channel_id,
    placedAt: row.placed_at,
    state: row.state === 'failed' ? 'failed' : isShown ? 'live' : 'waiting',
    message: isShown ? { id: messageId, period, shownAt } : undefined,
    reason: row.reason ?? undefined,
  };
}
