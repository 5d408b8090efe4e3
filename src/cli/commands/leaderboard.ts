import { Option, type Command } from 'commander';
import { WINDOW_KINDS } from '../../ranking/calendar.ts';
import { address } from '../api-client.ts';
import { leaderboardSchema, readAnswer } from '../api-shapes.ts';
import { formatLeaderboard } from '../leaderboard-text.ts';
import { print, printJson } from '../output.ts';
import { openSession } from '../session.ts';
import { watch } from '../watch/watch.ts';
import { wholeNumber } from './options.ts';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 3;

const EXAMPLES = `
Examples:
  $ omnitensor-cli leaderboard --category gpu-contributors
  $ omnitensor-cli leaderboard --category data-validators --window week --limit 10
  $ omnitensor-cli leaderboard --category gpu-contributors --period 2026-Q2
  $ omnitensor-cli leaderboard --category gpu-contributors --around user123 --watch
`;

type LeaderboardOptions = {
  category: string;
  window?: string;
  period?: string;
  limit: number;
  around?: string;
  watch?: boolean;
};

/** `leaderboard`: the first of a category, or those around a member; once, or for as long as somebody watches. */
export function leaderboardCommand(program: Command): void {
  program
    .command('leaderboard')
    .description('show who leads in a category')
    .requiredOption('--category <slug>', 'what is counted, such as gpu-contributors')
    .addOption(new Option('--window <window>', 'the stretch of time (default: season)').choices(WINDOW_KINDS))
    .option('--period <period>', 'current, previous, or a key such as 2026-W34, 2026-08, 2026-Q3 (default: current)')
    .option('--limit <n>', `how many to show, 1 to ${MAX_LIMIT}`, wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .option('--around <handle>', 'show this member in the middle')
    .option('--watch', 'stay and show every change, until Ctrl-C; with --json, one document a line')
    .addHelpText('after', EXAMPLES)
    .action(showLeaderboard);
}

async function showLeaderboard(options: LeaderboardOptions, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const query = new URLSearchParams({ limit: String(options.limit) });
  for (const name of ['window', 'period', 'around'] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  const path = `${await communityPath()}${address`/leaderboards/${options.category}`}?${query.toString()}`;
  const toLines = (body: unknown) => formatLeaderboard(readAnswer(leaderboardSchema, body), options);

  if (options.watch) return watch(api, path, json ? 'json' : toLines);
  const { body } = await api.call(path);
  if (json) printJson(body);
  else for (const line of toLines(body)) print(line);
}
