import type { Kysely } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { Window, WindowKind } from '../ranking/calendar.ts';
import { explainPlace, type PlaceExplanation } from '../ranking/explain.ts';
import { windowOfPeriod } from '../ranking/periods.ts';
import { readLeaderboard, requireCategory } from '../ranking/read-leaderboard.ts';

/** A board, and why a member stands there where the member stands; undefined for who is not on it. */
export type ExplainedPlace = { category: Category; window: Window; explanation: PlaceExplanation | undefined };

/**
 * Explains a member's place on a board by who is next to it.
 *
 * @param period `current`, `previous` or a key
 * @throws DomainError `unknown-category`, `invalid-parameter`, `window-not-begun` or `no-earlier-window`
 */
export async function readPlace(
  db: Kysely<Database>,
  community: KnownCommunity,
  board: { category: string; window: WindowKind; period: string },
  memberId: number,
  now: Date,
): Promise<ExplainedPlace> {
  const category = requireCategory(community, board.category);
  const window = windowOfPeriod(community.calendar, board.window, board.period, now);
  try {
    const { entries, total } = await readLeaderboard(db, community, { ...board, limit: 3, around: memberId }, now);
    return { category, window, explanation: explainPlace(entries, memberId, total) };
  } catch (error) {
    if (error instanceof DomainError && error.code === 'no-standing') {
      return { category, window, explanation: undefined };
    }
    throw error;
  }
}
