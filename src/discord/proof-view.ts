/** The custom ids of buttons and forms about proofs. They are outside text when they come back. */
import { DECISIONS, type Decision } from '../quests/review.ts';
import type { ProofCursor } from '../quests/proof-store.ts';

/** Where a proof is reviewed: on its message in the review channel, or in somebody's own list. */
export type ReviewPlace = 'channel' | 'list';

/** What a button or form decides about which proof. */
export type ReviewChoice = { proofId: number; times: number; decision: Decision; place: ReviewPlace };

/** For which round of a quest a proof is handed in; without one the running one. */
export type HandInChoice = { questId: number; round: string | undefined };

const REVIEW = /^quest:1:proof:(channel|list):(approve|ask|refuse):(\d{1,9})\.(\d{1,4})$/;
const HAND_IN = /^quest:1:hand-in:(\d{1,9}):(-|once|\d{4}-[W\d-]{2,5})$/;
const LIST = /^quest:1:proofs:(?:(\d{1,15})\.(\d{1,9}))?$/;

export function encodeReview({ proofId, times, decision, place }: ReviewChoice): string {
  return `quest:1:proof:${place}:${decision}:${proofId}.${times}`;
}

export function decodeReview(customId: string): ReviewChoice | undefined {
  const [, place, wanted, id, times] = REVIEW.exec(customId) ?? [];
  const decision = DECISIONS.find((one) => one === wanted);
  return (
    decision && { proofId: Number(id), times: Number(times), decision, place: place === 'list' ? 'list' : 'channel' }
  );
}

export function encodeHandIn({ questId, round }: HandInChoice): string {
  return `quest:1:hand-in:${questId}:${round ?? '-'}`;
}

export function decodeHandIn(customId: string): HandInChoice | undefined {
  const [, id, round] = HAND_IN.exec(customId) ?? [];
  return id === undefined ? undefined : { questId: Number(id), round: round === '-' ? undefined : round };
}

/** A page of the list of proofs that wait: what comes after a place, or the oldest. */
export function encodeProofPage(after: ProofCursor | undefined): string {
  return `quest:1:proofs:${after ? writeProofCursor(after) : ''}`;
}

/** @returns undefined for what is no such id */
export function decodeProofPage(customId: string): { after: ProofCursor | undefined } | undefined {
  const match = LIST.exec(customId);
  if (!match) return undefined;
  const [, ms, id] = match;
  return { after: ms === undefined ? undefined : { at: new Date(Number(ms)), id: Number(id) } };
}

function writeProofCursor({ at, id }: ProofCursor): string {
  return `${at.getTime()}.${id}`;
}
