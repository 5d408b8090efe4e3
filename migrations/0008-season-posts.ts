import { sql, type Kysely } from 'kysely';

/** What is said of seasons as they come to an end, and what is mirrored as scheduled events of Discord. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // When to look next at what is to be said of a community's seasons, and the version of its settings that this was
  // reckoned by. Read of all communities at once, which are few.
  await sql`
    alter table communities
      add column season_look_at timestamptz,
      add column season_look_version bigint`.execute(db);

  // The last days of seasons that are near: what scheduled events are made of.
  await sql`
    create table season_events (
      community_id int not null references communities,
      key text collate "C" not null,
      name text not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null check (starts_at < ends_at),
      primary key (community_id, key)
    )`.execute(db);

  // What is, or was to be, mirrored as a scheduled event of Discord. A row stays until the event is called off there, also
  // where the community has another server by now, or was removed: so it refers to none.
  await sql`
    create table mirrored_events (
      community_id int not null,
      -- The server whose scheduled event it is.
      guild_id text collate "C" not null,
      -- What is mirrored, and the last line of the event's description, by which it is found again.
      mark text collate "C" not null,
      -- The scheduled event, and when it ends by itself, as far as is known.
      event_id text collate "C",
      ends_at timestamptz not null,
      -- Since when a worker has been bringing the two in step.
      mirroring_since timestamptz,
      -- What is mirrored in a server.
      primary key (community_id, guild_id, mark)
    )`.execute(db);
  await sql`
    insert into mirrored_events (community_id, guild_id, mark, event_id, ends_at)
    select community_id, discord_guild_id, 'Multiplier event ' || multiplier_id, discord_event_id, ends_at
    from multipliers join communities using (community_id)
    where discord_event_id is not null and discord_guild_id is not null`.execute(db);
  await sql`alter table multipliers drop column discord_event_id, drop column mirroring_since`.execute(db);
}
