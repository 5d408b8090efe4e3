/** What people call a window. */
import type { ToldWindow } from '../announcements/announcement.ts';
import type { Community } from '../communities/community.ts';
import type { Window } from '../ranking/calendar.ts';
import { periodName } from '../seasons/tell-tables.ts';
import { WINDOW_NAMES } from './format.ts';
import { plain, shownName } from './text.ts';

const NAME_LENGTH = 60;

/** `Week 34 of 2026`, `August 2026`, the name of a season. Escaped. */
export function titleOfTold({ window, period, name }: ToldWindow, locale: string): string {
  if (window === 'season') return seasonTitle(name);
  const [year = '', part = ''] = period.split('-');
  if (window === 'week') return `Week ${Number(part.slice(1))} of ${year}`;
  const month = new Date(Date.UTC(Number(year), Number(part) - 1));
  return new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric', timeZone: 'UTC' }).format(month);
}

/** As {@link titleOfTold}, of a window of a community. */
export function titleOf(community: Pick<Community, 'seasonNames'>, window: Window, locale: string): string {
  if (window.kind === 'all') return WINDOW_NAMES.all;
  return titleOfTold({ window: window.kind, period: window.key, name: periodName(community, window) }, locale);
}

/** A season by its name; a quarter that has none is called as it is addressed. */
export function seasonTitle(name: string): string {
  return /^\d{4}-Q[1-4]$/.test(name) ? `Season ${name}` : shownName(plain(name, NAME_LENGTH));
}
