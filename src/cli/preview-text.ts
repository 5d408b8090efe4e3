import { note, print, printFields, printHeading, printTable } from './output.ts';
import { rewardText } from './reward-text.ts';
import type { PreviewAnswer, PreviewedBoardAnswer, TotalsAnswer, UnlimitedAnswer } from './season-shapes.ts';

/** How many winners of a board are shown. `--json` has more. */
const SHOWN_WINNERS = 10;
/** How many members a line names. */
const NAMED = 5;

/** Writes what prizes come to: a block a board, and then what it costs. */
export function printPreview({ boards, totals, budget, season }: PreviewAnswer): void {
  if (boards.length === 0) print('No prizes are to be given. Set one up: omnitensor-cli prizes create --help');
  for (const board of boards) {
    printBoard(board);
    print();
  }
  if (boards.length > 0) {
    printHeading('All of these');
    print(totalsText(totals));
    print();
  }
  printHeading(`Quests and prizes in ${budget.month}, in OMNIT`);
  printFields([
    ['Quests, granted', budget.quests.granted],
    ['Quests, at most to come', budget.quests.ahead],
    ['Prizes, granted', budget.prizes.granted],
    ['Prizes, as it stands', budget.prizes.standing],
    ['Prizes, at most to come', budget.prizes.ahead],
    ['Together', budget.total],
    ['Budget', budget.monthlyBudget ?? 'none: omnitensor-cli communities update --monthly-budget 1000'],
    ...(budget.left === null ? [] : [leftOf(budget.left)]),
  ]);
  printUnlimited(budget.unlimited);
  print();
  printHeading(`The season ${season.period}, with its months and weeks, at most`);
  print(totalsText(season.totals));
  printUnlimited(season.unlimited);
}

function printBoard(board: PreviewedBoardAnswer): void {
  const { title, period, status, endsAt, members, winners, first, passedOver, undeliverable } = board;
  printHeading(`${title}, ${period}`);
  const count = `${members} ${members === 1 ? 'member' : 'members'}`;
  print(status === 'open' ? `${count}, open until ${endsAt}` : `${count}, ${status}`);
  if (winners === 0) print('Nobody would win anything.');
  else {
    printTable(
      ['Rank', 'Winner', 'Gets'],
      first.slice(0, SHOWN_WINNERS).map(({ rank, handle, rewards }) => [String(rank), handle, rewardText(rewards)]),
    );
  }
  const rest = winners - SHOWN_WINNERS;
  if (rest > 0) note(`and ${rest} more: see --json`);
  if (passedOver.members > 0) {
    const who = listNames(
      passedOver.first.map(({ rank, handle }) => `${handle} (rank ${rank})`),
      passedOver.members,
    );
    print(`Kept from prizes, so that they pass on: ${who}`);
  }
  for (const { reward, why, members: concerned, first: some } of undeliverable) {
    const who = listNames(
      some.map(({ handle }) => handle),
      concerned,
    );
    print(`Could not be given: ${rewardText([reward])}, to ${who}. ${why}`);
  }
}

function leftOf(left: string): [string, string] {
  return left.startsWith('-') ? ['Over the budget by', left.slice(1)] : ['Left', left];
}

function printUnlimited(unlimited: readonly UnlimitedAnswer[]): void {
  for (const { quest, prize, name, rewards } of unlimited) {
    const what = quest === undefined ? `prize ${prize} (${name})` : `quest ${quest} (${name})`;
    print(`On top, for everybody who reaches it: ${what}, ${rewardText(rewards)} each`);
  }
}

function totalsText({ tokens, governance, reputation, others }: TotalsAnswer): string {
  const amounts = [
    { kind: 'tokens', amount: tokens },
    { kind: 'governance', amount: governance },
    { kind: 'reputation', amount: reputation },
  ].filter(({ amount }) => amount !== '0');
  const counted = others.map(({ count, ...reward }) => `${count} x ${rewardText([reward])}`);
  return [...(amounts.length > 0 ? [rewardText(amounts)] : []), ...counted].join(' + ') || 'nothing';
}

function listNames(names: readonly string[], all: number): string {
  const shown = names.slice(0, NAMED);
  return `${shown.join(', ')}${all > shown.length ? ` and ${all - shown.length} more` : ''}`;
}
