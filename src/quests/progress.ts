/** How far members have come, for people and programs to see. */
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { readStandingsOf } from '../ranking/leaderboard.ts';
import { isJudged, type SingleGoal } from './goal.ts';
import { findBoard } from './judge.ts';
import type { QuestRound } from './quest-store.ts';
import { reckonMembers, type Answer, type QuestCommunity } from './reckon.ts';
import type { Part } from './tally.ts';

/** How far a member has come in a round. */
export type Progress = {
  memberId: number;
  /** Of the single goals, in order. A rank or score is as of now, and decided only when the round is settled. */
  parts: Part[];
  /** Of the whole goal, from 0 to 1. */
  share: number;
  /** False where the quest has to be joined and was not. */
  takesPart: boolean;
  joinedAt: Date | undefined;
};

/** Reads how far members have come in a round. */
export async function readProgress(
  db: Kysely<Database>,
  community: QuestCommunity,
  round: QuestRound,
  memberIds: readonly number[],
): Promise<Progress[]> {
  const answers = await reckonMembers(
    db,
    community,
    memberIds.map((memberId) => ({ round, memberId })),
  );
  const progress: Progress[] = [];
  for (const answer of answers) progress.push(await toProgress(db, community, round, answer));
  return progress;
}

async function toProgress(
  db: Kysely<Database>,
  community: QuestCommunity,
  round: QuestRound,
  { memberId, tally, joinedAt, takesPart }: Answer,
): Promise<Progress> {
  const { reckoner } = round.quest;
  const parts: Part[] = [];
  for (const part of reckoner.partsOf(tally)) {
    const { goal } = part;
    parts.push(isJudged(goal) ? await judgeNow(db, community, round, goal, memberId) : part);
  }
  return { memberId, parts, share: reckoner.shareOf(parts.map(({ share }) => share)), takesPart, joinedAt };
}

/** What a board would say at the moment. Of a rank, `done` is the rank, and 0 without one. */
async function judgeNow(
  db: Kysely<Database>,
  community: QuestCommunity,
  round: QuestRound,
  goal: Extract<SingleGoal, { kind: 'rank' | 'score' }>,
  memberId: number,
): Promise<Part> {
  const boardId = await findBoard(db, community, round, goal);
  const [standing] = boardId === undefined ? [] : await readStandingsOf(db, community.id, [boardId], memberId);
  if (goal.kind === 'score') {
    const done = standing?.score ?? 0n;
    const share = Math.min(1, Number(done) / Number(goal.atLeast));
    return { goal, done, wanted: goal.atLeast, isMet: done >= goal.atLeast, share };
  }
  const rank = standing?.rank ?? 0;
  const isMet = rank > 0 && rank <= goal.atMost;
  const share = rank === 0 ? 0 : Math.min(1, goal.atMost / rank);
  return { goal, done: BigInt(rank), wanted: BigInt(goal.atMost), isMet, share };
}
