/** How a preview of prizes looks on Discord: who would win what, what could not be given, and what it costs. */
import type { MonthlyBudget, Unlimited } from '../rewards/budget.ts';
import type { PreviewedBoard, PreviewedMember, PrizePreview } from '../rewards/preview.ts';
import { tellReward } from '../rewards/reward.ts';
import type { RewardTotals } from '../rewards/reward-totals.ts';
import { names, plural, rewards, type Manner } from './announcement-words.ts';
import type { Answer, Call } from './command.ts';
import { showSentence } from './domain-text.ts';
import { fit, WHOLE_MESSAGE } from './fit.ts';
import { formatCount, formatNumber, ordinal, STATUS_WORDS } from './format.ts';
import { COLOURS, list, note } from './messages.ts';
import { prizeInWords } from './prize-message.ts';
import { code, plain, shownName } from './text.ts';
import { titleOf } from './window-title.ts';

const NAME_LENGTH = 48;
const WHY_LENGTH = 300;
/** How many boards are named on which nobody would win. */
const MOST_IDLE = 4;
/** How many quests and prizes are named that have no limit. */
const MOST_UNLIMITED = 3;
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
  const { community, locale } = call;
  return [
    `**In all, now:** ${totalText(totals, locale)}`,
    ...budgetLines(call, budget),
    `**${titleOf(community, season.season, locale)}:** at most ${totalText(season.totals, locale)}`,
    ...unlimitedLines(call, [...budget.unlimited, ...season.unlimited]),
  ];
}

/** What the month comes to, of what, and what to do where that is too much. */
function budgetLines({ community, locale }: Call, { month, limit, total, quests, prizes }: MonthlyBudget): string[] {
  const omnit = (amount: bigint) => `${formatNumber(amount, locale)} OMNIT`;
  const parts = [
    ['Given by quests', quests.granted],
    ['Quests may still give', quests.ahead],
    ['Given as prizes', prizes.granted],
    ['Prizes as things stand', prizes.standing],
    ['Prizes of later windows, at most', prizes.ahead],
  ] as const;
  const told = parts.flatMap(([what, amount]) => (amount > 0n ? [`${what}: ${omnit(amount)}`] : []));
  const isOver = limit !== undefined && total > limit;
  return [
    `**${titleOf(community, month, locale)}:** ${omnit(total)}${limit === undefined ? '' : ` of a budget of ${omnit(limit)}`}`,
    ...(isOver
      ? [
          `⚠️ That is ${omnit(total - limit)} over budget. Take a prize away with ${code('/prize remove')}, or allow more.`,
        ]
      : []),
    ...(told.length > 1 ? [`-# ${told.join(' · ')}`] : []),
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
  return `${shown.join(' + ') || 'nothing'}${rest > 0 ? ` and ${plural(rest, 'other reward', manner)}` : ''}`;
}

/** What has no limit, and is in no sum. */
function unlimitedLines({ community, locale }: Call, unlimited: readonly Unlimited[]): string[] {
  const told = unlimited.map((one) =>
    one.kind === 'quest'
      ? `the quest ${shownName(plain(one.name, NAME_LENGTH))}`
      : prizeInWords(community, one.prize, locale),
  );
  const all = [...new Set(told)];
  if (all.length === 0) return [];
  const shown = all.slice(0, MOST_UNLIMITED);
  const rest = all.length - shown.length;
  return [
    `-# Not counted ahead, as nobody knows how many will win: ${shown.join(' · ')}${rest > 0 ? ` and ${formatCount(rest, locale)} more` : ''}`,
  ];
}
