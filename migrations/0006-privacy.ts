import { sql, type Kysely } from 'kysely';

/** What members want to be known of them. Each index names the query it serves. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table members
      -- The pseudonym by which everybody sees whoever is hidden: hidden-a1b2c3.
      add column hidden_as text collate "C",
      -- Whether leaderboards tell the Discord account.
      add column shows_discord boolean not null default false,
      -- Whether announcements leave out the name, and whether reminders are not sent.
      add column no_mention boolean not null default false,
      add column no_reminders boolean not null default false,
      -- When the member was shown again after hiding, as far as it still counts against the limit.
      add column shown_again timestamptz[] not null default '{}',
      -- When the data was deleted. The row stays, under a handle such as deleted-a1b2c3, with what was contributed.
      add column deleted_at timestamptz`.execute(db);
  // The member whom a pseudonym on a leaderboard means; no two have one.
  await sql`
    create unique index members_hidden_as on members (community_id, hidden_as) where hidden_as is not null`.execute(db);

  // Whom an announcement names is told with the member's number, so that it can follow when somebody hides.
  await sql`
    update announcements set content = jsonb_set(content, '{member}', jsonb_build_object(
      'memberId', coalesce(substring(key from ' member ([0-9]{1,9})$')::int, 0), 'name', content -> 'member'))
    where kind = 'quest-completed' and jsonb_typeof(content -> 'member') = 'string'`.execute(db);
  await sql`
    update announcements set content = jsonb_set(content, '{winners}', (
      select coalesce(jsonb_agg(jsonb_build_object('memberId', 0, 'name', name) order by n), '[]')
      from jsonb_array_elements_text(content -> 'winners') with ordinality as d(name, n)))
    where kind = 'quest-settled'`.execute(db);
}
