import {
  ActionRowBuilder,
  ButtonBuilder,
  ContainerBuilder,
  SeparatorBuilder,
  StringSelectMenuBuilder,
  TextDisplayBuilder,
} from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Category, Community } from '../communities/community.ts';
import type { Member } from '../members/members.ts';
import { WINDOW_KINDS } from '../ranking/calendar.ts';
import type { Entry } from '../ranking/leaderboard.ts';
import type { WindowStatus } from '../ranking/periods.ts';
import type { Leaderboard } from '../ranking/read-leaderboard.ts';
import { frozenDueAt } from '../seasons/steps.ts';
import type { Answer, Call } from './command.ts';
import { formatCount, formatFactor, formatScore, ordinal, STATUS_WORDS, timestamp, WINDOW_NAMES } from './format.ts';
import { encodeView, type LeaderboardView, type ViewAction } from './leaderboard-view.ts';
import { COLOURS } from './messages.ts';
import { code, plain, shownName } from './text.ts';
import { titleOf } from './window-title.ts';

export const PAGE_SIZE = 10;
/** The most options of a select, and the most characters of one's label. */
const MAX_OPTIONS = 25;
const MAX_LABEL_LENGTH = 100;

const MEDALS: Partial<Record<number, string>> = { 1: '🥇 ', 2: '🥈 ', 3: '🥉 ' };

export const STATUS_COLOURS: Record<WindowStatus, number> = {
  open: COLOURS.good,
  closing: COLOURS.waiting,
  provisional: COLOURS.waiting,
  final: COLOURS.final,
  archive: COLOURS.past,
};

/**
 * A page of a leaderboard as a message. Within Discord's 40 components and 4,000 characters whatever the names: those
 * of 100 characters that all need escaping included.
 *
 * The line below the page is the place of the reader, who is whoever ran the command or turned the page last. As
 * everybody sees it there, it begins with the reader's name; in a message to the reader alone the reader's row is marked
 * as well.
 */
export function renderLeaderboard(call: Call, board: Leaderboard, view: LeaderboardView, member?: Member): Answer {
  const { community, locale } = call;
  const period = titleOf(community, board.window, locale);
  const container = new ContainerBuilder()
    .setAccentColor(STATUS_COLOURS[board.status])
    .addTextDisplayComponents(text(heading(board, period) + closing(call, board) + running(board, locale)))
    .addSeparatorComponents(new SeparatorBuilder());
  if (board.total === 0) {
    container.addTextDisplayComponents(text(emptyState(board, period, community)));
  } else {
    const rows = board.entries.map((entry) =>
      row(entry, board.category, locale, !call.shared && entry.memberId === member?.id),
    );
    container
      .addTextDisplayComponents(text(rows.join('\n')))
      .addSeparatorComponents(new SeparatorBuilder())
      .addTextDisplayComponents(
        text(`${ownPlace(call, board, member)}\n-# ${footer(board.total, view.offset, locale)}`),
      )
      .addActionRowComponents(buttons(view, board.total));
  }
  const isCurrent = community.calendar.currentAt(view.kind, call.now).key === board.window.key;
  container.addActionRowComponents(windowSelect(view, isCurrent));
  if (community.categories.length > 1) container.addActionRowComponents(categorySelect(view, community.categories));
  return container;
}

/** Where the last page begins. */
export function lastOffset(total: number): number {
  return Math.max(0, Math.ceil(total / PAGE_SIZE) - 1) * PAGE_SIZE;
}

/** `period`: what people call it, escaped. */
export function heading({ category, window, status }: Leaderboard, period: string): string {
  const title = `## ${shownName(category.title)}`;
  if (window.kind === 'all') return `${title}\n**${period}** · ${STATUS_WORDS[status]}`;
  const lastMoment = new Date(window.endsAt.getTime() - 1);
  const dates = `${timestamp(window.startsAt, 'D')} – ${timestamp(lastMoment, 'D')}`;
  const end = `${status === 'open' ? 'ends' : 'ended'} ${timestamp(window.endsAt, 'R')}`;
  return `${title}\n**${period}** · ${dates}\n${STATUS_WORDS[status]} · ${end}`;
}

/** Of a window that is over: when it becomes final; or the hash of its final table. */
function closing({ community }: Call, { window, status, sha256 }: Leaderboard): string {
  if (sha256 !== undefined) return `\n-# SHA-256 ${code(sha256)}`;
  if (status !== 'closing' && status !== 'provisional') return '';
  return `\n-# Final ${timestamp(frozenDueAt(community.closingTimes, window), 'R')}`;
}

/** That a multiplier event is running. */
export function running({ event }: Leaderboard, locale: string): string {
  return event ? `\n⚡ **${formatFactor(event.factor, locale)}× OMNIT** · ends ${timestamp(event.endsAt, 'R')}` : '';
}

export function row(entry: Entry, category: Category, locale: string, isReader: boolean): string {
  const place = `${MEDALS[entry.rank] ?? ''}${ordinal(entry.rank, locale)}`;
  const line = `${place} · **${shownName(entry.displayName)}** · ${formatScore(entry.score, category, locale)}`;
  return isReader ? `➤ ${line} · **you**` : line;
}

function ownPlace(
  { shared, reader, locale }: Call,
  { standing, total, category, status }: Leaderboard,
  member: Member | undefined,
): string {
  const you = shared ? `${shownName(reader.name)}, you` : 'You';
  // By the place everybody would know who the pseudonym is.
  if (shared && member?.hiddenAs !== undefined) return `${you} see your place with **My place**, and nobody else does.`;
  if (standing) {
    const place = `**${ordinal(standing.rank, locale)}** of ${formatCount(total, locale)}`;
    const hidden = member?.hiddenAs === undefined ? '' : ` Others see you as ${code(member.hiddenAs)}.`;
    return `${you} are ${place} with ${formatScore(standing.score, category, locale)}.${hidden}`;
  }
  if (status !== 'open') return `${you} have no place on this board.`;
  return `${you} are not on this board yet: your first contribution puts you here. ${code('/me')} tells how.`;
}

function footer(total: number, offset: number, locale: string): string {
  const [members, first, last] = [total, offset + 1, Math.min(offset + PAGE_SIZE, total)].map((count) =>
    formatCount(count, locale),
  );
  const [page, pages] = [offset, lastOffset(total)].map((from) => formatCount(from / PAGE_SIZE + 1, locale));
  // Around a member, pages begin anywhere.
  const where = offset % PAGE_SIZE === 0 ? `page ${page} of ${pages}` : `ranks ${first} to ${last}`;
  return `${members} ${total === 1 ? 'member' : 'members'} · ${where}`;
}

function emptyState({ status }: Leaderboard, period: string, { slug }: Community): string {
  if (status !== 'open') {
    return `**No contributions in ${period}.**\nChoose another window below, or another period with the option ${code('period')}.`;
  }
  return [
    '**No contributions yet: first place is free.**',
    `Whatever is reported to this community counts here at once, over its API or from a file:`,
    code(`OMNITENSOR_COMMUNITY=${slug} omnitensor-cli import contributions.csv`),
  ].join('\n');
}

function buttons(view: LeaderboardView, total: number): ActionRowBuilder<ButtonBuilder> {
  const button = (action: ViewAction, label: string, offset: number, disabled: boolean) =>
    new ButtonBuilder()
      .setCustomId(encodeView(action, { ...view, offset: Math.max(0, offset) }))
      .setLabel(label)
      .setStyle(action === 'mine' ? ButtonStyle.Primary : ButtonStyle.Secondary)
      .setDisabled(disabled);
  const isFirst = view.offset === 0;
  const isLast = view.offset + PAGE_SIZE >= total;
  return new ActionRowBuilder<ButtonBuilder>().addComponents(
    button('first', 'First', 0, isFirst),
    button('previous', 'Previous', view.offset - PAGE_SIZE, isFirst),
    button('next', 'Next', view.offset + PAGE_SIZE, isLast),
    button('last', 'Last', lastOffset(total), isLast),
    button('mine', 'My place', view.offset, false),
  );
}

function windowSelect(view: LeaderboardView, isCurrent: boolean): ActionRowBuilder<StringSelectMenuBuilder> {
  return new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(
    new StringSelectMenuBuilder()
      .setCustomId(encodeView('window', view))
      .setPlaceholder('Choose a window')
      .addOptions(
        WINDOW_KINDS.map((kind) => ({
          label: kind === 'all' ? WINDOW_NAMES.all : `This ${kind}`,
          value: kind,
          // In a past period nothing is chosen, so that the present one can be.
          default: kind === view.kind && isCurrent,
        })),
      ),
  );
}

function categorySelect(
  view: LeaderboardView,
  categories: readonly Category[],
): ActionRowBuilder<StringSelectMenuBuilder> {
  const chosen = categories.find((category) => category.id === view.categoryId);
  const offered = categories.slice(0, MAX_OPTIONS);
  if (chosen && !offered.includes(chosen)) offered[MAX_OPTIONS - 1] = chosen;
  return new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(
    new StringSelectMenuBuilder()
      .setCustomId(encodeView('category', view))
      .setPlaceholder('Choose a category')
      .addOptions(
        offered.map(({ id, title }) => ({
          label: plain(title, MAX_LABEL_LENGTH),
          value: String(id),
          default: id === view.categoryId,
        })),
      ),
  );
}

function text(content: string): TextDisplayBuilder {
  return new TextDisplayBuilder({ content });
}
