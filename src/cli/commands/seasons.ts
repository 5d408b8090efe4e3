import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { readAnswer } from '../api-shapes.ts';
import { print, printFields, printHeading, printJson, printTable } from '../output.ts';
import {
  createdSeasonSchema,
  seasonListSchema,
  seasonSchema,
  windowSchema,
  type SeasonAnswer,
} from '../season-shapes.ts';
import { openSession } from '../session.ts';
import { finalTableCommands, printTables } from './final-tables.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli seasons
  $ omnitensor-cli seasons show 2026-Q3
  $ omnitensor-cli seasons verify 2026-Q3
  $ omnitensor-cli seasons final 2026-Q3 --category gpu-contributors | sha256sum
  $ omnitensor-cli seasons create --help
`;
const CREATE_EXAMPLES = `
Example:
  $ omnitensor-cli seasons create --key spring-2027 --name "Spring of GPUs" --starts 2027-01-01 --ends 2027-05-01

Dates are days in the community's time zone. The first season begins when the running quarter ends, or later; from
then on there are no quarters.
`;

type NewSeason = { key: string; name: string; starts: string; ends: string };

/** `seasons`: list, show, create, rename and remove seasons; read, verify, close and amend final tables. */
export function seasonsCommand(program: Command): void {
  const seasons = program
    .command('seasons')
    .description('list seasons; show, create, rename or remove one; read, verify and amend final tables')
    .addHelpText('after', EXAMPLES)
    .action(listSeasons);
  seasons
    .command('show')
    .argument('[key]', 'current, previous, or as the list shows it', 'current')
    .description('show a season, with its final tables')
    .action(showSeason);
  seasons
    .command('create')
    .description("create a season of the community's own, before it starts")
    .requiredOption('--key <key>', 'how it is addressed: small letters, digits and hyphens')
    .requiredOption('--name <name>', 'its name')
    .requiredOption('--starts <day>', 'its first day, such as 2027-01-01')
    .requiredOption('--ends <day>', 'the day after its last')
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createSeason);
  seasons
    .command('rename')
    .argument('<key>', 'current, previous, or as the list shows it')
    .description('give a season, or a quarter, another name; its key stays')
    .requiredOption('--name <name>', 'its name')
    .action(renameSeason);
  seasons
    .command('remove')
    .argument('<key>', 'as the list shows it')
    .description("remove a season of the community's own that has not begun")
    .action(removeSeason);
  finalTableCommands(seasons);
}

async function listSeasons(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/seasons`);
  if (json) return printJson(body);
  const { seasons } = readAnswer(seasonListSchema, body);
  printTable(
    ['Key', 'Name', 'Status', 'Starts', 'Ends'],
    seasons.map(({ key, name, status, startsAt, endsAt }) => [key, name, status, startsAt, endsAt]),
  );
}

async function showSeason(key: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = await communityPath();
  const { body } = await api.call(`${path}${address`/seasons/${key}`}`);
  const season = readAnswer(seasonSchema, body);
  // What has not begun has no tables to ask for.
  const window =
    season.status === 'upcoming'
      ? undefined
      : (await api.call(`${path}${address`/windows/season/${season.key}`}`)).body;
  if (json) return printJson({ ...asObject(body), tables: window ? readAnswer(windowSchema, window).tables : [] });
  printSeason(season);
  if (!window) return;
  print();
  printTables(readAnswer(windowSchema, window));
}

async function createSeason({ starts, ends, ...options }: NewSeason, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/seasons`, {
    method: 'POST',
    body: { ...options, startsAt: starts, endsAt: ends },
  });
  if (json) return printJson(body);
  const season = readAnswer(createdSeasonSchema, body);
  printSeason(season);
  if (season.notes.length > 0) print();
  for (const note of season.notes) print(note);
}

async function renameSeason(key: string, { name }: { name: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}${address`/seasons/${key}`}`;
  const { body } = await api.call(path, { method: 'PATCH', body: { name } });
  if (json) printJson(body);
  else printSeason(readAnswer(seasonSchema, body));
}

async function removeSeason(key: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  await api.call(`${await communityPath()}${address`/seasons/${key}`}`, { method: 'DELETE' });
  if (json) printJson({ key, removed: true });
  else print(`Removed the season ${key}.`);
}

function printSeason({ key, name, status, startsAt, endsAt, custom }: SeasonAnswer): void {
  printHeading(name === key ? key : `${name} (${key})`);
  print();
  printFields([
    ['Status', status],
    ['Starts', startsAt],
    ['Ends', endsAt],
    ['Kind', custom ? "the community's own" : 'calendar quarter'],
  ]);
}

function asObject(body: unknown): object {
  return typeof body === 'object' && body ? body : {};
}
