import { ContainerBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import type { Badge } from '../badges/badge.ts';
import type { Community } from '../communities/community.ts';
import type { Member } from '../members/members.ts';
import type { CurrentStanding } from '../ranking/read-leaderboard.ts';
import type { Granted } from '../rewards/grants.ts';
import { badgeInLine } from './badge-message.ts';
import type { Answer, Call } from './command.ts';
import { formatCount, formatNumber, formatScore, ordinal } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { code, shownName } from './text.ts';
import { titleOf } from './window-title.ts';

/** What is left of Discord's 4,000 characters a message for standings. */
const MAX_STANDINGS_LENGTH = 2_800;
/** The most badges named, and the most characters of one. Escaping at most doubles them. */
const MAX_BADGES = 6;
const MAX_BADGE_LENGTH = 30;

/** A member's balances, and where the member stands in all current windows. `badges`: what badges mean. */
export function renderMember(
  { community, locale }: Call,
  member: Member,
  granted: Granted,
  badges: readonly Badge[],
  standings: readonly CurrentStanding[],
): Answer {
  const linked =
    member.discordUserId === undefined
      ? `not linked with a handle yet: ${code('/link')}`
      : 'linked with your Discord account';
  const hidden =
    member.hiddenAs === undefined ? '' : `\n-# You are hidden: others see you as ${code(member.hiddenAs)}.`;
  const name = `## ${shownName(member.displayName)}\n-# ${shownName(member.handle)} in ${shownName(community.name)}, ${linked}${hidden}`;
  const omnit = `**${formatNumber(member.earnedOmnit + granted.tokens, locale)}** OMNIT earned`;
  const reputation = `**${formatNumber(member.earnedReputation + granted.reputation, locale)}** reputation`;
  return new ContainerBuilder()
    .setAccentColor(COLOURS.good)
    .addTextDisplayComponents(
      new TextDisplayBuilder({ content: `${name}\n${omnit} · ${reputation}${badgesText(granted, badges, locale)}` }),
    )
    .addSeparatorComponents(new SeparatorBuilder())
    .addTextDisplayComponents(
      new TextDisplayBuilder({
        content: `${standingsText(community, standings, locale)}\n-# Line by line: ${code('/why')}`,
      }),
    );
}

/** What to tell someone whose contributions are not known. */
export function renderStranger({ community, reader }: Call): Answer {
  const handle = `discord-${reader.userId}`;
  return note(
    [
      `**You have not contributed to ${shownName(community.name)} yet.**`,
      `Whatever is reported with the contributor ${code(handle)} counts as yours, from the first contribution on.`,
      'Give that handle to the app, node or person that reports your work; in a file for the command line it looks like this:',
      code(
        `{"id": "my-first", "contributor": "${handle}", "category": "${exampleCategory(community.categories)}", "amount": "1", "occurredAt": "2026-01-31T12:00:00Z"}`,
      ),
      `You have a handle already? ${code('/link')} tells how to connect it.`,
    ].join('\n'),
  );
}

function badgesText({ badges }: Granted, known: readonly Badge[], locale: string): string {
  if (badges.length === 0) return '';
  const byName = new Map(known.map((badge) => [badge.name, badge]));
  const shown = badges
    .slice(0, MAX_BADGES)
    .map((one) => badgeInLine({ ...one, badge: byName.get(one.name) }, locale, MAX_BADGE_LENGTH));
  const more = badges.length - shown.length;
  return `\n${shown.join(', ')}${more > 0 ? ` and ${formatCount(more, locale)} more` : ''} · ${code('/badges')}`;
}

function standingsText(community: Community, standings: readonly CurrentStanding[], locale: string): string {
  if (standings.length === 0) return 'No contributions in any current window.';
  const blocks = Map.groupBy(standings, ({ category }) => category);
  let text = '';
  for (const [category, places] of blocks) {
    const lines = places.map(
      ({ window, rank, total, score }) =>
        `${titleOf(community, window, locale)}: **${ordinal(rank, locale)}** of ${formatCount(total, locale)} · ${formatScore(score, category, locale)}`,
    );
    const block = `**${shownName(category.title)}**\n${lines.join('\n')}\n`;
    if (text.length + block.length > MAX_STANDINGS_LENGTH) return `${text}-# and more: ${code('/leaderboard')}`;
    text += block;
  }
  return text.trimEnd();
}

function exampleCategory(categories: readonly { slug: string }[]): string {
  return categories[0]?.slug ?? 'CATEGORY';
}
