import type { Command } from 'commander';
import { rateListSchema, rateSchema, readAnswer } from '../api-shapes.ts';
import { print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';

const LIST_EXAMPLES = `
Examples:
  $ omnitensor-cli rates list
  $ omnitensor-cli rates list --category gpu-contributors
`;
const EXAMPLES = `
Examples:
  $ omnitensor-cli rates add --category gpu-contributors --rate 7 --from 2026-10-01T00:00:00Z
  $ omnitensor-cli rates add --category gpu-contributors --subject H100 --rate 9.5 --from 2026-10-01T00:00:00Z
`;

type NewRate = { category: string; subject?: string; rate: string; from: string };

/** `rates`: list what units earn, and set it from a moment on. */
export function ratesCommand(program: Command): void {
  const rates = program.command('rates').description('list what a unit earns; set it');
  rates
    .command('list')
    .description('list the rates that hold now, and those that will')
    .option('--category <slug>', 'of what is counted under this slug alone')
    .addHelpText('after', LIST_EXAMPLES)
    .action(listRates);
  rates
    .command('add')
    .description('set what a unit earns from a moment on')
    .requiredOption('--category <slug>', 'what is counted')
    .option('--subject <subject>', 'for this GPU type, dataset or model alone')
    .requiredOption('--rate <omnit>', 'OMNIT a unit, with at most 3 places')
    .requiredOption('--from <time>', 'RFC 3339; at least 5 minutes ahead, or before the first contribution')
    .addHelpText('after', EXAMPLES)
    .action(addRate);
}

async function listRates(options: { category?: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/rates`);
  const isWanted = ({ category }: { category: string }) => !options.category || category === options.category;
  const rates = readAnswer(rateListSchema, body).rates.filter(isWanted);
  if (json) return printJson({ rates });
  if (rates.length === 0) return print('No rates. The categories: omnitensor-cli categories');
  printTable(
    ['Category', 'Subject', 'OMNIT a unit', 'From', 'Until'],
    rates.map(({ category, subject, rate, from, until }) => [category, subject ?? 'any', rate, from, until ?? '']),
  );
}

async function addRate(options: NewRate, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/rates`, { method: 'POST', body: options });
  if (json) return printJson(body);
  const { category, subject, rate, from } = readAnswer(rateSchema, body);
  print(`${[category, subject].filter(Boolean).join(', ')}: ${rate} OMNIT a unit from ${from} on.`);
}
