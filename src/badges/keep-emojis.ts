/** Making emojis of the pictures of badges, and keeping them there. */
import type { Kysely } from 'kysely';
import { SendError } from '../announcements/messenger.ts';
import type { Database } from '../db/database.ts';
import { claimImages, deleteImage, findNextLook, noteEmoji, type KeptImage } from './image-store.ts';
import type { Image } from './image.ts';

/** How often it is looked whether an emoji is still there. */
const CHECK_MS = 24 * 3_600_000;
/** How long to leave a place alone that cannot be reached, unless it says itself. */
const LEAVE_ALONE_MS = 60_000;

/** Where emojis are made: once for the whole installation. */
export type EmojiMaker = {
  /** The emojis of badges that there are: ids by numbers of badges. @throws SendError */
  list(): Promise<ReadonlyMap<number, string>>;
  /** Makes the emoji of a badge, and returns its id. @throws SendError */
  make(badgeId: number, image: Image): Promise<string>;
  /** Removes an emoji. What is gone already is fine. @throws SendError */
  remove(emojiId: string): Promise<void>;
};

/**
 * Brings emojis in step with the pictures of badges: makes what lacks, removes those of badges that are gone. One that was
 * made and not noted is found again rather than made twice. Without pictures, nobody is asked. Safe to repeat.
 *
 * @returns when something is next to be looked at
 */
export async function keepEmojis(
  db: Kysely<Database>,
  maker: EmojiMaker,
  now: Date,
  { stopping }: { stopping: AbortSignal },
): Promise<Date | undefined> {
  for (let claimed = await claimImages(db, now); claimed.length > 0; claimed = await claimImages(db, now)) {
    if (stopping.aborted || !(await keepSome(db, maker, claimed, now))) break;
  }
  return findNextLook(db);
}

/** Returns whether the place where emojis are made could be reached. */
async function keepSome(
  db: Kysely<Database>,
  maker: EmojiMaker,
  claimed: readonly KeptImage[],
  now: Date,
): Promise<boolean> {
  let left = claimed;
  try {
    const present = await maker.list();
    for (const kept of claimed) {
      await keepOne(db, maker, kept, present.get(kept.badgeId), now);
      left = left.filter((one) => one !== kept);
    }
    return true;
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    const lookAt = new Date(now.getTime() + (error.retryAfterMs ?? LEAVE_ALONE_MS));
    for (const kept of left) await noteEmoji(db, kept, { reason: error.message, lookAt });
    return false;
  }
}

async function keepOne(
  db: Kysely<Database>,
  maker: EmojiMaker,
  kept: KeptImage,
  presentId: string | undefined,
  now: Date,
): Promise<void> {
  if (kept.isGone) {
    if (presentId !== undefined) await maker.remove(presentId);
    return deleteImage(db, kept);
  }
  const lookAt = new Date(now.getTime() + CHECK_MS);
  try {
    await noteEmoji(db, kept, { emojiId: presentId ?? (await maker.make(kept.badgeId, kept.image)), lookAt });
  } catch (error) {
    // What is refused once is refused again: this picture waits, and the others do not.
    if (!(error instanceof SendError && error.outcome === 'refused')) throw error;
    await noteEmoji(db, kept, { reason: error.message, lookAt });
  }
}
