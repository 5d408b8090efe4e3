import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { readPage, readStandingsOf } from '../../src/ranking/leaderboard.ts';
import { makeCommunity, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

describe('smoke', () => {
  it('RK-1 ranks', async () => {
    const { db } = database;
    const limits = { membersInSegment: 8, segmentsInBlock: 4 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            member: fc.integer({ min: 0, max: 60 }),
            amount: fc.integer({ min: 1, max: 5 }),
            minute: fc.integer({ min: 0, max: 20 }),
          }),
          { minLength: 1, maxLength: 400 },
        ),
        fc.integer({ min: 1, max: 50 }),
        async (events, batchSize) => {
          const community = await makeCommunity(db);
          const context = recording(db, limits);
          const contributions = events.map((event, index): Contribution => ({
            id: `e${index}`,
            contributor: `m${event.member}`,
            category: 'gpu-contributors',
            amount: BigInt(event.amount) * 1000n,
            occurredAt: new Date(Date.UTC(2026, 7, 20, 10, event.minute)),
            subject: undefined,
            displayName: undefined,
          }));
          for (let at = 0; at < contributions.length; at += batchSize)
            await record(context, community, contributions.slice(at, at + batchSize));
          const model = new Map<string, { score: bigint; reachedAt: number; order: number }>();
          for (const c of contributions) {
            const m = model.get(c.contributor) ?? { score: 0n, reachedAt: 0, order: model.size };
            m.score += (c.amount * 6250n) / 1000n;
            m.reachedAt = Math.max(m.reachedAt, c.occurredAt.getTime());
            model.set(c.contributor, m);
          }
          const sorted = [...model].sort(([, a], [, b]) =>
            a.score !== b.score ? (a.score > b.score ? -1 : 1) : a.reachedAt - b.reachedAt || a.order - b.order,
          );
          const board = await db
            .selectFrom('boards')
            .innerJoin('windows', 'windows.window_id', 'boards.window_id')
            .select('board_id')
            .where('boards.community_id', '=', community.id)
            .where('windows.kind', '=', 'week')
            .executeTakeFirstOrThrow();
          for (let offset = 0; offset < sorted.length + 3; offset += 7) {
            const page = await readPage(db, community.id, board.board_id, { from: 'offset', offset, limit: 7 });
            expect(page.total).toBe(sorted.length);
            expect(page.entries.map((e) => [e.rank, e.handle, e.score])).toEqual(
              sorted.slice(offset, offset + 7).map(([h, m], i) => [offset + i + 1, h, m.score]),
            );
          }
          const members = await db
            .selectFrom('members')
            .select(['member_id', 'handle'])
            .where('community_id', '=', community.id)
            .execute();
          for (const { member_id, handle } of members.slice(0, 10)) {
            const [standing] = await readStandingsOf(db, community.id, [board.board_id], member_id);
            expect(standing?.rank).toBe(sorted.findIndex(([h]) => h === handle) + 1);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
