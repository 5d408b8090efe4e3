import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { createCalendar } from '../ranking/calendar.ts';
import type { Closing, Closings, FinalTableState } from '../ranking/periods.ts';
import type { Community, Season } from './community.ts';

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
  const offBoards = await db
    .selectFrom('off_boards')
    .select('member_id')
    .where('community_id', '=', communityId)
    .where('until_seq', 'is', null)
    .execute();
  const roleExclusion = await db
    .selectFrom('exclusions')
    .select('exclusion_id')
    .where('community_id', '=', communityId)
    .where('lifted_at', 'is', null)
    .where('role_id', 'is not', null)
    .limit(1)
    .executeTakeFirst();
  const kept = await db
    .selectFrom('windows')
    .select(['kind', 'key', 'starts_at as startsAt', 'ends_at as endsAt'])
    .where('community_id', '=', communityId)
    .where('kept', '=', true)
    .orderBy('starts_at')
    .execute();
  const seasons = await readSeasons(db, communityId);
  const quarterNames = await db
    .selectFrom('season_names')
    .select(['key', 'name'])
    .where('community_id', '=', communityId)
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
    calendar: createCalendar({ timeZone: row.time_zone, kept, seasons }),
    seasons,
    seasonNames: new Map([...quarterNames, ...seasons].map(({ key, name }) => [key, name])),
    closingTimes: {
      lateMs: row.late_ms,
      provisionalMs: {
        week: row.week_provisional_ms,
        month: row.month_provisional_ms,
        season: row.season_provisional_ms,
      },
    },
    countdownMs: row.countdown_ms.map(Number).toSorted((a, b) => b - a),
    monthlyBudget: row.monthly_budget ?? undefined,
    closings: await readClosings(db, communityId),
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
    offBoards: new Set(offBoards.map(({ member_id }) => member_id)),
    excludesRoles: roleExclusion !== undefined,
  };
}

async function readSeasons(db: Kysely<Database>, communityId: number): Promise<Season[]> {
  return db
    .selectFrom('seasons')
    .select(['key', 'name', 'starts_on as startsOn', 'ends_on as endsOn'])
    .where('community_id', '=', communityId)
    .orderBy('starts_on')
    .execute();
}

/** What is recorded of the windows that are over: at most some seventy a year. */
async function readClosings(db: Kysely<Database>, communityId: number): Promise<Closings> {
  const { rows } = await sql<{
    slot: string;
    windowId: number;
    provisionalAt: Date | null;
    frozenAt: Date | null;
    frozenSeq: bigint | null;
    categoryId: number | null;
    isFinal: boolean;
    sha256: string | null;
  }>`
    select w.kind || ' ' || w.key as slot, w.window_id as "windowId", w.provisional_at as "provisionalAt", w.frozen_at as "frozenAt", w.frozen_seq as "frozenSeq",
      v.category_id as "categoryId", v.sha256,
      -- What was final stays so while a version that follows is being made.
      coalesce(v.sha256 is not null or v.reason <> 'closed', false) as "isFinal"
    from windows w left join lateral (
      select distinct on (category_id) category_id, sha256, reason from final_versions
      where community_id = w.community_id and window_id = w.window_id
      order by category_id, version desc
    ) v on true
    where w.community_id = ${communityId} and (w.provisional_at is not null or w.frozen_at is not null)`.execute(db);
  const closings = new Map<string, Closing & { tables: Map<number, FinalTableState> }>();
  for (const { slot, windowId, provisionalAt, frozenAt, frozenSeq, categoryId, isFinal, sha256 } of rows) {
    const closing = closings.get(slot) ?? {
      windowId,
      provisionalAt: provisionalAt ?? undefined,
      frozenAt: frozenAt ?? undefined,
      frozenSeq: frozenSeq ?? undefined,
      tables: new Map<number, FinalTableState>(),
    };
    if (categoryId !== null) closing.tables.set(categoryId, { isFinal, sha256: sha256 ?? undefined });
    closings.set(slot, closing);
  }
  return closings;
}
