import { beforeEach, describe, expect, it } from 'vitest';
import { cancelMultiplier, endMultiplier } from '../../src/multipliers/stop-multiplier.ts';
import { findNextEnd, settleEndedMultipliers } from '../../src/multipliers/settle-multipliers.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { announcementsOf, makeMultiplier, minutes } from '../support/multipliers.ts';

const database = useDatabase();
const DAY = 24 * 60;
const iso = (count: number) => minutes(count).toISOString();

async function keysIn(community: { id: number }, state?: string): Promise<string[]> {
  const rows = await announcementsOf(database.db, community);
  return rows.filter((row) => !state || row.state === state).map(({ key }) => key);
}

/** Says what is due by a moment, as a worker would. */
async function deliver(community: { id: number }, by: number): Promise<void> {
  await database.db
    .updateTable('announcements')
    .set({ state: 'delivered' })
    .where('community_id', '=', community.id)
    .where('state', '=', 'waiting')
    .where('due_at', '<=', minutes(by))
    .execute();
}

describe('what is said of an event', () => {
  it('MU-8 is put down with it: 24 hours and 1 hour ahead, and at the start', async () => {
    const community = await makeCommunity(database.db);
    const event = await makeMultiplier(database.db, community, { categories: ['model-testers'] }, [2 * DAY, 3 * DAY]);
    expect(event.announceAt).toEqual([minutes(DAY), minutes(2 * DAY - 60)]);
    const told = {
      name: 'Double hour',
      factor: '2',
      categories: ['AI Model Testers'],
      startsAt: iso(2 * DAY),
      endsAt: iso(3 * DAY),
    };
    const prefix = `multiplier ${event.id}`;
    expect(await announcementsOf(database.db, community)).toMatchObject([
      {
        key: `${prefix} ahead ${iso(DAY)}`,
        content: { kind: 'multiplier-ahead', ...told },
        dueAt: minutes(DAY),
        state: 'waiting',
      },
      {
        key: `${prefix} ahead ${iso(2 * DAY - 60)}`,
        content: { kind: 'multiplier-ahead', ...told },
        dueAt: minutes(2 * DAY - 60),
        state: 'waiting',
      },
      {
        key: `${prefix} start`,
        content: { kind: 'multiplier-started', ...told },
        dueAt: minutes(2 * DAY),
        state: 'waiting',
      },
    ]);
  });

  it.each([
    ['set otherwise', { announceAt: [iso(30), iso(10), iso(30)] }, 60, [10, 30]],
    ['set to one moment', { announceAt: iso(30) }, 60, [30]],
    ['never', { announceAt: [] }, 2 * DAY, []],
    ['already past', {}, 30, []],
    ['partly past', {}, 90, [30]],
  ])('MU-8 ahead of its start when %s', async (_, fields, start, expected) => {
    const community = await makeCommunity(database.db);
    const event = await makeMultiplier(database.db, community, fields, [start, start + 60]);
    expect(event.announceAt).toEqual(expected.map(minutes));
    expect(await keysIn(community)).toHaveLength(expected.length + 1);
  });

  it('MU-9 is dropped when it is cancelled, and taken back once something was said', async () => {
    const community = await makeCommunity(database.db);
    const quiet = await makeMultiplier(database.db, community, {}, [DAY, 2 * DAY]);
    await cancelMultiplier(database.db, community.id, quiet.id, TESTER, NOW);
    expect(await keysIn(community, 'waiting')).toEqual([]);

    const told = await makeMultiplier(database.db, community, {}, [DAY, 2 * DAY]);
    await deliver(community, DAY - 60);
    await cancelMultiplier(database.db, community.id, told.id, TESTER, minutes(DAY - 30));
    expect(await keysIn(community, 'waiting')).toEqual([`multiplier ${told.id} cancelled`]);
    // An event whose id begins alike has its own.
    expect(await keysIn(community, 'dropped')).toContain(`multiplier ${told.id} start`);
  });

  it('MU-9 tells the new end when it is ended early', async () => {
    const community = await makeCommunity(database.db);
    const { id } = await makeMultiplier(database.db, community, {}, [10, DAY]);
    await endMultiplier(database.db, community.id, id, undefined, TESTER, minutes(8));
    const [start] = await announcementsOf(database.db, community);
    expect(start).toMatchObject({
      key: `multiplier ${id} start`,
      content: { endsAt: iso(13), startsAt: iso(10) },
      // After that it is of no use any more.
      expiresAt: minutes(13),
    });
  });
});

describe('what an event brought', () => {
  // It is asked of all communities at once.
  beforeEach(async () => {
    await settleEndedMultipliers(recording(database.db), minutes(1000 * DAY));
  });

  it('MU-10 is said as of its end: the contributions that it priced, and what they earned more', async () => {
    const community = await makeCommunity(database.db);
    const context = recording(database.db);
    const { id } = await makeMultiplier(database.db, community, { factor: '1.5', categories: ['gpu-contributors'] });
    await makeMultiplier(database.db, community, { factor: '3' }, [110, 140]);
    const later = minutes(200);
    const send = async (id: string, minute: number, fields: object = {}) => {
      const { occurredAt: _, ...rest } = contribution({ id, ...fields });
      const [outcome] = await record(context, community, [{ ...rest, occurredAt: minutes(minute) }], later);
      expect(outcome?.status).toBe('accepted');
    };
    await send('before', 59);
    await send('first', 60, { amount: '0.001' });
    await send('in it', 70, { amount: '1.001' });
    await send('of another category', 70, { category: 'model-testers' });
    await send('of the higher one', 115);
    await send('after', 120);
    expect(await settleEndedMultipliers(context, minutes(119))).toBe(0);
    expect(await findNextEnd(context)).toEqual(minutes(120));
    expect(await settleEndedMultipliers(context, later)).toBe(2);
    const end = (await announcementsOf(database.db, community)).find(({ key }) => key === `multiplier ${id} end`);
    // 0.001 h: 0.009 of 0.006; 1.001 h: 9.384 of 6.256.
    expect(end).toMatchObject({
      dueAt: minutes(120),
      state: 'waiting',
      content: { kind: 'multiplier-ended', name: 'Double hour', factor: '1.5', contributions: 2, extra: '3.131' },
    });
    expect(await settleEndedMultipliers(context, later)).toBe(0);
    expect(await findNextEnd(context)).toBeUndefined();
  });

  it('MU-10 is said once by two workers, and long after its end', async () => {
    const community = await makeCommunity(database.db);
    const { id } = await makeMultiplier(database.db, community);
    const late = minutes(400 * DAY);
    const settled = await Promise.all([1, 2].map(() => settleEndedMultipliers(recording(database.db), late)));
    expect(settled.toSorted((a, b) => a - b)).toEqual([0, 1]);
    expect(await keysIn(community)).toEqual([`multiplier ${id} start`, `multiplier ${id} end`]);
  });

  it('MU-10 is not said of what was cancelled, nor of what was over when it was made', async () => {
    const community = await makeCommunity(database.db);
    const { id } = await makeMultiplier(database.db, community);
    await cancelMultiplier(database.db, community.id, id, TESTER, NOW);
    await makeMultiplier(database.db, community, { backdated: true }, [-60, -1]);
    expect(await settleEndedMultipliers(recording(database.db), minutes(DAY))).toBe(0);
    expect(await keysIn(community, 'waiting')).toEqual([]);
  });
});
