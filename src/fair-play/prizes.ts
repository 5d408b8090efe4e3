import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { keptAway } from './kept-away.ts';

/**
 * The members who get no prize at a moment: those excluded from prizes or boards, and those who then have an excluded
 * role, as they were last seen. Their ranks stay, and what they would have got passes to the next.
 */
export async function excludedFromPrizes(db: Kysely<Database>, communityId: number, at: Date): Promise<Set<number>> {
  const inForce = sql<boolean>`x.starts_at <= ${at} and coalesce(x.ends_at > ${at}, true) and coalesce(x.lifted_at > ${at}, true)`;
  const { rows } = await keptAway(communityId, inForce).execute(db);
  return new Set(rows.map(({ member_id }) => member_id));
}
