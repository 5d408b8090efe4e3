/**
 * Making frozen tables final: the hash is reckoned outside, prizes are given in pages, and the last transaction records
 * the hash with what is left to give and what is to be said.
 */
import type { Transaction } from 'kysely';
import { replaceInAnnouncements } from '../announcements/outbox.ts';
import type { CommunityDirectory } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { sumFinalTable, type TableSum } from './final-table.ts';
import { findCommunitiesWithPending, readPending, type FinalVersion } from './final-versions.ts';
import { Granting } from './grant-final.ts';
import { countChanges, tellAmended, tellOnceAllAreFinal } from './tell-final.ts';

/** How many versions one transaction makes final in which only names have changed. */
const RENAMED_AT_ONCE = 100;

/**
 * Makes every frozen table final that is not: reads its document through, gives its prizes, and records the hash and what
 * is to be said. Safe to repeat, and from several processes at once: a version is made final once.
 *
 * @throws AggregateError with what went wrong with some tables, when all others are final
 */
export async function finishVersions(
  context: RankingContext,
  now: Date,
  { stopping, communityId }: { stopping?: AbortSignal | undefined; communityId?: number } = {},
): Promise<void> {
  const communities = communityId === undefined ? await findCommunitiesWithPending(context.db) : [communityId];
  const errors: unknown[] = [];
  for (const id of communities) {
    const renamed: Finished[] = [];
    for (const version of await readPending(context.db, id)) {
      if (stopping?.aborted) return;
      try {
        const sum = await readOnce(context, id, version);
        if (version.reason === 'privacy') renamed.push({ version, sum });
        else await recordFinal(context, id, version, sum, now, { stopping });
        if (renamed.length >= RENAMED_AT_ONCE) await recordRenamed(context, id, renamed.splice(0), now);
      } catch (error) {
        errors.push(error);
      }
    }
    try {
      await recordRenamed(context, id, renamed, now);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some final tables could not be made.');
}

/** The documents that this process is reading through: one of millions of lines is not read twice at once. */
const reading = new WeakMap<CommunityDirectory, Map<string, Promise<TableSum>>>();

function readOnce({ db, directory }: RankingContext, communityId: number, version: FinalVersion): Promise<TableSum> {
  const own = reading.get(directory) ?? new Map<string, Promise<TableSum>>();
  reading.set(directory, own);
  const { windowId, categoryId, version: number, revision } = version;
  const slot = [communityId, windowId, categoryId, number, revision].join(' ');
  const sum = own.get(slot) ?? sumFinalTable(db, communityId, version).finally(() => own.delete(slot));
  own.set(slot, sum);
  return sum;
}

/** A version and what its document comes to. */
type Finished = { version: FinalVersion; sum: TableSum };

/**
 * Records what the documents of versions come to in which nothing but names has changed. Whoever is hidden may stand in a
 * thousand of them, and with each transaction every process reads the community anew.
 */
async function recordRenamed(
  context: RankingContext,
  communityId: number,
  finished: readonly Finished[],
  now: Date,
): Promise<void> {
  if (finished.length === 0) return;
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    for (const { version, sum } of finished) {
      if (await recordSum(trx, communityId, version, sum, now)) await tellNewHash(trx, communityId, version, sum, now);
    }
    await touchConfig(trx, communityId);
  });
}

/**
 * Records what the document of a version comes to, with what it grants and what is to be said. A few winners are given
 * their prizes in the same transaction; many in pages before it, each a transaction of its own, so that nobody who
 * writes waits for long. Until the last of them the version is not final, and whoever begins anew finds what was given.
 *
 * Where another worker was faster, or somebody in it was hidden since it was read, nothing is recorded: then it is read
 * once more. Safe to repeat.
 */
export async function recordFinal(
  context: RankingContext,
  communityId: number,
  version: FinalVersion,
  sum: TableSum,
  now: Date,
  { stopping }: { stopping?: AbortSignal | undefined } = {},
): Promise<void> {
  const changed = version.reason === 'closed' ? await countChanges(context.db, communityId, version) : 0;
  const granting = new Granting(communityId, version, sum.members, context.awardsAtOnce);
  for (let isDone = false; !isDone;) {
    if (stopping?.aborted) return;
    isDone = await context.db.transaction().execute(async (trx) => {
      const { configVersion } = await lockCommunity(trx, communityId);
      // Else its lines may be those of a later version by now.
      if (!(await isPending(trx, communityId, version))) return true;
      const community = await context.directory.at(trx, communityId, configVersion);
      if (await granting.takePage(trx, community, now)) return false;
      if (!(await recordSum(trx, communityId, version, sum, now))) return true;
      if (version.reason === 'closed') await tellOnceAllAreFinal(trx, community, version, changed, now);
      else await tellAmended(trx, community, { ...version, ...sum }, now);
      await touchConfig(trx, communityId);
      return true;
    });
  }
}

/**
 * What was told of a table names who is hidden by another name since, and so by its new hash: also where it stands
 * already. The old one stays in the list of versions.
 */
async function tellNewHash(
  trx: Transaction<Database>,
  communityId: number,
  { windowId, categoryId, version }: FinalVersion,
  { sha256 }: TableSum,
  now: Date,
): Promise<void> {
  const earlier = await trx
    .selectFrom('final_versions')
    .select('sha256')
    .where('community_id', '=', communityId)
    .where('window_id', '=', windowId)
    .where('category_id', '=', categoryId)
    .where('version', '<', version)
    .where('replaced_by', 'is not', null)
    .execute();
  for (const { sha256: old } of earlier) {
    if (old !== null) await replaceInAnnouncements(trx, communityId, `window ${windowId} `, { old, by: sha256 }, now);
  }
}

/** Whether a version has yet to be made final: while it has, its table does not change. */
async function isPending(
  trx: Transaction<Database>,
  communityId: number,
  { windowId, categoryId, version }: FinalVersion,
): Promise<boolean> {
  const row = await trx
    .selectFrom('final_versions')
    .select('version')
    .where('community_id', '=', communityId)
    .where('window_id', '=', windowId)
    .where('category_id', '=', categoryId)
    .where('version', '=', version)
    .where('sha256', 'is', null)
    .where('replaced_by', 'is', null)
    .executeTakeFirst();
  return row !== undefined;
}

async function recordSum(
  trx: Transaction<Database>,
  communityId: number,
  { windowId, categoryId, version, revision }: FinalVersion,
  { sha256, members, scoreTotal }: TableSum,
  now: Date,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable('final_versions')
    .set({ sha256, members, score_total: String(scoreTotal), final_at: now })
    .where('community_id', '=', communityId)
    .where('window_id', '=', windowId)
    .where('category_id', '=', categoryId)
    .where('version', '=', version)
    .where('revision', '=', revision)
    .where('sha256', 'is', null)
    .where('replaced_by', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
