import { ActionRowBuilder, ButtonBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import type { Community } from '../communities/community.ts';
import type { MultiplierPlan } from '../multipliers/create-multiplier.ts';
import {
  statusOf,
  type MultiplierEvent,
  type MultiplierStatus,
  type NewMultiplier,
} from '../multipliers/multiplier.ts';
import { formatMultiplier } from '../ranking/score.ts';
import type { Answer } from './command.ts';
import { timestamp } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { code, plain, shownName } from './text.ts';

const DRAFT_PREFIX = 'multiplier:1:create:';
/** The most categories named, and the most characters of a name: several events stand in a message. */
const MAX_NAMED = 4;
const MAX_NAME_LENGTH = 60;

const STATUS_TEXTS: Record<MultiplierStatus, (event: MultiplierEvent) => string> = {
  running: ({ endsAt }) => `⚡ running, ends ${timestamp(endsAt, 'R')}`,
  scheduled: ({ startsAt }) => `starts ${timestamp(startsAt, 'R')}`,
  ended: ({ endsAt }) => `ended ${timestamp(endsAt, 'R')}`,
  cancelled: () => 'cancelled',
};

/** The events of a community, as the store lists them. */
export function renderMultipliers(
  community: Community,
  { total, multipliers }: { total: number; multipliers: readonly MultiplierEvent[] },
  now: Date,
): Answer {
  if (total === 0) {
    return note(
      `**No multiplier events yet.**\nWhoever may manage this server creates one: ${code('/multiplier create')}`,
      COLOURS.past,
    );
  }
  const entries = multipliers.map((event) => {
    const status = statusOf(event, now);
    return `${headOf(event)} · ${STATUS_TEXTS[status](event)}\n${spanOf(event)}\n-# ${categoriesOf(community, event.categoryIds)}`;
  });
  const rest = total - multipliers.length;
  if (rest > 0) entries.push(`-# and ${rest} earlier ones`);
  const runs = multipliers.some((event) => statusOf(event, now) === 'running');
  return note(['## Multiplier events', ...entries].join('\n'), runs ? COLOURS.good : COLOURS.neutral);
}

/** Asks whether an event is to be created, and says what was made of what was typed. */
export function confirmMultiplier(
  community: Community,
  wanted: NewMultiplier,
  { categories, announceAt }: MultiplierPlan,
  draftId: number,
  remarks: readonly string[],
): Answer {
  const { timeZone, locale, discordChannelId } = community;
  const local = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'full', timeStyle: 'short' });
  const ids = categories?.map(({ id }) => id);
  const ahead = announceAt.map((at) => timestamp(at, 'f'));
  const lines = [
    '## Create this multiplier event?',
    headOf(wanted),
    `${spanOf(wanted)}, starts ${timestamp(wanted.startsAt, 'R')}`,
    `In ${code(timeZone)}: ${local.formatRange(wanted.startsAt, wanted.endsAt)}`,
    `**For** ${categoriesOf(community, ids)}`,
    `**Announced** ${[...ahead, 'at its start and end'].join(', ')}`,
    ...remarks.map((remark) => `⚠️ ${shownName(remark)}`),
  ];
  if (!discordChannelId) lines.push(`⚠️ Announcements have no channel yet: ${code('/setup channel:')}`);
  lines.push('-# Events that overlap do not stack: the highest applies. To leave it, dismiss this message.');
  return note(lines.join('\n'), COLOURS.waiting).addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder().setCustomId(`${DRAFT_PREFIX}${draftId}`).setLabel('Create it').setStyle(ButtonStyle.Success),
    ),
  );
}

/** The draft that a button of {@link confirmMultiplier} confirms. */
export function decodeConfirmation(customId: string): number | undefined {
  const [, id] = /^multiplier:1:create:(\d{1,9})$/.exec(customId) ?? [];
  return id === undefined ? undefined : Number(id);
}

/** What became of an event: `Created`, `Cancelled`, `Ends early`. */
export function renderMultiplier(community: Community, done: string, event: MultiplierEvent, now: Date): Answer {
  const status = statusOf(event, now);
  return note(
    [
      `## ${done}`,
      `${headOf(event)} · ${STATUS_TEXTS[status](event)}`,
      spanOf(event),
      `-# ${categoriesOf(community, event.categoryIds)}`,
    ].join('\n'),
    status === 'cancelled' ? COLOURS.past : COLOURS.good,
  );
}

function headOf({ name, factor }: Pick<MultiplierEvent, 'name' | 'factor'>): string {
  return `**${shownName(plain(name, MAX_NAME_LENGTH))}** · **${formatMultiplier(factor)}× OMNIT**`;
}

function spanOf({ startsAt, endsAt }: Pick<MultiplierEvent, 'startsAt' | 'endsAt'>): string {
  return `${timestamp(startsAt, 'f')} – ${timestamp(endsAt, 'f')}`;
}

function categoriesOf({ categories }: Community, ids: readonly number[] | undefined): string {
  if (!ids) return 'all categories';
  const titles = categories
    .filter(({ id }) => ids.includes(id))
    .map(({ title }) => shownName(plain(title, MAX_NAME_LENGTH)));
  const rest = titles.length - MAX_NAMED;
  return `${titles.slice(0, MAX_NAMED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
