import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { findRecorded, sumExtra } from '../../src/multipliers/multiplier-store.ts';
import { readPage, readStandingsOf } from '../../src/ranking/leaderboard.ts';
import { NOW, makeCommunity, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { rowsOf, touchedBy } from '../support/touched.ts';

const MEMBERS = 30_000;
const SEGMENTS = { membersInSegment: 64, segmentsInBlock: 32 };
/** Segments hold half of their limit when they were just cut, and blocks likewise. */
const MAX_BLOCKS = MEMBERS / (SEGMENTS.membersInSegment / 2) / (SEGMENTS.segmentsInBlock / 2);

const database = useDatabase();
let community: Awaited<ReturnType<typeof makeCommunity>>;
let boardId: number;
let memberIds: number[];

function event(id: string, member: number, amount: number): Contribution {
  return {
    id,
    contributor: `m${member}`,
    category: 'gpu-contributors',
    amount: BigInt(amount) * 1000n,
    occurredAt: new Date(NOW.getTime() - (member % 1000) * 1000),
  };
}

beforeAll(async () => {
  const { db } = database;
  community = await makeCommunity(db);
  const context = recording(db, SEGMENTS);
  for (let from = 0; from < MEMBERS; from += 2000) {
    const members = Array.from({ length: 2000 }, (_, index) => from + index);
    // Scores lie close together, and half of the members are tied.
    const events = members.map((member) => event(`e${member}`, member, member % 2 ? 1 : 1 + ((member * 7919) % 5000)));
    await record(context, community, events);
  }
  const board = await db
    .selectFrom('boards as b')
    .innerJoin('windows as w', 'w.window_id', 'b.window_id')
    .select('b.board_id')
    .where('b.community_id', '=', community.id)
    .where('w.kind', '=', 'all')
    .executeTakeFirstOrThrow();
  boardId = board.board_id;
  const members = await db.selectFrom('members').select('member_id').where('community_id', '=', community.id).execute();
  memberIds = members.map((member) => member.member_id);
  // Entries of rows that are gone would be counted too.
  await sql`vacuum analyze`.execute(db);
}, 120_000);

describe('what the hot statements touch on a board of 30,000', () => {
  it('RK-9 the rank of a member: the blocks, the segments of one block, and one segment', async () => {
    for (let index = 0; index < MEMBERS; index += 9973) {
      const touched = await touchedBy(database.url, ({ db }) =>
        readStandingsOf(db, community.id, [boardId], memberIds[index] ?? 0),
      );
      expect(touched.seqScans).toEqual({});
      expect(rowsOf(touched, 'standings')).toBeGreaterThan(0);
      expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(1 + SEGMENTS.membersInSegment);
      expect(rowsOf(touched, 'segments')).toBeLessThanOrEqual(2 + 2 * MAX_BLOCKS + SEGMENTS.segmentsInBlock);
      expect(touched.blocks).toBeLessThan(200n);
    }
  });

  it('RK-9 a page, at any offset: as much, and the page', async () => {
    for (const offset of [0, 1, 12_345, MEMBERS / 2, MEMBERS - 1, MEMBERS, 1_000_000]) {
      const touched = await touchedBy(database.url, ({ db }) =>
        readPage(db, community.id, boardId, { from: 'offset', offset, limit: 25 }),
      );
      expect(touched.seqScans).toEqual({});
      expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(SEGMENTS.membersInSegment + 25);
      expect(rowsOf(touched, 'members')).toBeLessThanOrEqual(25);
      expect(rowsOf(touched, 'segments')).toBeLessThanOrEqual(MAX_BLOCKS + SEGMENTS.segmentsInBlock);
      expect(touched.blocks).toBeLessThan(250n);
    }
  });

  it('RK-9 a page around a member: a rank and a page', async () => {
    for (let index = 0; index < MEMBERS; index += 9973) {
      const memberId = memberIds[index] ?? 0;
      const touched = await touchedBy(database.url, ({ db }) =>
        readPage(db, community.id, boardId, { from: 'member', memberId, limit: 25 }),
      );
      expect(touched.seqScans).toEqual({});
      expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(1 + 2 * SEGMENTS.membersInSegment + 25);
      expect(rowsOf(touched, 'members')).toBeLessThanOrEqual(25);
      expect(rowsOf(touched, 'segments')).toBeLessThanOrEqual(2 + 3 * MAX_BLOCKS + 2 * SEGMENTS.segmentsInBlock);
      expect(touched.blocks).toBeLessThan(350n);
    }
  });

  it('IN-23 a batch touches what it changes: a few rows a contribution and window, whatever the board holds', async () => {
    let calls = 0;
    const BATCH = 100;
    const touched = await touchedBy(
      database.url,
      (context) => {
        calls += 1;
        const events = Array.from({ length: BATCH }, (_, n) => event(`more${calls}-${n}`, calls * 5000 + n * 17, 1));
        return record(context, community, events);
      },
      SEGMENTS,
    );
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(2 * BATCH);
    expect(rowsOf(touched, 'members')).toBeLessThanOrEqual(4 * BATCH);
    // Besides its own standings, a batch may cut some segments in each of the four windows.
    expect(rowsOf(touched, 'standings')).toBeLessThanOrEqual(4 * (2 * BATCH + 8 * SEGMENTS.membersInSegment));
    expect(touched.blocks).toBeLessThan(BigInt(BATCH) * 150n);
  });

  it('MU-16 whether anything of a stretch is recorded: one contribution a category', async () => {
    for (const which of ['first', 'last'] as const) {
      const touched = await touchedBy(database.url, ({ db }) =>
        findRecorded(db, community.id, { categoryIds: undefined, from: new Date(0), to: NOW }, which),
      );
      expect(touched.seqScans).toEqual({});
      expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(3);
      expect(touched.blocks).toBeLessThan(40n);
    }
  });

  it('MU-16 what an event brought: the contributions of its stretch', async () => {
    const stretch = { categoryIds: undefined, from: new Date(NOW.getTime() - 1000), to: NOW };
    const touched = await touchedBy(database.url, ({ db }) => sumExtra(db, community.id, stretch, 200n));
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'contributions')).toBeGreaterThan(0);
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(MEMBERS / 1000 + 10);
  });
});
