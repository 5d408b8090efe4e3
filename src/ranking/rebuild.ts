import { sql, type Transaction } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { findOrMakeBoards } from './boards.ts';
import { changeStandings, type LockedRanking, type RankingContext } from './context.ts';
import { setStandings, type StandingChange } from './standings.ts';
import {
  areSegmentsRight,
  compareMembers,
  findUnfounded,
  listBoards,
  type MemberPage,
  type StandingPage,
  type TotalsDifference,
} from './verify.ts';
import { makeWindows } from './windows.ts';

/**
 * Makes the standings of a community what its contributions make them: the same pages as `verify`, each compared and
 * put right in a short transaction of its own under the community's lock, so that reading and writing go on. Safe to
 * repeat and to break off.
 *
 * @returns how many standings, totals and boards were put right.
 */
export async function rebuild(
  context: RankingContext,
  communityId: number,
  onCompared: (rows: number) => void = () => {},
): Promise<number> {
  // Counts move with standings, so the segments have to be sound first.
  let repaired = await recutBoards(context, communityId);
  await changeStandings(context, communityId, async (trx, { lock }) =>
    makeWindows(trx, await context.directory.at(trx, communityId, lock.configVersion)),
  );
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after;
    const page: MemberPage = await changeStandings(context, communityId, (trx, ranking) =>
      putMembersRight(context, trx, ranking, communityId, from),
    );
    repaired += page.standings.length + page.totals.length;
    onCompared(page.compared);
    after = page.next;
  }
  for (const { boardId } of await listBoards(context.db, communityId)) {
    for (let after: number | undefined = 0; after !== undefined;) {
      const from: number = after;
      const page: StandingPage = await changeStandings(context, communityId, (trx, ranking) =>
        removeUnfounded(trx, ranking, communityId, boardId, from),
      );
      repaired += page.unfounded.length;
      onCompared(page.compared);
      after = page.next;
    }
  }
  return repaired;
}

async function putMembersRight(
  context: RankingContext,
  trx: Transaction<Database>,
  { lock, segments }: LockedRanking,
  communityId: number,
  after: number,
): Promise<MemberPage> {
  const page = await compareMembers(trx, communityId, after);
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

async function removeUnfounded(
  trx: Transaction<Database>,
  { segments }: LockedRanking,
  communityId: number,
  boardId: number,
  after: number,
): Promise<StandingPage> {
  const page = await findUnfounded(trx, communityId, boardId, after);
  const changes = page.unfounded.map(({ memberId, actual }): StandingChange => ({
    boardId,
    memberId,
    before: actual,
    after: undefined,
  }));
  await setStandings(trx, communityId, changes, segments);
  return page;
}

async function recutBoards(context: RankingContext, communityId: number): Promise<number> {
  let recut = 0;
  for (const { boardId } of await listBoards(context.db, communityId)) {
    if (await areSegmentsRight(context.db, communityId, boardId)) continue;
    await changeStandings(context, communityId, (_, { segments }) => segments.recut(boardId));
    recut += 1;
  }
  return recut;
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
