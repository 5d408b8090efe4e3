/** What autocompletion offers: at most 25 choices, labelled so that they can be read. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import { requireLocale, requireTimeZone } from '../communities/settings.ts';
import type { Community } from '../communities/community.ts';
import type { Window, WindowKind } from '../ranking/calendar.ts';
import { describePeriod } from './format.ts';
import { plain } from './text.ts';

const MAX_CHOICES = 25;
/** The most characters of a choice's label, and of its value. */
const MAX_LENGTH = 100;

type Choice = ApplicationCommandOptionChoiceData<string>;

/** Categories by title or slug. */
export function suggestCategories(community: Community, typed: string): Choice[] {
  return offer(
    community.categories.map(({ title, slug }) => ({ name: title, value: slug })),
    typed,
  );
}

/** The current and the previous period, and the past ones that there is something to see of. */
export function suggestPeriods(
  community: Community,
  kind: WindowKind,
  past: readonly Window[],
  typed: string,
  now: Date,
  locale: string,
): Choice[] {
  const label = (window: Window) =>
    window.kind === 'all' ? 'All time' : `${window.key} · ${describePeriod(window, community.timeZone, locale)}`;
  const current = community.calendar.currentAt(kind, now);
  const previous = community.calendar.before(current);
  const choices = [{ name: `Current: ${label(current)}`, value: 'current' }];
  if (previous) choices.push({ name: `Previous: ${label(previous)}`, value: 'previous' });
  const named = new Set([current.key, previous?.key]);
  for (const window of past) {
    if (!named.has(window.key)) choices.push({ name: label(window), value: window.key });
  }
  return offer(choices, typed);
}

/** Zones known by a newer name than the one in the list that JavaScript gives. */
const NEWER_NAMES = [
  'Africa/Asmara',
  'America/Argentina/Buenos_Aires',
  'America/Nuuk',
  'Asia/Ho_Chi_Minh',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Yangon',
  'Atlantic/Faroe',
  'Europe/Kyiv',
  'Pacific/Chuuk',
  'Pacific/Pohnpei',
];

/** Offered before anything is typed. */
const EVERYWHERE = [
  'UTC',
  'America/New_York',
  'America/Los_Angeles',
  'America/Sao_Paulo',
  'Europe/London',
  'Europe/Berlin',
  'Africa/Lagos',
  'Asia/Dubai',
  'Asia/Kolkata',
  'Asia/Shanghai',
  'Asia/Tokyo',
  'Australia/Sydney',
];

/** Time zones by any words of their names, with the time that it is there. */
export function suggestTimeZones(current: string, typed: string, now: Date, locale: string): Choice[] {
  const zones = typed.trim()
    ? [...new Set(['UTC', ...NEWER_NAMES, ...Intl.supportedValuesOf('timeZone')])]
    : [...new Set([current, ...EVERYWHERE])];
  const label = (zone: string) => {
    const time = new Intl.DateTimeFormat(locale, {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
    return `${zone.replaceAll('_', ' ')} · now ${time.format(now)}`;
  };
  const found = zones
    .filter((zone) => matches(zone, typed))
    // A city that begins with what is typed comes before one that holds it.
    .toSorted((a, b) => Number(beginsWith(b, typed)) - Number(beginsWith(a, typed)))
    .slice(0, MAX_CHOICES);
  const exact = acceptedBy(requireTimeZone, typed.trim());
  const offered = exact && !found.includes(exact) ? [exact, ...found] : found;
  return offered.slice(0, MAX_CHOICES).map((zone) => choice(label(zone), zone));
}

/** The languages that Discord itself speaks, and any other that is typed in full. */
const LOCALES =
  'en-US en-GB bg cs da de el es-ES es-419 fi fr hi hr hu id it ja ko lt nl no pl pt-BR ro ru sv-SE th tr uk vi zh-CN zh-TW'.split(
    ' ',
  );

/** Locales by tag, by English name or by their own name. */
export function suggestLocales(typed: string): Choice[] {
  const english = new Intl.DisplayNames('en', { type: 'language' });
  const label = (tag: string) => {
    const own = new Intl.DisplayNames(tag, { type: 'language' }).of(tag);
    return `${tag} · ${english.of(tag)}${own === english.of(tag) ? '' : ` · ${own}`}`;
  };
  const found = LOCALES.map((tag) => ({ name: label(tag), value: tag }));
  const exact = acceptedBy(requireLocale, typed.trim());
  // `german` is well-formed too, and no language.
  const isKnown = exact !== undefined && english.of(exact) !== exact;
  const offered = isKnown && !LOCALES.includes(exact) ? [{ name: label(exact), value: exact }, ...found] : found;
  return offer(offered, typed);
}

/** The choices in which every word typed is found, at most 25. */
export function offer(choices: readonly Choice[], typed: string): Choice[] {
  return choices
    .filter(({ name, value }) => matches(`${name} ${value}`, typed))
    .slice(0, MAX_CHOICES)
    .map(({ name, value }) => choice(name, value));
}

function choice(name: string, value: string): Choice {
  return { name: plain(name, MAX_LENGTH), value: value.slice(0, MAX_LENGTH) };
}

/** Whether every word typed is found, whatever the case and whatever parts the words of the name. */
function matches(text: string, typed: string): boolean {
  const searched = normal(text);
  return normal(typed)
    .split(' ')
    .every((word) => searched.includes(word));
}

function beginsWith(zone: string, typed: string): boolean {
  return normal(zone.slice(zone.lastIndexOf('/') + 1)).startsWith(normal(typed));
}

function normal(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[\s_/–-]+/g, ' ')
    .trim();
}

function acceptedBy(check: (text: string) => string, text: string): string | undefined {
  try {
    return check(text);
  } catch {
    return undefined;
  }
}
