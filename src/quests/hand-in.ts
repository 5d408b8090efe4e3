/** Handing in proofs. */
import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { requireMember } from '../members/members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { proofGoal } from './goal.ts';
import { findOrMakeMember } from './join.ts';
import { requireQuest } from './manage.ts';
import { announceProofs } from './proof-announcements.ts';
import type { Proof, ProofContent } from './proof.ts';
import { insertProof, readLastProof, readListedById, renewProof, type ListedProof } from './proof-store.ts';
import { countsFrom, type Quest } from './quest.ts';
import { insertRounds, joinSlot, readJoins, readRoundOf, readRounds, type QuestRound } from './quest-store.ts';
import { roundsUntil } from './rounds.ts';

/** Whose proof it is: a member by handle, or a Discord user, who becomes a member by it. */
export type Prover = { handle: string } | { discordUserId: string; name: string };

/**
 * Hands in a proof for a quest: for the round that is running, or, where a round is named, for one that has ended whose
 * reviewer asked for more. It waits for a review from then on. While one waits or is approved, another is refused; the
 * same one again changes nothing.
 *
 * @returns the proof
 * @throws DomainError `unknown-quest`, `unknown-member`, `invalid-parameter` for a quest that asks for no proof or a
 *   round that is none, or `state-conflict` when there is one already, the time is over, or the quest was not joined
 */
export async function handInProof(
  context: RankingContext,
  communityId: number,
  { questId, round: key, content }: { questId: number; round?: string | undefined; content: ProofContent },
  prover: Prover,
  actor: Actor,
  now: Date,
): Promise<ListedProof> {
  return context.db.transaction().execute(async (trx) => {
    const lock = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, lock.configVersion);
    const quest = await requireQuest(trx, communityId, questId);
    const goal = proofGoal(quest.goal);
    if (!goal) throw new DomainError('invalid-parameter', `The quest "${quest.name}" asks for no proof.`);
    if (quest.cancelledAt) throw new DomainError('state-conflict', `The quest "${quest.name}" was cancelled.`);
    const member =
      'handle' in prover
        ? await requireMember(trx, communityId, prover.handle)
        : await findOrMakeMember(trx, communityId, prover, lock, now);
    const round = await requireRound(trx, community, quest, key, now);
    const before = await readLastProof(trx, communityId, round.id, member.id);
    if (before?.state === 'waiting' && isSame(before.content, content)) return listed(trx, communityId, before.id);
    requireFree(quest, before);
    // Who was asked for more can complete the proof until the round is settled.
    if (before?.state !== 'asked') await requireOpen(trx, community, round, member.id, now);
    if (before?.state === 'asked') await renewProof(trx, communityId, before.id, content, now);
    const id =
      before?.state === 'asked'
        ? before.id
        : await insertProof(trx, communityId, { roundId: round.id, memberId: member.id, content }, now);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'proof.hand-in',
      target: String(id),
      after: { quest: quest.id, round: round.key, member: member.handle, ...content },
    });
    const proof = await listed(trx, communityId, id);
    const { discordReviewChannelId: channelId } = community;
    if (channelId !== undefined) {
      await announceProofs(trx, communityId, channelId, [{ ...proof, show: goal.show }], now);
    }
    return proof;
  });
}

/** The round that is meant, made if it has begun and nothing was recorded in it yet. */
async function requireRound(
  trx: Transaction<Database>,
  community: KnownCommunity,
  quest: Quest,
  key: string | undefined,
  now: Date,
): Promise<QuestRound> {
  const last = (await readRounds(trx, community.id, [quest], quest.endsAt)).at(-1);
  const due = roundsUntil(quest, last, community, now);
  // Nobody can have contributed in it: recording makes the rounds that it falls in.
  const made = await insertRounds(trx, community.id, quest, due, undefined);
  if (made.length > 0) await touchConfig(trx, community.id);
  const round = await readRoundOf(trx, community.id, quest, key, now);
  if (round) return round;
  const problem =
    key === undefined
      ? `The quest "${quest.name}" has not begun: it starts at ${quest.startsAt.toISOString()}.`
      : `The quest "${quest.name}" has no round "${key}" that has begun.`;
  throw new DomainError(key === undefined ? 'state-conflict' : 'invalid-parameter', problem);
}

function requireFree({ name }: Quest, before: Proof | undefined): void {
  if (before?.state === 'waiting') {
    throw new DomainError('state-conflict', `A proof for "${name}" waits for a review already. Wait for the decision.`);
  }
  if (before?.state === 'approved') {
    throw new DomainError(
      'state-conflict',
      `A proof for "${name}" was approved already: there is nothing left to show.`,
    );
  }
}

async function requireOpen(
  trx: Transaction<Database>,
  community: KnownCommunity,
  round: QuestRound,
  memberId: number,
  now: Date,
): Promise<void> {
  const { quest } = round;
  if (now < round.startsAt) {
    throw new DomainError('state-conflict', `This round of "${quest.name}" starts at ${round.startsAt.toISOString()}.`);
  }
  if (now >= round.endsAt) {
    throw new DomainError(
      'state-conflict',
      `The time for "${quest.name}" was over at ${round.endsAt.toISOString()}. Proofs handed in before are still reviewed.`,
    );
  }
  const joins = await readJoins(trx, community.id, [quest.id], [memberId]);
  if (countsFrom(quest, round, joins.get(joinSlot(quest.id, memberId)))) return;
  throw new DomainError('state-conflict', `The quest "${quest.name}" has to be joined first: /quest join.`);
}

function isSame(one: ProofContent, other: ProofContent): boolean {
  const essence = ({ text, links, files }: ProofContent) => JSON.stringify([text, links, files.map(({ id }) => id)]);
  return essence(one) === essence(other);
}

async function listed(trx: Transaction<Database>, communityId: number, id: number): Promise<ListedProof> {
  const [proof] = await readListedById(trx, communityId, [id]);
  if (!proof) throw new Error(`Proof ${id} was written and is not there.`);
  return proof;
}
