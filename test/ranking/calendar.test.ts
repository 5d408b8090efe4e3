import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCalendar, holds, type Calendar, type Window } from '../../src/ranking/calendar.ts';
import { BOUNDED_KINDS as KINDS, keyOf, localDate } from '../support/plain-ranking.ts';

const ZONES = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Europe/Berlin',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/Sao_Paulo',
  'America/Asuncion',
  'Asia/Beirut',
  'Asia/Tehran',
  'Africa/Cairo',
  'America/St_Johns',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
];

const zone = fc.constantFrom(...ZONES);
const kind = fc.constantFrom(...KINDS);
const instant = fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true });

const calendarOf = (timeZone: string, kept: readonly Window[] = []) => createCalendar({ timeZone, kept });
const after = (calendar: Calendar, window: Window) => calendar.currentAt(window.kind, window.endsAt);
const keyAt = (calendar: Calendar, of: (typeof KINDS)[number], at: string) => calendar.currentAt(of, new Date(at)).key;

describe('windows', () => {
  it('WI-1 every instant lies in one window of each kind: that of its local date', () => {
    fc.assert(
      fc.property(zone, kind, instant, (timeZone, of, at) => {
        const window = calendarOf(timeZone).currentAt(of, at);
        expect(holds(window, at)).toBe(true);
        expect(window.key).toBe(keyOf(of, localDate(timeZone, at)));
      }),
      { numRuns: 3000 },
    );
  });

  it('WI-1 windows follow each other without a gap, each from the first instant of its first local day', () => {
    fc.assert(
      fc.property(zone, kind, instant, (timeZone, of, at) => {
        const calendar = calendarOf(timeZone);
        const window = calendar.currentAt(of, at);
        const next = after(calendar, window);
        expect(next.startsAt).toEqual(window.endsAt);
        expect(calendar.before(next)).toEqual(window);
        expect(keyOf(of, localDate(timeZone, window.startsAt))).toBe(window.key);
        expect(keyOf(of, localDate(timeZone, new Date(window.endsAt.getTime() - 1)))).toBe(window.key);
        expect(keyOf(of, localDate(timeZone, new Date(window.startsAt.getTime() - 1)))).not.toBe(window.key);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['UTC', 'week', '2020-W53', '2020-12-28T00:00:00Z', '2021-01-04T00:00:00Z'],
    ['UTC', 'week', '2026-W53', '2026-12-28T00:00:00Z', '2027-01-04T00:00:00Z'],
    ['UTC', 'week', '2027-W01', '2027-01-04T00:00:00Z', '2027-01-11T00:00:00Z'],
    ['UTC', 'week', '2025-W01', '2024-12-30T00:00:00Z', '2025-01-06T00:00:00Z'],
    ['Asia/Kolkata', 'week', '2026-W34', '2026-08-16T18:30:00Z', '2026-08-23T18:30:00Z'],
    ['Asia/Kathmandu', 'month', '2026-08', '2026-07-31T18:15:00Z', '2026-08-31T18:15:00Z'],
    ['Pacific/Kiritimati', 'season', '2026-Q3', '2026-06-30T10:00:00Z', '2026-09-30T10:00:00Z'],
    // An hour short in spring, an hour long in autumn; half an hour on Lord Howe.
    ['America/New_York', 'month', '2026-03', '2026-03-01T05:00:00Z', '2026-04-01T04:00:00Z'],
    ['America/New_York', 'month', '2026-11', '2026-11-01T04:00:00Z', '2026-12-01T05:00:00Z'],
    ['Australia/Lord_Howe', 'month', '2026-04', '2026-03-31T13:00:00Z', '2026-04-30T13:30:00Z'],
    // Midnight does not exist: the clocks go from 23:59 to 1:00.
    ['Asia/Beirut', 'month', '1986-05', '1986-04-30T22:00:00Z', '1986-05-31T21:00:00Z'],
    ['America/Asuncion', 'season', '2017-Q4', '2017-10-01T04:00:00Z', '2018-01-01T03:00:00Z'],
    ['Asia/Tehran', 'week', '2016-W12', '2016-03-20T20:30:00Z', '2016-03-27T19:30:00Z'],
    // Friday 30 December 2011 does not exist.
    ['Pacific/Apia', 'week', '2011-W52', '2011-12-26T10:00:00Z', '2012-01-01T10:00:00Z'],
    // One minute past midnight the clocks go back to 23:01: the first midnight counts.
    ['America/St_Johns', 'month', '2009-11', '2009-11-01T02:30:00Z', '2009-12-01T03:30:00Z'],
  ] as const)('WI-2 in %s the %s %s is from %s to %s', (timeZone, of, key, startsAt, endsAt) => {
    const window = { kind: of, key, startsAt: new Date(startsAt), endsAt: new Date(endsAt) };
    expect(calendarOf(timeZone).windowByKey(of, key)).toEqual(window);
    expect(calendarOf(timeZone).currentAt(of, window.startsAt)).toEqual(window);
    expect(calendarOf(timeZone).currentAt(of, new Date(window.endsAt.getTime() - 1))).toEqual(window);
  });

  it('WI-2 the hour that comes twice around the midnight of a month stays in one window', () => {
    const calendar = calendarOf('America/St_Johns');
    expect(keyAt(calendar, 'month', '2009-11-01T02:29:59.999Z')).toBe('2009-10');
    expect(keyAt(calendar, 'month', '2009-11-01T02:30:30Z')).toBe('2009-11');
    // It is 23:30 on 31 October once more, and November all the same.
    expect(keyAt(calendar, 'month', '2009-11-01T03:00:00Z')).toBe('2009-11');
  });
});

describe('keys', () => {
  it('WI-3 a key names the window it was written for', () => {
    fc.assert(
      fc.property(zone, kind, instant, (timeZone, of, at) => {
        const window = calendarOf(timeZone).currentAt(of, at);
        expect(calendarOf(timeZone).windowByKey(of, window.key)).toEqual(window);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['week', ['2026-W00', '2026-W54', '2025-W53', '2027-W53', '2026-w34', '2026-W3', '2026W34', '2026-34']],
    [
      'month',
      ['2026-00', '2026-13', '2026-8', '26-08', '2026-08-01', '2026/08', '２０２６-08', '+2026-08', '12026-08'],
    ],
    ['season', ['2026-Q0', '2026-Q5', '2026-q3', '2026-3', 'Q3-2026', '2026-Q33']],
    ['all', ['2026', 'ALL', '2026-Q3']],
  ] as const)('WI-3 a malformed key of a %s is refused', (of, keys) => {
    for (const key of [...keys, '', ' ', 'current', '2026-08\n', '\u0000', '-2026-08', 'x'.repeat(10_000)]) {
      expect(() => calendarOf('UTC').windowByKey(of, key), key).toThrow(
        expect.objectContaining({ name: 'DomainError', code: 'invalid-parameter' }),
      );
    }
  });

  it('WI-3 a key of another kind is refused', () => {
    const keys = { week: '2026-W34', month: '2026-08', season: '2026-Q3', all: 'all' } as const;
    for (const of of [...KINDS, 'all'] as const) {
      for (const [other, key] of Object.entries(keys)) {
        if (other !== of) expect(() => calendarOf('UTC').windowByKey(of, key)).toThrow(/is no period|only period/);
      }
    }
  });

  it('WI-3 the years 0000 and 9999 are keys like others', () => {
    for (const key of ['0000-W01', '0001-W01', '9999-W52'])
      expect(calendarOf('UTC').windowByKey('week', key).key).toBe(key);
    for (const key of ['0000-01', '9999-12'])
      expect(calendarOf('Asia/Kolkata').windowByKey('month', key).key).toBe(key);
    for (const key of ['0000-Q1', '9999-Q4']) expect(calendarOf('UTC').windowByKey('season', key).key).toBe(key);
  });

  it('WI-4 `all` holds every instant and has nothing before it', () => {
    const all = calendarOf('UTC').currentAt('all', new Date(0));
    expect(all.key).toBe('all');
    fc.assert(fc.property(fc.date({ noInvalidDate: true }), (at) => holds(all, at)));
    expect(calendarOf('UTC').before(all)).toBeUndefined();
  });
});

describe('windows kept when the time zone changed', () => {
  /** The last windows that were over by an instant, as a community keeps them. */
  function lastOver(calendar: Calendar, of: (typeof KINDS)[number], now: Date, count: number): Window[] {
    const kept: Window[] = [];
    let window = calendar.currentAt(of, now);
    for (let left = count; left > 0; left -= 1) {
      const before = calendar.before(window);
      if (!before) break;
      kept.unshift((window = before));
    }
    return kept;
  }
  const when = fc.date({ min: new Date('1990-01-01'), max: new Date('2060-01-01'), noInvalidDate: true });

  it('WI-5 they keep their ends, the first open one starts where the last of them ended, and nothing is lost or counted twice', () => {
    fc.assert(
      fc.property(
        zone,
        zone,
        zone,
        kind,
        when,
        fc.integer({ min: 1, max: 4 }),
        (first, second, third, of, now, count) => {
          const old = calendarOf(first);
          const kept = lastOver(old, of, now, count);
          const changed = calendarOf(second, kept);
          const laterKept = [...kept, changed.currentAt(of, kept.at(-1)?.endsAt ?? now)];
          const twice = calendarOf(third, laterKept);
          for (const [calendar, keeps] of [
            [changed, kept],
            [twice, laterKept],
          ] as const) {
            for (const window of keeps) {
              expect(calendar.windowByKey(of, window.key)).toEqual(window);
              expect(calendar.currentAt(of, window.startsAt)).toEqual(window);
            }
            let window = calendar.currentAt(of, new Date((keeps[0]?.startsAt.getTime() ?? 0) - 40 * 86_400_000));
            for (let step = 0; step < count + 8; step += 1) {
              const next = after(calendar, window);
              expect(next.startsAt).toEqual(window.endsAt);
              expect(next.startsAt.getTime()).toBeLessThan(next.endsAt.getTime());
              expect(calendar.before(next)).toEqual(window);
              expect(calendar.windowByKey(of, next.key)).toEqual(next);
              window = next;
            }
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('WI-5 an instant between the two midnights goes to the window that was kept open for it', () => {
    const kept = lastOver(calendarOf('America/Los_Angeles'), 'week', new Date('2026-08-24T12:00:00Z'), 1);
    const calendar = calendarOf('Pacific/Kiritimati', kept);
    expect(kept.map((window) => window.key)).toEqual(['2026-W34']);
    // Monday has long begun on Kiritimati, but the week before is still open in Los Angeles, whose end it keeps.
    expect(keyAt(calendar, 'week', '2026-08-24T06:59:59.999Z')).toBe('2026-W34');
    expect(keyAt(calendar, 'week', '2026-08-24T07:00:00Z')).toBe('2026-W35');
    expect(calendar.windowByKey('week', '2026-W35').endsAt).toEqual(new Date('2026-08-30T10:00:00Z'));
    expect(keyAt(calendar, 'month', '2026-08-31T10:00:00Z')).toBe('2026-09');
  });
});

describe('seasons of a community’s own', () => {
  const own = (...seasons: [key: string, startsOn: string, endsOn: string][]) =>
    createCalendar({
      timeZone: 'Europe/Berlin',
      kept: [],
      seasons: seasons.map(([key, startsOn, endsOn]) => ({ key, startsOn, endsOn })),
    });

  it('WI-30 there are quarters until the first begins, and from then on only they', () => {
    const calendar = own(['spring', '2027-04-01', '2027-06-01'], ['cup', '2027-07-10', '2027-07-11']);
    const keyWhen = (at: string) => calendar.windowAt('season', new Date(at))?.key;
    expect(keyWhen('2027-03-31T21:59:59.999Z')).toBe('2027-Q1');
    expect(keyWhen('2027-03-31T22:00:00Z')).toBe('spring');
    expect(keyWhen('2027-05-31T22:00:00Z')).toBeUndefined();
    expect(keyWhen('2027-07-09T22:00:00Z')).toBe('cup');
    expect(keyWhen('2027-07-10T22:00:00Z')).toBeUndefined();
    // Between two seasons the last one ended is the current one; weeks and months go on.
    const between = new Date('2027-06-15T12:00:00Z');
    expect(calendar.currentAt('season', between).key).toBe('spring');
    expect(calendar.windowAt('month', between)?.key).toBe('2027-06');
    expect(calendar.before(calendar.windowByKey('season', 'cup'))?.key).toBe('spring');
    expect(calendar.before(calendar.windowByKey('season', 'spring'))?.key).toBe('2027-Q1');
    expect(
      calendar.windowsBetween('season', new Date('2026-12-01'), new Date('2030-01-01')).map(({ key }) => key),
    ).toEqual(['2026-Q4', '2027-Q1', 'spring', 'cup']);
    expect(() => calendar.windowByKey('season', '2027-Q3')).toThrow(
      expect.objectContaining({ code: 'unknown-season' }),
    );
    expect(() => calendar.windowByKey('season', 'autumn')).toThrow(expect.objectContaining({ code: 'unknown-season' }));
  });

  it('WI-3 a key of another kind, or malformed, is refused as ever where there are seasons of a community’s own', () => {
    const calendar = own(['summer', '2027-06-01', '2027-09-01']);
    const wrong = [
      ['week', '2026-07'],
      ['week', 'summer'],
      ['week', '2026-W54'],
      ['month', 'nosuch'],
      ['season', '2026-08'],
      ['season', 'all'],
    ] as const;
    for (const [of, key] of wrong) {
      expect(() => calendar.windowByKey(of, key)).toThrow(expect.objectContaining({ code: 'invalid-parameter' }));
    }
  });

  it('WI-30 a quarter that the first season begins in ends there', () => {
    const calendar = own(['late', '2027-02-15', '2027-03-15']);
    expect(calendar.windowByKey('season', '2027-Q1').endsAt).toEqual(new Date('2027-02-14T23:00:00Z'));
    expect(calendar.windowAt('season', new Date('2027-02-14T22:59:59.999Z'))?.key).toBe('2027-Q1');
    expect(calendar.windowAt('season', new Date('2027-02-14T23:00:00Z'))?.key).toBe('late');
  });

  it('WI-31 whatever zones come and go, every instant is in one season at most, and what follows at once leaves no gap', () => {
    const day = fc.integer({ min: 0, max: 40 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(day, fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 5 }),
        fc.array(fc.tuple(zone, fc.integer({ min: 0, max: 900 })), { minLength: 1, maxLength: 4 }),
        (lengths, moves) => {
          let on = new Temporal.PlainDate(2027, 1, 1);
          const seasons = lengths.map(([gap, length], index) => {
            const start = on.add({ days: gap });
            on = start.add({ days: length });
            return { key: `own-${index}`, startsOn: start.toString(), endsOn: on.toString() };
          });
          let kept: Window[] = [];
          let now = Date.parse('2026-10-05T12:00:00Z');
          const created = new Date(now);
          for (const [timeZone, days] of moves) {
            const calendar = createCalendar({ timeZone, kept, seasons });
            const windows = calendar.windowsBetween('season', created, new Date('2031-01-01'));
            for (const window of kept) expect(calendar.windowByKey('season', window.key)).toEqual(window);
            for (const [index, window] of windows.entries()) {
              const next = windows[index + 1];
              expect(window.startsAt.getTime()).toBeLessThan(window.endsAt.getTime());
              expect(calendar.windowAt('season', window.startsAt)).toEqual(window);
              expect(calendar.windowAt('season', new Date(window.endsAt.getTime() - 1))).toEqual(window);
              expect(calendar.windowByKey('season', window.key)).toEqual(window);
              if (!next) continue;
              expect(next.startsAt.getTime()).toBeGreaterThanOrEqual(window.endsAt.getTime());
              expect(calendar.before(next)).toEqual(window);
              const [one, other] = [window, next].map(({ key }) => seasons.find((season) => season.key === key));
              if (!one || one.endsOn === other?.startsOn) expect(next.startsAt).toEqual(window.endsAt);
            }
            now += days * 86_400_000;
            kept = windows.filter(({ endsAt }) => endsAt.getTime() <= now);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
