import { sql, type Transaction } from 'kysely';
import { instantOf, milliseconds, numbers } from '../db/arrays.ts';
import { nextStatementSent } from '../db/overlap.ts';
import type { Database } from '../db/database.ts';
import type { Place } from './place.ts';
import type { Move, SegmentIndex } from './segments.ts';

/** What contributions add to one member's score on one board, in thousandths, and the latest of them. */
export type Gain = { boardId: number; memberId: number; gain: bigint; reachedAt: Date };

/** Adds prepared gains, in a transaction that holds the community's lock. */
export type AddGains = (trx: Transaction<Database>, index: SegmentIndex) => Promise<void>;

/**
 * Prepares to add to standings, to make those that do not exist yet, and to move the counts of their segments. At most
 * one gain a board and member. Preparing takes as long as some statements do, and needs no database.
 */
export function prepareGains(communityId: number, gains: readonly Gain[]): AddGains {
  const ordered = gains.toSorted((a, b) => a.boardId - b.boardId || a.memberId - b.memberId);
  // The rows are found once, by key, and then updated by where they lie: under the lock nobody moves them.
  const update = sql<{ n: number; neg_score: bigint; reached_at: Date }>`
    update standings s set neg_score = known.neg_score - known.gain, reached_at = greatest(known.reached_at, known.gained_at)
    from (
      select own.tid, own.neg_score, own.reached_at, d.gain, ${instantOf('d.gained_at')} as gained_at, d.n
      from unnest(
        ${numbers(ordered.map((gain) => gain.boardId))}::int[], ${numbers(ordered.map((gain) => gain.memberId))}::int[],
        ${numbers(ordered.map((gain) => gain.gain))}::bigint[], ${milliseconds(ordered.map((gain) => gain.reachedAt))}::bigint[]
      ) with ordinality as d(board_id, member_id, gain, gained_at, n)
      cross join lateral (
        select ctid as tid, neg_score, reached_at from standings
        where community_id = ${communityId} and board_id = d.board_id and member_id = d.member_id offset 0
      ) own
    ) known
    where s.ctid = known.tid
    returning known.n::int, known.neg_score, known.reached_at`;

  return async (trx, index) => {
    if (ordered.length === 0) return;
    const { rows } = await update.execute(trx);
    await nextStatementSent();
    const before = new Map(rows.map((row) => [row.n - 1, row]));
    const moves = ordered.map(({ boardId, memberId, gain, reachedAt }, position): Move => {
      const known = before.get(position);
      if (!known) return { boardId, from: undefined, to: { negScore: -gain, reachedAt, memberId } };
      const from = { negScore: known.neg_score, reachedAt: known.reached_at, memberId };
      return {
        boardId,
        from,
        to: {
          negScore: from.negScore - gain,
          reachedAt: reachedAt > from.reachedAt ? reachedAt : from.reachedAt,
          memberId,
        },
      };
    });
    await insertStandings(
      trx,
      communityId,
      moves.flatMap(({ boardId, from, to }) => (!from && to ? [{ boardId, ...to }] : [])),
    );
    await index.move(moves);
  };
}

/** A standing that is to be as given, or not to be. */
export type StandingChange = { boardId: number; memberId: number; before: Place | undefined; after: Place | undefined };

/** Sets standings and moves the counts of their segments. For a transaction that holds the community's lock. */
export async function setStandings(
  trx: Transaction<Database>,
  communityId: number,
  changes: readonly StandingChange[],
  index: SegmentIndex,
): Promise<void> {
  const replaced = changes.filter(({ before }) => before);
  if (replaced.length > 0) {
    await sql`
      delete from standings s
      using unnest(${numbers(replaced.map((change) => change.boardId))}::int[], ${numbers(replaced.map((change) => change.memberId))}::int[]) as d(board_id, member_id)
      where s.community_id = ${communityId} and s.board_id = d.board_id and s.member_id = d.member_id`.execute(trx);
  }
  const moves = changes.map(({ boardId, before, after }): Move => ({ boardId, from: before, to: after }));
  await insertStandings(
    trx,
    communityId,
    moves.flatMap(({ boardId, to }) => (to ? [{ boardId, ...to }] : [])),
  );
  await index.move(moves);
}

async function insertStandings(
  trx: Transaction<Database>,
  communityId: number,
  places: readonly (Place & { boardId: number })[],
): Promise<void> {
  if (places.length === 0) return;
  await sql`
    insert into standings (community_id, board_id, member_id, neg_score, reached_at)
    select ${communityId}::int, board_id, member_id, neg_score, ${instantOf('reached_at')}
    from unnest(
      ${numbers(places.map((place) => place.boardId))}::int[], ${numbers(places.map((place) => place.memberId))}::int[],
      ${numbers(places.map((place) => place.negScore))}::bigint[], ${milliseconds(places.map((place) => place.reachedAt))}::bigint[]
    ) as d(board_id, member_id, neg_score, reached_at)`.execute(trx);
}
