import { changeStandings, type RankingContext } from './context.ts';
import { putMembersRight, removeUnfounded } from './recompute.ts';
import { areSegmentsRight, listBoards, type MemberPage, type StandingPage } from './verify.ts';
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

async function recutBoards(context: RankingContext, communityId: number): Promise<number> {
  let recut = 0;
  for (const { boardId } of await listBoards(context.db, communityId)) {
    if (await areSegmentsRight(context.db, communityId, boardId)) continue;
    await changeStandings(context, communityId, (_, { segments }) => segments.recut(boardId));
    recut += 1;
  }
  return recut;
}
