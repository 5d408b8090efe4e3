import type { Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { changeStandings, type LockedRanking, type RankingContext } from './context.ts';

/**
 * As {@link changeStandings}; a dry run does the same and keeps nothing of it.
 *
 * @returns what the work came to
 */
export async function changeUnlessDry<Result>(
  context: RankingContext,
  communityId: number,
  dryRun: boolean,
  work: (trx: Transaction<Database>, ranking: LockedRanking) => Promise<Result>,
): Promise<Result> {
  let found: { result: Result } | undefined;
  try {
    return await changeStandings(context, communityId, async (trx, ranking) => {
      const result = await work(trx, ranking);
      if (!dryRun) return result;
      found = { result };
      throw new DryRun('A dry run keeps nothing.');
    });
  } catch (error) {
    if (error instanceof DryRun && found) return found.result;
    throw error;
  }
}

/** Ends the transaction of a dry run, so that nothing of it is kept. */
class DryRun extends Error {}
