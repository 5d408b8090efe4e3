const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
/** An offset can carry the last day of 9999 into a year that RFC 3339 cannot write. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const MINUTE_MS = 60_000;
const MAX_OFFSET_MINUTES = 14 * 60;

/**
 * Reads an instant as RFC 3339 writes it (section 5.6), with an upper-case `T` and `Z` or an offset of up to 14 hours.
 * Fractions are cut to milliseconds. A leap second and anything outside the years 1970 to 9999, in UTC, are refused.
 *
 * @returns the instant, or what is wrong with it as the end of a sentence.
 */
export function parseInstant(text: string): { at: Date } | { problem: string } {
  const match = RFC_3339.exec(text);
  if (!match) return { problem: 'is not a time such as 2026-08-22T15:53:42Z or 2026-08-22T17:53:42.250+02:00' };
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match.slice(7);
  const offset = Number(offsetHours) * 60 + Number(offsetMinutes);

  if (second === 60) return { problem: 'is a leap second, which is not counted here: send the second before' };
  if (hour > 23 || minute > 59 || second > 59 || Number(offsetMinutes) > 59)
    return { problem: 'names a time of day that does not exist' };
  if (offset > MAX_OFFSET_MINUTES) return { problem: 'has an offset above 14 hours' };
  // An offset can carry the last day of 1969 into 1970, but no earlier year. `Date.UTC` would take 70 for 1970.
  if (year < 1969) return { problem: 'is before 1970' };
  const local = Date.UTC(year, month - 1, day, hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  // A day that does not exist, such as 30 February, rolls over.
  if (new Date(local).getUTCMonth() !== month - 1 || new Date(local).getUTCDate() !== day)
    return { problem: 'names a day that does not exist' };
  const at = new Date(local - (sign === '-' ? -offset : offset) * MINUTE_MS);
  if (at.getTime() < 0) return { problem: 'is before 1970' };
  if (at.getTime() > LAST_MS) return { problem: 'is after the year 9999' };
  return { at };
}
