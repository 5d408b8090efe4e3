import { sql, type Kysely } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { findRoleDifferences } from './check-roles.ts';
import type { Installation } from './installation.ts';
import type { MovedClock } from './moved-clock.ts';
import type { People } from './people.ts';
import type { SaidRecord } from './said.ts';

const HOUR = 3_600_000;
/** Once a day everything is looked at, whether anything has changed or not. */
const MORE_THAN_A_DAY = 26 * HOUR;
const MOST_STARTS = 12;
const LOOK_EVERY_MS = 100;
const LOOKS = 60;

/**
 * Lets everything settle that is under way: starts the server again and again, each time some while later, until nothing
 * is left to do.
 *
 * @param prepare is called while the server runs
 * @returns what is left to do all the same, in sentences
 */
export async function settle(
  installation: Installation,
  { clock, people, said }: { clock: MovedClock; people: People; said: SaidRecord },
  prepare: () => Promise<void>,
): Promise<string[]> {
  await prepare();
  let left: string[] = [];
  // The last start is a day later: nothing new may come to light by then.
  for (let starts = 0, isLast = false; starts < MOST_STARTS; starts += 1) {
    left = await waitUntilQuiet(installation, people, clock.now);
    await said.note();
    if (left.length === 0 && isLast) return [];
    isLast = left.length === 0;
    await installation.stop();
    clock.moveTo(new Date(clock.now().getTime() + (isLast ? MORE_THAN_A_DAY : HOUR)));
    await installation.start();
  }
  return left;
}

/** Waits for some seconds until nothing is left to do, and says what is. */
async function waitUntilQuiet(installation: Installation, people: People, now: () => Date): Promise<string[]> {
  const db = connect(await installation.databaseUrl(), { maxConnections: 1 });
  try {
    let left: string[] = [];
    for (let looks = 0; looks < LOOKS; looks += 1) {
      left = [...(await findDue(db, now())), ...(await findRoleDifferences(db, people))];
      if (left.length === 0) return [];
      await sleep(LOOK_EVERY_MS);
    }
    return left;
  } finally {
    await db.destroy();
  }
}

/** What is due, and not done. */
async function findDue(db: Kysely<Database>, now: Date): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'Announcement "' || key || '" is ' || state || coalesce(': ' || reason, '') as what from announcements
    where state = 'claimed' or state = 'waiting' and due_at <= ${now}::timestamptz or edit_at is not null
    union all
    select 'A step of a window is due' from communities where next_step_at is null or next_step_at <= ${now}::timestamptz
    union all
    select 'Window ' || window_id || ', category ' || category_id || ' is not final' from final_versions
    where sha256 is null and replaced_by is null
    union all
    select 'Round ' || round_id || ' of a quest is not settled' from quest_rounds
    where settled_at is null and settles_at <= ${now}::timestamptz
    union all
    select 'Round ' || round_id || ' of a quest is not examined' from quest_rounds where examined_to is not null`.execute(
    db,
  );
  return rows.map(({ what }) => what);
}
