/** Keeping calendars outside in step, by comparing: whatever differs is put right, whoever made the difference. */
import { sql, type Kysely } from 'kysely';
import { instants } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { listMirrorGuilds, readScheduled, type MirrorGuild } from './read-scheduled.ts';
import type { EventCalendar, MirroredEvent, ScheduledEvent } from './scheduled-event.ts';

/** How long the events of a guild are left to whoever has them in hand. */
const CLAIM_MS = 60_000;

/**
 * Brings the calendars of all guilds in step with multiplier events and the last days of seasons: what lacks is made,
 * what was changed there is put back, and what is wanted no more here is called off there, also in guilds that a community
 * has left and of communities that were removed. Safe to repeat, and from several processes at once.
 *
 * @throws what went wrong with some guilds, when all others are done
 */
export async function mirrorEvents(
  db: Kysely<Database>,
  calendar: EventCalendar,
  now: Date,
  { stopping }: { stopping: AbortSignal },
): Promise<void> {
  const failures: unknown[] = [];
  for (const guild of await listMirrorGuilds(db, now)) {
    if (stopping.aborted) return;
    try {
      await mirrorGuild(db, calendar, guild, now);
    } catch (error) {
      // One guild must not keep the others from being served.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'Mirroring failed');
}

async function mirrorGuild(
  db: Kysely<Database>,
  calendar: EventCalendar,
  place: MirrorGuild,
  now: Date,
): Promise<void> {
  const wanted = place.isCurrent ? await readScheduled(db, place.communityId, now) : new Map<string, ScheduledEvent>();
  const claimed = await claim(db, place, wanted, now);
  if (claimed.length === 0) return;
  let done: ReadonlyMap<string, string | undefined> = new Map();
  try {
    done = await calendar.reconcile(place.guildId, claimed, now);
  } finally {
    await release(db, place, claimed, done);
  }
}

/**
 * Takes the events of a guild that nobody else has in hand: an entry must not be made by two at once. An event is
 * written down before its entry is made, so that one that is wanted no more is called off whenever it was made.
 */
async function claim(
  db: Kysely<Database>,
  { communityId, guildId }: MirrorGuild,
  wanted: ReadonlyMap<string, ScheduledEvent>,
  now: Date,
): Promise<MirroredEvent[]> {
  const events = [...wanted.values()];
  await sql`
    insert into mirrored_events (community_id, guild_id, mark, ends_at)
    select ${communityId}::int, ${guildId}::text, d.mark, d.ends_at from unnest(
      ${events.map(({ mark }) => mark)}::text[], ${instants(events.map(({ endsAt }) => endsAt))}::timestamptz[]
    ) as d(mark, ends_at)
    on conflict (community_id, guild_id, mark) do nothing`.execute(db);
  // Entries of what is over have ended by themselves.
  await sql`
    delete from mirrored_events
    where community_id = ${communityId} and guild_id = ${guildId} and ends_at <= ${now}::timestamptz
      and mark <> all(${[...wanted.keys()]}::text[])`.execute(db);
  const [from, to] = [new Date(now.getTime() - CLAIM_MS), new Date(now.getTime() + CLAIM_MS)];
  const { rows } = await sql<{ mark: string; entryId: string | null }>`
    update mirrored_events set mirroring_since = ${now}
    where community_id = ${communityId} and guild_id = ${guildId}
      -- A time that lies ahead comes from a clock that was wrong.
      and (mirroring_since is null or not mirroring_since between ${from}::timestamptz and ${to}::timestamptz)
    returning mark, event_id as "entryId"`.execute(db);
  return rows.map(({ mark, entryId }) => ({ mark, entryId: entryId ?? undefined, wanted: wanted.get(mark) }));
}

/** Gives events out of hand, with the entries that they have now; those that were called off are forgotten. */
async function release(
  db: Kysely<Database>,
  { communityId, guildId }: MirrorGuild,
  claimed: readonly MirroredEvent[],
  done: ReadonlyMap<string, string | undefined>,
): Promise<void> {
  const gone = claimed.filter(({ mark, wanted }) => !wanted && done.has(mark)).map(({ mark }) => mark);
  await sql`
    delete from mirrored_events
    where community_id = ${communityId} and guild_id = ${guildId} and mark = any(${gone}::text[])`.execute(db);
  const endsOf = ({ mark, wanted }: MirroredEvent) => (done.has(mark) ? wanted?.endsAt : undefined);
  await sql`
    update mirrored_events m set mirroring_since = null, event_id = coalesce(d.event_id, m.event_id),
      ends_at = coalesce(d.ends_at, m.ends_at)
    from unnest(
      ${claimed.map(({ mark }) => mark)}::text[], ${claimed.map(({ mark }) => done.get(mark) ?? null)}::text[],
      ${instants(claimed.map(endsOf))}::timestamptz[]
    ) as d(mark, event_id, ends_at)
    where m.community_id = ${communityId} and m.guild_id = ${guildId} and m.mark = d.mark`.execute(db);
}
