import { ActionRowBuilder, ButtonBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Community } from '../communities/community.ts';
import type { VoidResult } from '../contributions/void.ts';
import { unitOf, type ContributionLine } from '../ledger/ledger.ts';
import type { Member } from '../members/members.ts';
import type { Answer, Call } from './command.ts';
import { encodeChoice, type ContributionChoice } from './contribution-view.ts';
import { showSentence } from './domain-text.ts';
import { formatCount, formatNumber, formatScore, ordinal, timestamp } from './format.ts';
import { keptText } from './kept-text.ts';
import { COLOURS, note } from './messages.ts';
import { escapeMarkdown, plain, shownName } from './text.ts';
import { titleOf } from './window-title.ts';

/** The most places named. */
const MAX_PLACES = 6;
const MAX_TEXT = 40;

type Told = { member: Member; choice: ContributionChoice; line: ContributionLine | undefined; result: VoidResult };

/** Tells what voiding, or un-voiding, would change, and asks whether to do it. */
export function confirmChange(call: Call, told: Told, reason: string): Answer {
  const { choice, result } = told;
  const label = `${choice.kind === 'void' ? 'Void' : 'Un-void'} ${contributions(result.changed, call.locale)}`;
  return note(describe(call, told, `${label} of`, '?'), COLOURS.waiting)
    .addTextDisplayComponents(keptText('Reason', reason))
    .addActionRowComponents(
      new ActionRowBuilder<ButtonBuilder>().addComponents(
        new ButtonBuilder()
          .setCustomId(encodeChoice(choice))
          .setLabel(label)
          .setStyle(choice.kind === 'void' ? ButtonStyle.Danger : ButtonStyle.Success),
      ),
    );
}

/** Tells what was done. */
export function renderChange(call: Call, told: Told): Answer {
  const done = told.choice.kind === 'void' ? 'Voided' : 'Un-voided';
  return note(describe(call, told, `${done} ${contributions(told.result.changed, call.locale)} of`, ''), COLOURS.good);
}

/** Tells that there is nothing to do, and who did it. */
export function renderNothing({ choice, member, result: { already } }: Told): Answer {
  const state = choice.kind === 'void' ? 'is voided already' : 'counts already';
  const text = already
    ? `This contribution of **${shownName(member.displayName)}** ${state}, by ${showSentence(already.actor)}, ${timestamp(already.at, 'R')}:\n> ${escapeMarkdown(already.reason)}`
    : `Nothing of **${shownName(member.displayName)}** there is left to be ${choice.kind === 'void' ? 'voided' : 'un-voided'}.`;
  return note(text, COLOURS.waiting);
}

/** A contribution as a line in plain text, as where suggestions are: at its time in a time zone. */
export function lineInWords(line: ContributionLine, locale: string, timeZone: string): string {
  const time = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' });
  return [time.format(line.occurredAt), ...traitsOf(line, locale)].join(' · ');
}

/** How much of what it was, and where it came from. Outside text. */
function traitsOf(line: ContributionLine, locale: string): string[] {
  const { amount, subject, source, id } = line;
  return [
    `${formatNumber(amount, locale)} ${unitOf(line)}`,
    ...(subject === undefined ? [] : [subject]),
    `${source} ${id}`,
  ];
}

function describe(
  { community, locale }: Call,
  { member, choice, line, result }: Told,
  heading: string,
  end: string,
): string {
  const { which, kind } = choice;
  const what = line
    ? `${timestamp(line.occurredAt, 'f')} · ${escapeMarkdown(plain(traitsOf(line, locale).join(' · '), MAX_TEXT * 4))}`
    : 'from' in which && `From ${timestamp(which.from, 'f')} until before ${timestamp(which.to, 'f')}`;
  const effect = kind === 'void' ? 'less' : 'more';
  const reputation = result.reputation > 0n ? ` and ${formatNumber(result.reputation, locale)} reputation` : '';
  const lines = [
    `## ${heading} ${shownName(plain(member.displayName, MAX_TEXT))}${end}`,
    what,
    `**${formatNumber(result.reward, locale)} OMNIT**${reputation} ${effect}.`,
    ...placesOf(community, result, locale),
  ];
  if (result.leftAlone.length > 0) {
    const titles = result.leftAlone.slice(0, MAX_PLACES).map((window) => titleOf(community, window, locale));
    lines.push(`Final, and left as they are: ${titles.join(', ')}${result.leftAlone.length > MAX_PLACES ? ' …' : ''}`);
  }
  return lines.filter(Boolean).join('\n');
}

function placesOf(community: Community, { places }: VoidResult, locale: string): string[] {
  const lines = places.slice(0, MAX_PLACES).map(({ category, window, before, after }) => {
    const [was, is] = [before, after].map((standing) =>
      standing ? `${ordinal(standing.rank, locale)} with ${formatScore(standing.score, category, locale)}` : 'no place',
    );
    return `- ${shownName(plain(category.title, MAX_TEXT))}, ${titleOf(community, window, locale)}: ${was} → ${is}`;
  });
  const rest = places.length - lines.length;
  return rest > 0 ? [...lines, `-# and ${formatCount(rest, locale)} more`] : lines;
}

function contributions(count: number, locale: string): string {
  return `${formatCount(count, locale)} ${count === 1 ? 'contribution' : 'contributions'}`;
}
