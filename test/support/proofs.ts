import { changeCounting } from '../../src/contributions/void.ts';
import { handInProof, type Prover } from '../../src/quests/hand-in.ts';
import { decideProof, type Decision, type Reviewer } from '../../src/quests/review.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { NOW, TESTER } from './communities.ts';

/** Asks for a proof alone. */
export const PROOF_GOAL = { proof: 'A picture of your rig' };
const RITA: Reviewer = { name: 'Rita', discordUserId: '900' };

type Of = { id: number };

/** Hands in a proof of a few words, unless told otherwise. */
export async function handIn(
  context: RankingContext,
  { id }: Of,
  questId: number,
  prover: Prover,
  { text = 'I did it', round, now = NOW }: { text?: string; round?: string; now?: Date } = {},
) {
  return handInProof(context, id, { questId, round, content: { text, links: [], files: [] } }, prover, TESTER, now);
}

/** Decides as Rita, with a reason, unless told otherwise. */
export async function decide(
  context: RankingContext,
  { id }: Of,
  proofId: number,
  decision: Decision,
  more: { by?: Reviewer; reason?: string | undefined; times?: number; now?: Date } = {},
) {
  const { by = RITA, times, now = NOW } = more;
  const reason = 'reason' in more ? more.reason : decision === 'approve' ? undefined : 'Because';
  const actor = { name: by.discordUserId ? `Discord user ${by.discordUserId}` : by.name };
  return decideProof(context, id, { proofId, decision, reason, times }, by, actor, now);
}

/** The proofs of a community as they are kept, in the order in which they were first handed in. */
export async function proofsOf({ db }: RankingContext, { id }: Of) {
  return db
    .selectFrom('quest_proofs as p')
    .innerJoin('members as m', (join) =>
      join.onRef('m.community_id', '=', 'p.community_id').onRef('m.member_id', '=', 'p.member_id'),
    )
    .select(['p.proof_id as id', 'm.handle', 'p.state', 'p.reviewer', 'p.reason', 'p.history', 'p.content'])
    .where('p.community_id', '=', id)
    .orderBy('p.proof_id')
    .execute();
}

/** Voids all that a member has contributed. */
export async function setVoided(context: RankingContext, { id }: Of, member: string): Promise<void> {
  const target = { member, from: new Date(0), to: NOW };
  await changeCounting(context, id, { kind: 'void', target, reason: 'Test', dryRun: false }, TESTER, NOW);
}
