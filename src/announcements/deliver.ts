import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import {
  claim,
  dropExpired,
  endClaim,
  endClaimInNoChannel,
  findNextTry,
  findSpeakers,
  holdBack,
  lockDue,
  markDelivered,
  takeOpenClaims,
  type OpenClaim,
  type Speaker,
  type Waiting,
} from './announcement-store.ts';
import { forgetChannel } from './channel.ts';
import { searchFrom, SendError, type Messenger, type Target, type Told } from './messenger.ts';
import { groupIntoParts } from './parts.ts';
import { showRevisions } from './show-revisions.ts';

/** How long a sender has to tell how it ended; afterwards somebody looks whether the message is there. */
const CLAIM_MS = 30_000;
const FIRST_BACKOFF_MS = 2_000;
const LONGEST_BACKOFF_MS = 15 * 60_000;
/** No time to try again lies further ahead. */
const LONGEST_WAIT_MS = 3_600_000;
/** With doubling pauses that is most of a day. */
const MAX_ATTEMPTS = 80;
/** How many parts a message tells at the most. */
const MAX_PARTS = 8;
/** How many communities are served at once: each waits for the place where things are said. */
const AT_ONCE = 4;

export type DeliverOptions = {
  clock: () => Date;
  /** Once it is aborted nothing new is begun. */
  stopping: AbortSignal;
};

/**
 * Says what is due, each thing once: it is claimed, sent, and marked, and a claim whose sender was cut off is looked
 * for before it is sent again. Safe to repeat, and from several processes at once.
 *
 * @returns when something is next to be tried
 */
export async function deliverDue(
  db: Kysely<Database>,
  messenger: Messenger,
  options: DeliverOptions,
): Promise<Date | undefined> {
  const speakers = (await findSpeakers(db, options.clock(), LONGEST_WAIT_MS)).values();
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      // One iterator: each takes the next.
      for (const speaker of speakers) {
        try {
          await deliverOf(db, messenger, speaker, options);
        } catch (error) {
          // What ails one community must not keep the others from being served.
          failures.push(error);
        }
      }
    }),
  );
  if (failures.length > 0)
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'Delivering failed');
  return findNextTry(db);
}

async function deliverOf(
  db: Kysely<Database>,
  messenger: Messenger,
  speaker: Speaker,
  { clock, stopping }: DeliverOptions,
): Promise<void> {
  await dropExpired(db, speaker.id, clock());
  const now = clock();
  const until = new Date(now.getTime() + CLAIM_MS);
  const open = await takeOpenClaims(db, speaker.id, { now, until, longestWaitMs: LONGEST_WAIT_MS });
  // Once its channel turns out to be gone, the community is another one: the next run goes on with what needs no channel.
  for (const one of open) {
    if (stopping.aborted) return;
    if ((await resolveClaim(db, messenger, speaker, one, clock())) === 'channel-gone') return;
  }
  while (!stopping.aborted) {
    const claimed = await claimNext(db, speaker, clock());
    if (!claimed) break;
    if ((await send(db, messenger, speaker, claimed, clock)) === 'channel-gone') return;
  }
  if (!stopping.aborted) await showRevisions(db, messenger, speaker, clock());
}

type Outcome = 'ended' | 'channel-gone';

type Claimed = { target: Target; told: Told; ids: readonly number[]; attempts: number };

/** Claims the next message: what is due first, and what can be said together with it. */
async function claimNext(db: Kysely<Database>, speaker: Speaker, now: Date): Promise<Claimed | undefined> {
  return db.transaction().execute(async (trx) => {
    const due = await lockDue(trx, speaker, now, LONGEST_WAIT_MS);
    const [first] = due;
    if (!first) return undefined;
    const parts = partsWith(first, due);
    const rows = parts.flat();
    const ids = rows.map(({ id }) => id);
    const target = targetOf(first);
    const channelId = 'channelId' in target ? target.channelId : undefined;
    await claim(trx, speaker.id, ids, { leadId: first.id, channelId, now, until: new Date(now.getTime() + CLAIM_MS) });
    return {
      target,
      told: {
        id: first.id,
        parts: parts.map((part) => part.map(({ announcement }) => announcement)),
        locale: speaker.locale,
        from: 'userId' in target ? speaker.name : undefined,
      },
      ids,
      attempts: Math.max(...rows.map(({ attempts }) => attempts)) + 1,
    };
  });
}

/** What is told in one message with the first that is due: those of a group are one part, in the order of their times. */
function partsWith(first: Waiting, due: readonly Waiting[]): Waiting[][] {
  if (standsAlone(first)) return [[first]];
  const together = due.filter(
    (row) => !standsAlone(row) && row.channelId === first.channelId && row.recipientId === first.recipientId,
  );
  return groupIntoParts(together).slice(0, MAX_PARTS);
}

/** What is answered with buttons needs a message of its own. */
function standsAlone({ announcement }: Waiting): boolean {
  return announcement.kind === 'proof-submitted';
}

function targetOf({ channelId, recipientId }: Pick<Waiting, 'channelId' | 'recipientId'>): Target {
  if (recipientId !== undefined) return { userId: recipientId };
  if (channelId !== undefined) return { channelId };
  throw new Error('An announcement was taken up that has no place to be said in.');
}

async function send(
  db: Kysely<Database>,
  messenger: Messenger,
  speaker: Speaker,
  { target, told, ids, attempts }: Claimed,
  clock: () => Date,
): Promise<Outcome> {
  let messageId: string;
  try {
    messageId = await messenger.send(target, told);
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    if (error.isGone && 'channelId' in target) {
      return loseChannel(db, speaker, { channelId: target.channelId, ids }, error, clock());
    }
    await endUnsent(db, speaker, { target, ids, attempts }, error, clock());
    return 'ended';
  }
  await markDelivered(db, speaker.id, ids, { leadId: told.id, messageId, now: clock() });
  return 'ended';
}

/** What was to be said in a channel that is not there any more waits until an admin, who sees that, chooses another one. */
async function loseChannel(
  db: Kysely<Database>,
  speaker: Speaker,
  { channelId, ids }: { channelId: string; ids: readonly number[] },
  { message }: SendError,
  now: Date,
): Promise<Outcome> {
  await forgetChannel(db, speaker.id, channelId, now);
  await endClaimInNoChannel(db, speaker.id, ids, { reason: message, now });
  return channelId === speaker.channelId ? 'channel-gone' : 'ended';
}

async function endUnsent(
  db: Kysely<Database>,
  speaker: Speaker,
  { target, ids, attempts }: Pick<Claimed, 'target' | 'ids' | 'attempts'>,
  error: SendError,
  now: Date,
): Promise<void> {
  const { outcome, retryAfterMs, message } = error;
  if (outcome === 'refused') return endClaim(db, speaker.id, ids, { state: 'failed', reason: message });
  const tryAt = new Date(now.getTime() + (retryAfterMs ?? backoffMs(attempts)));
  const place = 'channelId' in target ? target : { recipientId: target.userId };
  // Order is kept, and nobody is asked again and again who has just refused.
  await holdBack(db, speaker, place, tryAt);
  // It stays claimed: somebody looks whether the message is there before it is sent again.
  if (outcome === 'unsure') return;
  if (attempts >= MAX_ATTEMPTS) {
    return endClaim(db, speaker.id, ids, {
      state: 'failed',
      reason: `Tried ${attempts} times, at last in vain: ${message}`,
    });
  }
  await endClaim(db, speaker.id, ids, {
    state: 'waiting',
    tryAt,
    reason: message,
    counts: retryAfterMs === undefined,
  });
}

/** Finds out what became of a message whose sender was cut off, and has it sent again if it was not. */
async function resolveClaim(
  db: Kysely<Database>,
  messenger: Messenger,
  speaker: Speaker,
  { leadId, ids, claimedAt, channelId, recipientId, attempts }: OpenClaim,
  now: Date,
): Promise<Outcome> {
  const target = targetOf({ channelId, recipientId });
  try {
    const found = await messenger.find(target, searchFrom(claimedAt, now), leadId);
    if ('unreadable' in found) {
      await endClaim(db, speaker.id, ids, {
        state: 'unsure',
        reason: `It may have been said already, and nobody can look: ${found.unreadable}`,
      });
    } else if (found.messageId === undefined) {
      await endClaim(db, speaker.id, ids, {
        state: 'waiting',
        tryAt: now,
        reason: 'It was begun and not sent; it is sent again.',
        counts: true,
      });
    } else {
      await markDelivered(db, speaker.id, ids, { leadId, messageId: found.messageId, now });
    }
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    // If it was said, it is gone with the channel.
    if (error.isGone && channelId !== undefined) return loseChannel(db, speaker, { channelId, ids }, error, now);
    // It stays claimed, and is looked for again.
    if (error.outcome !== 'refused' && attempts < MAX_ATTEMPTS) return 'ended';
    await endClaim(db, speaker.id, ids, {
      state: 'unsure',
      reason: `It may have been said already, and nobody can look: ${error.message}`,
    });
  }
  return 'ended';
}

function backoffMs(attempts: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), LONGEST_BACKOFF_MS);
}
