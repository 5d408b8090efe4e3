import { sql, type Kysely } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { formatMultiplier } from '../ranking/score.ts';

/** A multiplier event as it is mirrored in a calendar outside. */
export type MirroredMultiplier = {
  id: number;
  name: string;
  /** As text: `2.5`. */
  factor: string;
  /** Titles of the categories; none: all. */
  categories: readonly string[];
  startsAt: Date;
  endsAt: Date;
  cancelled: boolean;
  /** The entry that mirrors it, as far as is known. */
  eventId: string | undefined;
};

/** A guild whose calendar mirrors the multiplier events of its community. */
type MirrorGuild = { communityId: number; guildId: string };

/** A calendar outside, such as a guild's scheduled events. */
export type Calendar = {
  /**
   * Makes the entries of a guild what the multiplier events are.
   *
   * @returns the entries' ids by the ids of the events that have one
   * @throws what kept it; repeating is safe
   */
  reconcile(guildId: string, multipliers: readonly MirroredMultiplier[], now: Date): Promise<Map<number, string>>;
};

/** Entries of what is over for longer have ended by themselves. */
const LOOK_BACK_MS = 24 * 3_600_000;
/** How long the events of a guild are left to whoever has them in hand. */
const CLAIM_MS = 60_000;

/**
 * Brings the calendars of all guilds in step with the multiplier events: what lacks is made, what was changed there is
 * put back, and what is cancelled here is cancelled there. Safe to repeat.
 */
export async function mirrorMultipliers(
  db: Kysely<Database>,
  calendar: Calendar,
  now: Date,
  { stopping }: { stopping: AbortSignal },
): Promise<void> {
  const failures: unknown[] = [];
  for (const { communityId, guildId } of await listMirrorGuilds(db, now)) {
    if (stopping.aborted) return;
    try {
      const claimed = await claimForMirroring(db, communityId, now);
      if (claimed.length === 0) continue;
      let mirrored: ReadonlyMap<number, string> = new Map();
      try {
        mirrored = await calendar.reconcile(guildId, claimed, now);
      } finally {
        await endMirroring(db, communityId, claimed, mirrored);
      }
    } catch (error) {
      // One guild must not keep the others from being served.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'Mirroring failed');
}

async function listMirrorGuilds(db: Kysely<Database>, now: Date): Promise<MirrorGuild[]> {
  const { rows } = await sql<MirrorGuild>`
    select community_id as "communityId", discord_guild_id as "guildId" from communities c
    where discord_guild_id is not null and exists (
      select from multipliers m where m.community_id = c.community_id and m.ends_at > ${lookBack(now)}::timestamptz)
    order by community_id`.execute(db);
  return rows;
}

/** Takes the multiplier events of a community that nobody else has in hand: an entry must not be made by two at once. */
async function claimForMirroring(db: Kysely<Database>, communityId: number, now: Date): Promise<MirroredMultiplier[]> {
  const [from, to] = [new Date(now.getTime() - CLAIM_MS), new Date(now.getTime() + CLAIM_MS)];
  const { rows } = await sql<{
    id: number;
    name: string;
    factor: number;
    categories: string[];
    startsAt: Date;
    endsAt: Date;
    cancelled: boolean;
    eventId: string | null;
  }>`
    update multipliers m set mirroring_since = ${now}
    where community_id = ${communityId} and ends_at > ${lookBack(now)}::timestamptz
      -- A time that lies ahead comes from a clock that was wrong.
      and (mirroring_since is null or not mirroring_since between ${from}::timestamptz and ${to}::timestamptz)
    returning multiplier_id as id, name, factor, starts_at as "startsAt", ends_at as "endsAt",
      cancelled_at is not null as cancelled, discord_event_id as "eventId",
      coalesce((select array_agg(g.title order by g.category_id) from categories g
        where g.community_id = m.community_id and g.category_id = any(m.category_ids)), '{}') as categories`.execute(
    db,
  );
  return rows.map(({ factor, eventId, ...row }) => ({
    ...row,
    factor: formatMultiplier(BigInt(factor)),
    eventId: eventId ?? undefined,
  }));
}

/** Gives events out of hand, with the entries that they have now. */
async function endMirroring(
  db: Kysely<Database>,
  communityId: number,
  claimed: readonly MirroredMultiplier[],
  mirrored: ReadonlyMap<number, string>,
): Promise<void> {
  await sql`
    update multipliers m set mirroring_since = null, discord_event_id = coalesce(d.event_id, m.discord_event_id)
    from unnest(${numbers(claimed.map(({ id }) => id))}::int[], ${claimed.map(({ id }) => mirrored.get(id) ?? null)}::text[])
      as d(id, event_id)
    where m.community_id = ${communityId} and m.multiplier_id = d.id`.execute(db);
}

function lookBack(now: Date): Date {
  return new Date(now.getTime() - LOOK_BACK_MS);
}
