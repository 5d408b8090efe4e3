import { pipeline } from 'node:stream/promises';
import { Option, type Command } from 'commander';
import { WINDOW_KINDS } from '../../ranking/calendar.ts';
import { address } from '../api-client.ts';
import { ledgerSchema, readAnswer } from '../api-shapes.ts';
import { note, print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

const MAX_LIMIT = 100;
const DEFAULT_LIMIT = 10;

const EXAMPLES = `
Examples:
  $ omnitensor-cli why user123 --category gpu-contributors
  $ omnitensor-cli why user123 --category gpu-contributors --window week --period 2026-W34 --limit 50
  $ omnitensor-cli why user123 --csv > ledger.csv
`;

type WhyOptions = {
  category?: string;
  window?: string;
  period?: string;
  limit: number;
  before?: string;
  csv?: boolean;
};

/** `why`: every line of a member's score, and why the member stands there. */
export function whyCommand(program: Command): void {
  program
    .command('why')
    .argument('<handle>', 'as leaderboards show it; upper and lower case differ')
    .description('show every line of a score, and why a member stands where they stand')
    .option('--category <slug>', 'on this leaderboard; without it, all that was earned, grants too')
    .addOption(new Option('--window <window>', 'in this stretch of time alone').choices(WINDOW_KINDS))
    .option('--period <period>', 'which one: current, previous, or a key such as 2026-W34; takes --window')
    .option('--limit <n>', `how many lines, 1 to ${MAX_LIMIT}`, wholeNumber(1, MAX_LIMIT), DEFAULT_LIMIT)
    .option('--before <place>', 'go on from there, as the page before says')
    .addOption(new Option('--csv', 'write all lines as CSV').conflicts(['before']))
    .addHelpText('after', EXAMPLES)
    .action(showWhy);
}

async function showWhy(handle: string, { csv, limit, ...options }: WhyOptions, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const query = new URLSearchParams(csv ? { format: 'csv' } : { limit: String(limit) });
  for (const name of ['category', 'window', 'period', 'before'] as const) {
    const value = options[name];
    if (value !== undefined) query.set(name, value);
  }
  const path = `${await communityPath()}${address`/members/${handle}/ledger`}?${query.toString()}`;
  if (csv) {
    // A file, not text to look at: it goes out as it is.
    return pipeline(api.download(path), process.stdout, { end: false });
  }
  const { body } = await api.call(path);
  if (json) return printJson(body);
  const { explanation, lines, next } = readAnswer(ledgerSchema, body);
  if (explanation) {
    print(explanation.text);
    print();
  }
  if (lines.length === 0) return print('No lines.');
  printTable(
    ['When', 'Category', 'Subject', 'Amount', 'Rate', 'Multiplier', 'OMNIT', 'Status', 'Source', 'Id'],
    lines.map((line) =>
      line.kind === 'grant'
        ? [
            line.madeAt,
            `granted ${line.what}`,
            line.name ?? '',
            line.amount,
            '',
            '',
            line.what === 'tokens' ? line.amount : '',
            line.state,
            line.reason,
            '',
          ]
        : [
            line.occurredAt,
            line.category,
            line.subject ?? '',
            line.amount,
            line.rate,
            line.event === undefined ? line.multiplier : `${line.multiplier} (${line.event})`,
            line.reward,
            line.reason === undefined ? line.status : `${line.status}: ${line.reason}`,
            line.source,
            line.id,
          ],
    ),
  );
  if (next !== null) note(`There is more: add --before ${next}`);
}
