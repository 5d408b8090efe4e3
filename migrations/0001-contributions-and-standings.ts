import { sql, type Kysely } from 'kysely';

/**
 * Communities, what they count, who contributes, every contribution, and the standings that follow from them.
 * Each index names the query it serves.
 *
 * Contributions and standings have no foreign keys: the one write path holds the community's lock while it writes
 * both, a check per row would double the cost of intake, and `npm run standings -- verify` compares them whole.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // fillfactor: this row is the lock and the counter of its community, rewritten by every batch of contributions.
  await sql`
    create table communities (
      community_id int generated always as identity primary key,
      slug text collate "C" not null,
      name text not null,
      time_zone text not null,
      locale text not null,
      visibility text not null check (visibility in ('public', 'unlisted', 'members')),
      created_at timestamptz not null,
      discord_guild_id text collate "C",
      discord_channel_id text,
      last_seq bigint not null default 0,
      last_member_id int not null default 0,
      config_version bigint not null default 0,
      layout_version bigint not null default 0,
      rebuild_pending boolean not null default false,
      -- The community an address names.
      constraint communities_slug unique (slug),
      -- The community a Discord interaction belongs to.
      constraint communities_discord_guild unique (discord_guild_id)
    ) with (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0)`.execute(db);

  await sql`
    create table categories (
      community_id int not null references communities,
      category_id int generated always as identity,
      slug text collate "C" not null,
      title text not null,
      unit text not null,
      measure text not null check (measure in ('reward', 'amount')),
      reputation bigint not null check (reputation >= 0),
      primary key (community_id, category_id),
      -- No two categories of a community under one address.
      constraint categories_slug unique (community_id, slug)
    )`.execute(db);

  await sql`
    create table rates (
      community_id int not null references communities,
      rate_id int generated always as identity,
      category_id int not null,
      subject text collate "C" not null,
      starts_at timestamptz not null,
      rate bigint not null check (rate >= 0),
      primary key (community_id, rate_id),
      -- One rate a moment: two admins who set one at once cannot both be right.
      constraint rates_moment unique (community_id, category_id, subject, starts_at),
      foreign key (community_id, category_id) references categories
    )`.execute(db);

  await sql`
    create table sources (
      community_id int not null references communities,
      source_id int generated always as identity,
      name text collate "C" not null,
      primary key (community_id, source_id),
      -- Finding the source of a key.
      constraint sources_name unique (community_id, name)
    )`.execute(db);

  await sql`
    create table api_keys (
      community_id int not null references communities,
      key_id int generated always as identity,
      name text collate "C" not null,
      secret_hash bytea not null,
      scopes text[] not null,
      source_id int not null,
      contributor text,
      created_at timestamptz not null,
      revoked_at timestamptz,
      primary key (community_id, key_id),
      foreign key (community_id, source_id) references sources
    )`.execute(db);
  // No two keys in use under one name, so that the audit log can tell them apart.
  await sql`create unique index api_keys_name on api_keys (community_id, name) where revoked_at is null`.execute(db);

  // fillfactor: the running totals change with every contribution, in place.
  await sql`
    create table members (
      community_id int not null references communities,
      -- Counted by the community, under its lock: ids grow in the order of creation.
      member_id int not null,
      handle text collate "C" not null,
      display_name text not null,
      display_name_at timestamptz not null,
      discord_user_id text collate "C",
      created_at timestamptz not null,
      earned_omnit bigint not null default 0,
      earned_reputation bigint not null default 0,
      primary key (community_id, member_id),
      -- 2^62: totals stop well before they leave 64 bits.
      constraint members_totals check (greatest(earned_omnit, earned_reputation) <= 4611686018427387904),
      -- Intake and every address with a handle.
      constraint members_handle unique (community_id, handle),
      -- "My place" in Discord.
      constraint members_discord_user unique (community_id, discord_user_id)
    ) with (fillfactor = 80)`.execute(db);

  await sql`
    create table contributions (
      community_id int not null,
      source_id int not null,
      member_id int not null,
      category_id int not null,
      seq bigint not null,
      amount bigint not null check (amount > 0),
      rate bigint not null,
      reward bigint not null check (reward >= 0),
      reputation bigint not null check (reputation >= 0),
      occurred_at timestamptz not null,
      recorded_at timestamptz not null,
      multiplier smallint not null check (multiplier between 100 and 300),
      external_id text collate "C" not null,
      subject text collate "C",
      -- Sending a contribution again counts once.
      primary key (community_id, source_id, external_id)
    )`.execute(db);
  // Recomputing the standings of a page of members; a member's own history, newest first.
  await sql`create index contributions_member on contributions (community_id, member_id, occurred_at, seq)`.execute(db);
  // Whether a rate that is to begin in the past would change the price of anything already recorded.
  await sql`create index contributions_category on contributions (community_id, category_id, occurred_at)`.execute(db);

  await sql`
    create table windows (
      community_id int not null references communities,
      window_id int generated always as identity,
      kind text collate "C" not null check (kind in ('week', 'month', 'season', 'all')),
      key text collate "C" not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null check (starts_at < ends_at),
      kept boolean not null default false,
      primary key (community_id, window_id),
      -- The window that a period names.
      constraint windows_key unique (community_id, kind, key)
    )`.execute(db);
  // The window that an instant falls in, when standings are recomputed.
  await sql`create index windows_start on windows (community_id, kind, starts_at)`.execute(db);

  await sql`
    create table boards (
      community_id int not null,
      board_id int generated always as identity,
      window_id int not null,
      category_id int not null,
      layout_version bigint not null default 0,
      primary key (community_id, board_id),
      -- The board of a category in a window.
      constraint boards_window unique (community_id, window_id, category_id),
      foreign key (community_id, window_id) references windows,
      foreign key (community_id, category_id) references categories
    )`.execute(db);

  await sql`
    create table standings (
      community_id int not null,
      board_id int not null,
      member_id int not null,
      neg_score bigint not null check (neg_score < 0),
      reached_at timestamptz not null
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05)`.execute(db);
  // Pages, and counting within a segment: ranking order, ascending in every column.
  await sql`create index standings_ranking on standings (community_id, board_id, neg_score, reached_at, member_id)`.execute(
    db,
  );
  // A member's own standing. Made last: where both indexes look equally good to the planner, as while the table is new
  // to it, it takes the later one, and finding a member through the ranking would read the whole board.
  await sql`alter table standings add primary key (community_id, board_id, member_id)`.execute(db);

  // fillfactor and eager vacuum: counters that many batches rewrite must stay small to be summed fast.
  await sql`
    create table segments (
      community_id int not null,
      board_id int not null,
      member_id int not null,
      members int not null,
      neg_score bigint not null,
      reached_at timestamptz not null,
      level smallint not null check (level in (1, 2)),
      -- The segment that holds a place, and running sums in ranking order.
      primary key (community_id, board_id, level, neg_score, reached_at, member_id)
    ) with (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.05)`.execute(db);

  await sql`
    create table audit_log (
      community_id int not null references communities,
      audit_id bigint generated always as identity,
      at timestamptz not null,
      actor text not null,
      action text not null,
      target text not null,
      before jsonb,
      after jsonb,
      -- What was changed lately.
      primary key (community_id, audit_id)
    )`.execute(db);
}
