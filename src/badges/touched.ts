/** Whose achievements may have changed by what happened within a stretch of sequence numbers. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { cutTime, findNewlyActive } from './active-time.ts';
import type { Achievement } from './badge.ts';
import type { BadgeCommunity } from './reckon.ts';
import { isTotal, RULE_WINDOWS } from './rule.ts';
import {
  addTallies,
  findFeedbackSource,
  readTallies,
  recountTallies,
  sumByMember,
  sumRecorded,
  totalOf,
  type Stretch,
  type Tally,
} from './tallies.ts';

/** Achievements that some members may have earned, or lost. */
export type Question = { achievements: readonly Achievement[]; memberIds: readonly number[] };

/**
 * Brings the tallies up to the end of a stretch, and finds out whom to look at, and for which achievements. Who only
 * contributed is looked at where a total was reached, or where there was nothing before; whoever had something voided, or
 * was merged, is looked at for all. For a transaction that holds the lock of awards; each stretch once.
 */
export async function takeIn(
  trx: Transaction<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  stretch: Stretch,
  now: Date,
): Promise<Question[]> {
  const changed = await findChanged(trx, community.id, stretch);
  const recorded = (await sumRecorded(trx, community.id, stretch)).filter(({ memberId }) => !changed.has(memberId));
  await addTallies(trx, community.id, recorded);
  if (changed.size > 0) await recountTallies(trx, community.id, [...changed], stretch.upTo);
  const questions: Question[] = [{ achievements, memberIds: [...changed] }];
  if (recorded.length > 0) {
    questions.push(...(await whoReachedTotals(trx, community, achievements, recorded)));
    questions.push(...(await whoIsNewlyActive(trx, community, achievements, stretch, now)));
  }
  questions.push({
    achievements: achievements.filter(({ rule }) => rule.kind === 'quests'),
    memberIds: await findCompleters(trx, community.id, stretch.after),
  });
  return questions.filter(({ achievements, memberIds }) => achievements.length > 0 && memberIds.length > 0);
}

/** The members of whose contributions some came to count, or to count no more, and those who were merged with others. */
export async function findChanged(
  db: Kysely<Database>,
  communityId: number,
  { after, upTo }: Stretch,
): Promise<Set<number>> {
  // What is held never counted, and what is refused never will.
  const { rows } = await sql<{ memberId: number }>`
    select c.member_id as "memberId" from contribution_changes ch
    join contributions c on c.community_id = ch.community_id and c.source_id = ch.source_id and c.external_id = ch.external_id
    where ch.community_id = ${communityId} and ch.seq > ${after}::bigint and ch.seq <= ${upTo}::bigint
      and ch.kind in ('void', 'unvoid', 'release')
    union
    select unnest(array[member_id, into_member_id]) from member_merges
    where community_id = ${communityId} and seq > ${after}::bigint and seq <= ${upTo}::bigint`.execute(db);
  return new Set(rows.map(({ memberId }) => memberId));
}

/** The members who may have completed a quest since a sequence number. */
export async function findCompleters(db: Kysely<Database>, communityId: number, after: bigint): Promise<number[]> {
  const { rows } = await sql<{ memberId: number }>`
    select distinct member_id as "memberId" from quest_completions
    where community_id = ${communityId} and recorded_seq > ${after}::bigint`.execute(db);
  return rows.map(({ memberId }) => memberId);
}

/** How many final tables there are, those included that were amended since: with each change there is one more. */
export async function countFinalTables(db: Kysely<Database>, communityId: number): Promise<number> {
  const { tables } = await db
    .selectFrom('final_versions')
    .select((eb) => eb.fn.countAll<bigint>().as('tables'))
    .where('community_id', '=', communityId)
    .where('sha256', 'is not', null)
    .executeTakeFirstOrThrow();
  return Number(tables);
}

/** Who was below what an achievement asks for before, and is not any more. */
async function whoReachedTotals(
  trx: Transaction<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  recorded: readonly Tally[],
): Promise<Question[]> {
  const feedbackSource = await findFeedbackSource(trx, community.id);
  const tallies = await readTallies(trx, community.id, [...new Set(recorded.map(({ memberId }) => memberId))]);
  return achievements.flatMap((achievement) => {
    const { rule } = achievement;
    if (!isTotal(rule)) return [];
    const { of, wanted } = totalOf(rule, community, feedbackSource);
    const totals = sumByMember(tallies, of);
    const memberIds = [...sumByMember(recorded, of)].flatMap(([memberId, gained]) => {
      const total = totals.get(memberId) ?? 0n;
      return total >= wanted && total - gained < wanted ? [memberId] : [];
    });
    return [{ achievements: [achievement], memberIds }];
  });
}

/** Who contributed in a week, or in a window and a category, in which there had been nothing of theirs. */
async function whoIsNewlyActive(
  trx: Transaction<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  stretch: Stretch,
  now: Date,
): Promise<Question[]> {
  const questions: Question[] = [];
  const ofWeeks = achievements.filter(({ rule }) => rule.kind === 'streak' || rule.kind === 'comeback');
  if (ofWeeks.length > 0) {
    const weeks = await cutTime(trx, community, 'week', now);
    const memberIds = await findNewlyActive(trx, community, weeks, stretch, { byCategory: false });
    questions.push({ achievements: ofWeeks, memberIds });
  }
  for (const window of RULE_WINDOWS) {
    const ofWindow = achievements.filter(({ rule }) => rule.kind === 'categories' && rule.window === window);
    if (ofWindow.length === 0) continue;
    const pieces = await cutTime(trx, community, window, now);
    const memberIds = await findNewlyActive(trx, community, pieces, stretch, { byCategory: true });
    questions.push({ achievements: ofWindow, memberIds });
  }
  return questions;
}
