/** Making standings again from the contributions, in a transaction that holds the community's lock. */
import { sql, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { findOrMakeBoards } from './boards.ts';
import type { LockedRanking, RankingContext } from './context.ts';
import { setStandings, type StandingChange } from './standings.ts';
import {
  compareMembers,
  findUnfounded,
  findUnfoundedOf,
  type MemberPage,
  type StandingDifference,
  type StandingPage,
  type TotalsDifference,
} from './verify.ts';

/** Makes everything that is derived from one member's contributions anew, as when one of them was voided. */
export async function recomputeMember(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  memberId: number,
): Promise<void> {
  await putMembersRight(context, trx, ranking, communityId, memberId - 1, 1);
  const unfounded = await findUnfoundedOf(trx, communityId, memberId);
  await setStandings(trx, communityId, unfounded.flatMap(toRemoval), ranking.segments);
}

/**
 * Makes the standings and totals of some members, from the one after `after` on, what their contributions make them:
 * those that are there already, and those that are missing.
 */
export async function putMembersRight(
  context: RankingContext,
  trx: Transaction<Database>,
  { lock, segments }: LockedRanking,
  communityId: number,
  after: number,
  count?: number,
): Promise<MemberPage> {
  const page = await compareMembers(trx, communityId, after, count);
  await putTotalsRight(trx, communityId, page.totals);
  const { calendar } = await context.directory.at(trx, communityId, lock.configVersion);
  const missing = page.standings.filter((difference) => difference.boardId === undefined);
  const names = missing.map(({ kind, key, categoryId }) => ({ window: calendar.windowByKey(kind, key), categoryId }));
  const made = await findOrMakeBoards(trx, communityId, names, segments);
  const changes = page.standings.map(
    ({ boardId, memberId, kind, key, categoryId, expected, actual }): StandingChange => {
      const board = boardId ?? made.get(`${kind} ${key} ${categoryId}`);
      if (board === undefined) throw new Error(`The board ${key} of category ${categoryId} was not made.`);
      return { boardId: board, memberId, before: actual, after: expected };
    },
  );
  await setStandings(trx, communityId, changes, segments);
  return page;
}

/** Takes away the standings of a page of a board that no contribution makes. */
export async function removeUnfounded(
  trx: Transaction<Database>,
  { segments }: LockedRanking,
  communityId: number,
  boardId: number,
  after: number,
): Promise<StandingPage> {
  const page = await findUnfounded(trx, communityId, boardId, after);
  await setStandings(trx, communityId, page.unfounded.flatMap(toRemoval), segments);
  return page;
}

function toRemoval({ boardId, memberId, actual }: StandingDifference): StandingChange[] {
  return boardId === undefined ? [] : [{ boardId, memberId, before: actual, after: undefined }];
}

async function putTotalsRight(
  trx: Transaction<Database>,
  communityId: number,
  totals: readonly TotalsDifference[],
): Promise<void> {
  if (totals.length === 0) return;
  await sql`
    update members m set earned_omnit = d.omnit, earned_reputation = d.reputation
    from unnest(
      ${numbers(totals.map((row) => row.memberId))}::int[], ${numbers(totals.map((row) => row.expectedOmnit))}::bigint[], ${numbers(totals.map((row) => row.expectedReputation))}::bigint[]
    ) as d(member_id, omnit, reputation)
    where m.community_id = ${communityId} and m.member_id = d.member_id`.execute(trx);
}
