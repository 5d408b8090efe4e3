/** Making frozen tables final: the hash is reckoned outside, and recorded with grants and announcement in one transaction. */
import { sql, type Transaction } from 'kysely';
import type { ToldTable } from '../announcements/announcement.ts';
import { announce } from '../announcements/outbox.ts';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
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
    for (const version of await readPending(context.db, id)) {
      if (stopping?.aborted) return;
      try {
        await finishVersion(context, id, version, now);
      } catch (error) {
        errors.push(error);
      }
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some final tables could not be made.');
}

async function finishVersion(
  context: RankingContext,
  communityId: number,
  version: FinalVersion,
  now: Date,
): Promise<void> {
  const sum = await sumFinalTable(context.db, communityId, version);
  await recordFinal(context, communityId, version, sum, now);
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
  await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, configVersion);
    if (!(await recordSum(trx, communityId, version, sum, now))) return;
    const category = community.categories.find(({ id }) => id === version.categoryId);
    if (!category) throw new Error(`The category ${version.categoryId} was removed.`);
    if (version.reason === 'closed') {
      await endRoles(trx, communityId, version.window, version.categoryId, now);
      await giveFinalAwards(trx, community, version, category, sum, now);
      await tellOnceAllAreFinal(trx, community, version, now);
    } else if (version.reason === 'amended') {
      const change = await giveFinalAwards(trx, community, version, category, sum, now);
      await tellAmended(trx, community, version, category, sum, change, now);
    }
    await touchConfig(trx, communityId);
  });
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
): Promise<AwardChange> {
  const { windowId, window } = version;
  const awards = await planFinalAwards(trx, community.id, version, members);
  const prefix = awardPrefix(windowId, category.id);
  const rolesEnded = await haveRolesEnded(trx, community.id, version);
  const name = periodName(community, window);
  const reasonOf = ({ rank }: Award) => `Rank ${rank} in ${category.title}, ${name}`;
  return giveAwards(trx, { communityId: community.id, prefix, rolesEnded }, awards, reasonOf, now);
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
  now: Date,
): Promise<void> {
  if (window.kind === 'all') return;
  const tables: ToldTable[] = [];
  let changed = 0;
  for (const category of community.categories) {
    const [first] = await readVersions(trx, community.id, window, category.id);
    if (!first) continue;
    if (first.sha256 === undefined) return;
    const { boardId, members = 0, scoreTotal = 0n, sha256 } = first;
    if (members === 0) continue;
    const awards = await planFinalAwards(trx, community.id, first, members);
    const table = await tellTable(trx, community.id, category, boardId, awards);
    tables.push({ ...table, total: formatDecimal(scoreTotal), sha256 });
    changed = await countChanges(trx, community.id, windowId);
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

/** How many contributions of a window were recorded, voided or otherwise changed between its provisional table and its cut. */
async function countChanges(trx: Transaction<Database>, communityId: number, windowId: number): Promise<number> {
  const { rows } = await sql<{ changed: number }>`
    select (
      select count(*) from contributions c
      where c.community_id = w.community_id and c.seq > w.provisional_seq and c.seq <= w.frozen_seq
        and c.occurred_at >= w.starts_at and c.occurred_at < w.ends_at
    )::int + (
      select count(*) from contribution_changes ch
      join contributions c on c.community_id = ch.community_id and c.source_id = ch.source_id and c.external_id = ch.external_id
      where ch.community_id = w.community_id and ch.seq > w.provisional_seq and ch.seq <= w.frozen_seq
        and c.occurred_at >= w.starts_at and c.occurred_at < w.ends_at
    )::int as changed
    from windows w where w.community_id = ${communityId} and w.window_id = ${windowId}`.execute(trx);
  return rows[0]?.changed ?? 0;
}

async function tellAmended(
  trx: Transaction<Database>,
  community: KnownCommunity,
  { window, windowId, version, note, boardId }: FinalVersion,
  category: Category,
  { sha256, scoreTotal }: TableSum,
  { given, takenBack }: AwardChange,
  now: Date,
): Promise<void> {
  if (window.kind === 'all') return;
  const table = await tellTable(trx, community.id, category, boardId, given);
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
