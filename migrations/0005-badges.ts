import { sql, type Kysely } from 'kysely';

/**
 * Badges: what they mean, by which rule they are earned, and how far awarding them has come. Each index names the query
 * it serves.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table badges (
      community_id int not null references communities,
      badge_id int generated always as identity,
      name text collate "C" not null,
      description text not null default '',
      -- An emoji character.
      icon text,
      kind text collate "C" not null check (kind in ('once', 'counted')),
      -- By what it is earned; null: by rewards that name it.
      rule jsonb,
      created_at timestamptz not null,
      -- From when nobody earns it any more. Whoever has it keeps it, unless members are being examined to take it back.
      removed_at timestamptz,
      -- Up to which member those were looked at who may have earned it before it was known; null: all.
      examined_to int,
      -- Whether that goes on for the first time: when it is over, the badge is told.
      is_new boolean not null,
      -- How many final tables have been looked at for a rule that asks for ranks.
      tables_seen int not null default 0,
      primary key (community_id, badge_id),
      -- What the badge of a grant means.
      constraint badges_name unique (community_id, name)
    )`.execute(db);
  // Pictures that admins gave, and the emojis that the bot made of them. A picture stays until the emoji of a badge that
  // was removed is gone as well, also where the community was removed: so it refers to none. Of one that was taken away,
  // the row stays with the badge.
  await sql`
    create table badge_images (
      community_id int not null,
      badge_id int not null,
      media_type text collate "C",
      content bytea,
      -- Which picture of the badge it is: the name of its emoji tells it from those before.
      version int not null default 1,
      emoji_id text collate "C",
      -- When to look whether the emoji is there.
      look_at timestamptz not null,
      -- Why it is not.
      reason text,
      primary key (community_id, badge_id)
    )`.execute(db);

  // How far awarding has come in a community, and its lock: whoever awards, or moves grants of a member, holds it.
  await sql`
    create table award_states (
      community_id int not null references communities,
      -- Everything up to this sequence number has been looked at.
      seq bigint not null default 0,
      -- The zone by whose weeks and seasons members were looked at.
      time_zone text,
      -- Whether what was earned is told.
      announced boolean not null default true,
      primary key (community_id)
    )`.execute(db);
  // What members have contributed in all, up to the same sequence number. fillfactor: rewritten as they go on.
  await sql`
    create table member_tallies (
      community_id int not null,
      member_id int not null,
      category_id int not null,
      source_id int not null,
      contributions bigint not null,
      amount bigint not null,
      -- What a member has contributed.
      primary key (community_id, member_id, category_id, source_id)
    ) with (fillfactor = 80)`.execute(db);

  // The sequence number that came next when a completion was recorded: it takes none of its own.
  await sql`alter table quest_completions add column recorded_seq bigint not null default 0`.execute(db);
  // Who has completed something since a sequence number.
  await sql`create index quest_completions_seq on quest_completions (community_id, recorded_seq)`.execute(db);
  // Who was merged since a sequence number.
  await sql`create index member_merges_seq on member_merges (community_id, seq)`.execute(db);
  // Who has a badge of a name.
  await sql`create index grants_badges on grants (community_id, name, member_id) include (amount) where kind = 'badge'`.execute(
    db,
  );
}
