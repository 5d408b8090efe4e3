/** Pictures of badges, as outsiders give them. They are kept and passed on as they are, and never taken apart. */
import { z } from 'zod';

export const IMAGE_TYPES = ['image/png', 'image/gif', 'image/webp', 'image/jpeg'] as const;
type ImageType = (typeof IMAGE_TYPES)[number];

export type Image = { mediaType: ImageType; content: Buffer };

/** What Discord takes for an emoji. */
export const MAX_IMAGE_BYTES = 256 * 1024;
const MAX_DATA_URI = 64 + Math.ceil(MAX_IMAGE_BYTES / 3) * 4;
const DATA_URI = /^data:image\/(?:png|gif|webp|jpeg);base64,([A-Za-z0-9+/]+={0,2})$/;

/** What the first bytes of a file of each type are. */
const BEGINNINGS: Record<ImageType, (beginning: string) => boolean> = {
  'image/png': (beginning) => beginning.startsWith('\x89PNG\r\n\x1A\n'),
  'image/gif': (beginning) => beginning.startsWith('GIF87a') || beginning.startsWith('GIF89a'),
  'image/webp': (beginning) => beginning.startsWith('RIFF') && beginning.endsWith('WEBP'),
  'image/jpeg': (beginning) => beginning.startsWith('\xFF\xD8\xFF'),
};
const LONGEST_BEGINNING = 12;

/** A picture as it comes in JSON. Its type is told by its first bytes, whatever it says of itself. */
export const imageSchema = z
  .string()
  .max(MAX_DATA_URI, 'is over 256 KiB')
  .transform((uri, context) => {
    const [, base64] = DATA_URI.exec(uri) ?? [];
    const read =
      base64 === undefined
        ? { problem: 'must be a data URI with base64, as data:image/png;base64,…' }
        : readImage(Buffer.from(base64, 'base64'));
    if ('content' in read) return read;
    context.addIssue(read.problem);
    return z.NEVER;
  })
  .describe('A picture, PNG, GIF, WebP or JPEG of at most 256 KiB, as a data URI. The bot makes an emoji of it.');

/** Tells what picture some bytes are, or what is wrong with them as the end of a sentence. */
export function readImage(content: Buffer): Image | { problem: string } {
  if (content.length > MAX_IMAGE_BYTES) return { problem: 'is over 256 KiB' };
  const beginning = content.subarray(0, LONGEST_BEGINNING).toString('latin1');
  const mediaType = IMAGE_TYPES.find((type) => BEGINNINGS[type](beginning));
  return mediaType ? { mediaType, content } : { problem: 'is no PNG, GIF, WebP or JPEG' };
}

/** A picture as JSON takes it. */
export function toDataUri({ mediaType, content }: Image): string {
  return `data:${mediaType};base64,${content.toString('base64')}`;
}
