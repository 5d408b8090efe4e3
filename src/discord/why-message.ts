import {
  ActionRowBuilder,
  ButtonBuilder,
  ContainerBuilder,
  SeparatorBuilder,
  TextDisplayBuilder,
} from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Cursor } from '../ledger/cursor.ts';
import type { LedgerPage } from '../ledger/ledger.ts';
import type { ExplainedPlace } from '../ledger/read-place.ts';
import type { Member } from '../members/members.ts';
import { sayPlace } from '../ranking/explain.ts';
import type { Granted } from '../rewards/grants.ts';
import type { Answer, Call } from './command.ts';
import { formatNumber, formatScore, ordinal, timestamp } from './format.ts';
import { showLine } from './ledger-lines.ts';
import { COLOURS } from './messages.ts';
import { shownName } from './text.ts';
import { encodeWhy, type WhyView } from './why-view.ts';
import { titleOf } from './window-title.ts';

/** So that a page stays within Discord's 4,000 characters, whatever the names. */
export const LINES_A_PAGE = 5;

/** A page of the lines that make a score, below why the member stands where they stand. */
export function renderPlace(
  call: Call,
  member: Member,
  { category, window, explanation }: ExplainedPlace,
  page: LedgerPage,
  view: WhyView,
): Answer {
  const { locale } = call;
  const who = isOwn(call, member) ? 'You are' : `**${shownName(member.displayName)}** is`;
  const place = explanation
    ? sayPlace(explanation, {
        who,
        score: (score) => formatScore(score, category, locale),
        rank: (rank) => `**${ordinal(rank, locale)}**`,
        name: (displayName) => `**${shownName(displayName)}**`,
        time: (at) => timestamp(at, 'f'),
      })
    : `${who} not on this board.`;
  const lines = page.lines.map((line) => showLine(line, 'board', locale));
  const head = `## ${shownName(category.title)}\n**${titleOf(call.community, window, locale)}**\n${place}`;
  return pageOf(head, lines, 'No contributions here.', page, view);
}

/** A page of all that a member has earned: contributions of every category, and what was granted. */
export function renderEverything(
  call: Call,
  member: Member,
  granted: Granted,
  page: LedgerPage,
  view: WhyView,
): Answer {
  const { locale } = call;
  const omnit = formatNumber(member.earnedOmnit + granted.tokens, locale);
  const reputation = formatNumber(member.earnedReputation + granted.reputation, locale);
  const head = [
    `## ${isOwn(call, member) ? 'All that you have earned' : `All that ${shownName(member.displayName)} has earned`}`,
    `**${omnit}** OMNIT · **${reputation}** reputation`,
  ].join('\n');
  const lines = page.lines.map((line) => showLine(line, 'everything', locale));
  return pageOf(head, lines, 'Nothing yet.', page, view);
}

function isOwn({ reader }: Call, { discordUserId, handle }: Member): boolean {
  return discordUserId === reader.userId || handle === `discord-${reader.userId}`;
}

function pageOf(head: string, lines: readonly string[], empty: string, page: LedgerPage, view: WhyView): Answer {
  const container = new ContainerBuilder()
    .setAccentColor(COLOURS.neutral)
    .addTextDisplayComponents(text(head))
    .addSeparatorComponents(new SeparatorBuilder())
    .addTextDisplayComponents(text(lines.join('\n') || empty));
  const buttons = [
    ...(page.older || page.newer ? pagingButtons(page, view) : []),
    ...(view.of === 'everything' ? [] : [everythingButton(view)]),
  ];
  return buttons.length > 0
    ? container.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(...buttons))
    : container;
}

function pagingButtons({ older, newer }: LedgerPage, view: WhyView): ButtonBuilder[] {
  const button = (label: string, page: WhyView['page'] | undefined, otherwise: string) =>
    new ButtonBuilder()
      .setCustomId(page ? encodeWhy({ ...view, page }) : otherwise)
      .setLabel(label)
      .setStyle(ButtonStyle.Secondary)
      .setDisabled(!page);
  const to = (name: 'before' | 'after', cursor: Cursor | undefined): WhyView['page'] | undefined =>
    cursor && (name === 'before' ? { before: cursor } : { after: cursor });
  return [
    button('Newest', newer && 'newest', 'why:newest'),
    button('Newer', to('after', newer), 'why:newer'),
    button('Older', to('before', older), 'why:older'),
  ];
}

/** Leads from a board to the whole ledger. */
function everythingButton({ memberId }: WhyView): ButtonBuilder {
  return new ButtonBuilder()
    .setCustomId(encodeWhy({ memberId, of: 'everything', page: 'newest' }))
    .setLabel('Everything earned')
    .setStyle(ButtonStyle.Secondary);
}

function text(content: string): TextDisplayBuilder {
  return new TextDisplayBuilder({ content });
}
