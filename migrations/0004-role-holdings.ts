import { sql, type Kysely } from 'kysely';

/**
 * Which roles of Discord are the bot's own gifts, which it found there, and which cannot be given. Each index names the
 * query it serves.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  // A role that nobody came back for lapses.
  await sql`alter table grants drop constraint grants_state_check`.execute(db);
  await sql`
    alter table grants add constraint grants_state_check
      check (state in ('effective', 'made', 'delivering', 'delivered', 'failed', 'withdrawn', 'lapsed'))`.execute(db);
  // Who is entitled to which role, member by member, without a look at the table.
  await sql`
    create index grants_roles on grants (community_id, member_id, role_id, entitlement) include (amount)
    where kind = 'role' and state not in ('lapsed', 'withdrawn')`.execute(db);
  // Roles that are known by name alone, until one is found that has it.
  await sql`
    create index grants_named_roles on grants (community_id, member_id, name, entitlement) include (amount)
    where kind = 'role' and role_id is null and state not in ('lapsed', 'withdrawn')`.execute(db);
  // Roles that have yet to be given or taken, since the last pass.
  await sql`
    create index grants_new_roles on grants (community_id, grant_id)
    where kind = 'role' and state in ('made', 'delivering')`.execute(db);

  // Discord users whom roles concern.
  await sql`
    create table role_holders (
      community_id int not null references communities,
      discord_user_id text collate "C" not null,
      -- The member that the user was when last looked at.
      member_id int not null,
      -- When the user joined the server, as Discord said: another time is another stay.
      joined_at timestamptz,
      -- Since when the user has been missing from the server; null: is there.
      left_at timestamptz,
      -- When to look at the user again, though nothing was granted.
      look_at timestamptz not null,
      primary key (community_id, discord_user_id)
    )`.execute(db);
  // Users to be looked at.
  await sql`create index role_holders_due on role_holders (community_id, look_at)`.execute(db);

  // How a user came by a role that was granted. A role that is wanted and not here has yet to be given.
  await sql`
    create table role_holdings (
      community_id int not null references communities,
      discord_user_id text collate "C" not null,
      role_id text collate "C" not null,
      -- giving, taking: a request is under way, or its answer was lost. ours: given by the bot. theirs: was there before.
      -- left-alone: the bot does not ask for it any more, for the reason given.
      state text collate "C" not null check (state in ('giving', 'ours', 'taking', 'theirs', 'left-alone')),
      reason text check ((reason is not null) = (state = 'left-alone')),
      -- What a user has, and all that is held.
      primary key (community_id, discord_user_id, role_id)
    )`.execute(db);

  // Roles that the bot gave in a server which the community has left since: they are taken back there.
  await sql`
    create table roles_left_behind (
      community_id int not null references communities,
      guild_id text collate "C" not null,
      discord_user_id text collate "C" not null,
      role_id text collate "C" not null,
      -- What is left, server by server.
      primary key (community_id, guild_id, discord_user_id, role_id)
    )`.execute(db);

  // Roles that cannot be given or taken, and why: nobody asks for them until the server's roles change.
  await sql`
    create table role_refusals (
      community_id int not null references communities,
      -- The id of a role, or @ and the name of one that is not known by an id.
      role text collate "C" not null,
      reason text not null,
      -- A hash of the server's roles when it was refused.
      roles_version text collate "C" not null,
      primary key (community_id, role)
    )`.execute(db);

  // How far the comparing of a community's roles has come.
  await sql`
    create table role_passes (
      community_id int not null references communities,
      -- When the last whole pass was made, and the version of settings and the last grant that it knew.
      passed_at timestamptz,
      config_version bigint,
      grant_id bigint,
      -- Counts what admins asked for: a pass that was under way then is not the last word.
      demands int not null default 0,
      -- Not before then: a pass is under way, or Discord asked to wait.
      resume_at timestamptz,
      -- Where it is gone on with: the member who is owed, and the user who has too much.
      from_member int not null default 0,
      from_user text collate "C" not null default '',
      primary key (community_id)
    )`.execute(db);

  // What was given before there were records is the bot's own.
  await sql`
    insert into role_holdings (community_id, discord_user_id, role_id, state)
    select g.community_id, m.discord_user_id, g.role_id, 'ours'
    from grants g join members m on m.community_id = g.community_id and m.member_id = g.member_id
    where g.kind = 'role' and g.state = 'delivered' and g.role_id is not null and m.discord_user_id is not null
    group by 1, 2, 3 having sum(g.amount) > 0`.execute(db);
  await sql`
    insert into role_holders (community_id, discord_user_id, member_id, look_at)
    select distinct h.community_id, h.discord_user_id, m.member_id, 'epoch'::timestamptz
    from role_holdings h
    join members m on m.community_id = h.community_id and m.discord_user_id = h.discord_user_id`.execute(db);
}
