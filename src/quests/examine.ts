/** Looking at those who contributed before a round was known, as when a quest starts in the past. */
import { sql, type Transaction } from 'kysely';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { readCompletionsIn } from './completion-store.ts';
import { complete } from './complete.ts';
import { readRoundsById, type QuestRound } from './quest-store.ts';
import { reckonMembers, type QuestCommunity } from './reckon.ts';

/** How many members a transaction goes through. */
const PAGE = 2_000;

/**
 * Looks at everybody who has yet to be looked at, of one community or of all: page by page, each a transaction of its
 * own, while recording goes on. A crash on the way is caught up with by the next call. Safe to repeat, and from several
 * processes at once.
 */
export async function examineRounds(context: RankingContext, now: Date, communityId?: number): Promise<void> {
  const rows = await context.db
    .selectFrom('quest_rounds')
    .select(['community_id', 'round_id'])
    .where('examined_to', 'is not', null)
    .$if(communityId !== undefined, (query) => query.where('community_id', '=', communityId ?? 0))
    .execute();
  for (const { community_id, round_id } of rows) await examineRound(context, community_id, round_id, now);
}

/** Looks at everybody anew who contributed in a round: what held a completion up may have come to be. */
export async function examineAgain(
  context: RankingContext,
  communityId: number,
  roundId: number,
  now: Date,
): Promise<void> {
  await context.db
    .updateTable('quest_rounds')
    .set({ examined_to: 0 })
    .where('community_id', '=', communityId)
    .where('round_id', '=', roundId)
    .where('settled_at', 'is', null)
    .execute();
  await examineRound(context, communityId, roundId, now);
}

async function examineRound(context: RankingContext, communityId: number, roundId: number, now: Date): Promise<void> {
  for (let goesOn = true; goesOn;) {
    goesOn = await context.db.transaction().execute(async (trx) => {
      const { configVersion } = await lockCommunity(trx, communityId);
      const community = await context.directory.at(trx, communityId, configVersion);
      const [round] = await readRoundsById(trx, communityId, [roundId]);
      if (!round || round.examinedTo === undefined) return false;
      const next = round.quest.cancelledAt
        ? undefined
        : await examinePage(trx, community, round, round.examinedTo, now);
      await trx
        .updateTable('quest_rounds')
        .set({ examined_to: next ?? null })
        .where('community_id', '=', communityId)
        .where('round_id', '=', roundId)
        .execute();
      return next !== undefined;
    });
  }
}

/** Looks at a page of members. Returns the last of them, or undefined when there are no more. */
async function examinePage(
  trx: Transaction<Database>,
  community: QuestCommunity,
  round: QuestRound,
  after: number,
  now: Date,
): Promise<number | undefined> {
  const { rows } = await sql<{ memberId: number; contributed: boolean }>`
    select m.member_id as "memberId", exists (
      select from contributions c where c.community_id = m.community_id and c.member_id = m.member_id
        and c.occurred_at >= ${round.startsAt} and c.occurred_at < ${round.endsAt}
    ) or exists (
      select from quest_proofs p
      where p.community_id = m.community_id and p.round_id = ${round.id} and p.member_id = m.member_id and p.state = 'approved'
    ) as contributed
    from members m where m.community_id = ${community.id} and m.member_id > ${after}
    order by m.member_id limit ${PAGE}`.execute(trx);
  const members = rows.filter(({ contributed }) => contributed).map(({ memberId }) => memberId);
  await completeReached(
    trx,
    community,
    members.map((memberId) => ({ round, memberId })),
    now,
  );
  return rows.length < PAGE ? undefined : rows.at(-1)?.memberId;
}

/** Completes what is reached by all that was recorded. Returns nothing that is new: it may all have been so already. */
export async function completeReached(
  trx: Transaction<Database>,
  community: QuestCommunity,
  questions: Parameters<typeof reckonMembers>[2],
  now: Date,
): Promise<void> {
  const completions = await readCompletionsIn(trx, community.id, questions);
  const known = new Map(completions.map((completion) => [`${completion.roundId} ${completion.memberId}`, completion]));
  const answers = await reckonMembers(trx, community, questions);
  const reached = answers.flatMap(({ round, memberId, reachedAt }) =>
    reachedAt === undefined ? [] : [{ round, memberId, reachedAt, known: known.get(`${round.id} ${memberId}`) }],
  );
  await complete(trx, community.id, reached, now);
}
