import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { createMultiplier } from '../../src/multipliers/create-multiplier.ts';
import { newMultiplierSchema, type MultiplierEvent, type NewMultiplier } from '../../src/multipliers/multiplier.ts';
import { NOW, TESTER } from './communities.ts';

const MINUTE_MS = 60_000;

/** A moment so many minutes from the clock of a test. */
export const minutes = (count: number): Date => new Date(NOW.getTime() + count * MINUTE_MS);

/** An event as it is asked for: 2 times, from in an hour for an hour, unless told otherwise. Times in minutes from now. */
export function wantedMultiplier(fields: Record<string, unknown> = {}, from = 60, to = 120): NewMultiplier {
  const times = { startsAt: minutes(from).toISOString(), endsAt: minutes(to).toISOString() };
  return newMultiplierSchema.parse({ name: 'Double hour', factor: '2', ...times, ...fields });
}

/** Creates such an event. */
export async function makeMultiplier(
  db: Kysely<Database>,
  community: { id: number },
  fields: Record<string, unknown> = {},
  [from, to]: readonly [number, number] = [60, 120],
  now = NOW,
): Promise<MultiplierEvent> {
  return createMultiplier(db, community.id, wantedMultiplier(fields, from, to), TESTER, now);
}

/** What is to be said in a community: keys and content, in the order in which it is due. */
export async function announcementsOf(db: Kysely<Database>, community: { id: number }) {
  return db
    .selectFrom('announcements')
    .select(['key', 'content', 'due_at as dueAt', 'expires_at as expiresAt', 'state'])
    .where('community_id', '=', community.id)
    .orderBy('due_at')
    .orderBy('announcement_id')
    .execute();
}
