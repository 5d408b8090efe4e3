import {
  ActionRowBuilder,
  ButtonBuilder,
  ContainerBuilder,
  SeparatorBuilder,
  TextDisplayBuilder,
} from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Category } from '../communities/community.ts';
import type { Cursor } from '../ledger/cursor.ts';
import type { ContributionLine, LedgerPage } from '../ledger/ledger.ts';
import type { ExplainedPlace } from '../ledger/read-place.ts';
import type { Member } from '../members/members.ts';
import { sayPlace } from '../ranking/explain.ts';
import { formatMultiplier, NO_MULTIPLIER } from '../ranking/score.ts';
import type { Answer, Call } from './command.ts';
import { formatNumber, formatScore, ordinal, timestamp, WINDOW_NAMES } from './format.ts';
import { COLOURS } from './messages.ts';
import { escapeMarkdown, plain, shownName } from './text.ts';
import { encodeWhy, type WhyView } from './why-view.ts';

/** So that a page stays within Discord's 4,000 characters, whatever the names. */
export const LINES_A_PAGE = 5;
/** Longer texts are cut: five lines hold four each. */
const MAX_TEXT = 40;

/** A page of the lines that make a score, below why the member stands where they stand. */
export function renderWhy(
  { locale, reader }: Call,
  member: Member,
  { category, window, explanation }: ExplainedPlace,
  page: LedgerPage,
  view: WhyView,
): Answer {
  const isOwn = member.discordUserId === reader.userId || member.handle === `discord-${reader.userId}`;
  const who = isOwn ? 'You are' : `**${shownName(member.displayName)}** is`;
  const name = window.kind === 'all' ? WINDOW_NAMES.all : `${WINDOW_NAMES[window.kind]} ${window.key}`;
  const place = explanation
    ? sayPlace(explanation, {
        who,
        score: (score) => formatScore(score, category, locale),
        rank: (rank) => `**${ordinal(rank, locale)}**`,
        name: (displayName) => `**${shownName(displayName)}**`,
        time: (at) => timestamp(at, 'f'),
      })
    : `${who} not on this board.`;
  const container = new ContainerBuilder()
    .setAccentColor(COLOURS.neutral)
    .addTextDisplayComponents(text(`## ${shownName(category.title)}\n**${name}**\n${place}`))
    .addSeparatorComponents(new SeparatorBuilder())
    .addTextDisplayComponents(text(linesText(page, category, locale)));
  return page.older || page.newer ? container.addActionRowComponents(buttons(page, view)) : container;
}

function linesText({ lines }: LedgerPage, category: Category, locale: string): string {
  const contributions = lines.flatMap((line) => (line.kind === 'contribution' ? [line] : []));
  if (contributions.length === 0) return 'There are no contributions here.';
  return contributions.map((line) => describe(line, category, locale)).join('\n');
}

function describe(line: ContributionLine, category: Category, locale: string): string {
  const { amount, rate, multiplier, event, reward, reputation, subject, status } = line;
  const product = [formatNumber(amount, locale), formatNumber(rate, locale)];
  if (multiplier !== NO_MULTIPLIER) product.push(formatMultiplier(multiplier) + (event ? ` (${short(event)})` : ''));
  const score = category.measure === 'amount' ? `**${formatScore(amount, category, locale)}** · ` : '';
  const details = [
    `${score}${product.join(' × ')} = **${formatNumber(reward, locale)} OMNIT**`,
    ...(reputation > 0n ? [`${formatNumber(reputation, locale)} reputation`] : []),
    ...(subject === undefined ? [] : [short(subject)]),
  ].join(' · ');
  const source = `-# ${timestamp(line.occurredAt, 'f')} · ${short(line.source)} · ${short(line.id)}${evidence(line.link)}`;
  if (status === 'counted') return `${details}\n${source}`;
  const why = line.withheld ? `: ${short(line.withheld.reason)}` : '';
  return `~~${details}~~\n**Counts nowhere, ${status}**${why}\n${source}`;
}

const MESSAGE_LINK = /^https:\/\/discord\.com\/channels(?:\/\d{1,20}){3}$/;

/** Nothing but a message of Discord is linked to. */
function evidence(link: string | undefined): string {
  return link !== undefined && MESSAGE_LINK.test(link) ? ` · [evidence](${link})` : '';
}

function buttons({ older, newer }: LedgerPage, view: WhyView): ActionRowBuilder<ButtonBuilder> {
  const button = (label: string, page: WhyView['page'] | undefined, otherwise: string) =>
    new ButtonBuilder()
      .setCustomId(page ? encodeWhy({ ...view, page }) : otherwise)
      .setLabel(label)
      .setStyle(ButtonStyle.Secondary)
      .setDisabled(!page);
  const to = (name: 'before' | 'after', cursor: Cursor | undefined): WhyView['page'] | undefined =>
    cursor && (name === 'before' ? { before: cursor } : { after: cursor });
  return new ActionRowBuilder<ButtonBuilder>().addComponents(
    button('Newest', newer && 'newest', 'why:newest'),
    button('Newer', to('after', newer), 'why:newer'),
    button('Older', to('before', older), 'why:older'),
  );
}

function short(outside: string): string {
  return escapeMarkdown(plain(outside, MAX_TEXT));
}

function text(content: string): TextDisplayBuilder {
  return new TextDisplayBuilder({ content });
}
