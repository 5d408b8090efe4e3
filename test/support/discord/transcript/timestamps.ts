import type { StandInUser } from '../world.ts';

const STYLES: Record<string, Intl.DateTimeFormatOptions> = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
};

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/**
 * A Discord timestamp (`<t:seconds:style>`) as its reader sees it: in the reader's zone and language.
 *
 * @returns undefined when Discord would show it as it is written (no such style, beyond what a date can be).
 */
export function renderTimestamp(
  seconds: number,
  style: string,
  reader: StandInUser,
  nowMs: number,
): string | undefined {
  const date = new Date(seconds * 1_000);
  if (Number.isNaN(date.getTime())) return undefined;
  if (style === 'R') return relative(seconds - nowMs / 1_000, reader.locale);
  const format = STYLES[style];
  return format && new Intl.DateTimeFormat(reader.locale, { ...format, timeZone: reader.timeZone }).format(date);
}

function relative(seconds: number, locale: string): string {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? (['second', 1] as const);
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.round(seconds / size), unit);
}
