import { ActionRowBuilder, ButtonBuilder, SeparatorBuilder, TextDisplayBuilder } from '@discordjs/builders';
import { ButtonStyle, type ApplicationCommandOptionChoiceData } from 'discord.js';
import {
  GRANT_STATES,
  type GrantFilter,
  type GrantPlace,
  type GrantState,
  type ListedGrant,
} from '../rewards/grant-list.ts';
import type { PlannedRole, RolePlan } from '../rewards/plan-roles.ts';
import { REWARD_KINDS } from '../rewards/reward.ts';
import type { Answer } from './command.ts';
import { formatCount, timestamp } from './format.ts';
import { giftOf } from './ledger-lines.ts';
import { COLOURS, note } from './messages.ts';
import { escapeMarkdown, plain, shownName } from './text.ts';

/** How many a message shows, within the 40 components and 4,000 characters that it may have. */
export const MAX_SHOWN = 5;
/** How many changes of a plan are named. */
export const MAX_CHANGES = 12;

const MAX_NAME_LENGTH = 40;
const MAX_REASON_LENGTH = 60;
const MAX_WHY_LENGTH = 170;
const MAX_PLAN_WHY_LENGTH = 90;
/** The most characters of a choice's label, and choices. */
const MAX_LABEL_LENGTH = 100;
const MAX_CHOICES = 25;

/** What a button of the list does. */
export type GrantPress =
  { do: 'retry' | 'delivered'; id: bigint } | { do: 'retry-all' } | { do: 'list'; view: GrantView };

/** Which grants are shown, from where on. */
export type GrantView = { filter: GrantFilter; before: GrantPlace | undefined };

const STATE_WORDS: Record<GrantState, string> = {
  effective: 'in effect',
  made: 'waits',
  delivering: 'on its way',
  delivered: 'delivered',
  failed: 'failed',
  withdrawn: 'taken back before it was given',
  lapsed: 'lapsed',
};

/** Grants, what failed first, each with what can be done. `done`: what was just changed. */
export function renderGrants(
  { grants, next }: { grants: readonly ListedGrant[]; next: GrantPlace | undefined },
  { filter }: GrantView,
  { failed, locale, done }: { failed: number; locale: string; done?: string | undefined },
): Answer {
  const heading = failed === 0 ? '## Grants: nothing failed' : `## Grants: ${formatCount(failed, locale)} failed`;
  const answer = note(
    [...(done === undefined ? [] : [done]), heading, ...(grants.length === 0 ? ['There are none to show.'] : [])].join(
      '\n',
    ),
    failed === 0 ? COLOURS.good : COLOURS.bad,
  );
  for (const grant of grants) {
    answer
      .addSeparatorComponents(new SeparatorBuilder())
      .addTextDisplayComponents(new TextDisplayBuilder({ content: describeGrant(grant, locale) }));
    const buttons = buttonsOf(grant);
    if (buttons.length > 0) answer.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(buttons));
  }
  const below = [
    ...(failed > 1
      ? [button({ do: 'retry-all' }, `Retry all ${formatCount(failed, locale)}`, ButtonStyle.Primary)]
      : []),
    ...(next ? [button({ do: 'list', view: { filter, before: next } }, 'More', ButtonStyle.Secondary)] : []),
  ];
  if (below.length > 0) answer.addActionRowComponents(new ActionRowBuilder<ButtonBuilder>().addComponents(below));
  return answer;
}

/** One grant in some lines. Escaped. */
export function describeGrant(grant: ListedGrant, locale: string): string {
  const { id, displayName, handle, kind, amount, name, roleId, reason, state, stateReason, madeAt } = grant;
  const gift = giftOf({ what: kind, amount, name, roleId }, locale);
  const why = stateReason === undefined ? '' : `: ${short(stateReason, MAX_WHY_LENGTH)}`;
  return [
    `**${shown(displayName)}** (${shown(handle)}): ${amount < 0n ? `take back ${gift}` : gift}`,
    `**${STATE_WORDS[state]}**${why}`,
    `-# ${id} · ${timestamp(madeAt, 'f')} · ${short(reason, MAX_REASON_LENGTH)}`,
  ].join('\n');
}

/** What the bot would give and take now. */
export function renderPlan({ give, take, keep, cannot, first }: RolePlan, locale: string): Answer {
  const counted = (count: number, what: string) => `**${formatCount(count, locale)}** ${what}`;
  const rest = give + take + keep + cannot - first.length;
  return note(
    [
      '## Roles: what the bot would do now',
      [
        counted(give, 'to give'),
        counted(take, 'to take'),
        counted(keep, 'kept as theirs'),
        counted(cannot, 'impossible'),
      ].join(' · '),
      ...(first.length === 0 ? ['Everybody has the roles that they were granted.'] : first.map(describeChange)),
      ...(rest > 0 ? [`and ${formatCount(rest, locale)} more`] : []),
      '-# Nothing was changed. Who has left, or has a role already, shows when the bot looks at them.',
    ].join('\n'),
    cannot > 0 ? COLOURS.waiting : COLOURS.good,
  );
}

const ACTION_WORDS: Record<PlannedRole['action'], string> = {
  give: 'Give',
  take: 'Take',
  keep: 'Leave',
  cannot: 'Cannot',
};

function describeChange({ action, member, userId, role, why }: PlannedRole): string {
  const what = 'id' in role ? `<@&${role.id}>` : shown(role.name);
  const who = member ? `**${shown(member.displayName)}**` : `<@${userId ?? '0'}>`;
  return `- ${ACTION_WORDS[action]} ${what}: ${who}${why === undefined ? '' : ` · ${short(why, MAX_PLAN_WHY_LENGTH)}`}`;
}

/** Grants by any part of what names them. */
export function suggestGrants(
  grants: readonly ListedGrant[],
  typed: string,
): ApplicationCommandOptionChoiceData<number>[] {
  const wanted = typed.trim().toLowerCase();
  return grants
    .map(({ id, handle, kind, name, reason, state }) => ({
      name: plain(
        `${id}: ${handle}, ${kind}${name === undefined ? '' : ` ${name}`}, ${state}: ${reason}`,
        MAX_LABEL_LENGTH,
      ),
      value: Number(id),
    }))
    .filter(({ name }) => name.toLowerCase().includes(wanted))
    .slice(0, MAX_CHOICES);
}

function buttonsOf({ id, kind, state }: ListedGrant): ButtonBuilder[] {
  const byHand = kind === 'nft' || kind === 'access';
  return [
    ...(byHand && (state === 'made' || state === 'failed')
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
const LIST = /^grants:1:list:([a-z]{0,12}):([a-z]{0,12}):(\d{0,9}):([fo])(\d{1,18})$/;

/** Reads the custom id of a button; undefined for anything that this version did not write. */
export function decodeGrantPress(customId: string): GrantPress | undefined {
  if (customId === RETRY_ALL) return { do: 'retry-all' };
  const [, what, id] = ABOUT_ONE.exec(customId) ?? [];
  if (id !== undefined) return { do: what === 'retry' ? 'retry' : 'delivered', id: BigInt(id) };
  const [, state, kind, memberId, place, below] = LIST.exec(customId) ?? [];
  if (below === undefined) return undefined;
  const filter: GrantFilter = {
    state: GRANT_STATES.find((one) => one === state),
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
