import { Option, type Command } from 'commander';
import { exclusionListSchema, exclusionSchema, readAnswer, type ExclusionAnswer } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

const LIST_EXAMPLES = `
Examples:
  $ omnitensor-cli exclusions
  $ omnitensor-cli exclusions add --help
  $ omnitensor-cli exclusions lift 3
`;
const ADD_EXAMPLES = `
Examples:
  $ omnitensor-cli exclusions add --member user123 --from boards --reason "Two accounts" --until 2026-12-01T00:00:00Z
  $ omnitensor-cli exclusions add --role 1108374650284765184 --from boards --reason "Staff"
`;

type NewExclusion = { member?: string; role?: string; from: string; reason: string; until?: string };

/** `exclusions`: who is kept from prizes or boards. */
export function exclusionsCommand(program: Command): void {
  const exclusions = program
    .command('exclusions')
    .description('list who is kept from prizes or boards; exclude somebody; lift an exclusion')
    .addHelpText('after', LIST_EXAMPLES)
    .action(listExclusions);
  exclusions
    .command('add')
    .description('keep a member, or everybody with a role, from prizes or boards')
    .option('--member <handle>', 'a member; this or --role')
    .option('--role <id>', 'the id of a role of Discord: everybody with it, as last seen')
    .addOption(new Option('--from <what>', 'from what').choices(['prizes', 'boards']).makeOptionMandatory())
    .requiredOption('--reason <text>', 'why; shown to admins and kept in the audit log')
    .option('--until <time>', 'RFC 3339; it ends then by itself (default: when it is lifted)')
    .addHelpText('after', ADD_EXAMPLES)
    .action(addExclusion);
  exclusions
    .command('lift')
    .argument('<id>', 'as the list shows it', wholeNumber(1, 999_999_999))
    .description('end an exclusion now')
    .action(liftExclusion);
}

async function listExclusions(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/exclusions`);
  if (json) return printJson(body);
  const { exclusions } = readAnswer(exclusionListSchema, body);
  if (exclusions.length === 0) return print('Nobody is excluded.');
  printExclusions(exclusions);
}

async function addExclusion({ role, from, until, ...options }: NewExclusion, command: Command): Promise<void> {
  if ((options.member === undefined) === (role === undefined)) {
    throw new CliError('wrong-usage', 'Give --member or --role, and not both.');
  }
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/exclusions`, {
    method: 'POST',
    body: { ...options, roleId: role, scope: from, endsAt: until },
  });
  if (json) printJson(body);
  else printExclusions([readAnswer(exclusionSchema, body)]);
}

async function liftExclusion(id: number, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  await api.call(`${await communityPath()}/exclusions/${id}`, { method: 'DELETE' });
  if (json) printJson({ id, lifted: true });
  else print(`Lifted exclusion ${id}.`);
}

function printExclusions(exclusions: readonly ExclusionAnswer[]): void {
  printTable(
    ['Id', 'Who', 'Members', 'From', 'Since', 'Until', 'Reason'],
    exclusions.map(({ id, member, roleId, members, scope, startsAt, endsAt, reason }) => [
      String(id),
      member ?? `role ${roleId ?? ''}`,
      String(members),
      scope,
      startsAt,
      endsAt ?? 'lifted',
      reason,
    ]),
  );
}
