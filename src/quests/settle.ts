/** Settling rounds: once, some time after their end. */
import { sql, type Transaction } from 'kysely';
import { announce } from '../announcements/outbox.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { excludedFromPrizes } from '../fair-play/prizes.ts';
import { tellMembers } from '../privacy/told-members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { tellReward } from '../rewards/reward.ts';
import { closeProofs } from './close-proofs.ts';
import { grantRewards } from './complete.ts';
import { examineAgain, examineRounds } from './examine.ts';
import { completeJudged } from './judge.ts';
import { openDueRounds, nextOpening } from './open-rounds.ts';
import { isFinal } from './quest.ts';
import { readRoundsById, type QuestRound } from './quest-store.ts';

/** How many winners an announcement names. */
const NAMED_WINNERS = 10;
/** How many days a round waits for reviewers of its proofs, on top. */
const WAIT_FOR_REVIEWS_DAYS = 7;

/** When a round `r` is settled: as long as proofs of it are under way it waits for them, some days at most. */
const dueAt = sql<Date>`(r.settles_at + case when exists (
  select from quest_proofs p where p.community_id = r.community_id and p.round_id = r.round_id and p.state in ('waiting', 'asked')
) then make_interval(days => ${sql.lit(WAIT_FOR_REVIEWS_DAYS)}) else interval '0' end)`;

/**
 * Settles the rounds that are due, of all communities: judges goals that boards decide, picks winners where only some
 * win, grants, and says so. Also makes rounds that have begun, and finishes looking at earlier contributions. Each round
 * is one transaction and settled once, whoever calls this how often, after whatever crash; winners are never changed
 * again.
 *
 * @returns when the next round begins or is due to be settled
 * @throws AggregateError with what went wrong with some rounds, when all others are settled
 */
export async function settleDueRounds(context: RankingContext, now: Date): Promise<Date | undefined> {
  await openDueRounds(context, now);
  await examineRounds(context, now);
  const { rows } = await sql<{ communityId: number; roundId: number; asks: boolean }>`
    select r.community_id as "communityId", r.round_id as "roundId", q.prerequisites <> '[]' as asks
    from quest_rounds r join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id
    where r.settled_at is null and ${dueAt} <= ${now} and r.settles_at <= ${now} and q.cancelled_at is null
    order by r.settles_at, r.round_id`.execute(context.db);
  const errors: unknown[] = [];
  for (const { communityId, roundId, asks } of rows) {
    try {
      // Who reached the goal before meeting what the quest asks for may meet it now.
      if (asks) await examineAgain(context, communityId, roundId, now);
      await settleRound(context, communityId, roundId, now);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} rounds of quests could not be settled.`);
  return nextDue(context);
}

/** Settles one round if it is due and has not been settled. */
async function settleRound(context: RankingContext, communityId: number, roundId: number, now: Date): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, configVersion);
    const [round] = await readRoundsById(trx, communityId, [roundId]);
    if (!round || round.settledAt || round.quest.cancelledAt || !(await isDue(trx, communityId, roundId, now))) return;
    await completeJudged(trx, community, round, now);
    if (isFinal(round.quest, { settledAt: now })) {
      await closeProofs(trx, communityId, { roundId }, 'It was not approved before the quest was settled.', now);
    }
    if (round.quest.maxWinners !== undefined) await pickWinners(trx, communityId, round, round.quest.maxWinners, now);
    await announceWinners(trx, communityId, round, now);
    await trx
      .updateTable('quest_rounds')
      .set({ settled_at: now })
      .where('community_id', '=', communityId)
      .where('round_id', '=', roundId)
      .execute();
    // What is final leaves the memory of every process.
    await touchConfig(trx, communityId);
  });
}

async function isDue(trx: Transaction<Database>, communityId: number, roundId: number, now: Date): Promise<boolean> {
  const { rows } = await sql<{ due: boolean }>`
    select ${dueAt} <= ${now} as due from quest_rounds r
    where r.community_id = ${communityId} and r.round_id = ${roundId}`.execute(trx);
  return rows[0]?.due === true;
}

/** The first to complete win; of those of one moment, who became a member first. Who is excluded from prizes is passed over. */
async function pickWinners(
  trx: Transaction<Database>,
  communityId: number,
  round: QuestRound,
  maxWinners: number,
  now: Date,
): Promise<void> {
  const excluded = await excludedFromPrizes(trx, communityId, now);
  const ofRound = sql`community_id = ${communityId} and round_id = ${round.id}`;
  // Those who have not won are left as they are: settled, that says enough.
  const { rows } = await sql<{ memberId: number }>`
    update quest_completions q set won = true from (
      select ctid as tid from quest_completions
      where ${ofRound} and member_id <> all(${numbers([...excluded])}::int[])
      order by completed_at, member_id limit ${maxWinners}
    ) winner where q.ctid = winner.tid returning q.member_id as "memberId"`.execute(trx);
  await grantRewards(
    trx,
    communityId,
    rows.map(({ memberId }) => ({ round, memberId })),
    now,
  );
}

async function announceWinners(
  trx: Transaction<Database>,
  communityId: number,
  round: QuestRound,
  now: Date,
): Promise<void> {
  const { quest } = round;
  const ofRound = sql`from quest_completions where community_id = ${communityId} and round_id = ${round.id}`;
  const { rows: first } = await sql<{ memberId: number }>`
    select member_id as "memberId" ${ofRound} and won order by completed_at, member_id limit ${NAMED_WINNERS}`.execute(
    trx,
  );
  const { rows: counted } = await sql<{ total: bigint }>`select count(*) as total ${ofRound}`.execute(trx);
  const winners = await tellMembers(
    trx,
    communityId,
    first.map(({ memberId }) => memberId),
  );
  const others = Number(counted[0]?.total ?? 0n) - winners.length;
  const rewards = quest.rewards.map(tellReward);
  await announce(trx, communityId, [
    {
      key: `quest ${quest.id} settled round ${round.id}`,
      announcement: { kind: 'quest-settled', quest: quest.name, winners, others, rewards },
      dueAt: now,
    },
  ]);
}

async function nextDue({ db }: RankingContext): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date | null }>`
    select min(${dueAt}) as at from quest_rounds r join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id
    where r.settled_at is null and q.cancelled_at is null`.execute(db);
  const settling = rows[0]?.at ?? undefined;
  const opening = await nextOpening(db);
  if (!settling || !opening) return settling ?? opening;
  return settling < opening ? settling : opening;
}
