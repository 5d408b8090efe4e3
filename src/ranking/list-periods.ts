import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Window, WindowKind } from './calendar.ts';

/** The windows of a kind that have a board and have begun, newest first: those that there is something to see of. */
export async function listPeriods(
  db: Kysely<Database>,
  communityId: number,
  kind: WindowKind,
  now: Date,
  limit: number,
): Promise<Window[]> {
  return db
    .selectFrom('windows as w')
    .select(['w.kind', 'w.key', 'w.starts_at as startsAt', 'w.ends_at as endsAt'])
    .where('w.community_id', '=', communityId)
    .where('w.kind', '=', kind)
    .where('w.starts_at', '<=', now)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom('boards as b')
          .select('b.board_id')
          .whereRef('b.community_id', '=', 'w.community_id')
          .whereRef('b.window_id', '=', 'w.window_id'),
      ),
    )
    .orderBy('w.starts_at', 'desc')
    .limit(limit)
    .execute();
}
