/** How a preview of prizes looks on Discord: who would win what, what could not be given, and what it costs. */
import type { Unlimited } from '../rewards/budget.ts';
import type { PreviewedBoard, PreviewedMember, PrizePreview } from '../rewards/preview.ts';
import { tellReward } from '../rewards/reward.ts';
import type { RewardTotals } from '../rewards/reward-totals.ts';
import { names, plural, rewards, type Manner } from './announcement-words.ts';
import type { Answer, Call } from './command.ts';
import { showSentence } from './domain-text.ts';
import { fit, WHOLE_MESSAGE } from './fit.ts';
import { formatCount, formatNumber, ordinal, STATUS_WORDS } from './format.ts';
import { COLOURS, list, note } from './messages.ts';
import { code, plain, shownName } from './text.ts';
import { titleOf } from './window-title.ts';

const NAME_LENGTH = 48;
const WHY_LENGTH = 300;
/** How many boards are named on which nobody would win. */
const MOST_IDLE = 4;
const MEDALS: Partial<Record<number, string>> = { 1: '🥇 ', 2: '🥈 ', 3: '🥉 ' };
/** How many winners of a board are named, with how many rewards each: from the most that may fit to the least. */
const DETAILS = [
  { winners: 10, rewards: 4 },
  { winners: 5, rewards: 3 },
  { winners: 3, rewards: 2 },
  { winners: 1, rewards: 1 },
] as const;
type Detail = (typeof DETAILS)[number];

export function renderPreview(call: Call, preview: PrizePreview): Answer {
  const { locale } = call;
  if (preview.boards.length === 0) {
    return note(
      `**There is nothing to preview.** No prize is set up for what you chose: ${code('/prize create')}`,
      COLOURS.past,
    );
  }
  const isTrouble = preview.boards.some(({ undeliverable }) => undeliverable.length > 0) || isOverBudget(preview);
  const [won, idle] = [
    preview.boards.filter(({ winners }) => winners > 0),
    preview.boards.filter(({ winners }) => winners === 0),
  ];
  const [above = '', ...below] = fit(
    ['## If it closed now', ...(won.length === 0 ? ['Nobody would win anything.'] : [])],
    DETAILS.map((detail) => () => won.map((board) => boardLines(call, board, detail))),
    [...idleLines(call, idle), ...costLines(call, preview)],
    { ...WHOLE_MESSAGE, locale },
  );
  return list(above, below, isTrouble ? COLOURS.waiting : COLOURS.neutral);
}

function boardLines(call: Call, board: PreviewedBoard, detail: Detail): string {
  const { locale } = call;
  const manner: Manner = { detail: 'brief', locale };
  const { category, window, status, winners, members, passedOver, undeliverable } = board;
  const shown = board.first.slice(0, detail.winners);
  const rest = winners - shown.length;
  return [
    `### ${shownName(plain(category.title, NAME_LENGTH))} · ${titleOf(call.community, window, locale)}`,
    `-# ${STATUS_WORDS[status]} · ${plural(members, 'member', manner)}, ${formatCount(winners, locale)} would win something`,
    ...shown.map((winner) => {
      const rank = `${MEDALS[winner.rank] ?? ''}${ordinal(winner.rank, locale)}`;
      return `${rank} · **${shownName(plain(winner.displayName, NAME_LENGTH))}** · ${rewards(winner.rewards.map(tellReward), manner, detail.rewards)}`;
    }),
    ...(rest > 0 ? [`and ${formatCount(rest, locale)} more`] : []),
    ...(passedOver.members > 0
      ? [`-# Kept from prizes, so that they pass on: ${namesOf(passedOver.first, passedOver.members, manner)}`]
      : []),
    ...undeliverable.map(
      (one) =>
        `⚠️ ${namesOf(one.first, one.members, manner)} would not get ${rewards([one.reward], manner)}: ${showSentence(plain(one.why, WHY_LENGTH))}`,
    ),
  ].join('\n');
}

/** The boards on which nobody would win. */
function idleLines({ community, locale }: Call, boards: readonly PreviewedBoard[]): string[] {
  if (boards.length === 0) return [];
  const named = boards
    .slice(0, MOST_IDLE)
    .map(
      ({ category, window }) =>
        `${shownName(plain(category.title, NAME_LENGTH))} (${titleOf(community, window, locale)})`,
    );
  const rest = boards.length - named.length;
  return [`-# Nobody would win on ${named.join(', ')}${rest > 0 ? ` and ${formatCount(rest, locale)} more` : ''}`];
}

function namesOf(first: readonly PreviewedMember[], all: number, manner: Manner): string {
  const shown = first.slice(0, 3);
  const rest = all - shown.length;
  const named = names(
    shown.map(({ displayName }) => displayName),
    manner,
  );
  return `${named}${rest > 0 ? ` and ${formatCount(rest, manner.locale)} more` : ''}`;
}

function isOverBudget({ budget: { limit, total } }: PrizePreview): boolean {
  return limit !== undefined && total > limit;
}

/** What it comes to: these boards, the month, the season. */
function costLines(call: Call, { totals, budget, season }: PrizePreview): string[] {
  const { locale } = call;
  const omnit = (amount: bigint) => `${formatNumber(amount, locale)} OMNIT`;
  const { quests, prizes, limit, total } = budget;
  const over = limit !== undefined && total > limit ? ` ⚠️ That is ${omnit(total - limit)} too much.` : '';
  const parts = [
    quests.granted + quests.ahead > 0n ? `quests ${omnit(quests.granted)}, and up to ${omnit(quests.ahead)} ahead` : '',
    prizes.granted > 0n ? `prizes given ${omnit(prizes.granted)}` : '',
    prizes.standing > 0n ? `prizes as it stands ${omnit(prizes.standing)}` : '',
    prizes.ahead > 0n ? `prizes of later windows up to ${omnit(prizes.ahead)}` : '',
  ].filter((part) => part !== '');
  return [
    `**In all, now:** ${totalText(totals, locale)}`,
    `**${titleOf(call.community, budget.month, locale)}** comes to ${omnit(total)}${limit === undefined ? '' : ` of a budget of ${omnit(limit)}`}${parts.length > 0 ? ` (${parts.join('; ')})` : ''}.${over}`,
    `**${titleOf(call.community, season.season, locale)}** comes to at most ${totalText(season.totals, locale)}`,
    ...unlimitedLines([...budget.unlimited, ...season.unlimited]),
  ];
}

function totalText({ tokens, governance, reputation, others }: RewardTotals, locale: string): string {
  const amounts = [
    ['OMNIT', tokens],
    ['governance tokens', governance],
    ['reputation', reputation],
  ] as const;
  const manner: Manner = { detail: 'brief', locale };
  const shown = [
    ...amounts.flatMap(([unit, amount]) => (amount > 0n ? [`**${formatNumber(amount, locale)} ${unit}**`] : [])),
    ...others.slice(0, 4).map(({ reward, count }) => `${formatCount(count, locale)} × ${rewards([reward], manner)}`),
  ];
  const rest = others.length - 4;
  return `${shown.join(' + ') || 'nothing'}${rest > 0 ? ` and ${formatCount(rest, locale)} other rewards` : ''}`;
}

/** What has no limit, and is in no sum. */
function unlimitedLines(unlimited: readonly Unlimited[]): string[] {
  const told = unlimited.map((one) => (one.kind === 'quest' ? `quest ${one.id}` : `prize ${one.prize.id}`));
  const shown = [...new Set(told)];
  if (shown.length === 0) return [];
  const rest = shown.length - 5;
  return [
    `-# Not counted ahead, as nobody knows how many will win: ${shown.slice(0, 5).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`,
  ];
}
