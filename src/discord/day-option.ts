import { parseLocalTime } from '../communities/local-time.ts';
import type { Community } from '../communities/community.ts';
import { DomainError } from '../errors.ts';

/**
 * Reads a day as people type it, in their community's zone: `2027-01-01`, `monday`, `in 2 weeks`, or any time within it.
 *
 * @returns the local date, or undefined for what is none
 */
export function parseDay(typed: string, { timeZone }: Pick<Community, 'timeZone'>, now: Date): string | undefined {
  for (const text of [`${typed.trim()} 0:00`, typed]) {
    const parsed = parseLocalTime(text, timeZone, now);
    if (!('at' in parsed)) continue;
    const local = Temporal.Instant.fromEpochMilliseconds(parsed.at.getTime()).toZonedDateTimeISO(timeZone);
    return local.toPlainDate().toString();
  }
  return undefined;
}

/** As {@link parseDay}. @throws DomainError `invalid-parameter` */
export function requireDay(community: Pick<Community, 'timeZone'>, option: string, typed: string, now: Date): string {
  const day = parseDay(typed, community, now);
  if (day !== undefined) return day;
  throw new DomainError(
    'invalid-parameter',
    `\`${option}\`, "${typed}", is not a day such as 2027-01-01, tomorrow, monday or in 2 weeks.`,
  );
}
