/** What people call a window. */
import type { ToldWindow } from '../announcements/announcement.ts';
import type { Community } from '../communities/community.ts';
import type { Window } from '../ranking/calendar.ts';
import { isQuarter, sayPeriod } from '../ranking/say-period.ts';
import { periodName } from '../seasons/tell-tables.ts';
import { WINDOW_NAMES } from './format.ts';
import { plain, shownName } from './text.ts';

const NAME_LENGTH = 60;

/** `Week 34 of 2026`, `August 2026`, the name of a season. Escaped. */
export function titleOfTold({ window, period, name }: ToldWindow, locale: string): string {
  return window === 'season' ? seasonTitle(name) : sayPeriod({ kind: window, key: period }, name, locale);
}

/** As {@link titleOfTold}, of a window of a community. */
export function titleOf(community: Pick<Community, 'seasonNames'>, window: Window, locale: string): string {
  return titleOfNamed(window, periodName(community, window), locale);
}

/** As {@link titleOf}, where the name that the window goes by is known. */
export function titleOfNamed({ kind, key }: Window, name: string, locale: string): string {
  return kind === 'all' ? WINDOW_NAMES.all : titleOfTold({ window: kind, period: key, name }, locale);
}

/** A season by its name; a quarter that has none is called as it is addressed. Escaped. */
export function seasonTitle(name: string): string {
  return isQuarter(name) ? `Season ${name}` : shownName(plain(name, NAME_LENGTH));
}
