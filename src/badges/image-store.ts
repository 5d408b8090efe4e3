/** Pictures of badges as rows. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { IMAGE_TYPES, type Image } from './image.ts';

/** How many are looked after at once. */
const AT_ONCE = 20;
/** How long they are left to whoever has them in hand. */
const CLAIM_MS = 60_000;

/** A picture of which there should be an emoji, or none any more. */
export type KeptImage = { communityId: number; badgeId: number; image: Image; isGone: boolean };

/** Keeps the picture of a badge. */
export async function insertImage(
  trx: Transaction<Database>,
  communityId: number,
  badgeId: number,
  { mediaType, content }: Image,
  now: Date,
): Promise<void> {
  await trx
    .insertInto('badge_images')
    .values({ community_id: communityId, badge_id: badgeId, media_type: mediaType, content, look_at: now })
    .execute();
}

/** @throws DomainError `unknown-badge` where there is no badge, or no picture of it */
export async function readBadgeImage(db: Kysely<Database>, communityId: number, badgeId: number): Promise<Image> {
  const row = await db
    .selectFrom('badge_images as i')
    .innerJoin('badges as b', (join) =>
      join.onRef('b.community_id', '=', 'i.community_id').onRef('b.badge_id', '=', 'i.badge_id'),
    )
    .select(['i.media_type', 'i.content'])
    .where('i.community_id', '=', communityId)
    .where('i.badge_id', '=', badgeId)
    .executeTakeFirst();
  if (row) return toImage(row);
  throw new DomainError(
    'unknown-badge',
    `There is no badge ${badgeId} with a picture. The list of badges shows which have one.`,
  );
}

/** Takes pictures in hand whose emojis have to be looked after. Another worker has others. */
export async function claimImages(db: Kysely<Database>, now: Date): Promise<KeptImage[]> {
  const { rows } = await sql<{
    community_id: number;
    badge_id: number;
    media_type: string;
    content: Buffer;
    is_gone: boolean;
  }>`
    update badge_images i set look_at = ${new Date(now.getTime() + CLAIM_MS)}::timestamptz
    where (i.community_id, i.badge_id) in (
      select community_id, badge_id from badge_images where look_at <= ${now}::timestamptz
      order by look_at limit ${AT_ONCE} for update skip locked
    )
    returning i.community_id, i.badge_id, i.media_type, i.content,
      not exists (select from badges b where b.community_id = i.community_id and b.badge_id = i.badge_id) as is_gone`.execute(
    db,
  );
  return rows.map((row) => ({
    communityId: row.community_id,
    badgeId: row.badge_id,
    image: toImage(row),
    isGone: row.is_gone,
  }));
}

/** Notes which emoji was made of a picture, or why none was, and when to look at it again. */
export async function noteEmoji(
  db: Kysely<Database>,
  { communityId, badgeId }: Pick<KeptImage, 'communityId' | 'badgeId'>,
  { emojiId, reason, lookAt }: { emojiId?: string | undefined; reason?: string | undefined; lookAt: Date },
): Promise<void> {
  await db
    .updateTable('badge_images')
    .set({ ...(emojiId === undefined ? {} : { emoji_id: emojiId }), reason: reason ?? null, look_at: lookAt })
    .where('community_id', '=', communityId)
    .where('badge_id', '=', badgeId)
    .execute();
}

/** Forgets a picture. */
export async function deleteImage(
  db: Kysely<Database>,
  { communityId, badgeId }: Pick<KeptImage, 'communityId' | 'badgeId'>,
): Promise<void> {
  await db.deleteFrom('badge_images').where('community_id', '=', communityId).where('badge_id', '=', badgeId).execute();
}

/** When a picture is next to be looked at. */
export async function findNextLook(db: Kysely<Database>): Promise<Date | undefined> {
  const row = await db
    .selectFrom('badge_images')
    .select((eb) => eb.fn.min('look_at').as('at'))
    .executeTakeFirst();
  return row?.at ?? undefined;
}

function toImage({ media_type, content }: { media_type: string; content: Buffer }): Image {
  const mediaType = IMAGE_TYPES.find((type) => type === media_type);
  if (!mediaType) throw new Error(`A picture of the type ${media_type} was kept.`);
  return { mediaType, content };
}
