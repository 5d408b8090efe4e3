import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { capListSchema, decidedSchema, heldListSchema, readAnswer } from '../api-shapes.ts';
import { note, print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

const CAP_EXAMPLES = `
Examples:
  $ omnitensor-cli caps
  $ omnitensor-cli caps set gpu-contributors 24
  $ omnitensor-cli caps remove gpu-contributors
`;
const HELD_EXAMPLES = `
Examples:
  $ omnitensor-cli held
  $ omnitensor-cli held release 1042 --reason "Eight nodes, checked"
  $ omnitensor-cli held refuse 1042 --reason "More hours than a day has"
`;
const LARGEST_NUMBER = 999_999_999_999;

/** `caps`: how much of a category counts a member and day. */
export function capsCommand(program: Command): void {
  const caps = program
    .command('caps')
    .description('list how much of a category counts a member and day; set or remove a cap')
    .addHelpText('after', CAP_EXAMPLES)
    .action(listCaps);
  caps
    .command('set')
    .argument('<category>', 'the slug of a category')
    .argument('<amount>', 'in units of the category, with at most 3 places')
    .description('hold what a member contributes beyond an amount a day, from now on')
    .action(setCap);
  caps
    .command('remove')
    .argument('<category>', 'the slug of a category')
    .description('take a cap away; what is held stays held')
    .action(removeCap);
}

/** `held`: what caps hold back. */
export function heldCommand(program: Command): void {
  const held = program
    .command('held')
    .description('list the contributions that a cap holds, oldest first; release or refuse one')
    .addHelpText('after', HELD_EXAMPLES)
    .action(listHeld);
  for (const [decision, effect] of [
    ['release', 'let a held contribution count from now on'],
    ['refuse', 'keep a held contribution from counting, for good'],
  ] as const) {
    held
      .command(decision)
      .argument('<number>', 'as the list shows it', wholeNumber(1, LARGEST_NUMBER))
      .requiredOption('--reason <text>', 'why; kept with the contribution')
      .description(effect)
      .action((number: number, options: { reason: string }, command: Command) =>
        decide(number, decision, options.reason, command),
      );
  }
}

async function listCaps(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/caps`);
  if (json) return printJson(body);
  const { caps } = readAnswer(capListSchema, body);
  if (caps.length === 0) return print('No caps. Set one: omnitensor-cli caps set CATEGORY AMOUNT');
  printTable(
    ['Category', 'A member and day'],
    caps.map(({ category, amount }) => [category, amount]),
  );
}

async function setCap(category: string, amount: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}${address`/caps/${category}`}`;
  const { body } = await api.call(path, { method: 'PUT', body: { amount } });
  if (json) printJson(body);
  else print(`From now on, what exceeds ${amount} a member and day in ${category} is held.`);
}

async function removeCap(category: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  await api.call(`${await communityPath()}${address`/caps/${category}`}`, { method: 'DELETE' });
  if (json) printJson({ category, removed: true });
  else print(`${category} has no cap any more. What is held stays held: omnitensor-cli held`);
}

async function listHeld(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/held?limit=100`);
  if (json) return printJson(body);
  const { held, next } = readAnswer(heldListSchema, body);
  if (held.length === 0) return print('Nothing is held.');
  printTable(
    ['Number', 'Contributor', 'Category', 'Amount', 'OMNIT', 'Occurred', 'Source', 'Id', 'Why'],
    held.map((one) => [
      String(one.number),
      one.contributor,
      one.category,
      one.amount,
      one.reward,
      one.occurredAt,
      one.source,
      one.id,
      one.reason,
    ]),
  );
  if (next !== null) note(`These are the oldest ${held.length}. Decide about them to see more.`);
}

async function decide(number: number, decision: 'release' | 'refuse', reason: string, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}/held/${number}/${decision}`;
  const { body } = await api.call(path, { method: 'POST', body: { reason } });
  if (json) return printJson(body);
  const { id, contributor } = readAnswer(decidedSchema, body);
  print(`${decision === 'release' ? 'Released' : 'Refused'} "${id}" of ${contributor}.`);
}
