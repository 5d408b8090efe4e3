import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCommunity } from '../../src/communities/community-store.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import type { Category } from '../../src/communities/community.ts';
import { findExcess, findLacking } from '../../src/rewards/award.ts';
import { EndingRoles } from '../../src/rewards/give-awards.ts';
import { insertPrize, type Band, type Prize } from '../../src/rewards/prizes.ts';
import { findPlaces, findStretches, nextLines, readAwards, TOP, type Award } from '../../src/rewards/winners.ts';
import { compareAtCut, membersTouched, readStandingsAtCut } from '../../src/seasons/at-cut.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { readFinalTable } from '../../src/seasons/final-table.ts';
import { readVersions, type FinalVersion } from '../../src/seasons/final-versions.ts';
import { awardedTable } from '../../src/seasons/grant-final.ts';
import { contributionAt, makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { rowsOf, touchedBy } from '../support/touched.ts';

/** A community after two years of windows that have closed, beside another one; many members in the last week. */
const BEGAN = new Date('2024-08-26T00:00:00Z');
const SENT = new Date('2026-08-20T12:00:00Z');
const CLOSED = new Date('2026-08-24T02:00:00Z');
const MEMBERS = 8_000;
/** Of each member in that week, and as many again in the one before. */
const CONTRIBUTIONS = 2;
const MERGES = 20;
/** What each closed week granted on a board. */
const [ROLES, TOKENS] = [2, 20];
/** How many standings a segment holds at most, and how many pages all are. */
const [SEGMENT, PAGES] = [1_024, 5];

const database = useDatabase();
let community: Awaited<ReturnType<typeof makeCommunity>>;
let category: Category;
let version: FinalVersion;
let windows: number;
let versions: number;

beforeAll(async () => {
  const { db } = database;
  const context = recording(db);
  community = await makeCommunity(db, {}, BEGAN);
  const other = await makeCommunity(db, {}, BEGAN);
  await closeDueWindows(context, SENT);
  for (const each of [other, community]) {
    for (let from = 0; from < MEMBERS; from += 1_000) await sendOfWeeks(each, from, from + 1_000);
  }
  await closeDueWindows(context, CLOSED);
  for (let n = 0; n < MERGES; n += 1) {
    // Each second one goes on from the one before: m20 into m21 into m22.
    const from = Math.floor(n / 2) * 10 + (n % 2);
    await mergeMembers(context, community.id, { from: `m${from}`, into: `m${from + 1}` }, TESTER, CLOSED);
  }
  const known = await context.directory.bySlug(community.slug);
  const [first] = known.categories;
  if (!first) throw new Error('The preset has categories.');
  category = first;
  await fillGrants(community.id, category.id);
  const [newest] = await readVersions(db, community.id, known.calendar.windowByKey('week', '2026-W34'), category.id);
  if (!newest?.sha256) throw new Error('The week is not final.');
  version = newest;
  windows = known.closings.size;
  versions = windows * known.categories.length;
  await sql`vacuum analyze`.execute(db);
}, 240_000);

async function sendOfWeeks(to: typeof community, from: number, until: number): Promise<void> {
  const events = Array.from({ length: until - from }, (_, n) => from + n).flatMap((n) =>
    ['2026-08-20', '2026-08-11'].flatMap((day) =>
      Array.from({ length: CONTRIBUTIONS }, (_, k) =>
        contributionAt(SENT, {
          id: `${n} ${day} ${k}`,
          contributor: `m${n}`,
          amount: String(amountOf(n)),
          occurredAt: `${day}T0${k}:00:00Z`,
        }),
      ),
    ),
  );
  await record(recording(database.db), to, events, SENT);
}

function amountOf(n: number): number {
  return 1 + ((n * 7919) % 5_000);
}

/** Grants of a prize of a role and one of tokens, in all weeks but the last. */
async function fillGrants(communityId: number, categoryId: number): Promise<void> {
  const { db } = database;
  const prize = await db.transaction().execute((trx) =>
    insertPrize(
      trx,
      communityId,
      categoryId,
      {
        window: 'week',
        band: { ranks: { from: 1, to: ROLES } },
        rewards: [
          { kind: 'role', roleId: '1' },
          { kind: 'tokens', amount: 1n },
        ],
      },
      BEGAN,
    ),
  );
  await sql`
    insert into grants (community_id, entitlement, member_id, kind, amount, role_id, reason, made_at)
    select w.community_id,
      'window ' || w.window_id || ' category ' || c.category_id || ' prize ' || ${prize.id}::int || ' reward ' || r.n || ' member ' || m.n, m.n,
      case r.n when 0 then 'role' else 'tokens' end, 1, case r.n when 0 then '1' end, 'A week', w.ends_at
    from windows w join categories c using (community_id)
    cross join (values (0, ${ROLES}::int), (1, ${TOKENS}::int)) r (n, members) cross join generate_series(1, r.members) m (n)
    where w.community_id = ${communityId} and w.kind = 'week' and w.frozen_at is not null and w.key <= '2026-W33'`.execute(
    db,
  );
}

function prizeFor(band: Band): Prize {
  return {
    id: 1,
    categoryId: category.id,
    window: 'week',
    band,
    rewards: [{ kind: 'tokens', amount: 1n }],
    createdAt: BEGAN,
    removedAt: undefined,
  };
}

async function weekBefore(): Promise<FinalVersion> {
  const known = await recording(database.db).directory.bySlug(community.slug);
  const week = known.calendar.windowByKey('week', '2026-W33');
  const [newest] = await readVersions(database.db, community.id, week, category.id);
  if (!newest) throw new Error('The week before is final.');
  return newest;
}

const board = () => ({ window: version.window, category, cutSeq: version.cutSeq });

describe('what closing and final tables touch, among two years of closed windows', () => {
  it('ARCH-20 the settings of a community with all its windows: its own', async () => {
    const touched = await touchedBy(database.url, ({ db }) => loadCommunity(db, community.id));
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'final_versions')).toBeGreaterThanOrEqual(versions);
    expect(rowsOf(touched, 'final_versions')).toBeLessThanOrEqual(versions + 10);
    // Twice: those that keep their boundaries, and how far each has come. The open ones besides.
    expect(rowsOf(touched, 'windows')).toBeLessThanOrEqual(2 * (windows + 10));
  });

  it('ARCH-20 a page of a final table: its lines', async () => {
    const LINES = 1_000;
    const touched = await touchedBy(database.url, async ({ db }) => {
      const pages = readFinalTable(db, community.id, version);
      const { value } = await pages.next();
      expect(value).toHaveLength(LINES);
    });
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(LINES + 10);
    expect(rowsOf(touched, 'members')).toBeLessThanOrEqual(LINES + 10);
    expect(rowsOf(touched, 'final_changes')).toBe(0);
  });

  it('ARCH-20 proving a page of members: what they contributed, and their lines', async () => {
    const PAGE = 500;
    const touched = await touchedBy(database.url, async ({ db }) => {
      // As of before the merges, the lines of those who were merged included.
      const { founded, differences } = await compareAtCut(db, community.id, board(), version, 0);
      expect({ founded, differences }).toEqual({ founded: PAGE, differences: [] });
    });
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(PAGE * CONTRIBUTIONS * 2 + 10);
    expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(PAGE + 10);
    expect(rowsOf(touched, 'member_merges')).toBeLessThanOrEqual(MERGES * CONTRIBUTIONS);
  });

  it('ARCH-20 what stood at a cut of members who were merged: what they contributed, and the merges', async () => {
    const PAGE = 100;
    const memberIds = Array.from({ length: PAGE }, (_, n) => n + 1);
    const { last_seq: cutSeq } = await database.db
      .selectFrom('communities')
      .select('last_seq')
      .where('community_id', '=', community.id)
      .executeTakeFirstOrThrow();
    const touched = await touchedBy(database.url, async ({ db }) => {
      const places = await readStandingsAtCut(db, community.id, { ...board(), cutSeq }, memberIds);
      expect(places).toHaveLength(PAGE - MERGES);
      // The last of three has what all of them contributed.
      const score = [0, 1, 2].reduce((sum, n) => sum + BigInt(CONTRIBUTIONS * amountOf(n)) * 6_250n, 0n);
      expect(places.find(({ memberId }) => memberId === 3)?.negScore).toBe(-score);
    });
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(PAGE * CONTRIBUTIONS * 2 + 10);
    expect(rowsOf(touched, 'member_merges')).toBeGreaterThan(0);
    expect(rowsOf(touched, 'member_merges')).toBeLessThanOrEqual(2 * MERGES * CONTRIBUTIONS * 2);
  });

  it('ARCH-20 whom a stretch of events touched: the events', async () => {
    const EVENTS = 500;
    const [after, until] = [10_000n, 10_000n + BigInt(EVENTS)];
    const touched = await touchedBy(database.url, ({ db }) =>
      membersTouched(db, community.id, board(), { after, until }),
    );
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'contributions')).toBeGreaterThan(0);
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(EVENTS);
    expect(rowsOf(touched, 'contribution_changes')).toBe(0);
    expect(rowsOf(touched, 'member_merges')).toBe(0);
  });

  it.each<[string, Band, number]>([
    ['the first three', { ranks: { from: 1, to: 3 } }, 3],
    ['the first tenth', { topPercent: 10 }, MEMBERS / 10],
    ['everybody from a score on', { minScore: 60_000_000n }, 320],
    ['all', { topPercent: 100 }, MEMBERS],
  ])('ARCH-20 the prizes of %s: as many lines of the board', async (_, band, winners) => {
    const prize = prizeFor(band);
    const excluded = new Set<number>();
    const awarded = { communityId: community.id, boardId: version.boardId, total: MEMBERS, excluded };
    const touched = await touchedBy(database.url, async ({ db }) => {
      const awards: Award[] = [];
      for await (const page of readAwards(db, awarded, await findStretches(db, awarded, [prize]))) awards.push(...page);
      expect(awards.length).toBeGreaterThan(winners / 2);
      expect(awards.length).toBeLessThanOrEqual(winners);
      const merged = awards.filter(({ memberId }) => memberId <= 3).map(({ memberId }) => memberId);
      if (winners === MEMBERS) expect(merged).toEqual([3, 3, 3]);
    });
    expect(touched.seqScans).toEqual({});
    // Where the last one stands, where each page ends, and the lines. A segment may have to be gone through besides.
    expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(3 * winners + SEGMENT);
    // Of two in a row: three on the way to the heir, and each once more as no heir itself.
    expect(rowsOf(touched, 'member_merges')).toBeLessThanOrEqual(PAGES * 3 * MERGES);
  });

  it('ARCH-20 where a stretch ends among many who get none, and how many win: a few segments', async () => {
    const { db } = database;
    const { rows: all } = await sql<{ memberId: number; negScore: bigint }>`
      select member_id as "memberId", neg_score as "negScore" from standings
      where community_id = ${community.id} and board_id = ${version.boardId} order by neg_score, reached_at, member_id`.execute(
      db,
    );
    // A few at the top, every tenth, and a hundred of them next to each other where the stretch would end.
    const excluded = new Set(
      all.flatMap(({ memberId }, n) => (n < 5 || n % 10 === 0 || (n > 5_990 && n <= 6_090) ? [memberId] : [])),
    );
    const awarded = { communityId: community.id, boardId: version.boardId, total: all.length, excluded };
    const eligible = all.filter(({ memberId }) => !excluded.has(memberId));
    const score = 30_000_000n;
    const prizes = [prizeFor({ ranks: { from: 2_500, to: 5_400 } }), prizeFor({ minScore: score })];
    const touched = await touchedBy(database.url, async ({ db }) => {
      const [ranks] = await findStretches(db, awarded, prizes);
      expect([ranks?.first.memberId, ranks?.last.memberId]).toEqual([
        eligible[2_499]?.memberId,
        eligible[5_399]?.memberId,
      ]);
      expect((await findPlaces(db, awarded, prizes)).map(({ places }) => places)).toEqual([
        { from: 2_500, to: 5_400 },
        { from: 1, to: eligible.filter(({ negScore }) => -negScore >= score).length },
      ]);
    });
    expect(touched.seqScans).toEqual({});
    // For each end: within a segment, those who get none, and as many lines further on; for the score, those once more.
    expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(3 * SEGMENT + 6 * excluded.size);
  });

  it('ARCH-20 a page of what is won and was granted: its lines and entitlements', async () => {
    const LINES = 500;
    const table = awardedTable(community.id, version, MEMBERS);
    const prizes = [prizeFor({ topPercent: 50 })];
    const touched = await touchedBy(database.url, async ({ db }) => {
      const stretches = await findStretches(db, table, prizes);
      const lines = await nextLines(db, table, stretches, TOP, LINES);
      expect((await findLacking(db, table, stretches, lines)).length).toBeGreaterThan(LINES - 2 * MERGES);
      const { windowId, window } = await weekBefore();
      const before = { ...table, windowId, window };
      const { keys, next } = await findExcess(db, before, stretches, '', TOKENS);
      expect([keys.length, next]).toEqual([TOKENS - ROLES, expect.stringContaining('reward 1 member ')]);
    });
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(2 * LINES + SEGMENT + MEMBERS / 4 + 10 * TOKENS);
    expect(rowsOf(touched, 'grants')).toBeLessThanOrEqual(LINES + TOKENS + 10);
  });

  it('ARCH-20 the roles that end: those of the week before', async () => {
    const touched = await touchedBy(database.url, ({ db }) =>
      db.transaction().execute(async (trx) => {
        const ending = new EndingRoles(community.id, version.window, category.id);
        expect(await ending.takePage(trx, CLOSED)).toBe(false);
      }),
    );
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'windows')).toBeLessThanOrEqual(10);
    // The first time they were taken back: entries of both signs.
    expect(rowsOf(touched, 'grants')).toBe(2 * ROLES);
    const { rows } = await sql<{ left: number }>`
      select count(*)::int as left from (
        select from grants where community_id = ${community.id} and kind = 'role' and entitlement like ${`window ${(await weekBefore()).windowId} category ${category.id} %`}
        group by entitlement having sum(amount) <> 0
      ) live`.execute(database.db);
    expect(rows).toEqual([{ left: 0 }]);
  });
});
