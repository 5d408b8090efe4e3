/** What autocompletion offers for `/multiplier`. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Community } from '../communities/community.ts';
import { parseLocalTime } from '../communities/local-time.ts';
import { earliestEffect, statusOf, type MultiplierEvent } from '../multipliers/multiplier.ts';
import { formatFactor } from './format.ts';
import { offer } from './suggestions.ts';
import { plain } from './text.ts';

type Choice = ApplicationCommandOptionChoiceData<string>;

/** The most characters of a value. */
const MAX_VALUE_LENGTH = 100;
const FIRST_TIMES = ['in 10 min', 'in 1 h', 'tomorrow 0:00', 'tomorrow 18:00', 'saturday 0:00', 'monday 0:00'];

/** What a typed time is in the community's time zone; before anything is typed, some to begin with. */
export function suggestTimes({ timeZone }: Community, typed: string, now: Date, locale: string): Choice[] {
  const format = new Intl.DateTimeFormat(locale, {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: 'numeric',
    minute: '2-digit',
    timeZoneName: 'short',
  });
  return (typed.trim() ? [typed] : FIRST_TIMES).flatMap((text) => {
    const parsed = parseLocalTime(text, timeZone, now);
    if (!('at' in parsed)) return [];
    // As it was typed where there is something to remark, so that it is remarked on later.
    const fits = parsed.note !== undefined && text.length <= MAX_VALUE_LENGTH;
    const first = {
      name: plain(`${text} · ${format.format(parsed.at)}`, 100),
      value: fits ? text : parsed.at.toISOString(),
    };
    if (!parsed.second) return [first];
    return [
      first,
      { name: plain(`${text} · ${format.format(parsed.second)}`, 100), value: parsed.second.toISOString() },
    ];
  });
}

/** Slugs parted by commas: what was typed before the last comma, and each category that could follow. */
export function suggestCategoryLists({ categories }: Community, typed: string): Choice[] {
  const cut = typed.lastIndexOf(',') + 1;
  const before = typed
    .slice(0, cut)
    .split(',')
    .map((slug) => slug.trim())
    .filter((slug) => categories.some((category) => category.slug === slug));
  const chosen = [...new Set(before)];
  const lists = categories
    .filter(({ slug }) => !chosen.includes(slug))
    .map((category) => {
      const all = [...chosen.flatMap((slug) => categories.find((known) => known.slug === slug) ?? []), category];
      return {
        name: all.map(({ title }) => title).join(', '),
        value: all.map(({ slug }) => slug).join(','),
      };
    })
    .filter(({ value }) => value.length <= MAX_VALUE_LENGTH);
  return offer(lists, typed.slice(cut));
}

/** The events that can be cancelled, or those that can be ended. */
export function suggestEvents(
  { timeZone }: Community,
  events: readonly MultiplierEvent[],
  action: 'cancel' | 'end',
  typed: string,
  now: Date,
  locale: string,
): Choice[] {
  const format = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' });
  return offer(
    events
      .filter((event) => {
        const status = statusOf(event, now);
        const isNear = status === 'running' || (status === 'scheduled' && event.startsAt < earliestEffect(now));
        return action === 'end' ? isNear : status === 'scheduled' && !isNear;
      })
      .map(({ id, name, factor, startsAt, endsAt }) => ({
        name: `${plain(name, 40)} · ${formatFactor(factor, locale)}× · ${format.formatRange(startsAt, endsAt)}`,
        value: String(id),
      })),
    typed,
  );
}
