import type { Command } from 'commander';
import { rateSchema, readAnswer } from '../api-shapes.ts';
import { print, printJson } from '../output.ts';
import { openSession } from '../session.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli rates add --category gpu-contributors --rate 7 --from 2026-10-01T00:00:00Z
  $ omnitensor-cli rates add --category gpu-contributors --subject H100 --rate 9.5 --from 2026-10-01T00:00:00Z
`;

type NewRate = { category: string; subject?: string; rate: string; from: string };

/** `rates`: set what a unit earns from a moment on. */
export function ratesCommand(program: Command): void {
  program
    .command('rates')
    .description('set what a unit earns')
    .command('add')
    .description('set what a unit earns from a moment on')
    .requiredOption('--category <slug>', 'what is counted')
    .option('--subject <subject>', 'for this GPU type, dataset or model alone')
    .requiredOption('--rate <omnit>', 'OMNIT a unit, with at most 3 places')
    .requiredOption('--from <time>', 'RFC 3339; at least 5 minutes ahead, or before the first contribution')
    .addHelpText('after', EXAMPLES)
    .action(addRate);
}

async function addRate(options: NewRate, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/rates`, { method: 'POST', body: options });
  if (json) return printJson(body);
  const { category, subject, rate, from } = readAnswer(rateSchema, body);
  print(`${[category, subject].filter(Boolean).join(', ')}: ${rate} OMNIT a unit from ${from} on.`);
}
