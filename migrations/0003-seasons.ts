import { sql, type Kysely } from 'kysely';

/**
 * Windows that close: how far each has come, what its final tables are, the seasons and prizes of a community. Each
 * index names the query it serves.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // How long late contributions are awaited, how long tables are provisional then, and when the next step is due; null:
  // to be reckoned anew.
  await sql`
    alter table communities
      add column late_ms int not null default 3600000 check (late_ms >= 0),
      add column week_provisional_ms int not null default 0 check (week_provisional_ms >= 0),
      add column month_provisional_ms int not null default 7200000 check (month_provisional_ms >= 0),
      add column season_provisional_ms int not null default 86400000 check (season_provisional_ms >= 0),
      -- What rewards may cost a month, in thousandths; null: nobody has said.
      add column monthly_budget bigint check (monthly_budget >= 0),
      -- How long before the end of a season it is told.
      add column countdown_ms bigint[] not null default '{604800000,86400000,3600000}',
      add column next_step_at timestamptz`.execute(db);
  await sql`
    alter table windows
      -- When its table was posted as provisional, and the last sequence number then.
      add column provisional_at timestamptz,
      add column provisional_seq bigint,
      -- When it was frozen, and its cut: the last sequence number that counts in it.
      add column frozen_at timestamptz,
      add column frozen_seq bigint`.execute(db);

  // The versions of the final tables: one a category when a window is frozen, and one more with each change.
  await sql`
    create table final_versions (
      community_id int not null,
      window_id int not null,
      category_id int not null,
      version int not null,
      -- What happened up to this sequence number counts.
      cut_seq bigint not null,
      reason text collate "C" not null check (reason in ('closed', 'amended', 'privacy')),
      -- Why, as an admin gave it.
      note text,
      actor text not null,
      made_at timestamptz not null,
      -- Goes up when names change before there is a hash: a hash of what was read before is not kept.
      revision int not null default 0,
      -- The hash of its document, once that has been read through; and what it holds.
      sha256 text collate "C",
      final_at timestamptz,
      members int,
      score_total numeric,
      -- Those who were kept from its prizes.
      excluded int[] not null default '{}',
      -- How many rewards amending gives and takes back, as it is told once it is final.
      given int not null default 0,
      taken_back int not null default 0,
      -- It names somebody who is hidden or deleted by now, and the version that is read in its place.
      replaced_by int,
      primary key (community_id, window_id, category_id, version),
      foreign key (community_id, window_id) references windows,
      foreign key (community_id, category_id) references categories
    )`.execute(db);
  // Versions whose document has yet to be read through.
  await sql`
    create index final_versions_pending on final_versions (community_id, window_id, category_id, version)
    where sha256 is null and replaced_by is null`.execute(db);
  // What members had in a version where the next one changed it: earlier versions are the present one with these laid over.
  await sql`
    create table final_changes (
      community_id int not null,
      board_id int not null,
      version int not null,
      member_id int not null,
      -- Null: no standing.
      neg_score bigint check (neg_score < 0),
      reached_at timestamptz,
      -- What a member had in a version.
      primary key (community_id, board_id, member_id, version),
      check ((neg_score is null) = (reached_at is null))
    )`.execute(db);
  // What a member had, when it is hidden or deleted.
  await sql`create index final_changes_member on final_changes (community_id, member_id)`.execute(db);

  await sql`
    create table seasons (
      community_id int not null references communities,
      season_id int generated always as identity,
      key text collate "C" not null,
      name text not null,
      -- Local dates; it begins at the midnight of the first and ends at that of the second.
      starts_on text collate "C" not null check (starts_on ~ '^\\d{4}-\\d{2}-\\d{2}$'),
      ends_on text collate "C" not null check (ends_on ~ '^\\d{4}-\\d{2}-\\d{2}$' and starts_on < ends_on),
      created_at timestamptz not null,
      primary key (community_id, season_id),
      -- The season that a period names.
      constraint seasons_key unique (community_id, key)
    )`.execute(db);
  // What people call a season; quarters have no other record.
  await sql`
    create table season_names (
      community_id int not null references communities,
      key text collate "C" not null,
      name text not null,
      primary key (community_id, key)
    )`.execute(db);

  await sql`
    create table prizes (
      community_id int not null references communities,
      prize_id int generated always as identity,
      category_id int not null,
      kind text collate "C" not null check (kind in ('week', 'month', 'season')),
      -- Which places: from one rank to another, the first hundredths of the board, or everybody from a score on.
      rank_from int check (rank_from >= 1),
      rank_to int check (rank_to >= rank_from),
      top_percent int check (top_percent between 1 and 100),
      min_score bigint check (min_score > 0),
      rewards jsonb not null,
      -- It is for windows that end after the one and not after the other.
      created_at timestamptz not null,
      removed_at timestamptz,
      primary key (community_id, prize_id),
      foreign key (community_id, category_id) references categories,
      check (num_nonnulls(rank_from, top_percent, min_score) = 1),
      check ((rank_from is null) = (rank_to is null))
    )`.execute(db);

  // Who was merged into whom, and when in the order of events: whose a contribution was at a cut.
  await sql`
    create table member_merges (
      community_id int not null references communities,
      member_id int not null,
      into_member_id int not null,
      seq bigint not null,
      -- A member is merged once.
      primary key (community_id, member_id)
    )`.execute(db);
  // Who was merged into a member.
  await sql`create index member_merges_into on member_merges (community_id, into_member_id)`.execute(db);

  // What was recorded since a sequence number. It grows at its end alone.
  await sql`create index contributions_seq on contributions (community_id, seq)`.execute(db);
}
