import { pipeline } from 'node:stream/promises';
import { Option, type Command } from 'commander';
import { WINDOW_KINDS } from '../../ranking/calendar.ts';
import { address } from '../api-client.ts';
import { readAnswer } from '../api-shapes.ts';
import { safeJson } from '../display-text.ts';
import { CliError } from '../errors.ts';
import { note, print, printJson, printTable } from '../output.ts';
import {
  amendedSchema,
  proofSchema,
  versionListSchema,
  windowSchema,
  type ProofAnswer,
  type WindowAnswer,
} from '../season-shapes.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

/** Closing and amending reckon the hashes of whole tables, and verifying recomputes every line. */
const CLOSING_TIMEOUT_MS = 5 * 60_000;
const VERIFYING_TIMEOUT_MS = 60 * 60_000;
const MAX_VERSION = 999_999_999;

const VERIFY_EXAMPLES = `
Examples:
  $ omnitensor-cli seasons verify 2026-Q3
  $ omnitensor-cli seasons verify previous --window week --category gpu-contributors

The server recomputes each table and its hash from the contributions at the cut. Large tables take minutes. Of a public
community anybody may ask for it; with a key of the community what was granted is checked, too.
`;
const AMEND_EXAMPLES = `
Example:
  $ omnitensor-cli contributions void admin event-17 --reason "Fraud"
  $ omnitensor-cli seasons amend 2026-Q3 --reason "event-17 was fraud"
`;

type WhichWindow = { window: string };
type WhichTable = WhichWindow & { category: string; version?: number };
type WhichTables = WhichWindow & { category?: string; version?: number };

/** Of `seasons`: what is about final tables, also those of months and weeks. */
export function finalTableCommands(seasons: Command): void {
  const period = ['<period>', 'current, previous, or a key such as 2026-Q3, 2026-08 or 2026-W34'] as const;
  const window = () =>
    new Option('--window <window>', 'of which the period is one')
      .choices(WINDOW_KINDS.filter((kind) => kind !== 'all'))
      .default('season');
  const version = [
    '--table-version, --version <n>',
    'a version (default: the newest)',
    wholeNumber(1, MAX_VERSION),
  ] as const;
  seasons
    .command('final')
    .argument(...period)
    .description('print a final table as the document whose SHA-256 was announced')
    .requiredOption('--category <slug>', 'of this category')
    .addOption(window())
    .option(...version)
    .action(printFinalTable);
  seasons
    .command('versions')
    .argument(...period)
    .description('list the versions of a final table')
    .requiredOption('--category <slug>', 'of this category')
    .addOption(window())
    .action(listVersions);
  seasons
    .command('verify')
    .argument(...period)
    .description('have final tables recomputed from the contributions; exits 1 where one differs')
    .option('--category <slug>', 'of this category (default: all)')
    .addOption(window())
    .option(...version)
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(verifyTables);
  seasons
    .command('close')
    .argument(...period)
    .description('close what is over before its time: what comes late counts in it no more')
    .addOption(window())
    .action(closeWindow);
  seasons
    .command('amend')
    .argument(...period)
    .description('make new versions of final tables, by what was voided, recorded or decided since')
    .requiredOption('--reason <text>', 'why; told to everybody with the new version')
    .option('--category <slug>', 'of this category (default: all)')
    .addOption(window())
    .addHelpText('after', AMEND_EXAMPLES)
    .action(amendTables);
}

async function printFinalTable(period: string, options: WhichTable, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { category, version } = options;
  const query = queryOf(period, options, version);
  const document = api.download(`${await communityPath()}${address`/leaderboards/${category}/final`}?${query}`);
  // A document, not text to look at: it goes out as it is.
  await pipeline(json ? writeAsJson(document) : document, process.stdout, { end: false });
}

async function listVersions(period: string, options: WhichTable, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}${address`/leaderboards/${options.category}/final/versions`}`;
  const { body } = await api.call(`${path}?${queryOf(period, options)}`);
  if (json) return printJson(body);
  const { versions } = readAnswer(versionListSchema, body);
  if (versions.length === 0) return print('There is no final table yet.');
  printTable(
    ['Version', 'Why', 'Made', 'Members', 'SHA-256', 'Status'],
    versions.map(({ version, reason, note: why, madeAt, members, sha256, status }) => [
      String(version),
      why === undefined ? reason : `${reason}: ${why}`,
      madeAt,
      members === null ? '' : String(members),
      sha256 ?? '',
      status === 'superseded' ? 'superseded, no longer reproducible' : status,
    ]),
  );
}

async function verifyTables(period: string, options: WhichTables, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const community = await communityPath();
  const categories = options.category === undefined ? await categoriesOf() : [options.category];
  const proofs: unknown[] = [];
  let wrong = 0;
  for (const category of categories) {
    const path = `${community}${address`/leaderboards/${category}/final/verify`}`;
    const { body } = await api.call(`${path}?${queryOf(period, options, options.version)}`, {
      method: 'POST',
      timeoutMs: VERIFYING_TIMEOUT_MS,
    });
    proofs.push(body);
    const proof = readAnswer(proofSchema, body);
    if (proof.differences.length > 0) wrong += 1;
    if (!json) printProof(proof);
  }
  if (json) printJson({ tables: proofs });
  if (wrong > 0) throw new CliError('refused', `Not as recorded: ${wrong} of ${proofs.length} final tables.`);

  async function categoriesOf(): Promise<string[]> {
    const { body } = await api.call(`${community}${address`/windows/${options.window}/${period}`}`);
    const { tables, status, period: key } = readAnswer(windowSchema, body);
    if (tables.length > 0) return tables.map(({ category }) => category);
    throw new CliError('refused', `${key} has no final tables yet: it is ${status}.`);
  }
}

function printProof({ category, period, version, members, sha256, verifiedAt, differences }: ProofAnswer): void {
  const table = `${category} ${period}${version === 1 ? '' : ` (version ${version})`}`;
  const count = `${members} ${members === 1 ? 'member' : 'members'}`;
  const isSame = differences.length === 0;
  const checked = `(checked ${verifiedAt})`;
  print(`${table}: ${count}, SHA-256 ${sha256}, ${isSame ? `as recorded ${checked}` : `and it differs ${checked}:`}`);
  for (const difference of differences) print(`  ${difference}`);
}

async function closeWindow(period: string, { window }: WhichWindow, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/windows/${window}/${period}/close`}`, {
    method: 'POST',
    timeoutMs: CLOSING_TIMEOUT_MS,
  });
  if (json) return printJson(body);
  const closed = readAnswer(windowSchema, body);
  print(`Closed ${closed.period}.`);
  print();
  printTables(closed);
}

async function amendTables(
  period: string,
  { window, ...options }: WhichWindow & { reason: string; category?: string },
  command: Command,
): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/windows/${window}/${period}/amend`}`, {
    method: 'POST',
    body: options,
    timeoutMs: CLOSING_TIMEOUT_MS,
  });
  if (json) return printJson(body);
  const answer = readAnswer(amendedSchema, body);
  for (const { category, version, changedLines } of answer.amended) {
    print(
      `${category} ${answer.period}: version ${version}, ${changedLines} ${changedLines === 1 ? 'line' : 'lines'} changed`,
    );
  }
  print();
  printTables(answer);
}

/** Writes the newest final tables of a window. */
export function printTables({ status, tables }: WindowAnswer): void {
  if (tables.length === 0) return print(`No final tables yet: it is ${status}.`);
  printTable(
    ['Category', 'Members', 'Total', 'Unit', 'Version', 'SHA-256'],
    tables.map(({ category, members, total, unit, version, sha256 }) => [
      category,
      String(members ?? ''),
      total ?? '',
      unit,
      String(version),
      sha256 ?? 'being made',
    ]),
  );
  if (tables.some(({ sha256 }) => sha256 === null)) note('Some are being made: ask again in some seconds.');
}

function queryOf(period: string, { window }: WhichWindow, version?: number): string {
  return new URLSearchParams({ window, period, ...(version ? { version: String(version) } : {}) }).toString();
}

/** The lines of a document as a JSON array, as they come. */
async function* writeAsJson(document: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  let separator = '[\n';
  for await (const piece of document) {
    const lines = `${rest}${piece}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [rank, handle, score, reachedAt] = line.split('\t');
      yield `${separator}  ${safeJson({ rank: Number(rank), handle, score, reachedAt })}`;
      separator = ',\n';
    }
  }
  yield separator === '[\n' ? '[]\n' : '\n]\n';
}
