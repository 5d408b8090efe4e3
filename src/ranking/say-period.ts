import type { Window } from './calendar.ts';

/**
 * A window as people call it: `Week 34 of 2026`, `August 2026`, `Season 2026-Q3`, `all time`; a season by its name where
 * it has one.
 *
 * @param name what its period goes by, as `periodName` gives it
 */
export function sayPeriod({ kind, key }: Pick<Window, 'kind' | 'key'>, name: string = key, locale = 'en'): string {
  const [year = '', part = ''] = key.split('-');
  switch (kind) {
    case 'week':
      return `Week ${Number(part.slice(1))} of ${year}`;
    case 'month':
      return monthFormat(locale).format(new Date(Date.UTC(Number(year), Number(part) - 1)));
    case 'season':
      return isQuarter(name) ? `Season ${name}` : name;
    case 'all':
      return 'all time';
  }
}

/** Whether a season goes by no name but the key of a quarter. */
export function isQuarter(name: string): boolean {
  return /^\d{4}-Q[1-4]$/.test(name);
}

function monthFormat(locale: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' });
}
