import { sql } from 'kysely';
import { numbers } from '../db/arrays.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { RankingContext } from './context.ts';
import { findOrMakeBoards } from './boards.ts';
import { SegmentIndex } from './segments.ts';
import { setStandings, type StandingChange } from './standings.ts';
import { areSegmentsRight, compareMembers, findUnfounded, listBoards, type TotalsDifference } from './verify.ts';
import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';

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
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after;
    const page = await locked(context, communityId, async (trx, index) => {
      const page = await compareMembers(trx, communityId, from);
      await putTotalsRight(trx, communityId, page.totals);
      const community = await context.directory.at(trx, communityId, index.lock.configVersion);
      const missing = page.standings.filter((difference) => difference.boardId === undefined);
      const made = await findOrMakeBoards(
        trx,
        communityId,
        missing.map(({ kind, key, categoryId }) => ({ window: community.calendar.windowByKey(kind, key), categoryId })),
        index.segments,
      );
      const changes = page.standings.map(
        ({ boardId, memberId, kind, key, categoryId, expected, actual }): StandingChange => {
          const board = boardId ?? made.get(`${kind} ${key} ${categoryId}`);
          if (board === undefined) throw new Error(`The board ${key} of category ${categoryId} was not made.`);
          return { boardId: board, memberId, before: actual, after: expected };
        },
      );
      await setStandings(trx, communityId, changes, index.segments);
      return page;
    });
    repaired += page.standings.length + page.totals.length;
    onCompared(page.compared);
    after = page.next;
  }
  for (const { boardId } of await listBoards(context.db, communityId)) {
    for (let after: number | undefined = 0; after !== undefined;) {
      const from: number = after;
      const page = await locked(context, communityId, async (trx, index) => {
        const page = await findUnfounded(trx, communityId, boardId, from);
        const changes = page.unfounded.map(({ memberId, actual }): StandingChange => ({
          boardId,
          memberId,
          before: actual,
          after: undefined,
        }));
        await setStandings(trx, communityId, changes, index.segments);
        return page;
      });
      repaired += page.unfounded.length;
      onCompared(page.compared);
      after = page.next;
    }
  }
  return repaired;
}

async function recutBoards(context: RankingContext, communityId: number): Promise<number> {
  let recut = 0;
  for (const { boardId } of await listBoards(context.db, communityId)) {
    if (await areSegmentsRight(context.db, communityId, boardId)) continue;
    await locked(context, communityId, (_, index) => index.segments.recut(boardId));
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
