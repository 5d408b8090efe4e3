/** Goals that a board decides: a rank or a score, judged once, when the round is settled. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';
import { completeReached } from './examine.ts';
import { isJudged, type SingleGoal } from './goal.ts';
import type { QuestRound } from './quest-store.ts';
import type { QuestCommunity } from './reckon.ts';

/** How many members are reckoned at once. */
const CHUNK = 1_000;

/**
 * Completes the round for those whom boards bring to the goal. It counts as reached when the score was reached that
 * stands on the board, at the earliest at the start of the round and at the latest at its end.
 */
export async function completeJudged(
  trx: Transaction<Database>,
  community: QuestCommunity,
  round: QuestRound,
  now: Date,
): Promise<void> {
  const verdicts = new Map<number, Map<number, number>>();
  for (const [index, goal] of round.quest.reckoner.parts.entries()) {
    if (!isJudged(goal)) continue;
    for (const { memberId, reachedAt } of await readMeeting(trx, community, round, goal)) {
      const own = verdicts.get(memberId) ?? new Map<number, number>();
      verdicts.set(memberId, own);
      own.set(index, Math.min(Math.max(reachedAt.getTime(), round.startsAt.getTime()), round.endsAt.getTime()));
    }
  }
  // Whoever no board speaks for has reached the goal before, if at all.
  const questions = [...verdicts].map(([memberId, judged]) => ({ round, memberId, judged }));
  for (let from = 0; from < questions.length; from += CHUNK) {
    await completeReached(trx, community, questions.slice(from, from + CHUNK), now);
  }
}

/** The window whose board judges a goal. */
function windowOf(
  { calendar }: QuestCommunity,
  round: Pick<QuestRound, 'endsAt'>,
  { window, period }: Extract<SingleGoal, { kind: 'rank' | 'score' }>,
): Window {
  return period === undefined
    ? calendar.currentAt(window, new Date(round.endsAt.getTime() - 1))
    : calendar.windowByKey(window, period);
}

/** The board that judges a goal, if anybody stands on one. */
export async function findBoard(
  db: Kysely<Database>,
  community: QuestCommunity,
  round: Pick<QuestRound, 'endsAt'>,
  goal: Extract<SingleGoal, { kind: 'rank' | 'score' }>,
): Promise<number | undefined> {
  const { kind, key } = windowOf(community, round, goal);
  const category = community.categories.find(({ slug }) => slug === goal.category);
  const row = await db
    .selectFrom('boards as b')
    .innerJoin('windows as w', (join) =>
      join.onRef('w.community_id', '=', 'b.community_id').onRef('w.window_id', '=', 'b.window_id'),
    )
    .select('b.board_id')
    .where('b.community_id', '=', community.id)
    .where('w.kind', '=', kind)
    .where('w.key', '=', key)
    .where('b.category_id', '=', category?.id ?? 0)
    .executeTakeFirst();
  return row?.board_id;
}

async function readMeeting(
  trx: Transaction<Database>,
  community: QuestCommunity,
  round: QuestRound,
  goal: Extract<SingleGoal, { kind: 'rank' | 'score' }>,
): Promise<{ memberId: number; reachedAt: Date }[]> {
  const boardId = await findBoard(trx, community, round, goal);
  if (boardId === undefined) return [];
  const meeting =
    goal.kind === 'score'
      ? sql`and neg_score <= ${-goal.atLeast}::bigint order by neg_score, reached_at, member_id`
      : sql`order by neg_score, reached_at, member_id limit ${goal.atMost}`;
  const { rows } = await sql<{ memberId: number; reachedAt: Date }>`
    select member_id as "memberId", reached_at as "reachedAt" from standings
    where community_id = ${community.id} and board_id = ${boardId} ${meeting}`.execute(trx);
  return rows;
}
