/** What autocompletion offers for `/season`. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Community } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Window } from '../ranking/calendar.ts';
import { closingSlot } from '../ranking/periods.ts';
import { CLOSING_KINDS, remainingSteps } from '../seasons/steps.ts';
import { listSeasons } from '../seasons/seasons.ts';
import { periodName } from '../seasons/tell-tables.ts';
import { parseDay } from './day-option.ts';
import { describePeriod } from './format.ts';
import { offer } from './suggestions.ts';
import { plain } from './text.ts';

type Choice = ApplicationCommandOptionChoiceData<string>;

/** How far back final tables are searched for: some years of weeks. */
const SEARCHED = 300;
/** How long seasons usually are. */
const LENGTHS = [
  ['4 weeks', { weeks: 4 }],
  ['1 month', { months: 1 }],
  ['2 months', { months: 2 }],
  ['3 months', { months: 3 }],
  ['6 months', { months: 6 }],
  ['1 year', { years: 1 }],
] as const satisfies readonly (readonly [string, Temporal.DurationLike])[];
const FIRST_MONTHS = 6;

/** Seasons by name or key; those that can be removed alone, where that is wanted. */
export function suggestSeasons(
  community: KnownCommunity,
  typed: string,
  now: Date,
  locale: string,
  { removable = false } = {},
): Choice[] {
  const seasons = listSeasons(community, now).filter(
    ({ isOwn, status }) => !removable || (isOwn && status === 'upcoming'),
  );
  return offer(
    seasons.map(({ window }) => ({ name: labelOf(community, window, locale), value: window.key })),
    typed,
  );
}

/** Windows that are over and have yet to become final. */
export function suggestClosable(community: KnownCommunity, typed: string, now: Date, locale: string): Choice[] {
  const over = remainingSteps(community, now).filter(({ window, kind }) => kind === 'frozen' && window.endsAt <= now);
  return offer(
    over.map(({ window }) => ({ name: labelOf(community, window, locale), value: window.key })),
    typed,
  );
}

/** Windows that are final, the latest first. */
export function suggestFinal(community: KnownCommunity, typed: string, locale: string): Choice[] {
  const { calendar, closings } = community;
  const windows = [...closings].flatMap(([slot, { frozenAt }]) => {
    const kind = CLOSING_KINDS.find((one) => slot.startsWith(`${one} `));
    if (!kind || !frozenAt) return [];
    const window = calendar.windowByKey(kind, slot.slice(kind.length + 1));
    return closingSlot(window) === slot ? [window] : [];
  });
  return offer(
    windows
      .toSorted((a, b) => b.endsAt.getTime() - a.endsAt.getTime())
      .slice(0, SEARCHED)
      .map((window) => ({ name: labelOf(community, window, locale), value: window.key })),
    typed,
  );
}

/** The day that is typed; before that, the days on which a season can begin. */
export function suggestFirstDays(community: KnownCommunity, typed: string, now: Date, locale: string): Choice[] {
  if (typed.trim()) return suggestTyped(community, typed, now, locale);
  const { calendar, timeZone, seasons } = community;
  const ends = [
    calendar.currentAt('season', now).endsAt,
    ...seasons.map(({ key }) => calendar.windowByKey('season', key).endsAt),
  ];
  const last = new Date(Math.max(now.getTime(), ...ends.map(Number)));
  const first = Temporal.Instant.fromEpochMilliseconds(last.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
  const months = Array.from({ length: FIRST_MONTHS }, (_, n) => first.with({ day: 1 }).add({ months: n + 1 }));
  const days = new Map([first, ...months].map((day) => [day.toString(), day]));
  return [...days.values()].map((day) => ({ name: written(day, locale), value: day.toString() }));
}

/** The day that is typed; before that, the last days of seasons of the usual lengths. */
export function suggestLastDays(
  community: KnownCommunity,
  firstDay: string | null,
  typed: string,
  now: Date,
  locale: string,
): Choice[] {
  if (typed.trim()) return suggestTyped(community, typed, now, locale);
  const first = firstDay === null ? undefined : parseDay(firstDay, community, now);
  if (first === undefined) return [];
  return LENGTHS.map(([label, length]) => {
    const day = Temporal.PlainDate.from(first).add(length).subtract({ days: 1 });
    return { name: `${label}: ${written(day, locale)}`, value: day.toString() };
  });
}

function suggestTyped(community: Community, typed: string, now: Date, locale: string): Choice[] {
  const day = parseDay(typed, community, now);
  if (day === undefined) return [];
  return [{ name: plain(`${typed} · ${written(Temporal.PlainDate.from(day), locale)}`, 100), value: day }];
}

function written(day: Temporal.PlainDate, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', dateStyle: 'full' });
  return format.format(new Date(`${day.toString()}T00:00:00Z`));
}

function labelOf(community: Community, window: Window, locale: string): string {
  const name = periodName(community, window);
  const named = name === window.key ? window.key : `${plain(name, 50)} (${window.key})`;
  return `${named} · ${describePeriod(window, community.timeZone, locale)}`;
}
