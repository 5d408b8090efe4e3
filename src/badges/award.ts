/** Awarding achievements: to whom something new may have been earned or lost, and to all when a badge is new. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { RankingContext } from '../ranking/context.ts';
import { readNewestVersions } from '../seasons/final-versions.ts';
import { lockAwards, moveAwards, type AwardState } from './award-state.ts';
import { ACHIEVEMENT_PREFIX, isAchievement, type Achievement } from './badge.ts';
import { deleteBadge, readBadges, updateBadge } from './badge-store.ts';
import { readRanked } from './reckon.ts';
import { settle, type Settled } from './settle.ts';
import { countFinalTables, takeIn } from './touched.ts';
import { tellEarned, tellNewBadge } from './tell.ts';

/** How many sequence numbers a transaction goes through at most. */
const STRETCH = 20_000n;
/** From how far behind on, looking at every member once is less than looking at whom each stretch concerns. */
const FAR_BEHIND = 60_000n;
/** How many members are looked at in one statement, and in one transaction when a badge is new. */
const PAGE = 500;

/**
 * Awards what was earned since the last call, and takes back what has lost its ground, in all communities: page by page,
 * each a transaction of its own, while recording goes on. What a member has is a function of what counts. A crash on the
 * way is caught up with by the next call. Safe to repeat, and from several processes at once.
 *
 * @throws AggregateError with what went wrong in some communities, when all others are done
 */
export async function awardAchievements(
  context: RankingContext,
  now: Date,
  run: { stopping?: AbortSignal | undefined; communityId?: number } = {},
): Promise<void> {
  const { communityId = null } = run;
  const { rows } = await sql<{ id: number }>`
    select c.community_id as id from communities c where exists (
      select from badges b where b.community_id = c.community_id and b.rule is not null
        and (b.removed_at is null or b.examined_to is not null)
    ) and (${communityId}::int is null or c.community_id = ${communityId}::int) order by 1`.execute(context.db);
  const errors: unknown[] = [];
  for (const { id } of rows) {
    try {
      while (!run.stopping?.aborted && (await takeStep(context, id, now)));
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some achievements could not be awarded.');
}

/** What a step works with. */
type Step = { trx: Transaction<Database>; community: KnownCommunity; state: AwardState; now: Date };

/** Does the first thing that there is to do in a community. Returns whether there may be more. */
async function takeStep(context: RankingContext, communityId: number, now: Date): Promise<boolean> {
  return context.db.transaction().execute(async (trx) => {
    const state = await lockAwards(trx, communityId);
    // Read first: what was recorded by now is seen by all that follows, and so is every badge that was there before it.
    const { last_seq: lastSeq, config_version: version } = await trx
      .selectFrom('communities')
      .select(['last_seq', 'config_version'])
      .where('community_id', '=', communityId)
      .executeTakeFirstOrThrow();
    const community = await context.directory.at(trx, communityId, version);
    const achievements = (await readBadges(trx, communityId)).filter(isAchievement);
    const step: Step = { trx, community, state, now };
    if (await startAnew(step, achievements)) return true;
    if (await catchUp(step, achievements, lastSeq)) return true;
    return (await examineMembers(step, achievements)) || (await examineTables(step, achievements));
  });
}

/** When weeks and seasons were cut anew, everybody has to be looked at again. */
async function startAnew(step: Step, achievements: readonly Achievement[]): Promise<boolean> {
  const { trx, community, state } = step;
  const { timeZone } = community;
  if (state.timeZone === timeZone) return false;
  if (state.timeZone !== undefined) {
    const byTime = achievements.filter(({ rule }) => ['streak', 'comeback', 'categories'].includes(rule.kind));
    await examineAgain(step, byTime);
  }
  await moveAwards(trx, community.id, { ...state, timeZone });
  return true;
}

/** Goes through a stretch of what was recorded. Returns whether it was one of several. */
async function catchUp(step: Step, achievements: readonly Achievement[], lastSeq: bigint): Promise<boolean> {
  const { trx, community, state, now } = step;
  const upTo = lastSeq - state.seq > STRETCH ? state.seq + STRETCH : lastSeq;
  const live = achievements.filter(({ removedAt }) => !removedAt);
  if (lastSeq - state.seq > FAR_BEHIND) {
    await takeIn(trx, community, [], { after: state.seq, upTo }, now);
    await examineAgain(step, live);
  } else {
    for (const { achievements, memberIds } of await takeIn(trx, community, live, { after: state.seq, upTo }, now)) {
      await settleInPages(step, achievements, memberIds);
    }
  }
  if (upTo > state.seq) await moveAwards(trx, community.id, { ...state, seq: upTo });
  return upTo < lastSeq;
}

/** Has every member looked at for some achievements. Those of ranks follow from final tables alone. */
async function examineAgain({ trx, community }: Step, achievements: readonly Achievement[]): Promise<void> {
  for (const { id, rule } of achievements) {
    if (rule.kind !== 'rank') await updateBadge(trx, community.id, id, { examinedTo: 0 });
  }
}

/** Looks at a page of members who may have earned, or lost, achievements. Returns whether there was one. */
async function examineMembers(step: Step, achievements: readonly Achievement[]): Promise<boolean> {
  const { trx, community, now } = step;
  const unexamined = achievements.filter((one) => one.examinedTo !== undefined && one.rule.kind !== 'rank');
  const after = unexamined[0]?.examinedTo;
  if (after === undefined) return false;
  // All that have come as far as the first one are looked at together.
  const together = unexamined.filter(({ examinedTo }) => examinedTo === after);
  const { rows } = await sql<{ memberId: number }>`
    select member_id as "memberId" from members
    where community_id = ${community.id} and member_id > ${after} order by member_id limit ${PAGE}`.execute(trx);
  const memberIds = rows.map(({ memberId }) => memberId);
  await noteSettled(step, await settle(trx, community, together, memberIds, now));
  const last = memberIds.length < PAGE ? undefined : memberIds.at(-1);
  for (const achievement of together) {
    if (last === undefined) await endExamining(step, achievement);
    else await updateBadge(trx, community.id, achievement.id, { examinedTo: last });
  }
  return true;
}

async function settleInPages(
  step: Step,
  achievements: readonly Achievement[],
  memberIds: readonly number[],
): Promise<void> {
  const { trx, community, now } = step;
  const settled: Settled[] = [];
  for (let from = 0; from < memberIds.length; from += PAGE) {
    settled.push(...(await settle(trx, community, achievements, memberIds.slice(from, from + PAGE), now)));
  }
  await noteSettled(step, settled);
}

/** Looks at all final tables again when there are new ones, for an achievement that asks for ranks. Returns whether there was one. */
async function examineTables(step: Step, achievements: readonly Achievement[]): Promise<boolean> {
  const { trx, community } = step;
  const ofRanks = achievements.filter(
    ({ rule, removedAt, examinedTo }) => rule.kind === 'rank' && (!removedAt || examinedTo !== undefined),
  );
  if (ofRanks.length === 0) return false;
  const tables = await countFinalTables(trx, community.id);
  const achievement = ofRanks.find(({ tablesSeen, examinedTo }) => examinedTo !== undefined || tablesSeen !== tables);
  if (!achievement) return false;
  await settleInPages(step, [achievement], await findRanked(trx, community, achievement));
  await updateBadge(trx, community.id, achievement.id, { tablesSeen: tables });
  await endExamining(step, achievement);
  return true;
}

/** Those who won a place by now, and those who hold the achievement by what was final before. */
async function findRanked(
  trx: Transaction<Database>,
  community: KnownCommunity,
  { id, rule }: Achievement,
): Promise<number[]> {
  const prefix = `${ACHIEVEMENT_PREFIX}${id} `;
  // In the order of bytes, what begins with a text that ends with a space lies before the same with "!" instead.
  const { rows } = await sql<{ memberId: number }>`
    select distinct member_id as "memberId" from grants
    where community_id = ${community.id} and entitlement >= ${prefix} and entitlement < ${prefix.replace(/ $/, '!')}`.execute(
    trx,
  );
  const holders = rows.map(({ memberId }) => memberId);
  const versions = await readNewestVersions(trx, community.id);
  const ranked = rule.kind === 'rank' ? await readRanked(trx, community, rule, versions) : [];
  return [...new Set([...holders, ...ranked.map(({ memberId }) => memberId)])];
}

/** Everybody has been looked at: what is new is told, and what was removed and taken back from all is forgotten. */
async function endExamining({ trx, community, state, now }: Step, achievement: Achievement): Promise<void> {
  if (achievement.removedAt) return deleteBadge(trx, community.id, achievement.id, now);
  await updateBadge(trx, community.id, achievement.id, { examinedTo: undefined, isNew: false });
  if (achievement.isNew && state.announced) await tellNewBadge(trx, community.id, achievement, now);
}

/** Has told what was earned, but for what is new: that is told once everybody has been looked at. */
async function noteSettled({ trx, community, state, now }: Step, settled: readonly Settled[]): Promise<void> {
  if (!state.announced) return;
  const news = settled.filter(({ achievement }) => !achievement.isNew && !achievement.removedAt);
  await tellEarned(trx, community, news, now);
}
