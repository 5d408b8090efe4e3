/** Amending final tables: a new version beside the old, with a reason; never a rewrite. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { ToldTable } from '../announcements/announcement.ts';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { touchConfig } from '../communities/lock.ts';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { excludedFromPrizes } from '../fair-play/prizes.ts';
import { findOrMakeBoards } from '../ranking/boards.ts';
import type { Window } from '../ranking/calendar.ts';
import type { LockedRanking, RankingContext } from '../ranking/context.ts';
import { changeUnlessDry } from '../ranking/dry-run.ts';
import type { Place } from '../ranking/place.ts';
import { closingSlot, statusOf, type WindowStatus } from '../ranking/periods.ts';
import { setStandings, type StandingChange } from '../ranking/standings.ts';
import { countAwardChanges, findWinners } from '../rewards/award-changes.ts';
import { amongStandings } from '../rewards/award.ts';
import { prizesOf } from '../rewards/prizes.ts';
import { membersTouched, readStandingsAtCut } from './at-cut.ts';
import { insertVersion, readVersions, type FinalVersion } from './final-versions.ts';
import { finishVersions } from './finish-versions.ts';
import { awardedTable } from './grant-final.ts';
import { tellTable } from './tell-tables.ts';

/** How many sequence numbers one statement looks at, and how many members. */
const EVENTS_AT_ONCE = 20_000n;
const MEMBERS_AT_ONCE = 500;

/** What is to be amended: the final table of a category in a window, or of every category. */
export type AmendRequest = {
  window: Window;
  category: Category | undefined;
  reason: string;
  /** Tells what would change, and changes nothing. */
  dryRun?: boolean | undefined;
};

/** A version that amending made. `given`, `takenBack`: how many rewards. `table`: the first places by it. */
export type Amendment = {
  category: Category;
  version: number;
  changedLines: number;
  given: number;
  takenBack: number;
  table: ToldTable;
};

/**
 * Amends final tables: everything that happened since their cut counts (voided and late contributions, merges,
 * exclusions), up to now. Each table that changes, or whose prizes do, gets a new version with a cut and a hash of its
 * own, and the difference in grants is written; the old version is kept. Returns when the new versions are final. A dry
 * run only tells.
 *
 * @returns the versions that were made; none of tables that stay as they are
 * @throws DomainError `state-conflict` when a table is not final, or nothing has changed in any
 */
export async function amendFinalTables(
  context: RankingContext,
  community: KnownCommunity,
  { window, category, reason, dryRun = false }: AmendRequest,
  actor: Actor,
  now: Date,
): Promise<Amendment[]> {
  const found: { category: Category; touched: Touched }[] = [];
  // All of them before the first is changed.
  for (const one of category ? [category] : categoriesWithTables(community, window)) {
    found.push({ category: one, touched: await findTouched(context.db, community, window, one, now) });
  }
  const amendments: Amendment[] = [];
  for (const { category: one, touched } of found) {
    const made = await changeUnlessDry(context, community.id, dryRun, (trx, ranking) =>
      amendUnderLock(context, trx, ranking, community.id, { window, category: one, reason }, touched, actor, now),
    );
    if (made) amendments.push(made);
  }
  if (amendments.length === 0) {
    throw new DomainError(
      'state-conflict',
      `Nothing has changed since ${window.key} became final. Void, exclude or record first what is to be put right.`,
    );
  }
  if (!dryRun) await finishVersions(context, now, { communityId: community.id });
  return amendments;
}

/** The categories that have a final table in a window; all of them, if none has. */
function categoriesWithTables({ categories, closings }: KnownCommunity, window: Window): readonly Category[] {
  const tables = closings.get(closingSlot(window))?.tables;
  const among = categories.filter(({ id }) => tables?.has(id));
  return among.length > 0 ? among : categories;
}

/** Members who were touched since the cut, and up to which sequence number was looked. */
type Touched = { memberIds: Set<number>; until: bigint };

/** Looks for who was touched, outside the lock, a stretch of events at a time. */
async function findTouched(
  db: Kysely<Database>,
  community: KnownCommunity,
  window: Window,
  category: Category,
  now: Date,
): Promise<Touched> {
  const newest = requireFinal(
    await readVersions(db, community.id, window, category.id),
    community,
    window,
    category,
    now,
  );
  const memberIds = new Set<number>();
  let until = newest.cutSeq;
  for (const last = await readLastSeq(db, community.id); until < last;) {
    const next = until + EVENTS_AT_ONCE < last ? until + EVENTS_AT_ONCE : last;
    const found = await membersTouched(db, community.id, { window, category }, { after: until, until: next });
    for (const memberId of found) memberIds.add(memberId);
    until = next;
  }
  return { memberIds, until };
}

async function readLastSeq(db: Kysely<Database>, communityId: number): Promise<bigint> {
  const { last_seq } = await db
    .selectFrom('communities')
    .select('last_seq')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  return last_seq;
}

async function amendUnderLock(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  { window, category, reason }: AmendRequest & { category: Category },
  { memberIds, until }: Touched,
  actor: Actor,
  now: Date,
): Promise<Amendment | undefined> {
  const community = await context.directory.at(trx, communityId, ranking.lock.configVersion);
  const newest = requireFinal(
    await readVersions(trx, communityId, window, category.id),
    community,
    window,
    category,
    now,
  );
  const cutSeq = ranking.lock.firstSeq - 1n;
  const meanwhile = await membersTouched(trx, communityId, { window, category }, { after: until, until: cutSeq });
  const touched = [...new Set([...memberIds, ...meanwhile])].toSorted((a, b) => a - b);

  const boards = await findOrMakeBoards(trx, communityId, [{ window, categoryId: category.id }], ranking.segments);
  const [boardId] = boards.values();
  if (boardId === undefined) throw new Error(`The board of ${window.key} was not made.`);
  const changes: StandingChange[] = [];
  for (let from = 0; from < touched.length; from += MEMBERS_AT_ONCE) {
    const some = touched.slice(from, from + MEMBERS_AT_ONCE);
    changes.push(...(await findChanges(trx, communityId, { window, category, cutSeq }, boardId, some)));
  }
  await keepEarlierLines(trx, communityId, boardId, newest.version, changes);
  const { excluded, given, takenBack } = await changeLines(trx, ranking, communityId, newest, boardId, changes, now);
  if (changes.length === 0 && given === 0 && takenBack === 0) return undefined;
  const version = newest.version + 1;
  await insertVersion(
    trx,
    communityId,
    {
      windowId: newest.windowId,
      categoryId: category.id,
      version,
      cutSeq,
      reason: 'amended',
      note: reason,
      actor: actor.name,
      excluded,
      given,
      takenBack,
    },
    now,
  );
  await touchConfig(trx, communityId);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'window.amend',
    target: `${window.key} ${category.slug}`,
    before: { version: newest.version, sha256: newest.sha256 },
    after: { version, reason, changedLines: changes.length },
  });
  const table = await tellTable(trx, communityId, category, boardId);
  return { category, version, changedLines: changes.length, given, takenBack, table };
}

/** The newest version of a table that is final. */
function requireFinal(
  versions: readonly FinalVersion[],
  community: KnownCommunity,
  window: Window,
  category: Category,
  now: Date,
): FinalVersion {
  const newest = versions.at(-1);
  if (newest?.sha256 !== undefined) return newest;
  throw new DomainError(
    'state-conflict',
    newest
      ? `The final table of ${category.title} in ${window.key} is being made. Try again in a moment.`
      : whyNoTable(window, category, statusOf(community, window, now, category.id)),
  );
}

function whyNoTable({ key }: Window, { title }: Category, status: WindowStatus): string {
  switch (status) {
    case 'archive':
      return `${key} was over before the community began. It takes history at any time and is never final.`;
    case 'final':
      return `${title} was added after ${key} had been frozen, and has no table there.`;
    default:
      return `${key} is ${status}, and only what is final is amended. Until then voided and late contributions change it by themselves.`;
  }
}

/** How the lines of some members differ from what they are at a cut. */
async function findChanges(
  trx: Transaction<Database>,
  communityId: number,
  board: { window: Window; category: Category; cutSeq: bigint },
  boardId: number,
  memberIds: readonly number[],
): Promise<StandingChange[]> {
  const expected = new Map(
    (await readStandingsAtCut(trx, communityId, board, memberIds)).map((place) => [place.memberId, place]),
  );
  const { rows } = await sql<Place>`
    select member_id as "memberId", neg_score as "negScore", reached_at as "reachedAt" from standings
    where community_id = ${communityId} and board_id = ${boardId} and member_id = any(${numbers(memberIds)}::int[])`.execute(
    trx,
  );
  const actual = new Map(rows.map((place) => [place.memberId, place]));
  return memberIds.flatMap((memberId) => {
    const [before, after] = [actual.get(memberId), expected.get(memberId)];
    const same = before?.negScore === after?.negScore && before?.reachedAt.getTime() === after?.reachedAt.getTime();
    return same ? [] : [{ boardId, memberId, before, after }];
  });
}

/** Keeps what members had in a version before the next one changes it. */
async function keepEarlierLines(
  trx: Transaction<Database>,
  communityId: number,
  boardId: number,
  version: number,
  changes: readonly StandingChange[],
): Promise<void> {
  if (changes.length === 0) return;
  await sql`
    insert into final_changes (community_id, board_id, version, member_id, neg_score, reached_at)
    select ${communityId}::int, ${boardId}::int, ${version}::int, member_id, neg_score, reached_at
    from unnest(
      ${numbers(changes.map(({ memberId }) => memberId))}::int[],
      ${changes.map(({ before }) => (before ? String(before.negScore) : null))}::bigint[],
      ${instants(changes.map(({ before }) => before?.reachedAt))}::timestamptz[]
    ) as d(member_id, neg_score, reached_at)`.execute(trx);
}

/** Changes lines, finds who stands there and gets no prize now, and counts what is to be given and taken back. */
async function changeLines(
  trx: Transaction<Database>,
  { segments }: LockedRanking,
  communityId: number,
  newest: FinalVersion,
  boardId: number,
  changes: readonly StandingChange[],
  now: Date,
): Promise<{ excluded: number[]; given: number; takenBack: number }> {
  const prizes = await prizesOf(trx, communityId, newest.categoryId, newest.window);
  const { members = 0 } = newest;
  const before = await findWinners(trx, awardedTable(communityId, { ...newest, boardId }, members), prizes);
  await setStandings(trx, communityId, changes, segments);

  const excluded = await amongStandings(trx, communityId, boardId, await excludedFromPrizes(trx, communityId, now));
  const more = changes.reduce((sum, line) => sum + (line.after ? 1 : 0) - (line.before ? 1 : 0), 0);
  const table = awardedTable(communityId, { ...newest, boardId, excluded }, members + more);
  const after = await findWinners(trx, table, prizes);
  return { excluded, ...(await countAwardChanges(trx, before, after, changes)) };
}
