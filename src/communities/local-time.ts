import { parseInstant } from '../contributions/instant.ts';

/** A time as somebody typed it. */
export type TypedTime = {
  at: Date;
  /** Where clocks are put forward or back: what was made of it, as a sentence. */
  note: string | undefined;
  /** Where a local time comes twice, the second of the two; `at` is the first. */
  second: Date | undefined;
};

const TIME_EXAMPLES = ['2026-11-30 18:00', 'tomorrow 18:00', 'friday 6pm', 'in 2 h'] as const;

const UNITS: Partial<Record<string, 'weeks' | 'days' | 'hours'>> = { w: 'weeks', d: 'days', h: 'hours' };
/** Sorted as ISO numbers them, from 1. */
const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];

const RELATIVE = /^in((?: ?\d{1,4} ?(?:w|weeks?|d|days?|h|hours?|m|mins?|minutes?)\b){1,4})$/;
const PART = /(\d+) ?([wdhm])/g;
const DAY_AND_TIME = /^(?:(today|tomorrow|[a-z]{3,9}|\d{4}-\d\d-\d\d)(?: at | |t))?(\d{1,2})(?::(\d\d))? ?(am|pm)?$/;

/**
 * Reads a time as people type it, in the time zone of their community: a date and a time of day, a day by name, `in 2 h`,
 * or an instant in RFC 3339. A time of day alone, or with a weekday, is the next such one.
 *
 * @returns what is wrong with it, as the end of a sentence, where it is no time.
 */
export function parseLocalTime(typed: string, timeZone: string, now: Date): TypedTime | { problem: string } {
  const instant = parseInstant(typed.trim());
  if ('at' in instant) return { at: instant.at, note: undefined, second: undefined };
  const text = typed.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone);
  const relative = RELATIVE.exec(text);
  if (relative) return fromNow(here, relative[1] ?? '');
  const [match, day, hour = '', minute, half] = DAY_AND_TIME.exec(text) ?? [];
  // A number alone could be anything.
  if (match === undefined || (minute === undefined && half === undefined)) return NO_TIME;
  const time = timeOfDay(Number(hour), Number(minute ?? 0), half);
  if (!time) return { problem: 'names a time of day that does not exist' };
  const date = dateOf(day, time, here);
  if (!date) return day && /^\d/.test(day) ? { problem: 'names a day that does not exist' } : NO_TIME;
  return inZone(date.toPlainDateTime(time), timeZone);
}

const NO_TIME = { problem: `is not a time such as ${TIME_EXAMPLES.join(', ')}` };

/** Days are days of the calendar, hours are hours. Up to a whole minute, so that it is never sooner than asked for. */
function fromNow(here: Temporal.ZonedDateTime, parts: string): TypedTime {
  let at = here;
  for (const [, count = '', unit = ''] of parts.matchAll(PART)) {
    at = at.add({ [UNITS[unit] ?? 'minutes']: Number(count) });
  }
  const whole = at.round({ smallestUnit: 'minute', roundingMode: 'ceil' });
  return { at: new Date(whole.epochMilliseconds), note: undefined, second: undefined };
}

function timeOfDay(hour: number, minute: number, half: string | undefined): Temporal.PlainTime | undefined {
  if (minute > 59 || (half ? hour < 1 || hour > 12 : hour > 23)) return undefined;
  return new Temporal.PlainTime(half ? (hour % 12) + (half === 'pm' ? 12 : 0) : hour, minute);
}

function dateOf(
  day: string | undefined,
  time: Temporal.PlainTime,
  here: Temporal.ZonedDateTime,
): Temporal.PlainDate | undefined {
  const today = here.toPlainDate();
  const isPast = Temporal.PlainTime.compare(time, here.toPlainTime()) <= 0;
  if (day === undefined) return isPast ? today.add({ days: 1 }) : today;
  if (day === 'today') return today;
  if (day === 'tomorrow') return today.add({ days: 1 });
  if (/^\d/.test(day)) {
    const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
    try {
      return year < 1970 ? undefined : new Temporal.PlainDate(year, month, date);
    } catch {
      return undefined;
    }
  }
  const weekday = WEEKDAYS.findIndex((name) => name.startsWith(day)) + 1;
  if (weekday === 0) return undefined;
  const ahead = (weekday - today.dayOfWeek + 7) % 7;
  return today.add({ days: ahead === 0 && isPast ? 7 : ahead });
}

/** A local time as an instant; of two the first, of none as much later as the clocks were put forward. */
function inZone(local: Temporal.PlainDateTime, timeZone: string): TypedTime {
  const [first, second] = (['earlier', 'later'] as const).map((disambiguation) =>
    local.toZonedDateTime(timeZone, { disambiguation }),
  );
  if (!first || !second) throw new Error('Two were made.');
  if (first.epochMilliseconds === second.epochMilliseconds) {
    return { at: new Date(first.epochMilliseconds), note: undefined, second: undefined };
  }
  const [time, date] = [local.toPlainTime().toString({ smallestUnit: 'minute' }), local.toPlainDate().toString()];
  if (first.toPlainDateTime().equals(local)) {
    return {
      at: new Date(first.epochMilliseconds),
      second: new Date(second.epochMilliseconds),
      note: `${time} comes twice on ${date} in ${timeZone}, where clocks are put back: this is the first of the two. The second is ${second.toString({ timeZoneName: 'never' })}.`,
    };
  }
  const taken = second.toPlainTime().toString({ smallestUnit: 'minute' });
  return {
    at: new Date(second.epochMilliseconds),
    second: undefined,
    note: `${time} does not exist on ${date} in ${timeZone}, where clocks are put forward: ${taken} was taken.`,
  };
}
