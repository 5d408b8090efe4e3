import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finishRebuilds, updateCommunity } from '../../src/communities/update-community.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { rebuild } from '../../src/ranking/rebuild.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { verify } from '../../src/ranking/verify.ts';
import { contribution, makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { cutOffAfterFirstTransaction } from '../support/cut-off.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const ZONES = ['America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Europe/Berlin', 'UTC'];
const CREATED = new Date('2026-06-20T12:00:00Z');

async function differences(context: RankingContext, slug: string): Promise<string[]> {
  return Array.fromAsync(verify(context.db, await context.directory.bySlug(slug)));
}

describe('a change of time zone', () => {
  it('WI-20 moves open and archive windows and keeps those that ended', async () => {
    const community = await makeCommunity(database.db, {}, CREATED);
    const context = recording(database.db, { membersInSegment: 4, segmentsInBlock: 4 });
    // 22:00 in UTC on the last days of an archive month, of one that has ended, and of the open week before the last.
    const events = ['2026-04-30T22:00:00Z', '2026-07-31T22:00:00Z', '2026-08-20T22:00:00Z'];
    await record(
      context,
      community,
      events.map((occurredAt, n) => contribution({ id: `e${n}`, occurredAt })),
    );
    const now = new Date('2026-08-22T12:00:00Z');

    const change = { timeZone: 'Asia/Kolkata', rebuild: true };
    await updateCommunity(context, community.id, change, TESTER, now);

    const known = await context.directory.bySlug(community.slug);
    const board = (window: 'month' | 'week' | 'season', period: string) =>
      readLeaderboard(database.db, known, { category: 'gpu-contributors', window, period, limit: 10, offset: 0 }, now);
    // The archive month is cut at midnight in Kolkata, 18:30 in UTC, and so the event falls in May.
    expect(await board('month', '2026-05')).toMatchObject({
      total: 1,
      window: { startsAt: new Date('2026-04-30T18:30:00Z') },
    });
    expect(await board('month', '2026-04')).toMatchObject({ total: 0 });
    // July had ended and keeps its end; August begins there and ends at midnight in Kolkata.
    expect(await board('month', '2026-07')).toMatchObject({
      total: 1,
      window: { endsAt: new Date('2026-08-01T00:00:00Z') },
    });
    expect(await board('month', '2026-08')).toMatchObject({
      window: { startsAt: new Date('2026-08-01T00:00:00Z'), endsAt: new Date('2026-08-31T18:30:00Z') },
    });
    expect(await differences(context, community.slug)).toEqual([]);
  });

  it('WI-21 leaves nothing out and counts nothing twice, whatever the zones', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.date({ min: new Date('2026-01-01'), max: new Date('2026-08-22'), noInvalidDate: true }), {
          minLength: 1,
          maxLength: 40,
        }),
        fc.array(fc.record({ zone: fc.constantFrom(...ZONES), days: fc.integer({ min: 0, max: 50 }) }), {
          minLength: 1,
          maxLength: 4,
        }),
        async (dates, changes) => {
          const community = await makeCommunity(database.db, {}, CREATED);
          const context = recording(database.db, { membersInSegment: 4, segmentsInBlock: 4 });
          const events = dates.map((date, n) =>
            contribution({ id: `e${n}`, contributor: `m${n % 5}`, occurredAt: date.toISOString() }),
          );
          await record(context, community, events);
          let now = new Date('2026-08-22T12:00:00Z').getTime();
          for (const { zone, days } of changes) {
            now += days * 86_400_000;
            await updateCommunity(context, community.id, { timeZone: zone, rebuild: true }, TESTER, new Date(now));
            expect(await differences(context, community.slug)).toEqual([]);
          }
          await record(context, community, [contribution({ id: 'last' })]);
          expect(await differences(context, community.slug)).toEqual([]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('WI-22 is refused for a community with contributions that did not say `rebuild`', async () => {
    const community = await makeCommunity(database.db);
    const context = recording(database.db);
    await updateCommunity(context, community.id, { timeZone: 'Europe/Berlin' }, TESTER, CREATED);
    await record(context, community, [contribution({ id: 'e' })]);
    const change = { timeZone: 'Asia/Kolkata', name: 'New' };
    await expect(updateCommunity(context, community.id, change, TESTER, CREATED)).rejects.toMatchObject({
      code: 'state-conflict',
    });
    expect(await context.directory.bySlug(community.slug)).toMatchObject({
      timeZone: 'Europe/Berlin',
      name: community.slug,
    });
  });

  it('WI-23 is carried through at the next start when a crash broke it off', async () => {
    const community = await makeCommunity(database.db, {}, CREATED);
    const context = recording(database.db);
    await record(context, community, [contribution({ id: 'e', occurredAt: '2026-04-30T22:00:00Z' })]);
    const broken = { ...context, db: cutOffAfterFirstTransaction(context.db) };
    await expect(
      updateCommunity(
        broken,
        community.id,
        { timeZone: 'Asia/Kolkata', rebuild: true },
        TESTER,
        new Date('2026-08-22T12:00:00Z'),
      ),
    ).rejects.toThrow('cut off');
    expect(await differences(context, community.slug)).not.toEqual([]);
    await finishRebuilds(context);
    expect(await differences(context, community.slug)).toEqual([]);
    const pending = await context.db
      .selectFrom('communities')
      .select('slug')
      .where('rebuild_pending', '=', true)
      .execute();
    expect(pending).toEqual([]);
  });
});

describe('rebuild', () => {
  it('RK-30 puts right whatever differs, and says how much', async () => {
    const { db } = database;
    const community = await makeCommunity(db);
    const context = recording(db, { membersInSegment: 4, segmentsInBlock: 4 });
    const events = Array.from({ length: 60 }, (_, n) =>
      contribution({ id: `e${n}`, contributor: `m${n}`, amount: 1 + (n % 7) }),
    );
    await record(context, community, events);
    const own = { community_id: community.id };
    const [first] = await db.selectFrom('boards').select('board_id').where('community_id', '=', community.id).execute();
    const board_id = first?.board_id ?? 0;
    await db
      .updateTable('standings')
      .set({ neg_score: -1n })
      .where((eb) => eb.and({ ...own, board_id }))
      .where('member_id', '>', 30)
      .execute();
    await db
      .deleteFrom('standings')
      .where((eb) => eb.and(own))
      .where('board_id', '!=', board_id)
      .execute();
    await db
      .updateTable('segments')
      .set({ members: 3 })
      .where((eb) => eb.and({ ...own, board_id }))
      .execute();
    await db
      .updateTable('members')
      .set({ earned_omnit: 1n })
      .where((eb) => eb.and(own))
      .execute();
    await db
      .insertInto('standings')
      .values({ ...own, board_id, member_id: 1_000_000, neg_score: -5n, reached_at: CREATED })
      .execute();

    expect((await differences(context, community.slug)).length).toBeGreaterThan(100);
    expect(await rebuild(context, community.id)).toBeGreaterThan(100);
    expect(await differences(context, community.slug)).toEqual([]);
    expect(await rebuild(context, community.id)).toBe(0);
  });
});
