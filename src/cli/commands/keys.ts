import { Option, type Command } from 'commander';
import { keyListSchema, newKeySchema, readAnswer } from '../api-shapes.ts';
import { note, print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { collect, wholeNumber } from './options.ts';

const LIST_EXAMPLES = `
Examples:
  $ omnitensor-cli keys
  $ omnitensor-cli keys create --name importer --scope write
  $ omnitensor-cli keys revoke 3
`;
const CREATE_EXAMPLES = `
Examples:
  $ omnitensor-cli keys create --name importer --scope write --source cluster-a
  $ KEY=$(omnitensor-cli keys create --name "Ada's laptop" --scope write --contributor ada)
`;

type NewKey = { name: string; scope: string[]; source?: string; contributor?: string };

/** `keys`: list, create and revoke API keys. */
export function keysCommand(program: Command): void {
  const keys = program
    .command('keys')
    .description('list the keys in use; create or revoke one')
    .addHelpText('after', LIST_EXAMPLES)
    .action(listKeys);
  keys
    .command('create')
    .description('create a key; it is printed once, and only its hash is kept')
    .requiredOption('--name <name>', 'tells keys apart, in lists and in the audit log')
    .addOption(
      new Option('--scope <scope>', 'what it may do; admin includes write; may be given twice')
        .choices(['write', 'admin'])
        .makeOptionMandatory()
        .argParser(collect),
    )
    .option('--source <name>', 'whose ids its contributions go by (default: a source of its own)')
    .option('--contributor <handle>', 'the only member that it writes for')
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createKey);
  keys
    .command('revoke')
    .argument('<id>', 'as the list shows it', wholeNumber(1, 999_999_999))
    .description('make a key useless, at once')
    .action(revokeKey);
}

async function listKeys(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/keys`);
  if (json) return printJson(body);
  const { keys } = readAnswer(keyListSchema, body);
  if (keys.length === 0) return print('No keys yet. Create one: omnitensor-cli keys create --help');
  printTable(
    ['Id', 'Name', 'Scopes', 'Source', 'Writes for', 'Created'],
    keys.map(({ id, name, scopes, source, contributor, createdAt }) => [
      String(id),
      name,
      scopes.join(', '),
      source,
      contributor ?? 'everybody',
      createdAt,
    ]),
  );
}

async function createKey({ scope, ...options }: NewKey, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/keys`, {
    method: 'POST',
    body: { ...options, scopes: scope },
  });
  if (json) return printJson(body);
  const { id, name, key } = readAnswer(newKeySchema, body);
  // Alone on stdout, so that a script can take it.
  print(key);
  note(`This is key ${id}, "${name}". Keep it safe: it is not shown again.`);
}

async function revokeKey(id: number, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  await api.call(`${await communityPath()}/keys/${id}`, { method: 'DELETE' });
  if (json) printJson({ id, revoked: true });
  else print(`Revoked key ${id}.`);
}
