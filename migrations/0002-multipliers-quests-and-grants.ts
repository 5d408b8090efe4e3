import { sql, type Kysely } from 'kysely';

/**
 * Reasons to come back: multiplier events, quests and what they grant; what is to be said about them; and the
 * corrections that people make: voided and held contributions, merged and excluded members. Each index names the query
 * it serves.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Whether a contribution counts: not while it is voided or held. Voided and held rows stay, with who and why.
  await sql`
    alter table contributions
      add column counted boolean not null default true,
      -- Who it was recorded for, once a merge has moved it to another member.
      add column recorded_member_id int`.execute(db);

  // Where proofs of quests are reviewed.
  await sql`alter table communities add column discord_review_channel_id text collate "C"`.execute(db);

  // What happened to contributions after they were recorded: a final table is a function of all of it up to its cut.
  await sql`
    create table contribution_changes (
      community_id int not null references communities,
      seq bigint not null,
      source_id int not null,
      external_id text collate "C" not null,
      kind text collate "C" not null check (kind in ('void', 'unvoid', 'hold', 'release', 'refuse')),
      reason text not null,
      actor text not null,
      at timestamptz not null,
      -- Everything up to a cut, in order.
      primary key (community_id, seq),
      foreign key (community_id, source_id, external_id) references contributions
    )`.execute(db);
  // The history of one contribution.
  await sql`
    create index contribution_changes_contribution
    on contribution_changes (community_id, source_id, external_id, seq)`.execute(db);
  // What waits for an admin: held contributions, oldest first.
  await sql`
    create table held_contributions (
      community_id int not null,
      seq bigint not null,
      source_id int not null,
      external_id text collate "C" not null,
      primary key (community_id, seq),
      constraint held_contributions_contribution unique (community_id, source_id, external_id),
      foreign key (community_id, source_id, external_id) references contributions
    )`.execute(db);

  // Handles that were merged into another member. New events go to the survivor, and reading redirects.
  await sql`
    create table member_aliases (
      community_id int not null references communities,
      handle text collate "C" not null,
      member_id int not null,
      seq bigint not null,
      merged_at timestamptz not null,
      -- The survivor of a handle.
      primary key (community_id, handle),
      foreign key (community_id, member_id) references members
    )`.execute(db);
  // The handles of a survivor, which move on when it is merged itself.
  await sql`create index member_aliases_member on member_aliases (community_id, member_id)`.execute(db);
  // One-time codes that prove a handle. Only their hash is kept.
  await sql`
    create table link_codes (
      community_id int not null,
      code_hash bytea not null,
      member_id int not null,
      expires_at timestamptz not null,
      used_at timestamptz,
      -- The code that somebody enters.
      primary key (community_id, code_hash),
      foreign key (community_id, member_id) references members
    )`.execute(db);

  // Wrong codes that a Discord user entered lately, so that nobody guesses.
  await sql`
    create table link_failures (
      community_id int not null references communities,
      discord_user_id text collate "C" not null,
      since timestamptz not null,
      failures int not null,
      primary key (community_id, discord_user_id)
    )`.execute(db);
  // Messages that were credited as critical feedback: the evidence of a contribution.
  await sql`
    create table feedback_credits (
      community_id int not null references communities,
      message_id text collate "C" not null,
      message_link text not null,
      author_id text collate "C" not null,
      giver_id text collate "C" not null,
      at timestamptz not null,
      -- Once a message, and the link that a line of the ledger shows.
      primary key (community_id, message_id)
    )`.execute(db);
  // How many somebody gave today.
  await sql`create index feedback_credits_giver on feedback_credits (community_id, giver_id, at)`.execute(db);

  await sql`
    create table multipliers (
      community_id int not null references communities,
      multiplier_id int generated always as identity,
      name text not null,
      factor smallint not null check (factor between 101 and 300),
      -- Null: all, those added later included.
      category_ids int[],
      starts_at timestamptz not null,
      ends_at timestamptz not null check (starts_at < ends_at),
      -- When it is announced ahead of its start.
      announce_at timestamptz[] not null,
      -- What the request was told apart by, if it was: sent again, it makes no second one.
      request_key text collate "C",
      created_at timestamptz not null,
      cancelled_at timestamptz,
      -- When it was over and what it brought was put down to be said.
      settled_at timestamptz,
      -- The scheduled event that mirrors it on Discord, and since when a worker has been bringing the two in step.
      discord_event_id text collate "C",
      mirroring_since timestamptz,
      primary key (community_id, multiplier_id),
      constraint multipliers_request unique (community_id, request_key)
    )`.execute(db);
  // Those that are over and have yet to be settled.
  await sql`
    create index multipliers_unsettled on multipliers (community_id, ends_at)
    where settled_at is null and cancelled_at is null`.execute(db);
  // Multiplier events as they were asked for on Discord, until the one who asked says yes.
  await sql`
    create table multiplier_drafts (
      community_id int not null references communities,
      draft_id int generated always as identity,
      content jsonb not null,
      created_at timestamptz not null,
      primary key (community_id, draft_id)
    )`.execute(db);

  await sql`
    create table quests (
      community_id int not null references communities,
      quest_id int generated always as identity,
      name text not null,
      description text not null default '',
      goal jsonb not null,
      rewards jsonb not null,
      recurrence text collate "C" not null default 'once' check (recurrence in ('once', 'daily', 'weekly', 'monthly')),
      starts_at timestamptz not null,
      ends_at timestamptz not null check (starts_at < ends_at),
      max_winners int check (max_winners > 0),
      join_required boolean not null default false,
      count_earlier boolean not null default false,
      prerequisites jsonb not null default '[]',
      settle_after_ms int not null default 3600000 check (settle_after_ms >= 0),
      created_at timestamptz not null,
      cancelled_at timestamptz,
      primary key (community_id, quest_id)
    )`.execute(db);
  // One round of a quest: the whole of it, or a day, week or month of one that recurs.
  await sql`
    create table quest_rounds (
      community_id int not null,
      round_id int generated always as identity,
      quest_id int not null,
      key text collate "C" not null,
      starts_at timestamptz not null,
      ends_at timestamptz not null,
      settles_at timestamptz not null,
      -- Up to which member those were looked at who contributed before the round was known; null: all.
      examined_to int,
      reminded_at timestamptz,
      settled_at timestamptz,
      primary key (community_id, round_id),
      -- The round of a period.
      constraint quest_rounds_key unique (community_id, quest_id, key),
      foreign key (community_id, quest_id) references quests
    )`.execute(db);
  // Rounds that are due to be settled.
  await sql`create index quest_rounds_due on quest_rounds (community_id, settles_at) where settled_at is null`.execute(
    db,
  );
  // Rounds in which members have yet to be looked at who contributed before the round was known.
  await sql`
    create index quest_rounds_unexamined on quest_rounds (community_id, round_id) where examined_to is not null`.execute(
    db,
  );
  await sql`
    create table quest_joins (
      community_id int not null,
      quest_id int not null,
      member_id int not null,
      joined_at timestamptz not null,
      primary key (community_id, quest_id, member_id),
      foreign key (community_id, quest_id) references quests
    )`.execute(db);
  await sql`
    create table quest_completions (
      community_id int not null,
      round_id int not null,
      member_id int not null,
      completed_at timestamptz not null,
      recorded_at timestamptz not null,
      -- With maxWinners: true for the winners when the round is settled. Without: at once, false for who may not win.
      won boolean,
      -- What a member completed.
      primary key (community_id, member_id, round_id),
      foreign key (community_id, round_id) references quest_rounds
    )`.execute(db);
  // Who was first.
  await sql`
    create index quest_completions_order
    on quest_completions (community_id, round_id, completed_at, member_id)`.execute(db);
  await sql`
    create table quest_proofs (
      community_id int not null,
      proof_id int generated always as identity,
      round_id int not null,
      member_id int not null,
      content jsonb not null,
      state text collate "C" not null check (state in ('waiting', 'asked', 'approved', 'refused')),
      submitted_at timestamptz not null,
      -- The last decision: when, by whom as people read it, by whom as the audit log names them, and why.
      reviewed_at timestamptz,
      reviewer text,
      decided_by text,
      reason text,
      -- What had been handed in before more was asked, with what was asked, oldest first.
      history jsonb not null default '[]',
      primary key (community_id, proof_id),
      foreign key (community_id, round_id) references quest_rounds
    )`.execute(db);
  // What waits for a review, oldest first.
  await sql`
    create index quest_proofs_waiting on quest_proofs (community_id, submitted_at, proof_id) where state = 'waiting'`.execute(
    db,
  );
  // A member has one proof under way a round; those that hold up the settling of a round, and those that count in it.
  await sql`
    create unique index quest_proofs_member on quest_proofs (community_id, round_id, member_id)
    where state in ('waiting', 'asked', 'approved')`.execute(db);

  // The ledger. An entitlement is granted by the sum of its versions; the key makes a second grant impossible.
  await sql`
    create table grants (
      community_id int not null references communities,
      grant_id bigint generated always as identity,
      entitlement text collate "C" not null,
      version int not null default 1,
      member_id int not null,
      kind text collate "C" not null
        check (kind in ('tokens', 'governance', 'reputation', 'badge', 'role', 'nft', 'access')),
      -- Thousandths for tokens, governance and reputation; the count for the others. Negative: taken back.
      amount bigint not null check (amount <> 0),
      name text,
      role_id text collate "C",
      reason text not null,
      state text collate "C" not null default 'effective'
        check (state in ('effective', 'made', 'delivering', 'delivered', 'failed', 'withdrawn')),
      state_reason text,
      made_at timestamptz not null,
      primary key (community_id, grant_id),
      constraint grants_entitlement unique (community_id, entitlement, version)
    )`.execute(db);
  // Balances, badges and the ledger of a member.
  await sql`create index grants_member on grants (community_id, member_id, made_at, grant_id)`.execute(db);
  // What has yet to be delivered, and what failed.
  await sql`
    create index grants_undelivered on grants (community_id, state, grant_id)
    where state in ('made', 'delivering', 'failed')`.execute(db);

  // The outbox: what is to be said, written in the transaction that made it true.
  await sql`
    create table announcements (
      community_id int not null references communities,
      announcement_id int generated always as identity,
      -- Makes saying a thing twice impossible: multiplier:12:start
      key text collate "C" not null,
      kind text collate "C" not null,
      content jsonb not null,
      -- Announcements of one group that are due together are joined into one message.
      group_key text collate "C",
      -- Null: the community's channel.
      channel_id text collate "C",
      -- A person, to be told in private.
      recipient_id text collate "C",
      due_at timestamptz not null,
      -- When to try, or to look whether a try has succeeded; at first, when it is due.
      try_at timestamptz not null,
      -- From when it is of no use any more.
      expires_at timestamptz not null,
      state text collate "C" not null default 'waiting'
        check (state in ('waiting', 'claimed', 'delivered', 'joined', 'failed', 'unsure', 'dropped')),
      attempts int not null default 0,
      claimed_at timestamptz,
      -- The announcement whose number is on the message that this one is claimed for, and the channel of the message.
      lead_id int,
      claimed_channel_id text collate "C",
      delivered_at timestamptz,
      message_id text collate "C",
      -- When to change its message: what it tells has changed since.
      edit_at timestamptz,
      reason text,
      primary key (community_id, announcement_id),
      constraint announcements_key unique (community_id, key)
    )`.execute(db);
  // What has to be tried or looked at.
  await sql`
    create index announcements_due on announcements (community_id, state, try_at, announcement_id)
    where state in ('waiting', 'claimed')`.execute(db);
  // Messages that have to be changed.
  await sql`
    create index announcements_edits on announcements (community_id, edit_at)
    where edit_at is not null and state = 'delivered'`.execute(db);
  // What an admin has to look at, the latest first.
  await sql`
    create index announcements_undelivered on announcements (community_id, state, announcement_id)
    where state in ('failed', 'unsure')`.execute(db);

  // Who is kept from prizes or from boards, until when and why.
  await sql`
    create table exclusions (
      community_id int not null references communities,
      exclusion_id int generated always as identity,
      member_id int,
      role_id text collate "C",
      scope text collate "C" not null check (scope in ('prizes', 'boards')),
      reason text not null,
      starts_at timestamptz not null,
      ends_at timestamptz,
      lifted_at timestamptz,
      primary key (community_id, exclusion_id),
      check ((member_id is null) <> (role_id is null))
    )`.execute(db);
  // Whether somebody is excluded at the moment.
  await sql`create index exclusions_member on exclusions (community_id, member_id) where lifted_at is null`.execute(db);
  // Those that end by themselves.
  await sql`create index exclusions_due on exclusions (community_id, ends_at) where lifted_at is null`.execute(db);
  // Who is off boards, by the exclusions of members and of roles that were in force: a row a stretch, in the
  // community's sequence numbers. At a cut, those rows hold that began by then and had not ended.
  await sql`
    create table off_boards (
      community_id int not null,
      member_id int not null,
      from_seq bigint not null,
      -- Null: it holds.
      until_seq bigint check (from_seq < until_seq),
      -- Whether a member was off boards at a cut.
      primary key (community_id, member_id, from_seq),
      foreign key (community_id, member_id) references members
    )`.execute(db);
  // Whether a member is off boards now, and all who are.
  await sql`create unique index off_boards_open on off_boards (community_id, member_id) where until_seq is null`.execute(
    db,
  );
  // The roles of Discord users as Discord last told them: kept only while a role is excluded, and for a while beyond.
  await sql`
    create table discord_roles (
      community_id int not null references communities,
      discord_user_id text collate "C" not null,
      role_ids text[] not null,
      seen_at timestamptz not null,
      primary key (community_id, discord_user_id)
    )`.execute(db);
  // How much of a category counts a member and day; what exceeds is held.
  await sql`
    create table caps (
      community_id int not null,
      category_id int not null,
      amount bigint not null check (amount > 0),
      primary key (community_id, category_id),
      foreign key (community_id, category_id) references categories
    )`.execute(db);
}
