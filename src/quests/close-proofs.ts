/** What ends proofs without a reviewer: a quest that is cancelled, a round that is settled, members that are merged. */
import { sql, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { announceDecision } from './proof-announcements.ts';
import { readListedById, readUnderWay, writeReview, type ListedProof } from './proof-store.ts';

/** Who stands on a proof that no person decided about. */
const NOBODY = 'the bot';

/** Refuses the proofs under way of a quest or a round, which nobody can win anything by any more. Safe to repeat. */
export async function closeProofs(
  trx: Transaction<Database>,
  communityId: number,
  of: { questId: number } | { roundId: number },
  reason: string,
  now: Date,
): Promise<void> {
  await refuseAll(trx, communityId, await readUnderWay(trx, communityId, of), reason, now);
}

/**
 * Gives a merged member's proofs to the survivor. Of two for a round one stays: the one that has come farther, then the
 * one handed in first.
 */
export async function mergeProofs(
  trx: Transaction<Database>,
  communityId: number,
  from: number,
  into: number,
  now: Date,
): Promise<void> {
  const { rows } = await sql<{ id: number }>`
    select id from (
      select proof_id as id, row_number() over (
        partition by round_id
        order by array_position(array['approved', 'waiting', 'asked'], state), submitted_at, proof_id
      ) as place
      from quest_proofs
      where community_id = ${communityId} and member_id = any(${numbers([from, into])}::int[])
        and state in ('approved', 'waiting', 'asked')
    ) ranked where place > 1`.execute(trx);
  const surplus = await readListedById(
    trx,
    communityId,
    rows.map(({ id }) => id),
  );
  await refuseAll(trx, communityId, surplus, 'Another proof of the same member stands.', now);
  await trx
    .updateTable('quest_proofs')
    .set({ member_id: into })
    .where('community_id', '=', communityId)
    .where('member_id', '=', from)
    .execute();
}

async function refuseAll(
  trx: Transaction<Database>,
  communityId: number,
  proofs: readonly ListedProof[],
  reason: string,
  now: Date,
): Promise<void> {
  if (proofs.length === 0) return;
  const ids = proofs.map(({ id }) => id);
  await writeReview(trx, communityId, ids, 'refused', { at: now, reviewer: NOBODY, decidedBy: NOBODY, reason });
  for (const proof of proofs) {
    await announceDecision(trx, communityId, proof, { state: 'refused', by: NOBODY, reason }, now);
  }
}
