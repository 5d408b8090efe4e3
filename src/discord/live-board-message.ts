import {
  ActionRowBuilder,
  ButtonBuilder,
  ContainerBuilder,
  SeparatorBuilder,
  TextDisplayBuilder,
} from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { ShownBoard } from '../live-boards/board-messenger.ts';
import type { Entry } from '../ranking/leaderboard.ts';
import type { Leaderboard } from '../ranking/read-leaderboard.ts';
import { formatCount, timestamp } from './format.ts';
import { heading, PAGE_SIZE, row, running, STATUS_COLOURS } from './leaderboard-message.ts';
import { encodeView } from './leaderboard-view.ts';
import { plain } from './text.ts';
import { titleOfNamed } from './window-title.ts';

/** The numbers of live boards: beyond those that Discord gives by itself, from 1 on, and below those of announcements. */
const FIRST_COMPONENT_ID = 500_000_000;
/** Where more stand than on a page, longer names are cut, so that all fit into the message. */
const BRIEF_NAME_LENGTH = 32;

/** The component of a message by which a live board is found again. */
export function liveBoardComponentId(liveBoardId: number): number {
  return FIRST_COMPONENT_ID + liveBoardId;
}

/**
 * A live board as a message for everybody. Its buttons answer whoever presses them, in private, as the message itself is
 * kept up to date. Within Discord's 40 components and 4,000 characters whatever the names.
 */
export function renderLiveBoard(shown: ShownBoard): ContainerBuilder {
  const { id, board, locale, asOf } = shown;
  const { total } = board;
  const members = total === 0 ? '' : `${formatCount(total, locale)} ${total === 1 ? 'member' : 'members'} · `;
  return new ContainerBuilder()
    .setId(liveBoardComponentId(id))
    .setAccentColor(STATUS_COLOURS[board.status])
    .addTextDisplayComponents(text(heading(board, titleOfShown(shown)) + awaited(shown) + running(board, locale)))
    .addSeparatorComponents(new SeparatorBuilder())
    .addTextDisplayComponents(text(ranking(shown)))
    .addSeparatorComponents(new SeparatorBuilder())
    .addTextDisplayComponents(text(`-# ${members}as of ${timestamp(asOf, 'R')}`))
    .addActionRowComponents(buttons(board));
}

function awaited({ awaitedUntil }: ShownBoard): string {
  if (!awaitedUntil) return '';
  return `\nLate contributions are awaited until ${timestamp(awaitedUntil, 'f')}, ${timestamp(awaitedUntil, 'R')}.`;
}

function ranking(shown: ShownBoard): string {
  const { board, places, locale } = shown;
  const { entries, category, status } = board;
  if (entries.length === 0) {
    return status === 'open'
      ? '**No contributions yet: first place is free.**'
      : `**No contributions in ${titleOfShown(shown)}.**`;
  }
  const shownEntry = (entry: Entry): Entry =>
    places > PAGE_SIZE ? { ...entry, displayName: plain(entry.displayName, BRIEF_NAME_LENGTH) } : entry;
  return entries.map((entry) => row(shownEntry(entry), category, locale, false)).join('\n');
}

function titleOfShown({ board, name, locale }: ShownBoard): string {
  return titleOfNamed(board.window, name, locale);
}

function buttons({ category, window }: Leaderboard): ActionRowBuilder<ButtonBuilder> {
  const view = { categoryId: category.id, kind: window.kind, period: window.key, offset: 0 };
  const button = (action: 'mine' | 'open', label: string, style: ButtonStyle) =>
    new ButtonBuilder().setCustomId(encodeView(action, view)).setLabel(label).setStyle(style);
  return new ActionRowBuilder<ButtonBuilder>().addComponents(
    button('mine', 'My place', ButtonStyle.Primary),
    button('open', 'All places', ButtonStyle.Secondary),
  );
}

function text(content: string): TextDisplayBuilder {
  return new TextDisplayBuilder({ content });
}
