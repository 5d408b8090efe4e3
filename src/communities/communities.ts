import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { addPresetBadges } from '../badges/manage.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { BEGINNING_OF_TIME } from '../ranking/calendar.ts';
import { addPresetPrizes } from '../rewards/add-preset-prizes.ts';
import type { CommunityListing, Measure, Visibility } from './community.ts';
import { lockCommunity, touchConfig } from './lock.ts';
import { PRESETS, type NewCategory, type PresetName } from './presets.ts';
import { requireLocale, requireRate, requireSlug, requireTimeZone } from './settings.ts';
import { refusingTakenNames } from './taken-names.ts';

export type NewCommunity = {
  slug: string;
  name: string;
  timeZone: string;
  locale?: string | undefined;
  visibility?: Visibility | undefined;
  preset?: PresetName | undefined;
  discordGuildId?: string | undefined;
};

/**
 * Creates a community, with the categories of a preset if one is named.
 *
 * @returns its id
 * @throws DomainError `invalid-parameter`, or `name-taken` when the slug or the guild has a community already
 */
export async function createCommunity(
  db: Kysely<Database>,
  wanted: NewCommunity,
  actor: Actor,
  now: Date,
): Promise<number> {
  const values = {
    slug: requireSlug(wanted.slug),
    name: wanted.name,
    time_zone: requireTimeZone(wanted.timeZone),
    locale: requireLocale(wanted.locale ?? 'en'),
    visibility: wanted.visibility ?? 'public',
    discord_guild_id: wanted.discordGuildId ?? null,
  };
  return refusingTakenNames(
    `There is a community "${values.slug}" already, or the guild has one. Choose another slug.`,
    () =>
      db.transaction().execute(async (trx) => {
        const { community_id } = await trx
          .insertInto('communities')
          .values({ ...values, created_at: now })
          .returning('community_id')
          .executeTakeFirstOrThrow();
        await writeAudit(trx, {
          communityId: community_id,
          at: now,
          actor,
          action: 'community.create',
          target: values.slug,
          after: values,
        });
        if (wanted.preset) await addPreset(trx, community_id, wanted.preset, actor, now);
        return community_id;
      }),
  );
}

/**
 * Makes the first community, of the OmniTensor preset and in UTC, when there is none at all. Safe to repeat, and from
 * several processes at once.
 */
export async function ensureCommunity(db: Kysely<Database>, slug: string, now: Date): Promise<void> {
  const first = await db.selectFrom('communities').select('community_id').limit(1).executeTakeFirst();
  if (first) return;
  const wanted: NewCommunity = { slug, name: nameOf(slug), timeZone: 'UTC', preset: 'omnitensor' };
  try {
    await createCommunity(db, wanted, { name: 'first start' }, now);
  } catch (error) {
    // Another process that started at the same moment was faster.
    if (!(error instanceof DomainError && error.code === 'name-taken')) throw error;
  }
}

/** The communities that everybody may know of, oldest first. */
export async function listCommunities(db: Kysely<Database>): Promise<CommunityListing[]> {
  return db
    .selectFrom('communities')
    .select([
      'community_id as id',
      'slug',
      'name',
      'time_zone as timeZone',
      'locale',
      'visibility',
      'created_at as createdAt',
    ])
    .where('visibility', '=', 'public')
    .orderBy('community_id')
    .execute();
}

export type CategoryRequest = {
  slug: string;
  title: string;
  unit: string;
  measure: Measure;
  rate: bigint;
  reputation?: bigint | undefined;
};

/**
 * Adds a category. Its rate holds from the beginning of time.
 *
 * @returns its id
 * @throws DomainError `invalid-parameter`, or `name-taken` when the community has one of that slug
 */
export async function addCategory(
  db: Kysely<Database>,
  communityId: number,
  wanted: CategoryRequest,
  actor: Actor,
  now: Date,
): Promise<number> {
  const category: NewCategory = {
    slug: requireSlug(wanted.slug),
    title: wanted.title,
    unit: wanted.unit,
    measure: wanted.measure,
    rate: requireRate('rate', wanted.rate),
    reputation: requireRate('reputation', wanted.reputation ?? 0n),
  };
  return refusingTakenNames(`There is a category "${category.slug}" already. Choose another slug.`, () =>
    db.transaction().execute(async (trx) => {
      await lockCommunity(trx, communityId);
      return insertCategory(trx, communityId, category, actor, now);
    }),
  );
}

/** Adds the categories, badges and prizes of a preset to a community that is locked or not yet visible, leaving out those it has. */
export async function addPreset(
  trx: Transaction<Database>,
  communityId: number,
  preset: PresetName,
  actor: Actor,
  now: Date,
): Promise<void> {
  const present = await trx
    .selectFrom('categories')
    .select(['slug', 'category_id as id'])
    .where('community_id', '=', communityId)
    .execute();
  const ids = new Map(present.map(({ slug, id }) => [slug, id]));
  for (const category of PRESETS[preset].categories) {
    if (ids.has(category.slug)) continue;
    ids.set(category.slug, await insertCategory(trx, communityId, category, actor, now));
  }
  const community = { id: communityId, categories: [...ids.keys()].map((slug) => ({ slug })) };
  await addPresetBadges(trx, community, PRESETS[preset].badges, actor, now);
  await addPresetPrizes(trx, communityId, ids, PRESETS[preset].prizes, actor, now);
}

async function insertCategory(
  trx: Transaction<Database>,
  communityId: number,
  category: NewCategory,
  actor: Actor,
  now: Date,
): Promise<number> {
  const { rate, ...columns } = category;
  const { category_id } = await trx
    .insertInto('categories')
    .values({ community_id: communityId, ...columns })
    .returning('category_id')
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('rates')
    .values({ community_id: communityId, category_id, subject: '', starts_at: BEGINNING_OF_TIME, rate })
    .execute();
  await touchConfig(trx, communityId);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'category.create',
    target: category.slug,
    after: category,
  });
  return category_id;
}

/** A name for a community that has only a slug: `omni-tensor` becomes `Omni Tensor`. */
function nameOf(slug: string): string {
  if (slug === 'omnitensor') return PRESETS.omnitensor.name;
  return slug.replace(/(^|[-_])([a-z0-9])/g, (_, gap: string, letter: string) => (gap && ' ') + letter.toUpperCase());
}
