/** Wrong codes, counted by Discord user, so that nobody guesses. All for a transaction that holds the community's lock. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';

const MAX_FAILURES = 5;
const HOUR_MS = 60 * 60_000;

/** @throws DomainError `state-conflict` after 5 wrong codes, until an hour after the first of them */
export async function requirePatience(
  trx: Transaction<Database>,
  communityId: number,
  discordUserId: string,
  now: Date,
): Promise<void> {
  const known = await trx
    .selectFrom('link_failures')
    .select(['since', 'failures'])
    .where('community_id', '=', communityId)
    .where('discord_user_id', '=', discordUserId)
    .executeTakeFirst();
  if (!known || known.failures < MAX_FAILURES) return;
  const leftMs = known.since.getTime() + HOUR_MS - now.getTime();
  if (leftMs <= 0) return;
  const minutes = Math.ceil(leftMs / 60_000);
  throw new DomainError(
    'state-conflict',
    `You entered ${MAX_FAILURES} wrong codes. Wait ${minutes} ${minutes === 1 ? 'minute' : 'minutes'} and make a new code then.`,
  );
}

/** Counts a wrong code. Returns what to say about it. */
export async function noteFailure(
  trx: Transaction<Database>,
  communityId: number,
  discordUserId: string,
  now: Date,
): Promise<string> {
  const expired = new Date(now.getTime() - HOUR_MS);
  const { rows } = await sql<{ failures: number }>`
    insert into link_failures as f (community_id, discord_user_id, since, failures)
    values (${communityId}, ${discordUserId}, ${now}, 1)
    on conflict (community_id, discord_user_id) do update set
      since = case when f.since > ${expired} then f.since else excluded.since end,
      failures = case when f.since > ${expired} then f.failures + 1 else 1 end
    returning failures`.execute(trx);
  const left = MAX_FAILURES - (rows[0]?.failures ?? MAX_FAILURES);
  return left > 0 ? `${left} more ${left === 1 ? 'try' : 'tries'} this hour.` : 'That was the last try this hour.';
}

/** Forgets wrong codes once a right one was entered. */
export async function clearFailures(
  trx: Transaction<Database>,
  communityId: number,
  discordUserId: string,
): Promise<void> {
  await trx
    .deleteFrom('link_failures')
    .where('community_id', '=', communityId)
    .where('discord_user_id', '=', discordUserId)
    .execute();
}
