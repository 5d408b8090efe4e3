import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { WindowKind } from '../ranking/calendar.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { listLiveBoards, toLiveBoard, type LiveBoard } from './administer.ts';

/** How many live boards a community may have. */
const MOST_BOARDS = 20;
/** How many places a board shows, at the most and if nobody says. */
export const MOST_PLACES = 20;
export const DEFAULT_PLACES = 10;

/** A board to be placed. The category by its slug; without `places` it shows as many as it does, or the default. */
export type NewLiveBoard = { category: string; window: WindowKind; channelId: string; places?: number | undefined };

/**
 * Places a board in a channel of the community's Discord server. A worker posts its message and keeps it up to date.
 * Safe to repeat: a board that is in the channel already stays, with the number of places now asked for, and is looked
 * after at once, also where it had failed.
 *
 * @returns the board, and whether it was not there before
 * @throws DomainError `unknown-category`, or `state-conflict` when there is no server, or enough boards
 */
export async function placeLiveBoard(
  db: Kysely<Database>,
  community: KnownCommunity,
  wanted: NewLiveBoard,
  actor: Actor,
  now: Date,
): Promise<{ board: LiveBoard; isNew: boolean }> {
  const { discordGuildId: guildId, id: communityId } = community;
  const { id: categoryId } = requireCategory(community, wanted.category);
  const { window, channelId, places } = wanted;
  if (guildId === undefined) {
    throw new DomainError(
      'state-conflict',
      'This community has no Discord server. Invite the bot to one, and run /setup there.',
    );
  }
  return db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const boards = await listLiveBoards(trx, communityId);
    const same = boards.find(
      (board) => board.channelId === channelId && board.categoryId === categoryId && board.window === window,
    );
    if (same) return { board: await lookAfter(trx, communityId, same, places, actor, now), isNew: false };
    if (boards.length >= MOST_BOARDS) {
      throw new DomainError(
        'state-conflict',
        `There are ${MOST_BOARDS} live boards, which is the most. Remove one of them first.`,
      );
    }
    const board = {
      community_id: communityId,
      category_id: categoryId,
      kind: window,
      places: places ?? DEFAULT_PLACES,
      guild_id: guildId,
      channel_id: channelId,
      placed_at: now,
      look_at: now,
      try_at: now,
    };
    const row = await trx.insertInto('live_boards').values(board).returningAll().executeTakeFirstOrThrow();
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'live-board.place',
      target: String(row.live_board_id),
      after: { category: wanted.category, window, channelId, places: row.places },
    });
    return { board: toLiveBoard(row), isNew: true };
  });
}

/** Has a board that was placed before looked after at once. */
async function lookAfter(
  trx: Transaction<Database>,
  communityId: number,
  { id, places: placesBefore, state: stateBefore }: LiveBoard,
  places: number | undefined,
  actor: Actor,
  now: Date,
): Promise<LiveBoard> {
  const row = await trx
    .updateTable('live_boards')
    .set({ places: places ?? placesBefore, look_at: now })
    .$if(stateBefore === 'failed', (query) => query.set({ state: 'active', try_at: now, attempts: 0, reason: null }))
    .where('community_id', '=', communityId)
    .where('live_board_id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  const board = toLiveBoard(row);
  if (board.places !== placesBefore || board.state !== stateBefore) {
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'live-board.place',
      target: String(id),
      before: { places: placesBefore, state: stateBefore },
      after: { places: board.places, state: board.state },
    });
  }
  return board;
}
