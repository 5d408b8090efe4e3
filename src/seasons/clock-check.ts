/**
 * Noticing that a clock is wrong, or was. The process's clock decides what is over, and what has closed stays closed: so
 * a clock that is ahead does harm. Nothing is held back because of what is found here; it is said.
 */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/** How far two clocks may be apart before it is said: answers take their time. */
const TOLERATED_MS = 60_000;
const WHAT_TO_DO =
  'Set the clock of the machine right; README.md says what can be put right ("A clock that was wrong").';

/** How many milliseconds the process's clock is ahead of the database's; below 0 where it is behind. */
export async function readClockLead(db: Kysely<Database>, clock: () => Date): Promise<number> {
  const askedAt = clock().getTime();
  const { rows } = await sql<{ at: Date }>`select clock_timestamp() as at`.execute(db);
  const answeredAt = clock().getTime();
  const [row] = rows;
  if (!row) throw new Error('The database did not tell the time.');
  return (askedAt + answeredAt) / 2 - row.at.getTime();
}

/** Says what is wrong with the clock, and what it endangers, as sentences; nothing where all is well. Reads only. */
export async function describeWrongClock(db: Kysely<Database>, clock: () => Date): Promise<string[]> {
  return [...describeLead(await readClockLead(db, clock)), ...(await describeClosedAhead(db, clock()))];
}

function describeLead(leadMs: number): string[] {
  if (Math.abs(leadMs) <= TOLERATED_MS) return [];
  const seconds = Math.round(Math.abs(leadMs) / 1_000);
  const endangered =
    leadMs > 0
      ? 'If it is this one that is wrong, windows close and prizes are given too early, and what has closed stays closed.'
      : 'If it is this one that is wrong, windows close late, and what has just been contributed is refused as lying in the future.';
  return [
    `The clock of this process is ${seconds} s ${leadMs > 0 ? 'ahead of' : 'behind'} that of the database. ${endangered} ${WHAT_TO_DO}`,
  ];
}

/** A clock that was ahead for a moment leaves windows behind that are frozen and not over. */
async function describeClosedAhead(db: Kysely<Database>, now: Date): Promise<string[]> {
  const latest = new Date(now.getTime() + TOLERATED_MS);
  const { rows } = await sql<{ slug: string; key: string; windows: number }>`
    select c.slug, min(w.key) as key, count(*)::int as windows
    from communities c join windows w on w.community_id = c.community_id
    where w.frozen_at is not null and w.ends_at > ${latest}::timestamptz
    group by c.slug order by c.slug`.execute(db);
  return rows.map(
    ({ slug, key, windows }) =>
      `${windows === 1 ? `The window ${key} of ${slug} has` : `${windows} windows of ${slug}, ${key} among them, have`} closed without being over: a clock was ahead. What is contributed to them counts in \`all\` alone. ${WHAT_TO_DO}`,
  );
}
