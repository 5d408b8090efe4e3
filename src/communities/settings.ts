/** The rules that a community's settings are held against. Each throws DomainError `invalid-parameter` and says what would be right. */
import { DomainError } from '../errors.ts';
import { MAX_RATE } from '../ranking/score.ts';

const SLUG = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Whether a text could be a slug. */
export function isSlug(text: string): boolean {
  return SLUG.test(text);
}

/** A slug stands in addresses: lower-case letters, digits, `-` and `_`. */
export function requireSlug(slug: string): string {
  if (!isSlug(slug)) {
    throw new DomainError(
      'invalid-parameter',
      `"${slug}" cannot be a slug. Use 1 to 64 lower-case letters, digits, "-" and "_", beginning with a letter or digit.`,
    );
  }
  return slug;
}

/** An IANA time zone, in its usual spelling. Offsets such as `+05:30` are no zones: they know no daylight saving. */
export function requireTimeZone(timeZone: string): string {
  try {
    if (/^[A-Za-z]/.test(timeZone)) return new Temporal.ZonedDateTime(0n, timeZone).timeZoneId;
  } catch {
    // Falls through to the refusal.
  }
  throw new DomainError(
    'invalid-parameter',
    `There is no time zone "${timeZone}". Use an IANA name such as Europe/Berlin, America/New_York or UTC.`,
  );
}

/** A BCP 47 locale, in its usual spelling. */
export function requireLocale(locale: string): string {
  try {
    return new Intl.Locale(locale).toString();
  } catch {
    throw new DomainError('invalid-parameter', `There is no locale "${locale}". Use one such as en, de or pt-BR.`);
  }
}

/** A rate, of OMNIT or reputation a unit, in thousandths: at most 10,000. */
export function requireRate(parameter: string, rate: bigint): bigint {
  if (rate > MAX_RATE) throw new DomainError('invalid-parameter', `\`${parameter}\` is above 10000.`);
  return rate;
}
