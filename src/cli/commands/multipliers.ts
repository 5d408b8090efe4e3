import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { multiplierListSchema, multiplierSchema, readAnswer, type MultiplierAnswer } from '../api-shapes.ts';
import { note, print, printFields, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { collect, wholeNumber } from './options.ts';

const LIST_EXAMPLES = `
Examples:
  $ omnitensor-cli multipliers
  $ omnitensor-cli multipliers create --help
  $ omnitensor-cli multipliers cancel 3
  $ omnitensor-cli multipliers end 3
`;
const CREATE_EXAMPLES = `
Examples:
  $ omnitensor-cli multipliers create --name "Double weekend" --factor 2 --starts 2026-11-28T00:00:00Z --ends 2026-11-30T00:00:00Z
  $ omnitensor-cli multipliers create --name "GPU night" --factor 2.5 --starts 2026-11-28T18:00:00+01:00 --ends 2026-11-29T06:00:00+01:00 --category gpu-contributors
`;

type NewMultiplier = {
  name: string;
  factor: string;
  starts: string;
  ends: string;
  category?: string[];
  announceAt?: string[];
  backdated?: true;
};

/** `multipliers`: list, create, cancel and end multiplier events. */
export function multipliersCommand(program: Command): void {
  const multipliers = program
    .command('multipliers')
    .description('list multiplier events; create, cancel or end one')
    .addHelpText('after', LIST_EXAMPLES)
    .action(listMultipliers);
  multipliers
    .command('create')
    .description('create an event in which contributions earn more OMNIT')
    .requiredOption('--name <name>', 'its name')
    .requiredOption('--factor <factor>', 'over 1 and up to 3, with at most 2 places')
    .requiredOption('--starts <time>', 'RFC 3339; at least 5 minutes ahead')
    .requiredOption('--ends <time>', 'RFC 3339; the first moment after it')
    .option('--category <slug>', 'what it is for; may be given several times (default: all)', collect)
    .option(
      '--announce-at <time>',
      'when to announce it ahead; may be given several times (default: 24 hours and 1 hour before)',
      collect,
    )
    .option('--backdated', 'allow a start in the past, for a time from which nothing has been recorded')
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createMultiplier);
  multipliers
    .command('cancel')
    .argument('<id>', 'as the list shows it', wholeNumber(1, 999_999_999))
    .description('cancel an event that has not started and does not start within 5 minutes')
    .action(cancelMultiplier);
  multipliers
    .command('end')
    .argument('<id>', 'as the list shows it', wholeNumber(1, 999_999_999))
    .description('end an event early')
    .option('--at <time>', 'RFC 3339; at least 5 minutes ahead (default: the earliest moment)')
    .action(endMultiplier);
}

async function listMultipliers(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/multipliers`);
  if (json) return printJson(body);
  const { total, multipliers } = readAnswer(multiplierListSchema, body);
  if (total === 0) return print('No multiplier events yet. Create one: omnitensor-cli multipliers create --help');
  printTable(
    ['Id', 'Name', 'Factor', 'Status', 'Starts', 'Ends', 'Categories'],
    multipliers.map(({ id, name, factor, status, startsAt, endsAt, categories }) => [
      String(id),
      name,
      factor,
      status,
      startsAt,
      endsAt,
      categories.join(', '),
    ]),
  );
  if (total > multipliers.length) note(`These are the first ${multipliers.length} of ${total}.`);
}

async function createMultiplier(options: NewMultiplier, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { starts, ends, category, ...rest } = options;
  const { body } = await api.call(`${await communityPath()}/multipliers`, {
    method: 'POST',
    body: { ...rest, startsAt: starts, endsAt: ends, categories: category },
  });
  if (json) printJson(body);
  else show(readAnswer(multiplierSchema, body));
}

async function cancelMultiplier(id: number, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/multipliers/${id}/cancel`}`, { method: 'POST' });
  if (json) return printJson(body);
  print(`Cancelled "${readAnswer(multiplierSchema, body).name}".`);
}

async function endMultiplier(id: number, options: { at?: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/multipliers/${id}/end`}`, {
    method: 'POST',
    body: options,
  });
  if (json) return printJson(body);
  const { name, endsAt } = readAnswer(multiplierSchema, body);
  print(`"${name}" ends at ${endsAt}.`);
}

function show({ id, name, factor, status, startsAt, endsAt, categories, announceAt }: MultiplierAnswer): void {
  printFields([
    ['Id', String(id)],
    ['Name', name],
    ['Factor', factor],
    ['Status', status],
    ['Starts', startsAt],
    ['Ends', endsAt],
    ['Categories', categories.join(', ')],
    ['Announced', [...announceAt, 'at its start and end'].join(', ')],
  ]);
}
