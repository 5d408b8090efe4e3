import { ActionRowBuilder, ButtonBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Community, Visibility } from '../communities/community.ts';
import type { PresetName } from '../communities/presets.ts';
import { requireTimeZone } from '../communities/settings.ts';
import type { Answer } from './command.ts';
import { showSentence } from './domain-text.ts';
import { COLOURS, note } from './messages.ts';
import { formatCount } from './format.ts';
import { code, plain, shownName } from './text.ts';

export const PRESET_LABELS: Record<PresetName, string> = {
  omnitensor: 'OmniTensor: GPU hours, validated datasets, model tests',
};

export const VISIBILITY_LABELS: Record<Visibility, string> = {
  public: 'Public: everybody, and it is listed',
  unlisted: 'Unlisted: everybody who knows the address',
  members: 'Members: in this server, and with a key',
};

const TIME_ZONE_PREFIX = 'setup:1:time-zone:';
/** How much of a reason is shown. */
const MOST_REASON = 300;
/** The most categories named. */
const MAX_NAMED = 10;

export type SetupState = {
  changed: boolean;
  /** The name of the installation's community while no server has it. */
  unclaimed: string | undefined;
  /** How many announcements could not be said, and why the latest could not. */
  unsaid: { count: number; latest: string | undefined };
  /** How many announcements wait for a channel. */
  waiting: number;
  /** How many live boards rest, and why the latest does. */
  resting: { count: number; latest: string | undefined };
  /** How many grants could not be delivered, and the reason of most of them. */
  undelivered: { count: number; first: string | undefined };
  now: Date;
  locale: string;
};

/** How a community is set up, and what lacks. */
export function renderSetup(
  community: Community,
  { changed, unclaimed, unsaid, waiting, resting, undelivered, now, locale }: SetupState,
): Answer {
  const { name, slug, timeZone, visibility, discordChannelId, discordReviewChannelId, categories } = community;
  const time = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' }).format(now);
  const titles = categories.slice(0, MAX_NAMED).map(({ title }) => shownName(title));
  const rest = categories.length - titles.length;
  const lines = [
    `## ${changed ? 'Saved' : 'Setup'}: ${shownName(name)}`,
    `**Address** ${code(slug)}`,
    `**Categories** ${titles.join(', ') || 'none'}${rest > 0 ? ` and ${rest} more` : ''}`,
    `**Time zone** ${code(timeZone)}, now ${time}`,
    `**Numbers and dates** ${code(community.locale)}`,
    `**Who may read on the web** ${VISIBILITY_LABELS[visibility]}`,
    `**Announcements** ${discordChannelId ? `<#${discordChannelId}>` : 'nowhere yet'}`,
    `**Proofs of quests** ${discordReviewChannelId ? `<#${discordReviewChannelId}>` : `reviewed with ${code('/quest review')} alone`}`,
  ];
  const lacking = whatLacks(community, unclaimed);
  if (!discordChannelId) lacking.push(channelLacks(waiting, locale));
  lacking.push(
    ...trouble(
      unsaid,
      ['announcement', 'announcements'],
      'could not be said',
      'Have them tried again over the API.',
      locale,
    ),
    ...trouble(resting, ['live board', 'live boards'], 'cannot be shown', `${code('/board list')} shows all.`, locale),
    ...trouble(undelivered, ['grant', 'grants'], 'could not be delivered', `${code('/grants')} shows all.`, locale),
  );
  if (lacking.length > 0) lines.push('### Still to do', ...lacking.map((line) => `- ${line}`));
  return note(lines.join('\n'), lacking.length > 0 ? COLOURS.waiting : COLOURS.good);
}

/** Asks whether standings may be recomputed for another time zone. */
export function confirmTimeZone(community: Community, timeZone: string, othersSaved: boolean): Answer {
  return note(
    [
      `## Change the time zone to ${code(timeZone)}?`,
      `This community has contributions, counted by the days of ${code(community.timeZone)}. Weeks, months and seasons that are open, and those from before the bot came, are cut anew, and contributions near midnight can move to the day before or after. What has ended stays as it is. No contribution is lost, and everything goes on meanwhile.`,
      `${othersSaved ? 'All else that you gave is saved. ' : ''}To leave the time zone as it is, dismiss this message.`,
    ].join('\n'),
    COLOURS.waiting,
  ).addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder()
        .setCustomId(`${TIME_ZONE_PREFIX}${requireTimeZone(timeZone)}`)
        .setLabel('Change it and recompute')
        .setStyle(ButtonStyle.Danger),
    ),
  );
}

/** The time zone that a button of {@link confirmTimeZone} confirms. */
export function decodeTimeZoneConfirmation(customId: string): string | undefined {
  if (!customId.startsWith(TIME_ZONE_PREFIX)) return undefined;
  try {
    return requireTimeZone(customId.slice(TIME_ZONE_PREFIX.length));
  } catch {
    return undefined;
  }
}

function whatLacks(community: Community, unclaimed: string | undefined): string[] {
  const lacking: string[] = [];
  if (unclaimed !== undefined) {
    lacking.push(`${shownName(unclaimed)} has no server yet. If it is this one: ${code('/setup use-main:True')}`);
  }
  if (community.categories.length === 0) {
    lacking.push(
      `Nothing is counted yet: ${code('/setup preset:OmniTensor')}, or categories of your own over the API.`,
    );
  }
  if (community.timeZone === 'UTC') {
    lacking.push(`Days begin at midnight UTC. If that is not yours: ${code('/setup time-zone:')} and type a city.`);
  }
  return lacking;
}

/** What does not get through: how many, a reason, and where to see more. */
function trouble(
  { count, ...reasons }: { count: number; latest?: string | undefined; first?: string | undefined },
  [one, several]: readonly [string, string],
  what: string,
  more: string,
  locale: string,
): string[] {
  if (count === 0) return [];
  const reason = showSentence(plain(reasons.latest ?? reasons.first ?? '', MOST_REASON));
  return [`${formatCount(count, locale)} ${count === 1 ? one : several} ${what}: ${reason} ${more}`];
}

/** That no channel was chosen, or that it was deleted since. */
function channelLacks(waiting: number, locale: string): string {
  const count = formatCount(waiting, locale);
  const told = waiting === 0 ? '' : ` ${count} ${waiting === 1 ? 'waits' : 'wait'} for one.`;
  return `Announcements have no channel, or it was deleted.${told} Choose one: ${code('/setup channel:')}`;
}
