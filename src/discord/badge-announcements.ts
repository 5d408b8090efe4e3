/** How badges are announced. */
import type { Announcement, AnnouncementKind, ToldBadge } from '../announcements/announcement.ts';
import { heading, name, names, plural, type Manner } from './announcement-words.ts';
import { showIcon } from './badge-icon.ts';
import { formatCount } from './format.ts';
import { code, plain, shownName } from './text.ts';

type Of<Kind extends AnnouncementKind> = Extract<Announcement, { kind: Kind }>;

/** How many badges are told, where several things are told and where nothing else is. */
const MOST_BADGES = { brief: 3, full: 12 } as const;
const DESCRIPTION_LENGTH = 200;

/** What was earned since the day before: a line a badge. */
export function renderEarned({ badges }: Of<'achievements-earned'>, manner: Manner): string {
  const shown = badges.slice(0, MOST_BADGES[manner.detail]);
  const rest = badges.length - shown.length;
  return [
    heading('Badges earned since yesterday', manner),
    ...shown.map((badge) => earnedLine(badge, manner)),
    ...(rest > 0 ? [`and ${plural(rest, 'other badge', manner)}`] : []),
    ...(manner.detail === 'full' ? [`-# Yours, and what you can still earn: ${code('/badges')}`] : []),
  ].join('\n');
}

/** A new badge, and how many have it already. */
export function renderNewBadge(told: Of<'badge-created'>, manner: Manner): string {
  const { badgeId, icon, description, holders, orMore } = told;
  return [
    heading(`New badge: ${showIcon(badgeId, icon.emoji, icon.character)} ${name(told.name, manner)}`, manner),
    ...(description ? [shownName(plain(description, DESCRIPTION_LENGTH))] : []),
    holders === 0
      ? 'Nobody has earned it yet.'
      : `${plural(holders, 'member', manner)}${orMore ? ' or more' : ''} ${holders === 1 ? 'has' : 'have'} earned it already.`,
  ].join('\n');
}

function earnedLine({ badgeId, icon, members, named, ...badge }: ToldBadge, manner: Manner): string {
  const who = names(
    named.map((member) => member.name),
    { ...manner, detail: 'brief' },
  );
  const more = members - named.length;
  const others = more > 0 ? ` and ${formatCount(more, manner.locale)} more` : '';
  return `${showIcon(badgeId, icon.emoji, icon.character)} **${name(badge.name, { ...manner, detail: 'brief' })}**: ${who}${others}`;
}
