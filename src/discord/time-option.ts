import { parseLocalTime, type TypedTime } from '../communities/local-time.ts';
import { DomainError } from '../errors.ts';
import type { Call } from './command.ts';

const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * Reads a time that is an option of a command, in the community's time zone; a day alone is its midnight.
 *
 * @throws DomainError `invalid-parameter`
 */
export function requireTime(call: Call, option: string, typed: string): Date {
  return readTime(call, option, typed).at;
}

/** As {@link requireTime}, with what is to be remarked where clocks change. */
export function readTime({ community, now }: Call, option: string, typed: string): TypedTime {
  const day = typed.trim();
  const parsed = parseLocalTime(DAY.test(day) ? `${day} 0:00` : typed, community.timeZone, now);
  if ('at' in parsed) return parsed;
  throw new DomainError('invalid-parameter', `\`${option}\`, "${typed}", ${parsed.problem}.`);
}
