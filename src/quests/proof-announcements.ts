/** What is said of proofs: to reviewers in their channel, and to who handed one in. */
import type { Transaction } from 'kysely';
import type { Announcement, ProofDecision } from '../announcements/announcement.ts';
import { announce, reviseAnnouncement } from '../announcements/outbox.ts';
import type { Database } from '../db/database.ts';
import { discordUserOf, readMember } from '../members/members.ts';
import type { ListedProof } from './proof-store.ts';

type Trx = Transaction<Database>;

/** Under which keys reviewers are told of proofs. */
export const PROOF_KEYS = 'proof waits ';

/** Under which key reviewers are told of a proof, each time it is handed in. */
export function proofKey(id: number, times: number): string {
  return `${PROOF_KEYS}${id} time ${times}`;
}

/** A proof as reviewers are told of it; `show`: what its quest asks to be shown. */
export function tellProof(
  { id, times, quest, member, content, state, review }: ListedProof,
  show: string,
): Extract<Announcement, { kind: 'proof-submitted' }> {
  return {
    kind: 'proof-submitted',
    proofId: id,
    times,
    quest,
    show,
    member,
    text: content.text,
    links: [...content.links],
    files: [...content.files],
    ...(state !== 'waiting' && review ? { decision: { state, by: review.reviewer, reason: review.reason } } : {}),
  };
}

/** Tells reviewers of proofs that wait, each once each time it is handed in. */
export async function announceProofs(
  trx: Trx,
  communityId: number,
  channelId: string,
  proofs: readonly (ListedProof & { show: string })[],
  now: Date,
): Promise<void> {
  await announce(
    trx,
    communityId,
    proofs.map((proof) => ({
      key: keyOf(proof),
      announcement: tellProof(proof, proof.show),
      dueAt: now,
      channelId,
    })),
  );
}

/** Shows a decision on the message that told reviewers of the proof, and tells who handed it in. */
export async function announceDecision(
  trx: Trx,
  communityId: number,
  proof: ListedProof,
  { state, by, reason }: { state: ProofDecision; by: string; reason: string },
  now: Date,
): Promise<void> {
  const decision = { state, by, reason };
  await reviseAnnouncement(
    trx,
    communityId,
    keyOf(proof),
    (told) => (told.kind === 'proof-submitted' ? { ...told, decision } : told),
    now,
  );
  const recipientId = discordUserOf(await readMember(trx, communityId, proof.memberId));
  if (recipientId === undefined) return;
  await announce(trx, communityId, [
    {
      key: `proof ${proof.id} reviewed ${proof.times}`,
      announcement: { kind: 'proof-reviewed', quest: proof.quest, decision: state, reason },
      dueAt: now,
      recipientId,
    },
  ]);
}

function keyOf({ id, times }: Pick<ListedProof, 'id' | 'times'>): string {
  return proofKey(id, times);
}
