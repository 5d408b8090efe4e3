/** The days on which seasons begin and end. */
import { parseInstant } from '../contributions/instant.ts';
import { DomainError } from '../errors.ts';

const LOCAL_DATE = /^\d{4}-\d{2}-\d{2}$/;
const LONGEST_YEARS = 2;

/**
 * Reads a local date, or the instant of a local midnight.
 *
 * @throws DomainError `invalid-parameter`
 */
export function readLocalDate(field: string, value: string, timeZone: string): Temporal.PlainDate {
  if (LOCAL_DATE.test(value)) {
    try {
      return Temporal.PlainDate.from(value, { overflow: 'reject' });
    } catch {
      throw new DomainError('invalid-parameter', `\`${field}\`: "${value}" is no day of the calendar.`);
    }
  }
  const parsed = parseInstant(value);
  if (!('at' in parsed)) {
    throw new DomainError(
      'invalid-parameter',
      `\`${field}\`: "${value}" is neither a local date such as 2027-01-01 nor an instant in RFC 3339.`,
    );
  }
  const local = Temporal.Instant.fromEpochMilliseconds(parsed.at.getTime()).toZonedDateTimeISO(timeZone);
  const midnight = local.startOfDay();
  if (midnight.epochMilliseconds !== local.epochMilliseconds) {
    throw new DomainError(
      'invalid-parameter',
      `\`${field}\`: seasons begin and end at midnights in ${timeZone}, and ${value} is none. The date alone, ${local.toPlainDate().toString()}, will do.`,
    );
  }
  return local.toPlainDate();
}

/** @throws DomainError `invalid-parameter` for less than a day, or more than two years */
export function requireLength(startsOn: Temporal.PlainDate, endsOn: Temporal.PlainDate): void {
  if (Temporal.PlainDate.compare(startsOn, endsOn) >= 0) {
    throw new DomainError(
      'invalid-parameter',
      `The season ends on ${endsOn.toString()}, which is not after it starts, ${startsOn.toString()}. It lasts at least one day; \`endsAt\` is the day after its last.`,
    );
  }
  if (Temporal.PlainDate.compare(endsOn, startsOn.add({ years: LONGEST_YEARS })) > 0) {
    throw new DomainError(
      'invalid-parameter',
      `From ${startsOn.toString()} to ${endsOn.toString()} is longer than ${LONGEST_YEARS} years, the most that a season lasts.`,
    );
  }
}
