import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInstant } from '../../src/contributions/instant.ts';

describe('instants', () => {
  it.each([
    ['2026-08-22T15:53:42Z', '2026-08-22T15:53:42.000Z'],
    ['2026-08-22T17:53:42.250+02:00', '2026-08-22T15:53:42.250Z'],
    ['2026-08-22T15:53:42.5Z', '2026-08-22T15:53:42.500Z'],
    ['2026-08-22T15:53:42-00:00', '2026-08-22T15:53:42.000Z'],
    ['2026-08-22T15:53:42+00:00', '2026-08-22T15:53:42.000Z'],
    ['2026-08-22T15:53:42+14:00', '2026-08-22T01:53:42.000Z'],
    ['2026-08-22T15:53:42-14:00', '2026-08-23T05:53:42.000Z'],
    ['2026-08-22T15:53:42+05:45', '2026-08-22T10:08:42.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T23:59:59.999Z', '2000-02-29T23:59:59.999Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T22:00:00-02:00', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T10:00:00.001-14:00', '1970-01-01T00:00:00.001Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('IN-1 %s is %s', (text, instant) => {
    expect(parseInstant(text)).toEqual({ at: new Date(instant) });
  });

  it('IN-1 fractions are cut to milliseconds, never rounded', () => {
    expect(parseInstant('2026-12-31T23:59:59.9999999999Z')).toEqual({ at: new Date('2026-12-31T23:59:59.999Z') });
    expect(parseInstant('2026-08-22T15:53:42.0009Z')).toEqual({ at: new Date('2026-08-22T15:53:42.000Z') });
  });

  it('IN-1 every instant of its range is read back, in whatever offset it is written', () => {
    const instant = fc.date({ min: new Date('1970-01-02'), max: new Date('9999-12-30'), noInvalidDate: true });
    fc.assert(
      fc.property(instant, fc.integer({ min: -840, max: 840 }), (at, offset) => {
        const local = new Date(at.getTime() + offset * 60_000).toISOString().slice(0, -1);
        const hours = String(Math.floor(Math.abs(offset) / 60)).padStart(2, '0');
        const minutes = String(Math.abs(offset) % 60).padStart(2, '0');
        expect(parseInstant(`${local}${offset < 0 ? '-' : '+'}${hours}:${minutes}`)).toEqual({ at });
      }),
    );
  });

  it.each([
    ['2026-08-22t15:53:42Z', 'is not a time such as'],
    ['2026-08-22T15:53:42z', 'is not a time such as'],
    ['2026-08-22 15:53:42Z', 'is not a time such as'],
    ['2026-08-22T15:53:42', 'is not a time such as'],
    ['2026-08-22T15:53Z', 'is not a time such as'],
    ['2026-08-22T15:53:42.Z', 'is not a time such as'],
    ['2026-08-22T15:53:42,5Z', 'is not a time such as'],
    ['2026-08-22T15:53:42+0200', 'is not a time such as'],
    ['2026-08-22T15:53:42+02', 'is not a time such as'],
    ['2026-08-22T15:53:42\u221202:00', 'is not a time such as'],
    ['2026-08-22', 'is not a time such as'],
    ['+002026-08-22T15:53:42Z', 'is not a time such as'],
    ['20260822T155342Z', 'is not a time such as'],
    ['２０２６-08-22T15:53:42Z', 'is not a time such as'],
    [' 2026-08-22T15:53:42Z', 'is not a time such as'],
    ['2026-08-22T15:53:42Z\n', 'is not a time such as'],
    ['2026-08-22T15:53:42[Europe/Berlin]', 'is not a time such as'],
    ['', 'is not a time such as'],
    ['2026-08-22T15:53:42+14:01', 'has an offset above 14 hours'],
    ['2026-08-22T15:53:42-14:01', 'has an offset above 14 hours'],
    ['2026-08-22T15:53:42+23:59', 'has an offset above 14 hours'],
    ['2026-08-22T15:53:42+01:60', 'names a time of day that does not exist'],
    ['2026-08-22T24:00:00Z', 'names a time of day that does not exist'],
    ['2026-08-22T15:60:00Z', 'names a time of day that does not exist'],
    ['2026-08-22T15:53:61Z', 'names a time of day that does not exist'],
    ['2016-12-31T23:59:60Z', 'is a leap second'],
    ['2025-02-29T00:00:00Z', 'names a day that does not exist'],
    ['2100-02-29T00:00:00Z', 'names a day that does not exist'],
    ['2026-04-31T00:00:00Z', 'names a day that does not exist'],
    ['2026-00-10T00:00:00Z', 'names a day that does not exist'],
    ['2026-13-10T00:00:00Z', 'names a day that does not exist'],
    ['2026-08-00T00:00:00Z', 'names a day that does not exist'],
    ['2026-08-32T00:00:00Z', 'names a day that does not exist'],
    ['0001-01-01T00:00:00Z', 'is before 1970'],
    ['0070-01-01T00:00:00Z', 'is before 1970'],
    ['1969-12-31T23:59:59.999Z', 'is before 1970'],
    ['1970-01-01T00:00:00+00:01', 'is before 1970'],
    ['9999-12-31T23:59:59-00:01', 'is after the year 9999'],
  ])('IN-1 %j is refused: it %s', (text, problem) => {
    expect(parseInstant(text)).toEqual({ problem: expect.stringContaining(problem) as unknown });
  });
});
