/** Tables of windows as announcements show them. */
import type { ToldPlace, ToldTable, ToldWindow } from '../announcements/announcement.ts';
import { parseDecimal } from '../ranking/score.ts';
import { amount, plural, rewards, type Manner } from './announcement-words.ts';
import { formatNumber, ordinal } from './format.ts';
import { code, plain, shownName } from './text.ts';

/** How much of a table is told. `sum`: what was contributed in all; with several places it always is. */
export type Detail = { places: 1 | 3; rewards: number; hash: boolean; sum: boolean };

export const MEDALS: Partial<Record<number, string>> = { 1: '🥇 ', 2: '🥈 ', 3: '🥉 ' };
const NAME_LENGTH = 48;
const UNIT_LENGTH = 24;

/** The first places of a table with what stands below; or its winner in a line. */
export function tableText(table: ToldTable, detail: Detail, manner: Manner): string {
  const { members, alsoWin = 0, sha256, top } = table;
  const [first] = top;
  const sum = table.total === undefined ? [] : [`${score(table.total, table, manner)} in all`];
  if (detail.places === 1) {
    const board = `**${shownName(plain(table.title, NAME_LENGTH))}**`;
    const winner = first ? `${MEDALS[1]}${shownPlace(first, table, detail, manner)}` : 'nobody';
    return [`${board}: ${winner}`, ...(detail.sum ? sum : [])].join(' · ');
  }
  const win = alsoWin === 1 ? 'wins' : 'win';
  return [
    boardTitle(table.title, manner),
    ...top.slice(0, detail.places).map((place) => line(place, table, detail, manner)),
    ...(first ? [] : ['Nobody stands on it any more.']),
    ...(alsoWin > 0 ? [`and ${plural(alsoWin, 'more member', manner)} ${win} something`] : []),
    ...(members > 0 ? [`-# ${[plural(members, 'member', manner), ...sum].join(', ')}`] : []),
    ...(detail.hash && sha256 !== undefined ? [`-# SHA-256 ${code(sha256)}`] : []),
  ].join('\n');
}

export function boardTitle(title: string, { detail }: Manner): string {
  const shown = shownName(plain(title, NAME_LENGTH));
  return detail === 'full' ? `### ${shown}` : `**${shown}**`;
}

function line(place: ToldPlace, table: ToldTable, detail: Detail, manner: Manner): string {
  const rank = `${MEDALS[place.rank] ?? ''}${ordinal(place.rank, manner.locale)}`;
  return `${rank} · ${shownPlace(place, table, detail, manner)}`;
}

/** Who stands in a place, with what, and what they win. */
function shownPlace(place: ToldPlace, table: ToldTable, detail: Detail, manner: Manner): string {
  const wins = place.rewards.length > 0 && detail.rewards > 0;
  const won = wins ? ` · wins ${rewards(place.rewards, manner, detail.rewards)}` : '';
  return `**${shownName(plain(place.member.name, NAME_LENGTH))}** · ${score(place.score, table, manner)}${won}`;
}

/** A score with its unit: `1,200 OMNIT`, `1 dataset`. */
export function score(text: string, { unit }: { unit: string }, { locale }: Manner): string {
  const parsed = parseDecimal(text);
  const number =
    'thousandths' in parsed ? formatNumber(parsed.thousandths, locale) : amount(text, { detail: 'brief', locale });
  const shown = shownName(plain(unit, UNIT_LENGTH));
  return unit === 'OMNIT' || text === '1' ? `${number} ${shown}` : `${number} ${shown}s`;
}

/** By what the hashes of a window can be checked. */
export function howToCheck({ window, period }: Pick<ToldWindow, 'window' | 'period'>): string[] {
  const kind = window === 'season' ? '' : ` --window ${window}`;
  return [`-# Recompute and check: ${code(`omnitensor-cli seasons verify ${period}${kind}`)}`];
}
