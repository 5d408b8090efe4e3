import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';

/** Says what was begun and not ended. */
export async function findBegun(db: Kysely<Database>): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'Announcement "' || key || '" is claimed' || coalesce(': ' || reason, '') as what from announcements
    where state = 'claimed'
    union all
    select 'Window ' || window_id || ', category ' || category_id || ' is not final' from final_versions
    where sha256 is null and replaced_by is null
    union all
    select 'Role ' || role_id || ' of ' || discord_user_id || ' is ' || state from role_holdings
    where state in ('giving', 'taking')
    union all
    select 'Round ' || round_id || ' of a quest is not examined' from quest_rounds where examined_to is not null`.execute(
    db,
  );
  return rows.map(({ what }) => what);
}

/** Says what was begun and not ended, or is due and not done, as of a moment. */
export async function findLeft(db: Kysely<Database>, now: Date): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'Announcement "' || key || '" is ' || state || coalesce(': ' || reason, '') as what from announcements
    where state = 'waiting' and due_at <= ${now}::timestamptz or state <> 'claimed' and edit_at is not null
    union all
    select 'A step of a window is due' from communities where next_step_at is null or next_step_at <= ${now}::timestamptz
    union all
    select 'Round ' || round_id || ' of a quest is not settled' from quest_rounds
    where settled_at is null and settles_at <= ${now}::timestamptz`.execute(db);
  return [...(await findBegun(db)), ...rows.map(({ what }) => what)];
}
