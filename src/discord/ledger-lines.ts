/** Lines of a ledger in Discord messages. */
import type { Category } from '../communities/community.ts';
import type { ContributionLine, GrantLine, LedgerLine } from '../ledger/ledger.ts';
import { NO_MULTIPLIER } from '../ranking/score.ts';
import { formatFactor, formatNumber, formatScore, timestamp } from './format.ts';
import { escapeMarkdown, plain } from './text.ts';

/** Longer texts are cut: so that five lines stay within Discord's 4,000 characters, whatever the names. */
const MAX_TEXT = 40;

const MESSAGE_LINK = /^https:\/\/discord\.com\/channels(?:\/\d{1,20}){3}$/;

/** What became of a grant that has to be delivered; what is in effect needs no word. */
const GRANT_STATES: Partial<Record<string, string>> = {
  made: 'on its way',
  delivering: 'on its way',
  failed: 'could not be given: an admin can see why',
  lapsed: 'lapsed: you were away too long',
};

/**
 * A line of a member's ledger.
 *
 * @param among `board`: those of one leaderboard; `everything`: of all, so that each says where it belongs
 */
export function showLine(line: LedgerLine, among: 'board' | 'everything', locale: string): string {
  return line.kind === 'grant' ? showGrant(line, locale) : showContribution(line, among, locale);
}

function showContribution(line: ContributionLine, among: 'board' | 'everything', locale: string): string {
  const { category, reputation, subject, status } = line;
  const details = [
    priceOf(line, locale),
    ...(reputation > 0n ? [`${formatNumber(reputation, locale)} reputation`] : []),
    ...(subject === undefined ? [] : [short(subject)]),
  ].join(' · ');
  const source = [
    timestamp(line.occurredAt, 'f'),
    ...(among === 'everything' ? [short(category.title)] : []),
    sourceOf(line),
  ].join(' · ');
  if (status === 'counted') return `${details}\n-# ${source}`;
  const why = line.withheld ? `: ${short(line.withheld.reason)}` : '';
  return `~~${details}~~\n**Counts nowhere, ${status}**${why}\n-# ${source}`;
}

/** `20 GPU-hours × 6.25 × 2 (Boost) = 250 OMNIT`, with what ranks in bold. */
function priceOf({ category, amount, rate, multiplier, event, reward }: ContributionLine, locale: string): string {
  const ranks = (text: string, measure: Category['measure']) => (category.measure === measure ? `**${text}**` : text);
  const units = ranks(formatScore(amount, { ...category, measure: 'amount' }, locale), 'amount');
  if (rate === 0n) return `${units}, without OMNIT`;
  const factors = [units, formatNumber(rate, locale)];
  if (multiplier !== NO_MULTIPLIER) {
    factors.push(`${formatFactor(multiplier, locale)}${event === undefined ? '' : ` (${short(event)})`}`);
  }
  return `${factors.join(' × ')} = ${ranks(`${formatNumber(reward, locale)} OMNIT`, 'reward')}`;
}

/** Where a contribution came from. Nothing but a message of Discord is linked to. */
function sourceOf({ source, id, link }: ContributionLine): string {
  if (link !== undefined && MESSAGE_LINK.test(link)) return `credited feedback · [evidence](${link})`;
  return `${short(source)} · ${short(id)}`;
}

function showGrant(line: GrantLine, locale: string): string {
  const state = GRANT_STATES[line.state];
  const gift = line.amount < 0n ? `↩️ taken back: ${giftOf(line, locale)}` : `🎁 ${giftOf(line, locale)}`;
  return [
    `${gift}${state === undefined ? '' : ` · ${state}`}`,
    `-# ${timestamp(line.madeAt, 'f')} · ${escapeMarkdown(plain(line.reason, 2 * MAX_TEXT))}`,
  ].join('\n');
}

/** What was granted, or taken back, in words. Escaped. */
export function giftOf(
  { what, amount, name, roleId }: Pick<GrantLine, 'what' | 'amount' | 'name' | 'roleId'>,
  locale: string,
): string {
  const much = formatNumber(amount < 0n ? -amount : amount, locale);
  const named = name === undefined ? '' : ` **${short(name)}**`;
  switch (what) {
    case 'tokens':
      return `**${much} OMNIT**`;
    case 'governance':
      return `**${much} governance tokens**`;
    case 'reputation':
      return `**${much} reputation**`;
    case 'badge':
      return `the badge${named}`;
    case 'role':
      return roleId === undefined ? `a role${named}` : `the role <@&${roleId}>`;
    case 'nft':
      return `the NFT${named}`;
    case 'access':
      return `access to${named}`;
  }
}

function short(outside: string): string {
  return escapeMarkdown(plain(outside, MAX_TEXT));
}
