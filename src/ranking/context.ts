import type { Kysely, Transaction } from 'kysely';
import type { CommunityDirectory } from '../communities/directory.ts';
import { lockCommunity, type CommunityLock } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { LayoutCache } from './layout-cache.ts';
import { SegmentIndex, type SegmentLimits } from './segments.ts';

/** What everything that changes standings needs beside its own input. One a process. */
export type RankingContext = {
  db: Kysely<Database>;
  directory: CommunityDirectory;
  layouts: LayoutCache;
  segmentLimits?: SegmentLimits;
  /** How much of the prizes of a table one transaction gives. */
  awardsAtOnce?: number;
};

/** A community whose lock is held, and its segments, ready to be changed. */
export type LockedRanking = { lock: CommunityLock; segments: SegmentIndex };

/**
 * Changes standings in one transaction under the community's lock. What the process remembers of the segments is
 * brought up to date once it has committed.
 *
 * @throws DomainError `unknown-community`, and whatever `work` throws; then nothing is changed
 */
export async function changeStandings<Result>(
  context: RankingContext,
  communityId: number,
  work: (trx: Transaction<Database>, ranking: LockedRanking) => Promise<Result>,
): Promise<Result> {
  const { result, publish } = await context.db.transaction().execute(async (trx) => {
    const lock = await lockCommunity(trx, communityId);
    const segments = await SegmentIndex.open(
      trx,
      communityId,
      lock.layoutVersion,
      context.layouts,
      context.segmentLimits,
    );
    const result = await work(trx, { lock, segments });
    return { result, publish: await segments.finish(lock.layoutVersion, context.layouts) };
  });
  publish();
  return result;
}
