import { InvalidArgumentError, Option, type Command } from 'commander';
import { WINDOW_KINDS } from '../../ranking/calendar.ts';
import { address } from '../api-client.ts';
import { readAnswer } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printFields, printJson, printTable } from '../output.ts';
import { printPreview } from '../preview-text.ts';
import { rewardText } from '../reward-text.ts';
import { previewSchema, prizeChangeSchema, prizeListSchema, type PrizeAnswer } from '../season-shapes.ts';
import { openSession } from '../session.ts';
import { collect, wholeNumber } from './options.ts';

const MAX_ID = 999_999_999;

const EXAMPLES = `
Examples:
  $ omnitensor-cli prizes
  $ omnitensor-cli prizes preview
  $ omnitensor-cli prizes create --help
  $ omnitensor-cli prizes remove 3
`;
const CREATE_EXAMPLES = `
Examples:
  $ omnitensor-cli prizes create --category gpu-contributors --window month --ranks 1 --tokens 500 --badge "GPU Contributor of the Month"
  $ omnitensor-cli prizes create --category gpu-contributors --window month --ranks 2-3 --tokens 250 --role-name Governance
  $ omnitensor-cli prizes create --category data-validators --window season --top-percent 5 --governance 20 --nft "Season Top 5 %"

A member in several of them gets each. A role is for as long as until the next such window closes.
`;

type Filter = { category?: string; window?: string };
type NewPrize = {
  category: string;
  window: string;
  ranks?: { from: number; to: number };
  topPercent?: number;
  minScore?: string;
  tokens?: string;
  governance?: string;
  reputation?: string;
  badge?: string[];
  role?: string[];
  roleName?: string[];
  nft?: string[];
  access?: string[];
};

/** `prizes`: list, create, remove and preview prizes. */
export function prizesCommand(program: Command): void {
  const window = () =>
    new Option('--window <window>', 'of this window').choices(WINDOW_KINDS.filter((kind) => kind !== 'all'));
  const prizes = program
    .command('prizes')
    .description('list prizes; create, remove or preview them')
    .addHelpText('after', EXAMPLES)
    .action(listPrizes);
  prizes
    .command('create')
    .description('set up what some places of a board win when its window closes')
    .requiredOption('--category <slug>', 'of this board')
    .addOption(window().makeOptionMandatory())
    .option('--ranks <from-to>', 'for these ranks, such as 1 or 4-10', readRanks)
    .option('--top-percent <n>', 'for the first per cent of all who stand there', wholeNumber(1, 100))
    .option('--min-score <score>', 'for everybody from this score on')
    .option('--tokens <omnit>', 'what each of them gets')
    .option('--governance <tokens>', 'governance tokens')
    .option('--reputation <points>', 'reputation')
    .option('--badge <name>', 'may be given several times', collect)
    .option('--role <id>', 'a role of Discord, until the next close; may be given several times', collect)
    .option('--role-name <name>', 'the same, by its name in the server', collect)
    .option('--nft <name>', 'may be given several times', collect)
    .option('--access <name>', 'to what; may be given several times', collect)
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createPrize);
  prizes
    .command('remove')
    .argument('<id>', 'as the list shows it', wholeNumber(1, MAX_ID))
    .description('remove a prize; a window that is closing keeps it')
    .action(removePrize);
  prizes
    .command('preview')
    .description('who would win what if it closed now, what could not be delivered, and what it costs')
    .option('--category <slug>', 'of this category (default: all)')
    .addOption(window())
    .action(previewPrizes);
}

async function listPrizes(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/prizes`);
  if (json) return printJson(body);
  const { prizes } = readAnswer(prizeListSchema, body);
  if (prizes.length === 0) return print('No prizes yet. Set one up: omnitensor-cli prizes create --help');
  printTable(
    ['Id', 'Category', 'Window', 'Places', 'Each gets'],
    prizes.map((prize) => [
      String(prize.id),
      prize.category,
      prize.window,
      placesText(prize),
      rewardText(prize.rewards),
    ]),
  );
}

async function createPrize(options: NewPrize, command: Command): Promise<void> {
  const { category, window, ranks, topPercent, minScore } = options;
  if ([ranks, topPercent, minScore].filter((places) => places !== undefined).length !== 1) {
    throw new CliError('wrong-usage', 'Give one of --ranks, --top-percent and --min-score.');
  }
  const rewards = rewardsOf(options);
  if (rewards.length === 0) {
    throw new CliError('wrong-usage', 'Give at least one reward, such as --tokens 100 or --badge "Winner".');
  }
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/prizes`, {
    method: 'POST',
    body: { category, window, ranks, topPercent, minScore, rewards },
  });
  if (json) return printJson(body);
  const prize = readAnswer(prizeChangeSchema, body);
  printFields([
    ['Id', String(prize.id)],
    ['Board', `${prize.category}, each ${prize.window}`],
    ['Places', placesText(prize)],
    ['Each gets', rewardText(prize.rewards)],
    ['From', prize.from],
  ]);
  tellLeftAlone(prize.leavesAlone);
  for (const note of prize.notes) print(note);
}

async function removePrize(id: number, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/prizes/${id}`}`, { method: 'DELETE' });
  if (json) return printJson(body);
  const { from, leavesAlone } = readAnswer(prizeChangeSchema, body);
  print(`Removed prize ${id}: it is not given from ${from} on.`);
  tellLeftAlone(leavesAlone);
}

async function previewPrizes(filter: Filter, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const query = new URLSearchParams(Object.entries(filter)).toString();
  const { body } = await api.call(`${await communityPath()}/prizes/preview${query && `?${query}`}`);
  if (json) printJson(body);
  else printPreview(readAnswer(previewSchema, body));
}

function rewardsOf(options: NewPrize): object[] {
  const amounts = (['tokens', 'governance', 'reputation'] as const).flatMap((kind) => {
    const amount = options[kind];
    return amount === undefined ? [] : [{ kind, amount }];
  });
  const named = (['badge', 'nft', 'access'] as const).flatMap((kind) =>
    (options[kind] ?? []).map((name) => ({ kind, name })),
  );
  const roles = [
    ...(options.role ?? []).map((roleId) => ({ kind: 'role', roleId })),
    ...(options.roleName ?? []).map((name) => ({ kind: 'role', name })),
  ];
  return [...amounts, ...named, ...roles];
}

/** Which places a prize is for: `1`, `4-10`, `top 5 %`, `from 12.5`. */
function placesText({ ranks, topPercent, minScore }: PrizeAnswer): string {
  if (ranks) return ranks.from === ranks.to ? String(ranks.from) : `${ranks.from}-${ranks.to}`;
  return topPercent === undefined ? `from ${minScore ?? ''}` : `top ${topPercent} %`;
}

function tellLeftAlone(periods: readonly string[]): void {
  if (periods.length > 0) print(`${periods.join(', ')} is closing, and keeps the prizes that it had.`);
}

/** `3` or `4-10`. */
function readRanks(text: string): { from: number; to: number } {
  const [, first, last] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  if (first === undefined) throw new InvalidArgumentError('It must be a rank, or two, such as 4-10.');
  return { from: Number(first), to: Number(last ?? first) };
}
