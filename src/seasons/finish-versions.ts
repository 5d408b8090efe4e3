/** Making frozen tables final: the hash is reckoned outside, and recorded with grants and announcement in one transaction. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { ToldTable } from '../announcements/announcement.ts';
import { announce, replaceInAnnouncements } from '../announcements/outbox.ts';
import type { Category } from '../communities/community.ts';
import type { CommunityDirectory, KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { formatDecimal } from '../ranking/score.ts';
import { awardPrefix, endRoles, giveAwards, planAwards, type Award, type AwardChange } from '../rewards/award.ts';
import { prizesOf } from '../rewards/prizes.ts';
import { sumFinalTable, type TableSum } from './final-table.ts';
import { findCommunitiesWithPending, readPending, readVersions, type FinalVersion } from './final-versions.ts';
import { frozenDueAt } from './steps.ts';
import { periodName, tellTable } from './tell-tables.ts';

/** How many versions one transaction makes final in which only names have changed. */
const RENAMED_AT_ONCE = 100;

/** How many sequence numbers one statement looks at. */
const EVENTS_AT_ONCE = 50_000n;

/** What became final this long after it was due is told together with others. */
const OLD_MS = 12 * 3_600_000;

/**
 * Makes every frozen table final that is not: reads its document through, and then records in one transaction the hash,
 * what it grants and what is to be said. Safe to repeat, and from several processes at once: a version is made final once.
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
        else await recordFinal(context, id, version, sum, now);
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
 * Records what the document of a version comes to, with what it grants and what is to be said, in one transaction. Where
 * another worker was faster, or somebody in it was hidden since it was read, nothing is done: then it is read once more.
 * Safe to repeat.
 */
export async function recordFinal(
  context: RankingContext,
  communityId: number,
  version: FinalVersion,
  sum: TableSum,
  now: Date,
): Promise<void> {
  const changed = version.reason === 'closed' ? await countChanges(context.db, communityId, version) : 0;
  await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, configVersion);
    if (!(await recordSum(trx, communityId, version, sum, now))) return;
    const category = community.categories.find(({ id }) => id === version.categoryId);
    if (!category) throw new Error(`The category ${version.categoryId} was removed.`);
    if (version.reason === 'closed') {
      await endRoles(trx, communityId, version.window, version.categoryId, now);
      await giveFinalAwards(trx, community, version, category, sum, now);
      await tellOnceAllAreFinal(trx, community, version, changed, now);
    } else if (version.reason === 'amended') {
      const change = await giveFinalAwards(trx, community, version, category, sum, now);
      await tellAmended(trx, community, version, category, sum, change, now);
    }
    await touchConfig(trx, communityId);
  });
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

/** What the prizes of a final table come to. */
export async function planFinalAwards(
  trx: Transaction<Database>,
  communityId: number,
  { boardId, categoryId, window, excluded }: Pick<FinalVersion, 'boardId' | 'categoryId' | 'window' | 'excluded'>,
  total: number,
): Promise<Award[]> {
  const prizes = await prizesOf(trx, communityId, categoryId, window);
  return planAwards(trx, { communityId, boardId, total, excluded: new Set(excluded) }, prizes);
}

async function giveFinalAwards(
  trx: Transaction<Database>,
  community: KnownCommunity,
  version: FinalVersion,
  category: Category,
  { members }: TableSum,
  now: Date,
): Promise<AwardChange & { awards: Award[] }> {
  const { windowId, window } = version;
  const awards = await planFinalAwards(trx, community.id, version, members);
  const prefix = awardPrefix(windowId, category.id);
  const rolesEnded = await haveRolesEnded(trx, community.id, version);
  const name = periodName(community, window);
  const reasonOf = ({ rank }: Award) => `Rank ${rank} in ${category.title}, ${name}`;
  const change = await giveAwards(trx, { communityId: community.id, prefix, rolesEnded }, awards, reasonOf, now);
  return { ...change, awards: awards.filter(({ reward }) => !(rolesEnded && reward.kind === 'role')) };
}

/** Whether a later window of the same kind has become final for the category, so that roles of this one are over. */
export async function haveRolesEnded(
  trx: Transaction<Database>,
  communityId: number,
  { window, categoryId }: Pick<FinalVersion, 'window' | 'categoryId'>,
): Promise<boolean> {
  const { rows } = await sql<{ ended: boolean }>`
    select exists (
      select from windows w join final_versions v on v.community_id = w.community_id and v.window_id = w.window_id
      where w.community_id = ${communityId} and w.kind = ${window.kind} and w.starts_at > ${window.startsAt}::timestamptz
        and v.category_id = ${categoryId} and v.version = 1 and v.final_at is not null
    ) as ended`.execute(trx);
  return rows[0]?.ended === true;
}

/** With the last of its tables, a window is told: the first of each board, what they win, and the hashes. */
async function tellOnceAllAreFinal(
  trx: Transaction<Database>,
  community: KnownCommunity,
  { window, windowId }: FinalVersion,
  changed: number,
  now: Date,
): Promise<void> {
  if (window.kind === 'all') return;
  const tables: ToldTable[] = [];
  for (const category of community.categories) {
    const [first] = await readVersions(trx, community.id, window, category.id);
    if (!first) continue;
    if (first.sha256 === undefined) return;
    const { boardId, members = 0, scoreTotal = 0n, sha256 } = first;
    if (members === 0) continue;
    const awards = await planFinalAwards(trx, community.id, first, members);
    const table = await tellTable(trx, community.id, category, boardId, awards);
    tables.push({ ...table, total: formatDecimal(scoreTotal), sha256 });
  }
  // A window without contributions closes quietly.
  if (tables.length === 0) return;
  const isOld = now.getTime() - frozenDueAt(community.closingTimes, window).getTime() > OLD_MS;
  await announce(trx, community.id, [
    {
      key: `window ${windowId} final`,
      announcement: {
        kind: 'window-final',
        window: window.kind,
        period: window.key,
        name: periodName(community, window),
        changed,
        tables,
      },
      dueAt: now,
      ...(isOld ? { group: 'windows that closed long ago' } : {}),
    },
  ]);
}

/**
 * How many contributions of a window were recorded, voided or otherwise changed between its provisional table and its
 * cut. Neither moves any more: so it is counted outside the lock, a stretch of events at a time.
 */
async function countChanges(
  db: Kysely<Database>,
  communityId: number,
  { windowId, window: { startsAt, endsAt } }: FinalVersion,
): Promise<number> {
  const { provisional_seq, frozen_seq } = await db
    .selectFrom('windows')
    .select(['provisional_seq', 'frozen_seq'])
    .where('community_id', '=', communityId)
    .where('window_id', '=', windowId)
    .executeTakeFirstOrThrow();
  if (provisional_seq === null || frozen_seq === null) return 0;
  const inWindow = sql`c.occurred_at >= ${startsAt}::timestamptz and c.occurred_at < ${endsAt}::timestamptz`;
  let changed = 0;
  for (let after = provisional_seq; after < frozen_seq; after += EVENTS_AT_ONCE) {
    const until = after + EVENTS_AT_ONCE < frozen_seq ? after + EVENTS_AT_ONCE : frozen_seq;
    const { rows } = await sql<{ changed: number }>`
      select (
        select count(*) from contributions c
        where c.community_id = ${communityId} and c.seq > ${after}::bigint and c.seq <= ${until}::bigint and ${inWindow}
      )::int + (
        select count(*) from contribution_changes ch
        join contributions c on c.community_id = ch.community_id and c.source_id = ch.source_id and c.external_id = ch.external_id
        where ch.community_id = ${communityId} and ch.seq > ${after}::bigint and ch.seq <= ${until}::bigint and ${inWindow}
      )::int as changed`.execute(db);
    changed += rows[0]?.changed ?? 0;
  }
  return changed;
}

async function tellAmended(
  trx: Transaction<Database>,
  community: KnownCommunity,
  { window, windowId, version, note, boardId }: FinalVersion,
  category: Category,
  { sha256, scoreTotal }: TableSum,
  { given, takenBack, awards }: AwardChange & { awards: readonly Award[] },
  now: Date,
): Promise<void> {
  if (window.kind === 'all') return;
  const table = await tellTable(trx, community.id, category, boardId, awards);
  await announce(trx, community.id, [
    {
      key: `window ${windowId} category ${category.id} version ${version}`,
      announcement: {
        kind: 'window-amended',
        window: window.kind,
        period: window.key,
        name: periodName(community, window),
        version,
        reason: note ?? '',
        table: { ...table, total: formatDecimal(scoreTotal), sha256 },
        given: given.length,
        takenBack,
      },
      dueAt: now,
    },
  ]);
}
