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

/** Which version of a badge's picture an emoji is of. */
type EmojiOf = { badgeId: number; version: number };

/** Where emojis are made: once for the whole installation. */
export type EmojiMaker = {
  /** The emojis of badges that there are. @throws SendError */
  list(): Promise<readonly (EmojiOf & { id: string })[]>;
  /** Makes an emoji, and returns its id. @throws SendError */
  make(of: EmojiOf, image: Image): Promise<string>;
  /** Removes an emoji. What is gone already is fine. @throws SendError */
  remove(emojiId: string): Promise<void>;
};

/**
 * Brings emojis in step with the pictures of badges: makes what lacks, removes those of pictures that were replaced and of
 * badges that are gone. One that was made and not noted is found again rather than made twice. Without pictures, nobody
 * is asked. Safe to repeat.
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
      const own = present.filter(({ badgeId }) => badgeId === kept.badgeId);
      await keepOne(db, maker, kept, own, now);
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
  present: readonly (EmojiOf & { id: string })[],
  now: Date,
): Promise<void> {
  const { image, isGone } = kept;
  // A later version may have been made by another worker meanwhile.
  for (const one of present) if (isGone || one.version < kept.version) await maker.remove(one.id);
  if (isGone) return deleteImage(db, kept);
  const lookAt = new Date(now.getTime() + CHECK_MS);
  try {
    const made = present.find(({ version }) => version === kept.version);
    const emojiId = made?.id ?? (image && (await maker.make(kept, image)));
    await noteEmoji(db, kept, { emojiId, lookAt });
  } catch (error) {
    // What is refused once is refused again: this picture waits, and the others do not.
    if (!(error instanceof SendError && error.outcome === 'refused')) throw error;
    await noteEmoji(db, kept, { reason: error.message, lookAt });
  }
}
