/** Saying what has become final. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { ToldTable } from '../announcements/announcement.ts';
import { announce } from '../announcements/outbox.ts';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { formatDecimal } from '../ranking/score.ts';
import { haveRolesEnded } from '../rewards/award.ts';
import { prizesOf } from '../rewards/prizes.ts';
import { readVersions, type FinalVersion } from './final-versions.ts';
import { awardedTable } from './grant-final.ts';
import { frozenDueAt } from './steps.ts';
import { findToldAwards, periodName, tellTable } from './tell-tables.ts';

/** How many sequence numbers one statement looks at. */
const EVENTS_AT_ONCE = 50_000n;

/** What became final this long after it was due is told together with others. */
const OLD_MS = 12 * 3_600_000;

/** With the last of its tables, a window is told: the first of each board, what they win, and the hashes. */
export async function tellOnceAllAreFinal(
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
    if (!first.members) continue;
    tables.push(await tellFinalTable(trx, community, category, first));
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
export async function countChanges(
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

/** An amended table is told, with how many rewards were given and taken back. */
export async function tellAmended(
  trx: Transaction<Database>,
  community: KnownCommunity,
  amended: FinalVersion,
  now: Date,
): Promise<void> {
  const { window, windowId, categoryId, version, note, given, takenBack } = amended;
  const category = community.categories.find(({ id }) => id === categoryId);
  if (window.kind === 'all' || !category) return;
  await announce(trx, community.id, [
    {
      key: `window ${windowId} category ${categoryId} version ${version}`,
      announcement: {
        kind: 'window-amended',
        window: window.kind,
        period: window.key,
        name: periodName(community, window),
        version,
        reason: note ?? '',
        table: await tellFinalTable(trx, community, category, amended),
        given,
        takenBack,
      },
      dueAt: now,
    },
  ]);
}

async function tellFinalTable(
  trx: Transaction<Database>,
  { id: communityId }: KnownCommunity,
  category: Category,
  version: FinalVersion,
): Promise<ToldTable> {
  const { window, boardId, members = 0, scoreTotal = 0n, sha256 } = version;
  const table = awardedTable(communityId, version, members);
  const prizes = await prizesOf(trx, communityId, category.id, window);
  const withRoles = !(await haveRolesEnded(trx, table));
  const told = await tellTable(
    trx,
    communityId,
    category,
    boardId,
    await findToldAwards(trx, table, prizes, { withRoles }),
  );
  return { ...told, total: formatDecimal(scoreTotal), ...(sha256 === undefined ? {} : { sha256 }) };
}
