/** How seasons look on Discord. */
import { ActionRowBuilder, ButtonBuilder, TextDisplayBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Season } from '../communities/community.ts';
import type { Window } from '../ranking/calendar.ts';
import type { Leaderboard } from '../ranking/read-leaderboard.ts';
import type { ShownSeason } from '../seasons/seasons.ts';
import type { Answer, Call } from './command.ts';
import { fit, WHOLE_MESSAGE } from './fit.ts';
import { formatCount, formatScore, STATUS_WORDS, timestamp } from './format.ts';
import { keptText } from './kept-text.ts';
import { STATUS_COLOURS } from './leaderboard-message.ts';
import { COLOURS, list, note } from './messages.ts';
import { encodeChoice, type SeasonChoice } from './season-view.ts';
import { code, plain, shownName } from './text.ts';
import { seasonTitle } from './window-title.ts';

const NAME_LENGTH = 60;
/** How many boards are named on which nobody stands. */
const MOST_IDLE = 6;
const DAY_MS = 24 * 3_600_000;

/** A season with the first of its boards; of one that has yet to begin there are none. */
export type SeasonBoards = { season: ShownSeason; boards: readonly Leaderboard[]; finalAt: Date | undefined };

/** One season: how far it has come, and who leads. `done`: what was just done. */
export function renderSeason(call: Call, { season, boards, finalAt }: SeasonBoards, done?: string): Answer {
  const { community, locale } = call;
  const { window, status } = season;
  const awaited = finalAt ? [`Its tables become final ${timestamp(finalAt, 'R')}: ${timestamp(finalAt, 'f')}`] : [];
  const head = [
    `## ${done ? `${done}: ` : ''}${nameOf(season)}`,
    `${code(window.key)} · ${datesOf(window)} · ${statusOf(season)}`,
    ...awaited,
  ];
  const [held, idle] = [boards.filter(({ total }) => total > 0), boards.filter(({ total }) => total === 0)];
  const lines = (length: number) => () => held.map((board) => boardLine(board, length, locale));
  const all = `${code('/leaderboard')} with the period ${code(window.key)}`;
  const foot = [
    ...idleLines(idle, locale),
    held.length > 0
      ? `-# All places: ${all} · what there is to win: ${code('/prize list')}`
      : `-# What there is to win: ${code('/prize list')}`,
    ...(boards.some(({ sha256 }) => sha256 !== undefined)
      ? [`-# Recompute and check the tables: ${code(`omnitensor-cli seasons verify ${window.key}`)}`]
      : []),
    ...(community.categories.length === 0 ? [`-# Nothing is counted yet: ${code('/setup')}`] : []),
  ];
  const [above = '', ...below] = fit(head, [lines(NAME_LENGTH), lines(24)], foot, { ...WHOLE_MESSAGE, locale });
  return list(above, below, status === 'upcoming' ? COLOURS.neutral : STATUS_COLOURS[status]);
}

/** All seasons, the newest first. */
export function renderSeasons({ locale }: Call, seasons: readonly ShownSeason[]): Answer {
  const lines = () =>
    seasons.map((season) => {
      const { window } = season;
      return `**${nameOf(season)}** · ${code(window.key)} · ${datesOf(window)}\n-# ${statusOf(season)}`;
    });
  const [above = '', ...below] = fit(['## Seasons'], [lines], [], { ...WHOLE_MESSAGE, blocks: 1, locale });
  return list(above, below);
}

/** Asks whether a season is to be created, and says what that means. */
export function confirmSeason(
  call: Call,
  { season, window, notes }: { season: Season; window: Window; notes: readonly string[] },
  choice: SeasonChoice,
): Answer {
  const { community, now } = call;
  const days = Math.round((window.endsAt.getTime() - window.startsAt.getTime()) / DAY_MS);
  const lines = [
    `**Key** ${code(season.key)}`,
    `From ${timestamp(window.startsAt, 'f')} until ${timestamp(window.endsAt, 'f')}: ${formatCount(days, call.locale)} ${days === 1 ? 'day' : 'days'}`,
    `In ${code(community.timeZone)}: ${daysOf(call, window)}`,
    `It begins ${timestamp(window.startsAt, 'R')}.`,
    ...notes.map((one) => `⚠️ ${one}`),
    ...(community.discordChannelId || now >= window.endsAt
      ? []
      : [`⚠️ Announcements have no channel yet: ${code('/setup channel:')}`]),
    '-# Nothing is created until you confirm; to leave it, dismiss this message.',
  ];
  return note('## Create this season?', COLOURS.waiting)
    .addTextDisplayComponents(keptText('Name', season.name), new TextDisplayBuilder({ content: lines.join('\n') }))
    .addActionRowComponents(row(button(choice, 'Create it', ButtonStyle.Success)));
}

/** Asks whether a season that has not begun is to be removed. */
export function confirmRemoving(season: ShownSeason, choice: SeasonChoice): Answer {
  const { window } = season;
  const lines = [
    '## Remove this season?',
    `**${nameOf(season)}** · ${code(window.key)} · ${datesOf(window)}, which begins ${timestamp(window.startsAt, 'R')}`,
    'What is contributed then counts towards no season, or, where no season of your own is left, towards the calendar quarter.',
    '-# To leave it, dismiss this message.',
  ];
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    row(button(choice, 'Remove it', ButtonStyle.Danger)),
  );
}

export function renderRemoved(key: string): Answer {
  return note(`The season ${code(key)} was removed.`, COLOURS.good);
}

/** A button that does what was chosen. */
export function button(
  choice: SeasonChoice,
  label: string,
  style: ButtonStyle.Success | ButtonStyle.Danger,
): ButtonBuilder {
  return new ButtonBuilder().setCustomId(encodeChoice(choice)).setLabel(label).setStyle(style);
}

export function row(only: ButtonBuilder): ActionRowBuilder<ButtonBuilder> {
  return new ActionRowBuilder<ButtonBuilder>().addComponents(only);
}

/** The boards on which nobody stands. */
function idleLines(boards: readonly Leaderboard[], locale: string): string[] {
  if (boards.length === 0) return [];
  const named = boards.slice(0, MOST_IDLE).map(({ category }) => shownName(plain(category.title, NAME_LENGTH)));
  const rest = boards.length - named.length;
  return [`-# Nobody stands on ${named.join(', ')}${rest > 0 ? ` and ${formatCount(rest, locale)} more` : ''}`];
}

function boardLine({ category, entries, total, sha256 }: Leaderboard, nameLength: number, locale: string): string {
  const [first] = entries;
  const title = `**${shownName(plain(category.title, nameLength))}**`;
  if (!first) return title;
  const leader = `🥇 **${shownName(plain(first.displayName, nameLength))}** · ${formatScore(first.score, category, locale)}`;
  const members = `${formatCount(total, locale)} ${total === 1 ? 'member' : 'members'}`;
  return [title, leader, `-# ${members}${sha256 === undefined ? '' : ` · SHA-256 ${code(sha256)}`}`].join('\n');
}

function nameOf({ name }: ShownSeason): string {
  return seasonTitle(name);
}

function datesOf({ startsAt, endsAt }: Window): string {
  return `${timestamp(startsAt, 'D')} – ${timestamp(new Date(endsAt.getTime() - 1), 'D')}`;
}

/** From the first day to the last one, in the community's zone. */
function daysOf({ community, locale }: Call, { startsAt, endsAt }: Window): string {
  const format = new Intl.DateTimeFormat(locale, { timeZone: community.timeZone, dateStyle: 'full' });
  return format.formatRange(startsAt, new Date(endsAt.getTime() - 1));
}

function statusOf({ status, window }: ShownSeason): string {
  switch (status) {
    case 'upcoming':
      return `begins ${timestamp(window.startsAt, 'R')}`;
    case 'open':
      return `${STATUS_WORDS.open}, ends ${timestamp(window.endsAt, 'R')}`;
    default:
      return `${STATUS_WORDS[status]}, ended ${timestamp(window.endsAt, 'R')}`;
  }
}
