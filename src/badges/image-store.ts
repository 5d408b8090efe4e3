/** Pictures of badges as rows. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { IMAGE_TYPES, type Image } from './image.ts';

/** How many are looked after at once. */
const AT_ONCE = 20;
/** How long they are left to whoever has them in hand. */
const CLAIM_MS = 60_000;

/**
 * A picture of which there should be an emoji, and none of its earlier versions. `image` is undefined where it was taken
 * away; `isGone`: and the badge with it.
 */
export type KeptImage = {
  communityId: number;
  badgeId: number;
  version: number;
  image: Image | undefined;
  isGone: boolean;
};

/** Keeps the picture of a badge in place of the one before, or takes that away: its emoji goes in a moment. */
export async function putImage(
  trx: Transaction<Database>,
  communityId: number,
  badgeId: number,
  image: Image | undefined,
  now: Date,
): Promise<void> {
  await sql`
    insert into badge_images as i (community_id, badge_id, media_type, content, look_at)
    values (${communityId}, ${badgeId}, ${image?.mediaType ?? null}, ${image?.content ?? null}, ${now}::timestamptz)
    on conflict (community_id, badge_id) do update set media_type = excluded.media_type, content = excluded.content,
      look_at = excluded.look_at, version = i.version + 1, emoji_id = null, reason = null`.execute(trx);
}

/** The picture of a badge that is there. */
export async function findImage(
  db: Kysely<Database>,
  communityId: number,
  badgeId: number,
): Promise<Image | undefined> {
  const row = await db
    .selectFrom('badge_images as i')
    .innerJoin('badges as b', (join) =>
      join.onRef('b.community_id', '=', 'i.community_id').onRef('b.badge_id', '=', 'i.badge_id'),
    )
    .select(['i.media_type', 'i.content'])
    .where('i.community_id', '=', communityId)
    .where('i.badge_id', '=', badgeId)
    .executeTakeFirst();
  return row && toImage(row);
}

/** @throws DomainError `unknown-badge` where there is no badge, or no picture of it */
export async function readBadgeImage(db: Kysely<Database>, communityId: number, badgeId: number): Promise<Image> {
  const image = await findImage(db, communityId, badgeId);
  if (image) return image;
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
    version: number;
    media_type: string | null;
    content: Buffer | null;
    is_gone: boolean;
  }>`
    update badge_images i set look_at = ${new Date(now.getTime() + CLAIM_MS)}::timestamptz
    where (i.community_id, i.badge_id) in (
      select community_id, badge_id from badge_images where look_at <= ${now}::timestamptz
      order by look_at limit ${AT_ONCE} for update skip locked
    )
    returning i.community_id, i.badge_id, i.version, i.media_type, i.content,
      not exists (select from badges b where b.community_id = i.community_id and b.badge_id = i.badge_id) as is_gone`.execute(
    db,
  );
  return rows.map((row) => ({
    communityId: row.community_id,
    badgeId: row.badge_id,
    version: row.version,
    image: toImage(row),
    isGone: row.is_gone,
  }));
}

/**
 * Notes which emoji was made of a picture, or why none was, and when to look at it again. Of one that was replaced
 * meanwhile nothing is noted.
 */
export async function noteEmoji(
  db: Kysely<Database>,
  { communityId, badgeId, version }: Pick<KeptImage, 'communityId' | 'badgeId' | 'version'>,
  { emojiId, reason, lookAt }: { emojiId?: string | undefined; reason?: string | undefined; lookAt: Date },
): Promise<void> {
  await db
    .updateTable('badge_images')
    .set({ ...(emojiId === undefined ? {} : { emoji_id: emojiId }), reason: reason ?? null, look_at: lookAt })
    .where('community_id', '=', communityId)
    .where('badge_id', '=', badgeId)
    .where('version', '=', version)
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

function toImage(row: { media_type: string | null; content: Buffer | null }): Image | undefined {
  const { media_type, content } = row;
  if (media_type === null || content === null) return undefined;
  const mediaType = IMAGE_TYPES.find((type) => type === media_type);
  if (!mediaType) throw new Error(`A picture of the type ${media_type} was kept.`);
  return { mediaType, content };
}
