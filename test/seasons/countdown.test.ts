import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { updateCommunity } from '../../src/communities/update-community.ts';
import { createCalendar } from '../../src/ranking/calendar.ts';
import { createPrize, removePrize } from '../../src/rewards/prizes.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { announceSeasons } from '../../src/seasons/announce-seasons.ts';
import { lastDayOf, LEAD_MS, newestCountdown, nextLook } from '../../src/seasons/countdown.ts';
import { createSeason, removeSeason, renameSeason } from '../../src/seasons/seasons.ts';
import { contributionAt, makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { announcementsOf } from '../support/multipliers.ts';

const database = useDatabase();
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 24 * 3_600_000];
const USUAL = [7 * DAY, DAY, HOUR];
const Q3_ENDS = Date.parse('2026-10-01T00:00:00Z');

type Options = { timeZone?: string; createdAt?: string; contributes?: boolean };

async function setUp({ timeZone = 'UTC', createdAt = '2026-08-01T00:00:00Z', contributes = true }: Options = {}) {
  const { db } = database;
  const community = await makeCommunity(db, { timeZone, preset: undefined }, new Date(createdAt));
  await db
    .insertInto('categories')
    .values({ community_id: community.id, slug: 'gpu', title: 'GPU', unit: 'hour', measure: 'amount', reputation: 0n })
    .execute();
  const context = recording(db);
  const send = (id: string, occurredAt: string) =>
    record(
      context,
      community,
      [contributionAt(new Date(occurredAt), { id, category: 'gpu', occurredAt })],
      new Date(occurredAt),
    );
  if (contributes) await send('first', '2026-08-20T10:00:00Z');
  return {
    db,
    community,
    context,
    send,
    known: () => context.directory.bySlug(community.slug),
    look: (at: number | string) => announceSeasons(context, new Date(at)),
    /** What waits to be said: kinds and moments, or as much as was told. */
    said: async () => {
      const rows = await db
        .selectFrom('announcements')
        .select(['kind', 'due_at as dueAt'])
        .where('community_id', '=', community.id)
        .orderBy('due_at')
        .execute();
      return rows.map(({ kind, dueAt }) => `${kind} ${dueAt.toISOString()}`);
    },
    announcements: () => announcementsOf(db, community),
    lastDays: () =>
      db
        .selectFrom('season_events')
        .select(['key', 'name', 'starts_at as startsAt', 'ends_at as endsAt'])
        .where('community_id', '=', community.id)
        .orderBy('starts_at')
        .execute(),
  };
}

/** As a season is asked for in the time after the third quarter of 2026. */
const season = (key: string, startsAt: string, endsAt: string) => ({ key, name: key, startsAt, endsAt });

describe('when a season is told of', () => {
  it('CD-1 whoever looks when told to looks at every moment at which anything is due, and not before', () => {
    const zones = ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Europe/Berlin', 'Pacific/Apia', 'Africa/Cairo'];
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.uniqueArray(fc.integer({ min: 1, max: 60 * 24 * 60 }), { maxLength: 4 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 20 }),
        (timeZone, minutes, from, length) => {
          const seasons = [
            {
              key: 'own',
              startsOn: '2027-01-01',
              endsOn: Temporal.PlainDate.from('2027-01-01').add({ days: length }).toString(),
            },
          ];
          const calendar = createCalendar({ timeZone, kept: [], seasons });
          const countdownMs = minutes.map((count) => count * MINUTE).toSorted((a, b) => b - a);
          const community = { calendar, timeZone, countdownMs, createdAt: new Date(0) };
          const first = Date.parse('2026-01-01T12:00:00Z') + from * DAY;
          const looks: number[] = [first];
          for (let last = first; last < first + 100 * DAY;) {
            const next = nextLook(community, new Date(last)).getTime();
            expect(next).toBeGreaterThan(last);
            expect(next - last).toBeLessThanOrEqual(DAY);
            looks.push(next);
            last = next;
          }
          for (const window of calendar.windowsBetween('season', new Date(first), new Date(first + 90 * DAY))) {
            const due = [window.startsAt.getTime(), ...countdownMs.map((ms) => window.endsAt.getTime() - ms)].filter(
              // Nothing is told of the end of a season that has not begun.
              (at) => at >= window.startsAt.getTime() && at > first + LEAD_MS && at < first + 100 * DAY,
            );
            for (const at of due) expect(looks.some((look) => look <= at && look >= at - LEAD_MS)).toBe(true);
          }
        },
      ),
    );
  });

  it('CD-2 the last day begins with the last local midnight, also where clocks are changed on it', () => {
    const lastDay = (timeZone: string, startsOn: string, endsOn: string) => {
      const calendar = createCalendar({ timeZone, kept: [], seasons: [{ key: 'own', startsOn, endsOn }] });
      const window = calendar.windowByKey('season', 'own');
      return (window.endsAt.getTime() - lastDayOf({ timeZone }, window).startsAt.getTime()) / HOUR;
    };
    expect(lastDay('UTC', '2027-01-01', '2027-02-01')).toBe(24);
    expect(lastDay('Europe/Berlin', '2027-01-01', '2027-03-29')).toBe(23);
    expect(lastDay('Europe/Berlin', '2027-07-01', '2027-11-01')).toBe(25);
    expect(lastDay('Asia/Kolkata', '2027-01-01', '2027-01-02')).toBe(24);
    // Where the zone was changed, a season may end at another time of day.
    const kept = {
      kind: 'season',
      key: '2026-Q3',
      startsAt: new Date('2026-07-01T00:00:00Z'),
      endsAt: new Date('2026-10-01T07:00:00Z'),
    } as const;
    expect(lastDayOf({ timeZone: 'UTC' }, kept).startsAt).toEqual(new Date('2026-10-01T00:00:00Z'));
  });

  it('CD-3 of several only the newest is said, and none before the season or the community began', () => {
    const calendar = createCalendar({ timeZone: 'UTC', kept: [] });
    const window = calendar.windowByKey('season', '2026-Q3');
    const newest = (before: number, createdAt = new Date(0), countdownMs = USUAL) =>
      newestCountdown({ calendar, timeZone: 'UTC', countdownMs, createdAt }, window, new Date(Q3_ENDS - before));
    expect(newest(8 * DAY)).toBeUndefined();
    expect(newest(7 * DAY)).toBe(7 * DAY);
    expect(newest(7 * DAY + LEAD_MS)).toBe(7 * DAY);
    expect(newest(7 * DAY + LEAD_MS + 1)).toBeUndefined();
    expect(newest(25 * HOUR)).toBe(7 * DAY);
    expect(newest(2 * HOUR)).toBe(DAY);
    expect(newest(1)).toBe(HOUR);
    expect(newest(3 * DAY, new Date(Q3_ENDS - 4 * DAY))).toBeUndefined();
    expect(newest(1, undefined, [])).toBeUndefined();
    expect(newest(1, undefined, [100 * DAY])).toBeUndefined();
  });
});

describe('the end of a season', () => {
  it('CD-4 is told 7 days, a day and an hour before, and the beginning of the next, each once and at its moment', async () => {
    const { db, community, look, said, announcements } = await setUp();
    const delivered = () =>
      db
        .updateTable('announcements')
        .set({ state: 'delivered' })
        .where('community_id', '=', community.id)
        .where('due_at', '<=', new Date(at))
        .execute();
    let at = Q3_ENDS - 10 * DAY;
    for (let looks = 0; at < Q3_ENDS + DAY; looks += 1) {
      expect(looks).toBeLessThan(60);
      const [next] = await Promise.all([look(at), look(at)]);
      // What was put down is said once its moment has come.
      for (const { dueAt, state } of await announcements())
        if (state === 'waiting') expect(dueAt.getTime()).toBeGreaterThanOrEqual(at);
      await delivered();
      at = Math.min(next?.getTime() ?? Infinity, at + DAY);
      await delivered();
    }
    const countdown = (ms: number) => `season-countdown ${new Date(Q3_ENDS - ms).toISOString()}`;
    expect(await said()).toEqual([...USUAL.map(countdown), 'season-opened 2026-10-01T00:00:00.000Z']);
    const rows = await announcements();
    expect(rows[0]?.content).toMatchObject({
      name: '2026-Q3',
      endsAt: '2026-10-01T00:00:00.000Z',
      tables: [{ title: 'GPU', members: 1, top: [{ rank: 1, member: { name: 'ada' }, score: '1' }] }],
    });
    expect(rows.at(-1)).toMatchObject({ expiresAt: new Date(Q3_ENDS + 2 * DAY) });
  });

  it('CD-5 after downtime the newest is said, and what is of no use any more is not', async () => {
    const { look, said } = await setUp();
    await look(Q3_ENDS - 3 * HOUR);
    expect(await said()).toEqual([`season-countdown ${new Date(Q3_ENDS - DAY).toISOString()}`]);
    // It could not be said either; then the season was over, and for long.
    await look(Q3_ENDS + 3 * DAY);
    expect(await said()).toEqual([]);
  });

  it('CD-6 each can be switched off, and on again', async () => {
    const { db, community, look, said } = await setUp();
    const set = (countdown_ms: bigint[]) =>
      db
        .updateTable('communities')
        .set((eb) => ({ countdown_ms, config_version: eb('config_version', '+', 1n) }))
        .where('community_id', '=', community.id)
        .execute();
    await set([BigInt(DAY)]);
    await look(Q3_ENDS - 6 * DAY);
    expect(await said()).toEqual([]);
    await look(Q3_ENDS - 20 * HOUR);
    expect(await said()).toHaveLength(1);
    await set([]);
    await look(Q3_ENDS - 19 * HOUR);
    expect(await said()).toEqual([]);
    await set([BigInt(DAY)]);
    await look(Q3_ENDS - 18 * HOUR);
    expect(await said()).toHaveLength(1);
  });

  it('CD-7 what waits follows a new name and another time zone; an end that was told is told anew for the new one', async () => {
    const { db, community, context, look, said, announcements, lastDays } = await setUp();
    await look(Q3_ENDS - 20 * HOUR);
    await renameSeason(context, community.id, '2026-Q3', 'Summer', TESTER, new Date(Q3_ENDS - 20 * HOUR));
    await look(Q3_ENDS - 19 * HOUR);
    expect((await announcements()).map(({ content }) => content)).toMatchObject([{ name: 'Summer' }]);
    expect(await lastDays()).toMatchObject([{ key: '2026-Q3', name: 'Summer' }]);

    await db
      .updateTable('announcements')
      .set({ state: 'delivered' })
      .where('community_id', '=', community.id)
      .execute();
    await updateCommunity(
      context,
      community.id,
      { timeZone: 'America/New_York', rebuild: true },
      TESTER,
      new Date(Q3_ENDS - 18 * HOUR),
    );
    await look(Q3_ENDS - 18 * HOUR);
    expect(await said()).toHaveLength(2);
    const ends = '2026-10-01T04:00:00.000Z';
    expect((await announcements()).at(-1)).toMatchObject({
      content: { endsAt: ends },
      dueAt: new Date(Date.parse(ends) - DAY),
    });
    expect(await lastDays()).toMatchObject([
      { startsAt: new Date('2026-09-30T04:00:00.000Z'), endsAt: new Date(ends) },
    ]);
  });

  it('CD-8 a community in which nothing ever happened stays quiet, until there is a prize', async () => {
    const { community, context, known, look, said, lastDays } = await setUp({ contributes: false });
    await look(Q3_ENDS - 2 * HOUR);
    expect([await said(), await lastDays()]).toEqual([[], []]);
    const wanted = {
      category: 'gpu',
      window: 'season',
      band: { ranks: { from: 1, to: 1 } },
      rewards: [{ kind: 'nft', name: 'Genesis' }],
    } as const;
    const { prize } = await createPrize(
      { ...context, checkRole: acceptAnyRole },
      await known(),
      wanted,
      TESTER,
      new Date(Q3_ENDS - 2 * HOUR),
    );
    await look(Q3_ENDS - HOUR);
    expect(await said()).toHaveLength(1);
    await look(Q3_ENDS);
    expect(await said()).toEqual(['season-opened 2026-10-01T00:00:00.000Z']);
    await removePrize(context, await known(), prize.id, TESTER, new Date(Q3_ENDS + HOUR));
    await look(Q3_ENDS + DAY);
    expect(await said()).toEqual([]);
    expect(community.id).toBeGreaterThan(0);
  });

  it('CD-9 the opening tells the prizes; between two seasons nothing opens, and the next one does', async () => {
    const { community, context, known, look, said, announcements } = await setUp();
    const before = new Date('2026-09-01T00:00:00Z');
    await createSeason(context, community.id, season('october', '2026-10-01', '2026-11-01'), TESTER, before);
    await createSeason(context, community.id, season('winter', '2026-11-10', '2027-01-01'), TESTER, before);
    const wanted = {
      category: 'gpu',
      window: 'season',
      band: { topPercent: 5 },
      rewards: [{ kind: 'tokens', amount: 5_500n }],
    } as const;
    await createPrize({ ...context, checkRole: acceptAnyRole }, await known(), wanted, TESTER, before);
    await look(Q3_ENDS + HOUR);
    expect(await said()).toEqual(['season-opened 2026-10-01T00:00:00.000Z']);
    await look('2026-11-01T01:00:00Z');
    expect(await said()).toEqual([]);
    const starts = Date.parse('2026-11-10T00:00:00Z');
    expect(await look(starts - 2 * HOUR)).toEqual(new Date(starts - LEAD_MS));
    await look(starts - LEAD_MS);
    expect(await announcements()).toMatchObject([
      {
        dueAt: new Date(starts),
        content: {
          kind: 'season-opened',
          name: 'winter',
          prizes: [
            { title: 'GPU', unit: 'hour', places: { topPercent: 5 }, rewards: [{ kind: 'tokens', amount: '5.5' }] },
          ],
        },
      },
    ]);
  });

  it('CD-10 the last day is put down a week ahead, and taken away with a season that is removed', async () => {
    const { community, context, look, lastDays } = await setUp();
    const ends = Date.parse('2026-10-01T00:00:00Z');
    await look(ends - DAY - 7 * DAY - 1);
    expect(await lastDays()).toEqual([]);
    await look(ends - DAY - 7 * DAY);
    expect(await lastDays()).toEqual([
      { key: '2026-Q3', name: '2026-Q3', startsAt: new Date(ends - DAY), endsAt: new Date(ends) },
    ]);
    await createSeason(
      context,
      community.id,
      season('one-day', '2026-10-01', '2026-10-02'),
      TESTER,
      new Date(ends - 3 * DAY),
    );
    await look(ends - 3 * DAY);
    expect((await lastDays()).map(({ key }) => key)).toEqual(['2026-Q3', 'one-day']);
    await removeSeason(context, community.id, 'one-day', TESTER, new Date(ends - 2 * DAY));
    await look(ends - 2 * DAY);
    expect((await lastDays()).map(({ key }) => key)).toEqual(['2026-Q3']);
    await look(ends);
    expect(await lastDays()).toEqual([]);
  });

  it('CD-11 a clock that was a year ahead keeps nothing from being said', async () => {
    const { look, said } = await setUp();
    await look(Q3_ENDS + 366 * DAY);
    await look(Q3_ENDS - 2 * HOUR);
    expect(await said()).toEqual([`season-countdown ${new Date(Q3_ENDS - DAY).toISOString()}`]);
  });

  it('CD-12 nothing is told of what ended, or began, before the community was made', async () => {
    const { look, said, send } = await setUp({ createdAt: '2026-09-30T12:00:00Z' });
    await send('second', '2026-09-30T13:00:00Z');
    await look(Q3_ENDS - 11 * HOUR);
    expect(await said()).toEqual([]);
    await look(Q3_ENDS - HOUR);
    expect(await said()).toEqual([`season-countdown ${new Date(Q3_ENDS - HOUR).toISOString()}`]);
    const young = await setUp({ createdAt: '2026-10-01T00:00:00Z' });
    await young.look(Q3_ENDS + HOUR);
    expect(await young.said()).toEqual([]);
  });
});
