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
import type { Answer, Call } from './command.ts';
import { formatCount, formatFactor, timestamp } from './format.ts';
import { COLOURS, list, note } from './messages.ts';
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

const NO_CHANNEL = `⚠️ Announcements have no channel yet: ${code('/setup channel:')}`;
const HOW_TO_CANCEL = ` · to call it off before it starts: ${code('/multiplier cancel')}`;

/** The events of a community, as the store lists them. */
export function renderMultipliers(
  { community, now, locale }: Call,
  { total, multipliers }: { total: number; multipliers: readonly MultiplierEvent[] },
): Answer {
  if (total === 0) {
    return note(
      `**No multiplier events yet.**\nThose who manage this server create one with ${code('/multiplier create')}.`,
      COLOURS.past,
    );
  }
  const entries = multipliers.map((event) => {
    const status = statusOf(event, now);
    return `${headOf(event, locale)} · ${STATUS_TEXTS[status](event)}\n${spanOf(event)}\n-# For ${categoriesOf(community, event.categoryIds)}`;
  });
  const rest = total - multipliers.length;
  if (rest > 0) entries.push(`-# and ${formatCount(rest, locale)} earlier`);
  const runs = multipliers.some((event) => statusOf(event, now) === 'running');
  return list('## Multiplier events', entries, runs ? COLOURS.good : COLOURS.neutral);
}

/** Asks whether an event is to be created, and says what was made of what was typed. */
export function confirmMultiplier(
  { community, now, locale }: Call,
  wanted: NewMultiplier,
  { categories, announceAt }: MultiplierPlan,
  draftId: number,
  remarks: readonly string[],
): Answer {
  const { timeZone } = community;
  const local = new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'full', timeStyle: 'short' });
  const ids = categories?.map(({ id }) => id);
  const ahead = announceAt.map((at) => timestamp(at, 'f'));
  const lines = [
    '## Create this multiplier event?',
    headOf(wanted, locale),
    `${spanOf(wanted)}, ${wanted.startsAt <= now ? 'started' : 'starts'} ${timestamp(wanted.startsAt, 'R')}`,
    `In ${code(timeZone)}: ${local.formatRange(wanted.startsAt, wanted.endsAt)}`,
    `**For** ${categoriesOf(community, ids)}`,
    `**Announced** ${[...ahead, 'at its start and end'].join(', ')}${channelOf(community)}`,
    ...remarks.map((remark) => `⚠️ ${remarkText(remark)}`),
  ];
  if (!community.discordChannelId) lines.push(NO_CHANNEL);
  lines.push(
    '-# Where events overlap, the highest factor applies. Nothing is created until you confirm; to leave it, dismiss this message.',
  );
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
export function renderMultiplier({ community, now, locale }: Call, done: string, event: MultiplierEvent): Answer {
  const status = statusOf(event, now);
  return note(
    [
      `## ${done}`,
      `${headOf(event, locale)} · ${STATUS_TEXTS[status](event)}`,
      spanOf(event),
      `-# For ${categoriesOf(community, event.categoryIds)}${status === 'scheduled' ? HOW_TO_CANCEL : ''}`,
    ].join('\n'),
    status === 'cancelled' ? COLOURS.past : COLOURS.good,
  );
}

function headOf({ name, factor }: Pick<MultiplierEvent, 'name' | 'factor'>, locale: string): string {
  return `**${shownName(plain(name, MAX_NAME_LENGTH))}** · **${formatFactor(factor, locale)}× OMNIT**`;
}

/** A remark on a time. An instant in it is what to type to mean it: shown as a moment, it would look like the other one. */
function remarkText(remark: string): string {
  return remark
    .split(/(\d{4}-\d\d-\d\dT[\d:]+[+-]\d\d:\d\d)/)
    .map((part, index) => (index % 2 === 1 ? code(part) : shownName(part)))
    .join('');
}

function channelOf({ discordChannelId }: Community): string {
  return discordChannelId ? ` in <#${discordChannelId}>` : '';
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
