/** What there is to mirror: the multiplier events that are not over, and the last days of seasons that are near. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { formatMultiplier } from '../ranking/score.ts';
import type { ScheduledEvent } from './scheduled-event.ts';

/** A guild whose calendar mirrors the events of a community. */
export type MirrorGuild = {
  communityId: number;
  guildId: string;
  /** Not so: the community has another guild, none, or was removed, and what it left in this one is to be called off. */
  isCurrent: boolean;
};

/** The guilds that have anything to mirror, or to call off; what was left behind comes first, as whoever follows may want the same. */
export async function listMirrorGuilds(db: Kysely<Database>, now: Date): Promise<MirrorGuild[]> {
  const { rows } = await sql<MirrorGuild>`
    select g.community_id as "communityId", g.guild_id as "guildId", c.community_id is not null as "isCurrent"
    from (
      select community_id, guild_id from mirrored_events
      union
      select community_id, discord_guild_id from communities c
      where discord_guild_id is not null and (
        exists (
          select from multipliers m
          where m.community_id = c.community_id and m.cancelled_at is null and m.ends_at > ${now}::timestamptz)
        or exists (select from season_events s where s.community_id = c.community_id and s.ends_at > ${now}::timestamptz))
    ) g
    left join communities c on c.community_id = g.community_id and c.discord_guild_id = g.guild_id
    order by "isCurrent", g.community_id`.execute(db);
  return rows;
}

/** The events of a community that are to be mirrored, by their marks. */
export async function readScheduled(
  db: Kysely<Database>,
  communityId: number,
  now: Date,
): Promise<Map<string, ScheduledEvent>> {
  const events = [...(await readMultipliers(db, communityId, now)), ...(await readSeasonEnds(db, communityId, now))];
  return new Map(events.map((event) => [event.mark, event]));
}

async function readMultipliers(db: Kysely<Database>, communityId: number, now: Date): Promise<ScheduledEvent[]> {
  const { rows } = await sql<{
    id: number;
    name: string;
    factor: number;
    categories: string[];
    startsAt: Date;
    endsAt: Date;
  }>`
    select multiplier_id as id, name, factor, starts_at as "startsAt", ends_at as "endsAt",
      coalesce((select array_agg(g.title order by g.category_id) from categories g
        where g.community_id = m.community_id and g.category_id = any(m.category_ids)), '{}') as categories
    from multipliers m
    where community_id = ${communityId} and cancelled_at is null and ends_at > ${now}::timestamptz
    order by starts_at, multiplier_id`.execute(db);
  return rows.map(({ id, factor, ...event }) => ({
    kind: 'multiplier',
    mark: `Multiplier event ${id}`,
    factor: formatMultiplier(BigInt(factor)),
    ...event,
  }));
}

async function readSeasonEnds(db: Kysely<Database>, communityId: number, now: Date): Promise<ScheduledEvent[]> {
  const rows = await db
    .selectFrom('season_events')
    .select(['key', 'name', 'starts_at as startsAt', 'ends_at as endsAt'])
    .where('community_id', '=', communityId)
    .where('ends_at', '>', now)
    .orderBy('starts_at')
    .execute();
  return rows.map(({ key, ...event }) => ({ kind: 'season-end', mark: `Last day of ${key}`, ...event }));
}
