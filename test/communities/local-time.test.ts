import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLocalTime } from '../../src/communities/local-time.ts';

const BERLIN = 'Europe/Berlin';
/** A Saturday, 14:00:30 in Berlin. */
const NOW = new Date('2026-08-22T12:00:30Z');

function at(text: string, timeZone = BERLIN, now = NOW): string {
  const parsed = parseLocalTime(text, timeZone, now);
  return 'at' in parsed ? parsed.at.toISOString() : parsed.problem;
}

describe('a time as somebody types it', () => {
  it.each([
    ['2026-11-30 18:00', '2026-11-30T17:00:00.000Z'],
    ['2026-11-30T18:00', '2026-11-30T17:00:00.000Z'],
    ['2026-11-30 at 6pm', '2026-11-30T17:00:00.000Z'],
    ['  Tomorrow   18:00 ', '2026-08-23T16:00:00.000Z'],
    ['today 9:05', '2026-08-22T07:05:00.000Z'],
    ['14:01', '2026-08-22T12:01:00.000Z'],
    ['14:00', '2026-08-23T12:00:00.000Z'],
    ['12 am', '2026-08-22T22:00:00.000Z'],
    ['12:30 pm', '2026-08-23T10:30:00.000Z'],
    ['friday 18:00', '2026-08-28T16:00:00.000Z'],
    ['Mon at 00:00', '2026-08-23T22:00:00.000Z'],
    ['saturday 15:00', '2026-08-22T13:00:00.000Z'],
    ['sat 13:00', '2026-08-29T11:00:00.000Z'],
    ['in 2 h', '2026-08-22T14:01:00.000Z'],
    ['in 90min', '2026-08-22T13:31:00.000Z'],
    ['in 1 day 2 hours 5 m', '2026-08-23T14:06:00.000Z'],
    ['in 3 weeks', '2026-09-12T12:01:00.000Z'],
    ['2026-11-30T18:00:00+05:30', '2026-11-30T12:30:00.000Z'],
  ])('MU-40 %j is read in the time zone of the community', (text, expected) => expect(at(text)).toBe(expected));

  it.each([
    ['', 'is not a time such as'],
    ['soon', 'is not a time such as'],
    ['18', 'is not a time such as'],
    ['2026-11-30', 'is not a time such as'],
    ['noday 18:00', 'is not a time such as'],
    ['in', 'is not a time such as'],
    ['in 2 parsecs', 'is not a time such as'],
    ['in 99999 h', 'is not a time such as'],
    ['-1:00', 'is not a time such as'],
    ['today 24:00', 'names a time of day'],
    ['today 18:60', 'names a time of day'],
    ['13 pm', 'names a time of day'],
    ['2026-02-30 18:00', 'names a day'],
    ['2026-13-01 18:00', 'names a day'],
    ['1969-01-01 18:00', 'names a day'],
  ])('MU-40 %j is refused', (text, problem) => expect(at(text)).toContain(problem));

  it('MU-41 where clocks are put back a time comes twice: it is said, and the first is taken', () => {
    expect(parseLocalTime('2026-10-25 02:30', BERLIN, NOW)).toEqual({
      at: new Date('2026-10-25T00:30:00Z'),
      second: new Date('2026-10-25T01:30:00Z'),
      note: '02:30 comes twice on 2026-10-25 in Europe/Berlin, where clocks are put back: this is the first of the two. The second is 2026-10-25T02:30:00+01:00.',
    });
    expect(at('2026-10-25T02:30:00+01:00')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('MU-41 where clocks are put forward a time does not exist: it is said, and one as much later is taken', () => {
    expect(parseLocalTime('2027-03-28 02:30', BERLIN, NOW)).toEqual({
      at: new Date('2027-03-28T01:30:00Z'),
      second: undefined,
      note: '02:30 does not exist on 2027-03-28 in Europe/Berlin, where clocks are put forward: 03:30 was taken.',
    });
    // A whole day that a zone left out.
    expect(at('2011-12-30 12:00', 'Pacific/Apia')).toBe('2011-12-30T22:00:00.000Z');
  });

  it('MU-41 across a change of clocks a day is a day of the calendar and an hour is an hour', () => {
    const eve = new Date('2026-10-24T12:00:00Z');
    expect(at('in 1 day', BERLIN, eve)).toBe('2026-10-25T13:00:00.000Z');
    expect(at('in 24 h', BERLIN, eve)).toBe('2026-10-25T12:00:00.000Z');
  });

  it('MU-40 any text is either a time or refused, and what is ahead lies ahead', () => {
    const words = fc.constantFrom(
      'in',
      '2',
      'h',
      '30',
      'min',
      'today',
      'fri',
      '18:00',
      '2026-11-30',
      'at',
      'pm',
      '\u202E',
      '٣',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words, { maxLength: 6 }).map((all) => all.join(' ')),
        ),
        (text) => {
          const parsed = parseLocalTime(text, BERLIN, NOW);
          if ('at' in parsed) expect(Number.isNaN(parsed.at.getTime())).toBe(false);
          if ('at' in parsed && text.startsWith('in'))
            expect(parsed.at.getTime()).toBeGreaterThanOrEqual(NOW.getTime());
        },
      ),
    );
  });
});
