import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { componentIdOf } from '../../src/discord/announcement-messages.ts';

/** What was to be said. `closed`: the window that it says is final, such as `week 2027-W34`. */
export type Said = { id: number; key: string; state: string; leadId: number | null; closed: string | null };

/** Has what the product forgets after half a year be remembered all the same. */
export async function rememberWhatWasSaid(db: Kysely<Database>): Promise<void> {
  await sql`create table forgotten_announcements (like announcements)`.execute(db);
  await sql`
    create function remember_announcement() returns trigger language plpgsql as
    'begin insert into forgotten_announcements select old.*; return null; end'`.execute(db);
  await sql`
    create trigger remember after delete on announcements for each row execute function remember_announcement()`.execute(
    db,
  );
}

/** All that was ever to be said. */
export async function readSaid(db: Kysely<Database>): Promise<Said[]> {
  const { rows } = await sql<Said>`
    select announcement_id as id, key, state, lead_id as "leadId",
      case kind when 'window-final' then content ->> 'window' || ' ' || (content ->> 'period') end as closed
    from (select * from announcements union all select * from forgotten_announcements) a`.execute(db);
  return rows;
}

/**
 * Says where what was said is not what people have seen.
 *
 * @param seen how often there is a message with a component of an id
 */
export function compareSaid(said: readonly Said[], seen: ReadonlyMap<number, number>): string[] {
  const faults: string[] = [];
  const delivered = new Set(said.filter(({ state }) => state === 'delivered').map(({ id }) => id));
  for (const { id, key, state, leadId } of said) {
    switch (state) {
      case 'delivered': {
        const times = seen.get(componentIdOf(id)) ?? 0;
        if (times !== 1) faults.push(`"${key}", announcement ${id}, was seen ${times} times.`);
        break;
      }
      case 'joined':
        if (!delivered.has(leadId ?? 0)) faults.push(`"${key}" was said with announcement ${leadId}, which was not.`);
        break;
      case 'waiting':
      case 'dropped':
        break;
      default:
        faults.push(`"${key}" is ${state}.`);
    }
  }
  const expected = new Set([...delivered].map(componentIdOf));
  for (const componentId of seen.keys()) {
    if (!expected.has(componentId))
      faults.push(`A message with component ${componentId} was seen, and nobody said it.`);
  }
  return faults;
}
