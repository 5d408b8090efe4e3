/** Words that announcements are made of. */
import { parseDecimal } from '../ranking/score.ts';
import type { RewardKind, ToldReward } from '../rewards/reward.ts';
import { formatCount, formatNumber, timestamp } from './format.ts';
import { plain, shownName } from './text.ts';

/** How long a name may be where several things are told, and where one is. Escaping at most doubles it. */
const NAME_LENGTH = { brief: 48, full: 100 } as const;
/** How many names are listed. */
const NAMES = { brief: 3, full: 15 } as const;
const MOST_REWARDS = 4;

/** `brief`: one of several things in a message. */
export type Manner = { detail: 'brief' | 'full'; locale: string };

export function heading(text: string, { detail }: Manner): string {
  return detail === 'full' ? `## ${text}` : `**${text}**`;
}

export function name(text: string, { detail }: Manner): string {
  return shownName(plain(text, NAME_LENGTH[detail]));
}

export function names(all: readonly string[], manner: Manner, most: number = Infinity): string {
  const limit = Math.min(NAMES[manner.detail], most);
  const shown = all.slice(0, limit).map((one) => shownName(plain(one, NAME_LENGTH.brief)));
  const rest = all.length - shown.length;
  return `${shown.join(', ')}${rest > 0 ? ` and ${formatCount(rest, manner.locale)} more` : ''}`;
}

export function rewards(all: readonly ToldReward[], manner: Manner, most: number = MOST_REWARDS): string {
  const shown = all.slice(0, most).map((one) => `**${reward(one, manner)}**`);
  const rest = all.length - shown.length;
  return `${shown.join(' + ') || 'none'}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** By kind: what stands after the amount, or before the name. */
const REWARDS: Record<RewardKind, string> = {
  tokens: 'OMNIT',
  governance: 'governance tokens',
  reputation: 'reputation',
  badge: 'the badge',
  role: 'the role',
  nft: 'the NFT',
  access: 'access to',
};

function reward({ kind, amount: much, name: what, roleId }: ToldReward, manner: Manner): string {
  if (much !== undefined) return `${amount(much, manner)} ${REWARDS[kind]}`;
  if (roleId !== undefined) return `${REWARDS[kind]} <@&${roleId}>`;
  return what === undefined ? REWARDS[kind] : `${REWARDS[kind]} ${shownName(plain(what, NAME_LENGTH.brief))}`;
}

/** A decimal, and what may stand behind it: `100`, `100 GPU-hours`, `62 %`. */
export function amount(text: string, { locale }: Manner): string {
  const [decimal = '', ...rest] = text.split(' ');
  const parsed = parseDecimal(decimal);
  const number = 'thousandths' in parsed ? formatNumber(parsed.thousandths, locale) : shownName(decimal);
  return [number, ...rest.map(shownName)].join(' ');
}

export function plural(count: number, noun: string, { locale }: Manner): string {
  return `${formatCount(count, locale)} ${noun}${count === 1 ? '' : 's'}`;
}

export function moment(instant: string): string {
  return timestamp(new Date(instant), 'f');
}

export function relative(instant: string): string {
  return timestamp(new Date(instant), 'R');
}
