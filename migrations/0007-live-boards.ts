import { sql, type Kysely } from 'kysely';

/** Leaderboards that live in a channel, each as one message that is kept up to date. Its indexes name their queries. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // fillfactor: a row changes with every look at its board, in place.
  await sql`
    create table live_boards (
      community_id int not null references communities,
      -- Also the id of a component of its message, by which it is found again: those of announcements begin at twice as much.
      live_board_id int generated always as identity check (live_board_id < 500000000),
      category_id int not null,
      kind text collate "C" not null check (kind in ('week', 'month', 'season', 'all')),
      -- How many places it shows.
      places int not null check (places between 1 and 20),
      -- The server that the channel is one of: where the community moves to another, its boards do not go along.
      guild_id text collate "C" not null,
      channel_id text collate "C" not null,
      placed_at timestamptz not null,
      state text collate "C" not null default 'active' check (state in ('active', 'failed', 'removing')),
      -- Its message, and what that shows: of which period, a hash of it all, and as of when.
      message_id text collate "C",
      period text collate "C",
      fingerprint text collate "C",
      shown_at timestamptz,
      -- The community's last sequence number and version of settings when it was last looked at.
      seen_seq bigint,
      seen_version bigint,
      -- When to look at it again though nobody wrote: as when its window ends.
      look_at timestamptz not null,
      -- It is left alone until then, whatever happens.
      try_at timestamptz not null,
      -- A worker has it in hand until then.
      busy_until timestamptz,
      -- Since when a message has been under way of which nobody knows whether it was sent.
      sending_since timestamptz,
      attempts int not null default 0,
      -- Why it failed, or waits.
      reason text,
      primary key (community_id, live_board_id),
      foreign key (community_id, category_id) references categories
    ) with (fillfactor = 50)`.execute(db);
  // A board is in a channel once.
  await sql`
    create unique index live_boards_place on live_boards (community_id, channel_id, category_id, kind)
    where state <> 'removing'`.execute(db);
}
