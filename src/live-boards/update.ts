import type { Kysely } from 'kysely';
import { searchFrom, SendError } from '../announcements/messenger.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import type { BoardMessenger } from './board-messenger.ts';
import {
  claimNext,
  findDue,
  forget,
  LONGEST_WAIT_MS,
  noteFailure,
  noteFound,
  noteSeen,
  noteSending,
  noteShown,
  noteUnsent,
  release,
  type Claimed,
} from './live-board-store.ts';
import { readShown, type Reading } from './read-shown.ts';

/** How long a board is left alone once its message was changed. */
const EDIT_EVERY_MS = 60_000;
/** And once it was looked at and there was nothing to change: others may write without a pause. */
const LOOK_PAUSE_MS = 10_000;
/** How long a worker has for one board; afterwards somebody looks what became of its message. */
const CLAIM_MS = 60_000;
const FIRST_BACKOFF_MS = 60_000;
const LONGEST_BACKOFF_MS = 5 * 60_000;
/** How many communities are served at once: each waits for the place where boards are shown. */
const AT_ONCE = 4;

export type UpdateOptions = {
  clock: () => Date;
  /** Once it is aborted nothing new is begun. */
  stopping: AbortSignal;
};

type Context = Pick<RankingContext, 'db' | 'directory'>;

/** What a look at a board came to. `none`: none is due. `away`: the place where boards are shown does not answer. */
type Outcome = 'done' | 'none' | 'away';

/**
 * Makes the messages of live boards show what there is to show: posts those that lack, changes those whose board has
 * changed, at most once a minute each, and deletes those of boards that were removed. A message that was being sent when
 * a worker was cut off is looked for before it is sent again. Costs one statement where nothing has changed. Safe to
 * repeat, and from several processes at once.
 *
 * @returns when something is next to be looked at
 */
export async function updateLiveBoards(
  context: Context,
  messenger: BoardMessenger,
  { clock, stopping }: UpdateOptions,
): Promise<Date | undefined> {
  const { communityIds, next } = await findDue(context.db, clock());
  if (communityIds.length === 0) return next;
  const waiting = communityIds.values();
  const failures: unknown[] = [];
  const away = new AbortController();
  const halted = AbortSignal.any([stopping, away.signal]);
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      // One iterator: each takes the next.
      for (const communityId of waiting) {
        try {
          let outcome: Outcome = 'done';
          while (outcome === 'done' && !halted.aborted) {
            outcome = await updateNext(context, messenger, communityId, clock);
          }
          // All the others would wait in vain as well: they are served by the next run.
          if (outcome === 'away') away.abort();
        } catch (error) {
          // What ails one community must not keep the others from being served.
          failures.push(error);
        }
      }
    }),
  );
  if (failures.length > 0)
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'Updating live boards failed');
  return (await findDue(context.db, clock())).next;
}

/** One look at one board that is in hand. */
type Turn = {
  db: Kysely<Database>;
  messenger: BoardMessenger;
  community: KnownCommunity;
  claimed: Claimed;
  now: Date;
};

/** Looks at the next board of a community that is due. */
async function updateNext(
  { db, directory }: Context,
  messenger: BoardMessenger,
  communityId: number,
  clock: () => Date,
): Promise<Outcome> {
  const now = clock();
  const claimed = await claimNext(db, communityId, now, after(now, CLAIM_MS));
  if (!claimed) return 'none';
  const community = await directory.at(db, communityId, claimed.configVersion);
  const turn = { db, messenger, community, claimed, now };
  try {
    // The boards of a server that the community has left are taken away.
    const isWanted = !claimed.removing && claimed.guildId === community.discordGuildId;
    await (isWanted ? show(turn) : takeAway(turn));
    return 'done';
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    return putOff(turn, error);
  }
}

/** Makes the message of a board show what it is to show. @throws SendError when it cannot; the board is in hand still */
async function show(turn: Turn): Promise<void> {
  const { db, messenger, community, claimed, now } = turn;
  const found = claimed.sendingSince && (await findSent(turn, claimed.sendingSince));
  const messageId = found ?? claimed.messageId;
  const reading = await readShown(db, community, claimed, now);
  if (messageId === undefined) return post(turn, reading);
  const message = { channelId: claimed.channelId, messageId };
  if (found === undefined && reading.fingerprint === claimed.fingerprint) {
    const isTime = claimed.lookAt <= now;
    if (isTime && !(await messenger.isThere(message))) return post(turn, reading);
    const lookAt = isTime || reading.lookAt < claimed.lookAt ? reading.lookAt : claimed.lookAt;
    return noteSeen(db, claimed, { lookAt, tryAt: after(now, LOOK_PAUSE_MS) });
  }
  if (!(await messenger.edit(message, reading.shown))) return post(turn, reading);
  await noteShown(db, claimed, { messageId, reading, tryAt: after(now, EDIT_EVERY_MS) });
}

/** Posts the message of a board: the first one, or another where it was deleted. */
async function post({ db, messenger, claimed, now }: Turn, reading: Reading): Promise<void> {
  if (!(await noteSending(db, claimed, now))) return release(db, claimed);
  let messageId: string;
  try {
    messageId = await messenger.post(claimed, reading.shown, claimed.sendingSince ?? now);
  } catch (error) {
    if (error instanceof SendError && error.outcome !== 'unsure') await noteUnsent(db, claimed);
    throw error;
  }
  await noteShown(db, claimed, { messageId, reading, tryAt: after(now, EDIT_EVERY_MS) });
}

/** The message that was being sent when its sender was cut off; undefined when it was not sent. */
async function findSent({ db, messenger, claimed, now }: Turn, since: Date): Promise<string | undefined> {
  const found = await messenger.find(claimed.channelId, searchFrom(since, now), claimed.id);
  if ('unreadable' in found) {
    throw new SendError(
      'refused',
      `Its message may be there already, and nobody can look: ${found.unreadable} Put that right and try it again, or remove the board and place it anew.`,
    );
  }
  if (found.messageId !== undefined) await noteFound(db, claimed, found.messageId);
  return found.messageId;
}

/** Deletes the message of a board, and forgets the board. @throws SendError when it is to be tried again */
async function takeAway({ db, messenger, claimed, now }: Turn): Promise<void> {
  const { channelId, sendingSince, id } = claimed;
  let { messageId } = claimed;
  if (sendingSince) {
    const found = await messenger.find(channelId, searchFrom(sendingSince, now), id).catch(unlessRefused);
    if (found && 'messageId' in found) messageId = found.messageId;
  }
  if (messageId !== undefined) await messenger.remove({ channelId, messageId });
  await forget(db, claimed);
}

/** Where nobody may look there is nothing to take away. */
function unlessRefused(error: unknown): undefined {
  if (error instanceof SendError && error.outcome === 'refused') return undefined;
  throw error;
}

/** Gives a board out of hand that could not be shown: to be tried again, or, where that is of no use, to rest. */
async function putOff({ db, claimed, now }: Turn, error: SendError): Promise<Outcome> {
  const { outcome, message: reason, retryAfterMs } = error;
  const isRefused = outcome === 'refused';
  const wait = retryAfterMs ?? Math.min(FIRST_BACKOFF_MS * 2 ** claimed.attempts, LONGEST_BACKOFF_MS);
  const tryAt = isRefused ? undefined : after(now, Math.min(wait, LONGEST_WAIT_MS));
  await noteFailure(db, claimed, { reason, tryAt });
  return isRefused || retryAfterMs !== undefined ? 'done' : 'away';
}

function after(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}
