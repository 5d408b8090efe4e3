/** How badges look on Discord. */
import { ActionRowBuilder, ButtonBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Badge } from '../badges/badge.ts';
import type { Collection, HeldBadge } from '../badges/read-badges.ts';
import { sayProgress, sayRule, type RuleWording } from '../badges/rule-text.ts';
import type { Community } from '../communities/community.ts';
import { DEFAULT_ICON, showIcon } from './badge-icon.ts';
import type { Answer, Call } from './command.ts';
import { formatCount, formatNumber, timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { progressBar } from './quest-words.ts';
import { code, escapeMarkdown, plain, shownName } from './text.ts';

/** Lengths before escaping, which at most doubles them. */
const NAME_LENGTH = 50;
const DESCRIPTION_LENGTH = 120;
const RULE_LENGTH = 160;
/** What is left of Discord's 4,000 characters a message for badges that are held, and for those still to earn. */
const HELD_LENGTH = 2_000;
const OPEN_LENGTH = 1_700;

const EMOJI_FOLLOWS = '-# The bot makes an emoji of its picture in a moment.';

/** Whose badges are shown: the reader's own, or a member's by name. */
export type Whose = { name: string | undefined };

/** What a member has, and what the reader can still earn. */
export function renderCollection(call: Call, { name }: Whose, { held, open }: Collection): Answer {
  const { community, locale } = call;
  const heading = name === undefined ? '## Your badges' : `## Badges of ${shownName(plain(name, NAME_LENGTH))}`;
  if (held.length === 0 && open.length === 0) {
    return note(`${heading}\nNone yet.${name === undefined ? noBadges(call) : ''}`, COLOURS.past);
  }
  const nothing = name === undefined ? 'None yet, but look how near some are:' : 'None yet.';
  const heldLines =
    held.length > 0
      ? fill(
          held.map((one) => heldText(one, locale)),
          HELD_LENGTH,
          locale,
        )
      : [nothing];
  const answer = note([heading, ...heldLines].join('\n'), COLOURS.good);
  // How near somebody else is, is for them to see.
  if (name !== undefined || open.length === 0) return answer;
  const openLines = fill(
    open.map((one) => openText(one, community, locale)),
    OPEN_LENGTH,
    locale,
  );
  return answer
    .addSeparatorComponents(new SeparatorBuilder())
    .addTextDisplayComponents(new TextDisplayBuilder({ content: ['### Still to earn', ...openLines].join('\n') }));
}

/** What there is to earn, for somebody who has not contributed. */
export function renderToEarn(call: Call, { open }: Pick<Collection, 'open'>): Answer {
  const { community, locale } = call;
  const begin = `Your first contribution may earn you one. How to begin: ${code('/me')}`;
  if (open.length === 0) return note(`**You have no badges yet.**${noBadges(call)}`, COLOURS.past);
  const lines = fill(
    open.map(({ badge }) => `${nameOf(badge)} · ${ruleOf(badge, community, locale)}`),
    OPEN_LENGTH,
    locale,
  );
  return note(['## Badges to earn', ...lines, `-# ${begin}`].join('\n'));
}

/** That a badge was made. */
export function renderMade(badge: Badge, { community, locale }: Call): Answer {
  const lines = [
    '## Badge made',
    nameOf(badge),
    ...(badge.description ? [shownName(plain(badge.description, DESCRIPTION_LENGTH))] : []),
    badge.rule
      ? `Earned by: ${ruleOf(badge, community, locale)}${badge.kind === 'counted' ? ', each time anew' : ''}`
      : 'It is given by quests and prizes that name it.',
  ];
  if (badge.isNew) lines.push('-# Whoever has earned it already gets it in a moment.');
  if (badge.picture) lines.push(EMOJI_FOLLOWS);
  return note(lines.join('\n'), COLOURS.good);
}

/** What a badge looks like, and what is said of it, now that it was changed. */
export function renderChanged(badge: Badge): Answer {
  const lines = ['## Badge changed', nameOf(badge)];
  if (badge.description) lines.push(shownName(plain(badge.description, DESCRIPTION_LENGTH)));
  if (badge.picture && badge.picture.emojiId === undefined) lines.push(EMOJI_FOLLOWS);
  return note(lines.join('\n'), COLOURS.good);
}

/** That a badge was removed, and what becomes of those that there are. */
export function renderRemoved(badge: Badge, takenBack: boolean): Answer {
  const lines = [`${nameOf(badge)} is removed.`];
  if (!badge.rule) lines.push('What quests and prizes gave by its name stays, without what it means.');
  else if (takenBack) lines.push('It is taken from all who have earned it in a moment.');
  else {
    lines.push(
      'Nobody earns it any more. Whoever has it keeps it.',
      `-# To take it from them: ${code('/badge remove')} once more, with ${code('take-back')}`,
    );
  }
  return note(lines.join('\n'), COLOURS.good);
}

/** Asks whether a badge is to be taken from all who have it. */
export function confirmTakingBack(badge: Badge, holders: { holders: number; orMore: boolean }, locale: string): Answer {
  const count = formatCount(holders.holders, locale);
  const who =
    holders.holders === 1 ? '1 member has' : `${count}${holders.orMore ? ' members or more have' : ' members have'}`;
  const lines = [
    '## Take this badge back from all?',
    `${nameOf(badge)} · ${who} it`,
    'It goes from everybody who has earned it, and nobody earns it any more. The ledger keeps both.',
    '-# To leave it, dismiss this message.',
  ];
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder()
        .setCustomId(`badge:1:take-back:${badge.id}`)
        .setLabel('Take it back')
        .setStyle(ButtonStyle.Danger),
    ),
  );
}

/** Reads the custom id of the button of {@link confirmTakingBack}: the number of the badge. */
export function decodeTakingBack(customId: string): number | undefined {
  const [, id] = /^badge:1:take-back:(\d{1,9})$/.exec(customId) ?? [];
  return id === undefined ? undefined : Number(id);
}

/** Badges in a line: `⚡ First Spark, 🏆 Season Champion ×3`. */
export function badgeInLine(
  held: Pick<HeldBadge, 'name' | 'count'> & { badge?: Badge | undefined },
  locale: string,
  maxLength: number,
): string {
  const { name, count, badge } = held;
  const icon = badge ? iconOf(badge) : DEFAULT_ICON;
  return `${icon} ${shownName(plain(name, maxLength))}${count === 1 ? '' : ` ×${formatCount(count, locale)}`}`;
}

function heldText({ name, count, grantedAt, badge }: HeldBadge, locale: string): string {
  const icon = badge ? iconOf(badge) : DEFAULT_ICON;
  const times = count === 1 ? '' : ` ×${formatCount(count, locale)}`;
  const what = badge?.description ? `\n-# ${shownName(plain(badge.description, DESCRIPTION_LENGTH))}` : '';
  return `${icon} **${shownName(plain(name, NAME_LENGTH))}**${times} · ${timestamp(grantedAt, 'D')}${what}`;
}

function openText({ badge, progress }: Collection['open'][number], community: Community, locale: string): string {
  // Half of one thing is nothing.
  if (!progress || progress.wanted === 1n) return `${nameOf(badge)} · ${ruleOf(badge, community, locale)}`;
  const how = plain(sayProgress(badge.rule, progress, community, wordingOf(locale)), RULE_LENGTH);
  return `${nameOf(badge)} ${progressBar(progress.share)} · ${how}`;
}

function nameOf(badge: Badge): string {
  return `${iconOf(badge)} **${shownName(plain(badge.name, NAME_LENGTH))}**`;
}

function iconOf({ id, icon, picture }: Badge): string {
  const { emojiId, animated = false } = picture ?? {};
  return showIcon(id, emojiId === undefined ? undefined : { id: emojiId, animated }, icon);
}

function ruleOf({ rule }: Badge, community: Community, locale: string): string {
  return rule ? plain(sayRule(rule, community, wordingOf(locale)), RULE_LENGTH) : '';
}

function wordingOf(locale: string): RuleWording {
  return {
    name: (text) => escapeMarkdown(plain(text, NAME_LENGTH)),
    number: (thousandths) => formatNumber(thousandths, locale),
  };
}

function noBadges({ reader }: Call): string {
  return reader.mayManage ? `\nMake one: ${code('/badge create')}` : '';
}

/** As many lines as fit, and how many are left out. */
function fill(lines: readonly string[], maxLength: number, locale: string): string[] {
  let length = 0;
  const shown = lines.filter((line) => (length += line.length + 1) <= maxLength);
  const rest = lines.length - shown.length;
  return rest > 0 ? [...shown, `-# and ${formatCount(rest, locale)} more`] : shown;
}
