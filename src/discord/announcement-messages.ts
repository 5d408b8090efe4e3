import { ContainerBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import type {
  Announcement,
  AnnouncementKind,
  ProofDecision,
  ToldMember,
  ToldMultiplier,
} from '../announcements/announcement.ts';
import type { Told } from '../announcements/messenger.ts';
import { amount, heading, moment, name, names, plural, relative, rewards, type Manner } from './announcement-words.ts';
import { renderEarned, renderNewBadge } from './badge-announcements.ts';
import { WHOLE_MESSAGE } from './fit.ts';
import { formatCount } from './format.ts';
import { COLOURS } from './messages.ts';
import { addDecisionButtons, addFiles, proofLines } from './proof-message.ts';
import { code, plain, shownName } from './text.ts';
import { renderWindows, type WindowAnnouncement } from './window-announcements.ts';

/** Discord numbers components by itself from 1 on; the numbers of announcements lie beyond. Together within 31 bits. */
const FIRST_COMPONENT_ID = 1_000_000_000;

const DESCRIPTION_LENGTH = 600;
const GOAL_LENGTH = { brief: 100, full: 300 } as const;
const REASON_LENGTH = 500;
const MOST_CATEGORIES = 5;
/** How many things of one group are told one by one. */
const MOST_BRIEF = 3;

type Of<Kind extends AnnouncementKind> = Extract<Announcement, { kind: Kind }>;

/** The stripe of a message. Of a proof it tells what was decided. */
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
  'window-provisional': COLOURS.waiting,
  'window-final': COLOURS.final,
  'window-amended': COLOURS.bad,
  'season-countdown': COLOURS.waiting,
  'season-opened': COLOURS.good,
  'achievements-earned': COLOURS.good,
  'badge-created': COLOURS.neutral,
};

const DECISION_COLOUR: Record<ProofDecision, number> = {
  approved: COLOURS.good,
  asked: COLOURS.waiting,
  refused: COLOURS.bad,
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
export function renderAnnouncements(
  { id, parts, locale, from }: Told,
  uploaded: readonly string[] = [],
): ContainerBuilder {
  const [first] = parts;
  const container = new ContainerBuilder()
    .setId(componentIdOf(id))
    .setAccentColor(first?.[0] ? colourOf(first[0]) : COLOURS.neutral);
  const footer = from === undefined ? '' : `-# From **${name(from, { detail: 'full', locale })}**`;
  for (const [index, block] of renderParts(parts, locale, WHOLE_MESSAGE.characters - footer.length).entries()) {
    if (index > 0) container.addSeparatorComponents(new SeparatorBuilder());
    container.addTextDisplayComponents(new TextDisplayBuilder({ content: block }));
  }
  if (footer) container.addTextDisplayComponents(new TextDisplayBuilder({ content: footer }));
  const proof = first?.[0];
  if (proof?.kind === 'proof-submitted') {
    addFiles(container, proof.files, uploaded);
    if (!proof.decision) addDecisionButtons(container, proof, 'channel');
  }
  return container;
}

/** The texts of a message, which are parted by lines. */
function renderParts(parts: Told['parts'], locale: string, characters: number): string[] {
  const manner: Manner = { detail: parts.length > 1 ? 'brief' : 'full', locale };
  const share = Math.floor(characters / parts.length);
  return parts.flatMap((part) => {
    const others = part.filter((told): told is Other => !isOfWindow(told));
    if (others.length > 0) return [cutToLines(renderPart(others, manner), share)];
    // With a message to itself it has a text a table.
    const blocks = parts.length > 1 ? 1 : WHOLE_MESSAGE.blocks;
    return renderWindows(part.filter(isOfWindow), { ...manner, characters: share, blocks });
  });
}

type Other = Exclude<Announcement, WindowAnnouncement>;

function isOfWindow(told: Announcement): told is WindowAnnouncement {
  return told.kind.startsWith('window-') || told.kind.startsWith('season-');
}

/** The first lines of a text, as far as there is room. */
function cutToLines(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const end = text.lastIndexOf('\n', characters - 2);
  return end > 0 ? `${text.slice(0, end)}\n…` : plain(text, characters);
}

function colourOf(told: Announcement): number {
  const decision =
    told.kind === 'proof-submitted' ? told.decision?.state : told.kind === 'proof-reviewed' ? told.decision : undefined;
  return decision ? DECISION_COLOUR[decision] : COLOUR[told.kind];
}

function renderPart(part: readonly Other[], manner: Manner): string {
  const [first] = part;
  if (!first) throw new Error('A part of a message tells nothing.');
  if (part.length === 1) return render(first, manner);
  if (first.kind === 'quest-completed') {
    const members = part.flatMap((one) => (one.kind === 'quest-completed' ? [one.member] : []));
    return renderCompletions(first, members, manner);
  }
  const limit = MOST_BRIEF;
  const shown = part.slice(0, limit).map((one) => render(one, { ...manner, detail: 'brief' }));
  return [
    ...shown,
    ...(part.length > limit ? [`… and ${formatCount(part.length - limit, manner.locale)} more`] : []),
  ].join('\n');
}

function render(told: Other, manner: Manner): string {
  switch (told.kind) {
    case 'multiplier-ahead':
      return [
        heading(`${amount(told.factor, manner)}× ahead: ${name(told.name, manner)}`, manner),
        `Contributions to ${categories(told, manner)} earn **${amount(told.factor, manner)}× OMNIT** from ${moment(told.startsAt)} to ${moment(told.endsAt)}. It starts ${relative(told.startsAt)}.`,
      ].join('\n');
    case 'multiplier-started':
      return [
        heading(`${amount(told.factor, manner)}× is on: ${name(told.name, manner)}`, manner),
        `Contributions to ${categories(told, manner)} earn **${amount(told.factor, manner)}× OMNIT** until ${moment(told.endsAt)}, which is ${relative(told.endsAt)}.`,
      ].join('\n');
    case 'multiplier-ended':
      return [
        heading(`${amount(told.factor, manner)}× is over: ${name(told.name, manner)}`, manner),
        told.contributions === 0
          ? 'Nothing was contributed in it.'
          : `${plural(told.contributions, 'contribution', manner)} earned **${amount(told.extra, manner)} OMNIT** extra.`,
      ].join('\n');
    case 'multiplier-cancelled':
      return [
        heading(`${amount(told.factor, manner)}× is off: ${name(told.name, manner)}`, manner),
        'This multiplier event was called off.',
      ].join('\n');
    case 'quest-opened':
      return [
        heading(`New quest: ${name(told.name, manner)}`, manner),
        ...(told.description && manner.detail === 'full'
          ? [shownName(plain(told.description, DESCRIPTION_LENGTH))]
          : []),
        ...(told.goal ? [`Goal: ${shownName(plain(told.goal, GOAL_LENGTH[manner.detail]))}`] : []),
        `Reward: ${rewards(told.rewards, manner)}. It ends ${moment(told.endsAt)}, ${relative(told.endsAt)}.`,
        ...(manner.detail === 'full' ? [`-# What to do, and how far you are: ${code('/quest show')}`] : []),
      ].join('\n');
    case 'quest-completed':
      return renderCompletions(told, [told.member], manner);
    case 'quest-settled': {
      const [winner, ...more] = told.winners.map((one) => one.name);
      const title = heading(`Quest settled: ${name(told.quest, manner)}`, manner);
      if (winner === undefined) return [title, 'Nobody reached the goal.'].join('\n');
      const others = told.others > 0 ? ` ${plural(told.others, 'other', manner)} reached the goal as well.` : '';
      return [
        title,
        `${more.length > 0 ? 'Winners' : 'Winner'}: ${names([winner, ...more], manner)}.${others}`,
        `Reward: ${rewards(told.rewards, manner)}.`,
      ].join('\n');
    }
    case 'quest-cancelled':
      return [
        heading(`Quest cancelled: ${name(told.quest, manner)}`, manner),
        'It was called off. What it has granted stays.',
      ].join('\n');
    case 'quest-reminder':
      return [
        heading(`You are over half way: ${name(told.quest, manner)}`, manner),
        `**${amount(told.done, manner)}**${told.goal === '100 %' ? '' : ` of ${amount(told.goal, manner)}`} done. It ends ${moment(told.endsAt)}, ${relative(told.endsAt)}.`,
        ...(manner.detail === 'full' ? [`-# How far you are: ${code('/quest progress')}`] : []),
      ].join('\n');
    case 'proof-submitted':
      return [heading(`Proof ${told.proofId}: ${name(told.quest, manner)}`, manner), ...proofLines(told)].join('\n');
    case 'achievements-earned':
      return renderEarned(told, manner);
    case 'badge-created':
      return renderNewBadge(told, manner);
    // The last kind. With another one this does not compile until it is told as well.
    default:
      return [
        heading(`${DECISIONS[told.decision]}: ${name(told.quest, manner)}`, manner),
        ...(told.reason ? [`> ${shownName(plain(told.reason, manner.detail === 'full' ? REASON_LENGTH : 100))}`] : []),
        ...WHAT_NEXT[told.decision],
      ].join('\n');
  }
}

const WHAT_NEXT: Record<Of<'proof-reviewed'>['decision'], string[]> = {
  approved: [],
  asked: [`Complete it, and hand it in again: ${code('/quest prove')}`],
  refused: [`While the quest runs, you can hand in another one: ${code('/quest prove')}`],
};

const DECISIONS: Record<Of<'proof-reviewed'>['decision'], string> = {
  approved: 'Your proof was approved',
  asked: 'More is asked of your proof',
  refused: 'Your proof was refused',
};

/** @param completers who completed it, once for every round */
function renderCompletions(told: Of<'quest-completed'>, completers: readonly ToldMember[], manner: Manner): string {
  const members = [...new Map(completers.map((member) => [member.memberId, member.name])).values()];
  const times =
    completers.length > members.length ? ` **${formatCount(completers.length, manner.locale)} times** in all` : '';
  const who =
    members.length === 1 ? names(members, manner) : `**${formatCount(members.length, manner.locale)} members**`;
  const each = completers.length === 1 ? '' : times ? ' each time' : ' each';
  return [
    heading(`Quest completed: ${name(told.quest, manner)}`, manner),
    `${who} completed it${times}${members.length > 1 ? `: ${names(members, manner)}` : ''}.`,
    ...(told.rewards.length > 0 ? [`Reward${each}: ${rewards(told.rewards, manner)}.`] : []),
  ].join('\n');
}

function categories(told: ToldMultiplier, manner: Manner): string {
  if (told.categories.length === 0) return 'every category';
  return names(told.categories, manner, MOST_CATEGORIES);
}
