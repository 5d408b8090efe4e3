/** Reviewing proofs. */
import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { discordUserOf, readMember, requireMember } from '../members/members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { completeReached } from './examine.ts';
import { announceDecision } from './proof-announcements.ts';
import { readListedById, writeReview, type ListedProof } from './proof-store.ts';
import { readRoundsById } from './quest-store.ts';

export const DECISIONS = ['approve', 'ask', 'refuse'] as const;
export type Decision = (typeof DECISIONS)[number];

/** Whoever decides: by the name that stays on the proof, and as a Discord user or by the handle of a key, if known. */
export type Reviewer = { name: string; discordUserId?: string | undefined; handle?: string | undefined };

/** What is decided. `times`: how often the proof had been handed in when the reviewer looked at it, if that is known. */
export type Verdict = {
  proofId: number;
  decision: Decision;
  reason?: string | undefined;
  times?: number | undefined;
};

const STATE_AFTER = { approve: 'approved', ask: 'asked', refuse: 'refused' } as const;
const SAID = { approved: 'approved', asked: 'asked for more', refused: 'refused' } as const;

/**
 * Decides about a proof that waits. An approved one reaches its goal as of when it was handed in: what is completed and
 * granted by that is so when this returns. The first decision stands; the same one again by the same reviewer changes
 * nothing.
 *
 * @param decision `reason` must be given but for `approve`
 * @returns the proof as it is now
 * @throws DomainError `unknown-proof`, `forbidden` for the reviewer's own, `invalid-parameter` without a reason, or
 *   `state-conflict`, naming who decided, when somebody was faster
 */
export async function decideProof(
  context: RankingContext,
  communityId: number,
  { proofId, decision, reason, times }: Verdict,
  reviewer: Reviewer,
  actor: Actor,
  now: Date,
): Promise<ListedProof> {
  if (decision !== 'approve' && reason === undefined) {
    throw new DomainError('invalid-parameter', 'Give a `reason`: whoever handed the proof in has to know.');
  }
  return context.db.transaction().execute(async (trx) => {
    // Approving changes who has come how far, so it takes a sequence number: what processes remember ends there.
    const { configVersion } = await lockCommunity(trx, communityId, decision === 'approve' ? 1 : 0);
    const community = await context.directory.at(trx, communityId, configVersion);
    const proof = await requireProof(trx, communityId, proofId);
    await refuseOwn(trx, communityId, proof, reviewer);
    const state = STATE_AFTER[decision];
    if (proof.state === state && proof.review?.decidedBy === actor.name) return proof;
    if (times !== undefined && times !== proof.times) {
      throw new DomainError('state-conflict', `Proof ${proofId} was handed in anew since: look at what it is now.`);
    }
    requireWaiting(proof);
    const review = { at: now, reviewer: reviewer.name, decidedBy: actor.name, reason: reason ?? '' };
    await writeReview(trx, communityId, [proofId], state, review);
    if (decision === 'approve') {
      const { memberId } = proof;
      const rounds = await readRoundsById(trx, communityId, [proof.roundId]);
      await completeReached(
        trx,
        community,
        rounds.map((round) => ({ round, memberId })),
        now,
      );
    }
    await announceDecision(trx, communityId, proof, { state, by: reviewer.name, reason: review.reason }, now);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: `proof.${decision}`,
      target: String(proofId),
      before: { state: proof.state },
      after: { state, reviewer: reviewer.name, reason: review.reason, member: proof.handle, quest: proof.questId },
    });
    return requireProof(trx, communityId, proofId);
  });
}

/** @throws DomainError `unknown-proof` */
async function requireProof(
  db: Parameters<typeof readListedById>[0],
  communityId: number,
  id: number,
): Promise<ListedProof> {
  const [proof] = await readListedById(db, communityId, [id]);
  if (proof) return proof;
  throw new DomainError('unknown-proof', `There is no proof ${id} in this community.`);
}

async function refuseOwn(
  trx: Transaction<Database>,
  communityId: number,
  proof: ListedProof,
  { discordUserId, handle }: Reviewer,
): Promise<void> {
  const prover = await readMember(trx, communityId, proof.memberId);
  // A key can be bound to a handle that nobody contributed under yet.
  const bound =
    handle === undefined
      ? undefined
      : await requireMember(trx, communityId, handle).catch((error: unknown) => {
          if (error instanceof DomainError) return undefined;
          throw error;
        });
  const isOwn =
    bound?.id === prover.id ||
    (discordUserId !== undefined && [discordUserOf(prover), prover.discordUserId].includes(discordUserId));
  if (isOwn) throw new DomainError('forbidden', 'This proof is your own. Somebody else has to review it.');
}

function requireWaiting({ id, state, review }: ListedProof): void {
  if (state === 'waiting') return;
  const who = review ? `${review.reviewer} ${SAID[state]} at ${review.at.toISOString()}` : `it was ${SAID[state]}`;
  throw new DomainError('state-conflict', `Proof ${id} was decided already: ${who}. That decision stands.`);
}
