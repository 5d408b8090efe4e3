import { ActionRowBuilder, ButtonBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import { ButtonStyle, type ApplicationCommandOptionChoiceData } from 'discord.js';
import {
  GRANT_STATES,
  isDeliveredByHand,
  type GrantFilter,
  type GrantPlace,
  type GrantState,
  type ListedGrant,
} from '../rewards/grant-list.ts';
import type { PlannedRole, RolePlan } from '../rewards/plan-roles.ts';
import { REWARD_KINDS, type RewardKind } from '../rewards/reward.ts';
import type { Answer } from './command.ts';
import { formatCount, timestamp } from './format.ts';
import { giftOf } from './ledger-lines.ts';
import { COLOURS, note } from './messages.ts';
import { code, escapeMarkdown, plain, shownName } from './text.ts';

/** How many a message shows, within the 40 components and 4,000 characters that it may have. */
export const MAX_SHOWN = 5;

/** How many groups of changes a plan names, and how many members of each. */
const MAX_GROUPS = 12;
const MAX_MEMBERS = 3;
const MAX_NAME_LENGTH = 40;
const MAX_REASON_LENGTH = 60;
const MAX_WHY_LENGTH = 170;
const MAX_PLAN_WHY_LENGTH = 120;
/** The most characters of a plan's text, with some to spare for what is not shown. */
const MAX_PLAN_LENGTH = 3_700;
/** The most characters of a choice's label, and choices. */
const MAX_LABEL_LENGTH = 100;
const MAX_CHOICES = 25;

/** What a button of the list does. */
export type GrantPress =
  { do: 'retry' | 'delivered'; id: bigint } | { do: 'retry-all' } | { do: 'list'; view: GrantView };

/** Which grants are shown, from where on. */
export type GrantView = { filter: GrantFilter; before: GrantPlace | undefined };

/** What the states and kinds of grants are called. */
export const STATE_WORDS: Record<GrantState, string> = {
  effective: 'in effect',
  made: 'waits',
  delivering: 'on its way',
  delivered: 'delivered',
  failed: 'failed',
  withdrawn: 'taken back before it was given',
  lapsed: 'lapsed',
};
export const KIND_WORDS: Record<RewardKind, string> = {
  tokens: 'OMNIT',
  governance: 'governance tokens',
  reputation: 'reputation',
  badge: 'badge',
  role: 'role',
  nft: 'NFT',
  access: 'access',
};

/** Grants, what failed first, each with what can be done. `done`: what was just changed. */
export function renderGrants(
  { grants, next }: { grants: readonly ListedGrant[]; next: GrantPlace | undefined },
  { filter }: GrantView,
  { failed, toDeliver, locale, done }: { failed: number; toDeliver: number; locale: string; done?: string | undefined },
): Answer {
  const head = [
    ...(done === undefined ? [] : [done]),
    '## Grants',
    countsText(failed, toDeliver, locale),
    ...(grants.length === 0 ? [emptyText(filter)] : []),
  ];
  const answer = note(head.join('\n'), failed > 0 ? COLOURS.bad : toDeliver > 0 ? COLOURS.waiting : COLOURS.good);
  for (const grant of grants) {
    answer
      .addSeparatorComponents(new SeparatorBuilder())
      .addTextDisplayComponents(new TextDisplayBuilder({ content: describeGrant(grant, locale) }));
    const buttons = buttonsOf(grant);
    if (buttons.length > 0) answer.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(buttons));
  }
  // Beside other grants it would seem to be about these.
  const showsFailed = grants.some(({ state }) => state === 'failed');
  const below = [
    ...(failed > 1 && showsFailed
      ? [button({ do: 'retry-all' }, `Retry all ${formatCount(failed, locale)}`, ButtonStyle.Primary)]
      : []),
    ...(next ? [button({ do: 'list', view: { filter, before: next } }, 'More', ButtonStyle.Secondary)] : []),
  ];
  if (below.length > 0) answer.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(below));
  return answer;
}

function countsText(failed: number, toDeliver: number, locale: string): string {
  const hands = toDeliver === 0 ? [] : [`**${formatCount(toDeliver, locale)}** to deliver by hand`];
  const failures = failed === 0 ? 'Nothing failed' : `**${formatCount(failed, locale)}** failed`;
  return [failures, ...hands].join(' · ');
}

function emptyText({ state }: GrantView['filter']): string {
  return state === 'to-do'
    ? `Nothing is left to do. All that was granted: ${code('/grants list')} with the state ${code('Everything')}`
    : 'There are none to show.';
}

/** A grant in a few words: what, and whose. Escaped. */
export function nameGrant({ displayName, kind, amount, name, roleId }: ListedGrant, locale: string): string {
  const gift = giftOf({ what: kind, amount, name, roleId }, locale);
  return `${amount < 0n ? `taking back ${gift} from` : `${gift} for`} **${shown(displayName)}**`;
}

/** One grant in some lines. Escaped. */
function describeGrant(grant: ListedGrant, locale: string): string {
  const { id, displayName, handle, kind, amount, name, roleId, reason, state, stateReason, madeAt } = grant;
  const gift = giftOf({ what: kind, amount, name, roleId }, locale);
  const whose = displayName === handle ? '' : ` (${shown(handle)})`;
  return [
    `**${shown(displayName)}**${whose}: ${amount < 0n ? `take back ${gift}` : gift}`,
    `**${STATE_WORDS[state]}**${whyText(grant, stateReason)}`,
    `-# Grant ${id} · ${timestamp(madeAt, 'f')} · ${short(reason, MAX_REASON_LENGTH)}`,
  ].join('\n');
}

function whyText({ kind, state }: ListedGrant, reason: string | undefined): string {
  if (reason !== undefined) return `: ${short(reason, MAX_WHY_LENGTH)}`;
  if (state !== 'made') return '';
  return isDeliveredByHand(kind) ? ' to be delivered by hand' : ' for the bot, which sees to it soon';
}

const ACTION_WORDS: Record<PlannedRole['action'], { count: string; heading: string }> = {
  give: { count: 'to give', heading: 'Give' },
  take: { count: 'to take', heading: 'Take' },
  keep: { count: 'left alone, as they had it before', heading: 'Leave' },
  cannot: { count: 'not possible now', heading: 'Not possible now' },
};

/** What the bot would give and take now: changes of one kind together. */
export function renderPlan({ first, ...counts }: RolePlan, locale: string): Answer {
  const { give, take, keep, cannot } = counts;
  const all = give + take + keep + cannot;
  const heading = '## Roles: what the bot would do now';
  if (all === 0) return note(`${heading}\nNothing: everybody has the roles that they were granted.`, COLOURS.good);
  const actions = (['give', 'take', 'keep', 'cannot'] as const).filter((action) => counts[action] > 0);
  const groups = actions.flatMap((action) => [
    ...Map.groupBy(
      first.filter((one) => one.action === action),
      ({ role, why }) => JSON.stringify([role, why]),
    ).values(),
  ]);
  const lines = [
    heading,
    actions.map((action) => `**${formatCount(counts[action], locale)}** ${ACTION_WORDS[action].count}`).join(' · '),
  ];
  let told = 0;
  for (const group of groups.slice(0, MAX_GROUPS)) {
    const line = groupText(group, locale);
    if ([...lines, line].join('\n').length > MAX_PLAN_LENGTH) break;
    lines.push(line);
    told += group.length;
  }
  if (all > told) lines.push(`and ${formatCount(all - told, locale)} more`);
  lines.push('-# Nothing was changed. Who has left, or has a role already, shows when the bot looks at them.');
  return note(lines.join('\n'), cannot > 0 ? COLOURS.waiting : COLOURS.good);
}

/** What is to be done about one role, with whom, and what is in the way. */
function groupText(group: readonly PlannedRole[], locale: string): string {
  const [first] = group;
  if (!first) return '';
  const { action, role, why } = first;
  const what = 'id' in role ? `<@&${role.id}>` : shown(role.name);
  const whom = group
    .slice(0, MAX_MEMBERS)
    .map(({ member, userId }) => (member ? `**${shown(member.displayName)}**` : `<@${userId ?? '0'}>`));
  const rest = group.length - whom.length;
  const names = `${whom.join(', ')}${rest > 0 ? ` and ${formatCount(rest, locale)} more` : ''}`;
  const reason = why === undefined ? '' : `\n  ${short(why, MAX_PLAN_WHY_LENGTH)}`;
  return `- ${ACTION_WORDS[action].heading}: ${what} · ${names}${reason}`;
}

/** Grants by any part of what names them. */
export function suggestGrants(
  grants: readonly ListedGrant[],
  typed: string,
): ApplicationCommandOptionChoiceData<number>[] {
  const wanted = typed.trim().toLowerCase();
  return grants
    .map(({ id, handle, kind, name, reason, state }) => {
      const what = `${KIND_WORDS[kind]}${name === undefined ? '' : ` ${name}`}`;
      return {
        name: plain(`${id} · ${handle} · ${what} · ${STATE_WORDS[state]} · ${reason}`, MAX_LABEL_LENGTH),
        value: Number(id),
      };
    })
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .slice(0, MAX_CHOICES);
}

function buttonsOf({ id, kind, state }: ListedGrant): ButtonBuilder[] {
  return [
    ...(isDeliveredByHand(kind) && (state === 'made' || state === 'failed')
      ? [button({ do: 'delivered', id }, 'Delivered', ButtonStyle.Success)]
      : []),
    ...(state === 'failed' || state === 'lapsed' ? [button({ do: 'retry', id }, 'Retry', ButtonStyle.Secondary)] : []),
  ];
}

function button(
  press: GrantPress,
  label: string,
  style: ButtonStyle.Primary | ButtonStyle.Secondary | ButtonStyle.Success,
): ButtonBuilder {
  return new ButtonBuilder().setCustomId(encode(press)).setLabel(label).setStyle(style);
}

const ABOUT_ONE = /^grants:1:(retry|delivered):(\d{1,18})$/;
const RETRY_ALL = 'grants:1:retry-all';
const LIST = /^grants:1:list:([a-z-]{0,12}):([a-z]{0,12}):(\d{0,9}):([fo])(\d{1,18})$/;

/** Reads the custom id of a button; undefined for anything that this version did not write. */
export function decodeGrantPress(customId: string): GrantPress | undefined {
  if (customId === RETRY_ALL) return { do: 'retry-all' };
  const [, what, id] = ABOUT_ONE.exec(customId) ?? [];
  if (id !== undefined) return { do: what === 'retry' ? 'retry' : 'delivered', id: BigInt(id) };
  const [, state, kind, memberId, place, below] = LIST.exec(customId) ?? [];
  if (below === undefined) return undefined;
  const filter: GrantFilter = {
    state: state === 'to-do' ? state : GRANT_STATES.find((one) => one === state),
    kind: REWARD_KINDS.find((one) => one === kind),
    memberId: memberId ? Number(memberId) : undefined,
  };
  if ((state && !filter.state) || (kind && !filter.kind)) return undefined;
  return { do: 'list', view: { filter, before: { failed: place === 'f', id: BigInt(below) } } };
}

function encode(press: GrantPress): string {
  if (press.do === 'retry-all') return RETRY_ALL;
  if (press.do !== 'list') return `grants:1:${press.do}:${press.id}`;
  const { filter, before } = press.view;
  const place = before ? `${before.failed ? 'f' : 'o'}${before.id}` : 'f0';
  return `grants:1:list:${filter.state ?? ''}:${filter.kind ?? ''}:${filter.memberId ?? ''}:${place}`;
}

function shown(name: string): string {
  return shownName(plain(name, MAX_NAME_LENGTH));
}

function short(text: string, length: number): string {
  return escapeMarkdown(plain(text, length));
}
