/** How numbers, ranks and times are written in Discord messages. */
import type { Category } from '../communities/community.ts';
import type { Window, WindowKind } from '../ranking/calendar.ts';
import { ordinalEnding } from '../ranking/explain.ts';
import type { WindowStatus } from '../ranking/periods.ts';
import { formatDecimal } from '../ranking/score.ts';
import { escapeMarkdown, plain } from './text.ts';

/** Longer units are cut: ten of them stand on a page. */
const MAX_UNIT_LENGTH = 24;

export const WINDOW_NAMES: Record<WindowKind, string> = {
  week: 'Week',
  month: 'Month',
  season: 'Season',
  all: 'All time',
};

export const STATUS_WORDS: Record<WindowStatus, string> = {
  open: 'Open',
  closing: 'Closing, late contributions still count',
  provisional: 'Provisional',
  final: 'Final',
  archive: 'Archive, over before this community began',
};

/** Thousandths with the separators of a locale, exact to the last place. */
export function formatNumber(thousandths: bigint, locale: string): string {
  // As a string it is formatted to the last digit.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type of such strings is a template that no function returns.
  const decimal = formatDecimal(thousandths) as Intl.StringNumericLiteral;
  return numberFormat(locale).format(decimal);
}

/** A score with its unit: `1,200 OMNIT`, `1 dataset`, `3 datasets`. Escaped. */
export function formatScore(score: bigint, category: Category, locale: string): string {
  const number = formatNumber(score, locale);
  if (category.measure === 'reward') return `${number} OMNIT`;
  return `${number} ${escapeMarkdown(plain(category.unit, MAX_UNIT_LENGTH))}${score === 1000n ? '' : 's'}`;
}

/** `1st`, `22nd`, `1,013th`. */
export function ordinal(rank: number, locale: string): string {
  return `${formatCount(rank, locale)}${ordinalEnding(rank)}`;
}

/** A multiplier in hundredths: `2.5`, or `2,5` where that is the way. */
export function formatFactor(hundredths: bigint, locale: string): string {
  return formatNumber(hundredths * 10n, locale);
}

export function formatCount(count: number, locale: string): string {
  return numberFormat(locale).format(count);
}

const MAX_FORMATS = 100;
const formats = new Map<string, Intl.NumberFormat>();

/** Making one takes longer than all that is done with it for a message. */
function numberFormat(locale: string): Intl.NumberFormat {
  const known = formats.get(locale);
  if (known) return known;
  if (formats.size >= MAX_FORMATS) formats.clear();
  const made = new Intl.NumberFormat(locale, { maximumFractionDigits: 3 });
  formats.set(locale, made);
  return made;
}

/** An instant that Discord shows in the reader's own zone: `D` as a date, `f` with the time, `R` as "in 3 days". */
export function timestamp(instant: Date, style: 'D' | 'f' | 'R'): string {
  return `<t:${Math.floor(instant.getTime() / 1000)}:${style}>`;
}

/** A period in words, in the community's zone: `July – September 2026`. */
export function describePeriod(window: Window, timeZone: string, locale: string): string {
  if (window.kind === 'all') return 'all time';
  const format = new Intl.DateTimeFormat(locale, {
    timeZone,
    year: 'numeric',
    month: 'long',
    ...(window.kind === 'week' ? { day: 'numeric' } : {}),
  });
  return format.formatRange(window.startsAt, new Date(window.endsAt.getTime() - 1));
}
