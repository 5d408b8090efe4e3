import { ContainerBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import type { Announcement, AnnouncementKind, ToldMultiplier, ToldReward } from '../announcements/announcement.ts';
import type { Told } from '../announcements/messenger.ts';
import { parseDecimal } from '../ranking/score.ts';
import type { RewardKind } from '../rewards/reward.ts';
import { formatCount, formatNumber, timestamp } from './format.ts';
import { COLOURS } from './messages.ts';
import { addDecisionButtons, addFiles, proofLines } from './proof-message.ts';
import { plain, shownName } from './text.ts';

/** Discord numbers components by itself from 1 on; the numbers of announcements lie beyond. Together within 31 bits. */
const FIRST_COMPONENT_ID = 1_000_000_000;

/** How long a name may be where several things are told, and where one is. Escaping at most doubles it. */
const NAME_LENGTH = { brief: 48, full: 100 } as const;
const DESCRIPTION_LENGTH = 600;
const REASON_LENGTH = 500;
/** How many names are listed. */
const NAMES = { brief: 3, full: 15 } as const;
const MOST_CATEGORIES = 5;
const MOST_REWARDS = 4;

type Detail = 'brief' | 'full';
type Manner = { detail: Detail; locale: string };
type Of<Kind extends AnnouncementKind> = Extract<Announcement, { kind: Kind }>;

const COLOUR: Record<AnnouncementKind, number> = {
  'multiplier-ahead': COLOURS.waiting,
  'multiplier-started': COLOURS.good,
  'multiplier-ended': COLOURS.past,
  'multiplier-cancelled': COLOURS.bad,
  'quest-opened': COLOURS.neutral,
  'quest-completed': COLOURS.good,
  'quest-settled': COLOURS.final,
  'quest-cancelled': COLOURS.bad,
  'quest-reminder': COLOURS.waiting,
  'proof-submitted': COLOURS.waiting,
  'proof-reviewed': COLOURS.neutral,
};

/** The component of a message by which an announcement is found again. */
export function componentIdOf(announcementId: number): number {
  return FIRST_COMPONENT_ID + announcementId;
}

/**
 * What is told, as one container. Whatever the parts are, it fits into a message.
 *
 * @param uploaded the names of the files that are on the message, as `uploadName` gives them
 */
export function renderAnnouncements({ id, parts, locale }: Told, uploaded: readonly string[] = []): ContainerBuilder {
  const [first] = parts;
  const manner: Manner = { detail: parts.length > 1 ? 'brief' : 'full', locale };
  const container = new ContainerBuilder()
    .setId(componentIdOf(id))
    .setAccentColor(first?.[0] ? COLOUR[first[0].kind] : COLOURS.neutral);
  for (const [index, part] of parts.entries()) {
    if (index > 0) container.addSeparatorComponents(new SeparatorBuilder());
    container.addTextDisplayComponents(new TextDisplayBuilder({ content: renderPart(part, manner) }));
  }
  const proof = first?.[0];
  if (proof?.kind === 'proof-submitted') {
    addFiles(container, proof.files, uploaded);
    if (!proof.decision) addDecisionButtons(container, proof, 'channel');
  }
  return container;
}

function renderPart(part: readonly Announcement[], manner: Manner): string {
  const [first] = part;
  if (!first) throw new Error('A part of a message tells nothing.');
  if (part.length === 1) return render(first, manner);
  if (first.kind === 'quest-completed') {
    const members = part.flatMap((one) => (one.kind === 'quest-completed' ? [one.member] : []));
    return renderCompletions(first, members, manner);
  }
  const limit = NAMES.brief;
  const shown = part.slice(0, limit).map((one) => render(one, { ...manner, detail: 'brief' }));
  return [
    ...shown,
    ...(part.length > limit ? [`… and ${formatCount(part.length - limit, manner.locale)} more`] : []),
  ].join('\n');
}

function render(told: Announcement, manner: Manner): string {
  switch (told.kind) {
    case 'multiplier-ahead':
      return [
        heading(`${told.factor}× ahead: ${name(told.name, manner)}`, manner),
        `Contributions to ${categories(told, manner)} earn **${told.factor}× OMNIT** from ${moment(told.startsAt)} to ${moment(told.endsAt)}. It begins ${relative(told.startsAt)}.`,
      ].join('\n');
    case 'multiplier-started':
      return [
        heading(`${told.factor}× is on: ${name(told.name, manner)}`, manner),
        `Contributions to ${categories(told, manner)} earn **${told.factor}× OMNIT** until ${moment(told.endsAt)}, which is ${relative(told.endsAt)}.`,
      ].join('\n');
    case 'multiplier-ended':
      return [
        heading(`${told.factor}× is over: ${name(told.name, manner)}`, manner),
        told.contributions === 0
          ? 'Nothing was contributed in it.'
          : `${plural(told.contributions, 'contribution', manner)} earned **${amount(told.extra, manner)} OMNIT** more by it.`,
      ].join('\n');
    case 'multiplier-cancelled':
      return [
        heading(`${told.factor}× is off: ${name(told.name, manner)}`, manner),
        'This multiplier event was cancelled and does not take place.',
      ].join('\n');
    case 'quest-opened':
      return [
        heading(`New quest: ${name(told.name, manner)}`, manner),
        ...(told.description && manner.detail === 'full'
          ? [shownName(plain(told.description, DESCRIPTION_LENGTH))]
          : []),
        `Reward: ${rewards(told.rewards, manner)}. It ends ${moment(told.endsAt)}, ${relative(told.endsAt)}.`,
      ].join('\n');
    case 'quest-completed':
      return renderCompletions(told, [told.member], manner);
    case 'quest-settled': {
      const [winner, ...more] = told.winners;
      const title = heading(`Quest settled: ${name(told.quest, manner)}`, manner);
      if (winner === undefined) return [title, 'Nobody reached the goal.'].join('\n');
      const others = told.others > 0 ? ` ${plural(told.others, 'other', manner)} reached the goal as well.` : '';
      return [
        title,
        `${more.length > 0 ? 'Winners' : 'Winner'}: ${names(told.winners, manner)}.${others}`,
        `Reward: ${rewards(told.rewards, manner)}.`,
      ].join('\n');
    }
    case 'quest-cancelled':
      return [heading(`Quest cancelled: ${name(told.quest, manner)}`, manner), 'It does not go on.'].join('\n');
    case 'quest-reminder':
      return [
        heading(`You are over half way: ${name(told.quest, manner)}`, manner),
        `**${amount(told.done, manner)}** of ${amount(told.goal, manner)} done. It ends ${moment(told.endsAt)}, ${relative(told.endsAt)}.`,
      ].join('\n');
    case 'proof-submitted':
      return [heading(`Proof ${told.proofId}: ${name(told.quest, manner)}`, manner), ...proofLines(told)].join('\n');
    // The last kind. With another one this does not compile until it is told as well.
    default:
      return [
        heading(`${DECISIONS[told.decision]}: ${name(told.quest, manner)}`, manner),
        ...(told.reason ? [`> ${shownName(plain(told.reason, manner.detail === 'full' ? REASON_LENGTH : 100))}`] : []),
        ...(told.decision === 'asked' ? ['Complete it, and hand it in again with /quest prove.'] : []),
      ].join('\n');
  }
}

const DECISIONS: Record<Of<'proof-reviewed'>['decision'], string> = {
  approved: 'Your proof was approved',
  asked: 'More is asked of your proof',
  refused: 'Your proof was refused',
};

function renderCompletions(told: Of<'quest-completed'>, members: readonly string[], manner: Manner): string {
  const { locale } = manner;
  const who = members.length === 1 ? names(members, manner) : `**${formatCount(members.length, locale)} members**`;
  const reward =
    told.rewards.length > 0 ? `Reward${members.length > 1 ? ' each' : ''}: ${rewards(told.rewards, manner)}.` : '';
  return [
    heading(`Quest completed: ${name(told.quest, manner)}`, manner),
    `${who} completed it${members.length > 1 ? `: ${names(members, manner)}` : ''}.`,
    ...(reward ? [reward] : []),
  ].join('\n');
}

function heading(text: string, { detail }: Manner): string {
  return detail === 'full' ? `## ${text}` : `**${text}**`;
}

function name(text: string, { detail }: Manner): string {
  return shownName(plain(text, NAME_LENGTH[detail]));
}

function names(all: readonly string[], manner: Manner): string {
  const limit = NAMES[manner.detail];
  const shown = all.slice(0, limit).map((one) => shownName(plain(one, NAME_LENGTH.brief)));
  const rest = all.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${formatCount(rest, manner.locale)} more` : ''}`;
}

function categories(told: ToldMultiplier, manner: Manner): string {
  if (told.categories.length === 0) return 'every category';
  return names(told.categories.slice(0, MOST_CATEGORIES), manner);
}

function rewards(all: readonly ToldReward[], manner: Manner): string {
  const shown = all.slice(0, MOST_REWARDS).map((one) => `**${reward(one, manner)}**`);
  const rest = all.length - shown.length;
  return `${shown.join(' + ') || 'none'}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** By kind: what stands after the amount, or before the name. */
const REWARDS: Record<RewardKind, string> = {
  tokens: 'OMNIT',
  governance: 'governance tokens',
  reputation: 'reputation',
  badge: 'badge',
  role: 'role',
  nft: 'NFT',
  access: 'access to',
};

function reward({ kind, amount: much, name: what, roleId }: ToldReward, manner: Manner): string {
  if (much !== undefined) return `${amount(much, manner)} ${REWARDS[kind]}`;
  if (roleId !== undefined) return `${REWARDS[kind]} <@&${roleId}>`;
  return what === undefined ? REWARDS[kind] : `${REWARDS[kind]} ${shownName(plain(what, NAME_LENGTH.brief))}`;
}

function amount(text: string, { locale }: Manner): string {
  const parsed = parseDecimal(text);
  return 'thousandths' in parsed ? formatNumber(parsed.thousandths, locale) : shownName(text);
}

function plural(count: number, noun: string, { locale }: Manner): string {
  return `${formatCount(count, locale)} ${noun}${count === 1 ? '' : 's'}`;
}

function moment(instant: string): string {
  return timestamp(new Date(instant), 'f');
}

function relative(instant: string): string {
  return timestamp(new Date(instant), 'R');
}
