import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { showClockLead } from '../../src/http/metrics.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { describeWrongClock, readClockLead } from '../../src/seasons/clock-check.ts';
import { setUpClosing } from '../support/closing.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const HOUR = 3_600_000;

/** A clock that is ahead of the real one. */
const ahead = (ms: number) => () => new Date(Date.now() + ms);

describe('a clock that is wrong', () => {
  it('OP-20 is told with how far it is off and what that endangers, from a minute on', async () => {
    const { db } = database;
    expect(await describeWrongClock(db, ahead(0))).toEqual([]);
    const hours = (await readClockLead(db, ahead(5 * HOUR))) / HOUR;
    expect(Math.round(hours)).toBe(5);
    const metrics = new Registry();
    showClockLead(metrics, async () => readClockLead(db, ahead(HOUR)));
    expect(await metrics.metrics()).toMatch(/^clock_ahead_seconds 3[56]\d\d/m);
    expect(await describeWrongClock(db, ahead(24 * HOUR))).toEqual([
      expect.stringMatching(
        /^The clock of this process is 86\d{3} s ahead of that of the database\. If it is this one that is wrong, windows close and prizes are given too early/,
      ),
    ]);
    expect(await describeWrongClock(db, ahead(-24 * HOUR))).toEqual([
      expect.stringMatching(/ s behind that of the database\. .+ refused as lying in the future\. Set the clock/),
    ]);
  });

  it('OP-21 leaves windows that closed without being over, which are told, and amended once they are', async () => {
    const living = await setUpClosing(database.db, {
      prizes: [{ band: { ranks: { from: 1, to: 1 } }, rewards: [{ kind: 'tokens', amount: 5_000n }] }],
    });
    const { community, context, send, close, granted, known, board, differences } = living;
    const tell = async (at: string) =>
      (await describeWrongClock(database.db, () => new Date(at))).filter((one) => one.includes(community.slug));
    await send('2026-08-18T12:00:00Z', { id: '1', contributor: 'ada', occurredAt: '2026-08-18T10:00:00Z' });
    expect(await tell('2026-08-18T12:00:00Z')).toEqual([]);
    // For a moment the clock is a week ahead.
    await close('2026-08-25T12:00:00Z');
    expect(await granted()).toEqual(['ada: tokens 5000']);
    expect(await tell('2026-08-18T12:00:00Z')).toEqual([
      expect.stringContaining(`The window 2026-W34 of ${community.slug} has closed without being over`),
    ]);
    const [late] = await send('2026-08-19T12:00:00Z', {
      id: '2',
      contributor: 'ben',
      amount: '2',
      occurredAt: '2026-08-19T10:00:00Z',
    });
    expect(late).toMatchObject({ status: 'accepted', late: ['2026-W34'] });

    const over = '2026-08-24T02:00:00Z';
    expect(await tell(over)).toEqual([]);
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    const request = { window, category: undefined, reason: 'A clock was wrong' };
    await amendFinalTables(context, await known(), request, TESTER, new Date(over));
    expect((await board('week', '2026-W34', over)).entries.map(({ handle }) => handle)).toEqual(['ben', 'ada']);
    expect(await granted()).toEqual(['ben: tokens 5000']);
    expect(await differences()).toEqual([]);
  });
});
