import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { createCalendar } from '../ranking/calendar.ts';
import type { Community } from './community.ts';

/**
 * Reads a community with its categories, rates and kept windows. Under the community's lock, all of one version.
 *
 * @returns undefined when there is none.
 */
export async function loadCommunity(db: Kysely<Database>, communityId: number): Promise<Community | undefined> {
  const row = await db.selectFrom('communities').selectAll().where('community_id', '=', communityId).executeTakeFirst();
  if (!row) return undefined;
  const categories = await db
    .selectFrom('categories')
    .select(['category_id as id', 'slug', 'title', 'unit', 'measure', 'reputation'])
    .where('community_id', '=', communityId)
    .orderBy('category_id')
    .execute();
  const rates = await db
    .selectFrom('rates')
    .select(['category_id', 'subject', 'starts_at', 'rate'])
    .where('community_id', '=', communityId)
    .execute();
  const multipliers = await db
    .selectFrom('multipliers')
    .select(['multiplier_id', 'name', 'factor', 'category_ids', 'starts_at', 'ends_at'])
    .where('community_id', '=', communityId)
    .where('cancelled_at', 'is', null)
    .execute();
  const caps = await db
    .selectFrom('caps')
    .select(['category_id', 'amount'])
    .where('community_id', '=', communityId)
    .execute();
  const exclusions = await db
    .selectFrom('exclusions')
    .select(['member_id', 'role_id', 'scope'])
    .where('community_id', '=', communityId)
    .where('lifted_at', 'is', null)
    .execute();
  const kept = await db
    .selectFrom('windows')
    .select(['kind', 'key', 'starts_at as startsAt', 'ends_at as endsAt'])
    .where('community_id', '=', communityId)
    .where('kept', '=', true)
    .orderBy('starts_at')
    .execute();
  return {
    id: row.community_id,
    slug: row.slug,
    name: row.name,
    timeZone: row.time_zone,
    locale: row.locale,
    visibility: row.visibility,
    createdAt: row.created_at,
    discordGuildId: row.discord_guild_id ?? undefined,
    discordChannelId: row.discord_channel_id ?? undefined,
    discordReviewChannelId: row.discord_review_channel_id ?? undefined,
    configVersion: row.config_version,
    calendar: createCalendar({ timeZone: row.time_zone, kept }),
    categories,
    rates: rates.map((rate) => ({
      categoryId: rate.category_id,
      subject: rate.subject || undefined,
      startsAt: rate.starts_at,
      rate: rate.rate,
    })),
    multipliers: multipliers.map((row) => ({
      id: row.multiplier_id,
      name: row.name,
      factor: BigInt(row.factor),
      categoryIds: row.category_ids ?? undefined,
      startsAt: row.starts_at,
      endsAt: row.ends_at,
    })),
    caps: new Map(caps.map((cap) => [cap.category_id, cap.amount])),
    offBoards: new Set(exclusions.flatMap(({ member_id, scope }) => (scope === 'boards' ? (member_id ?? []) : []))),
    excludesRoles: exclusions.some(({ role_id }) => role_id !== null),
  };
}
