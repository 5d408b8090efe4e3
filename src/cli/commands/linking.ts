import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { linkCodeSchema, mergeSchema, readAnswer, whoamiSchema } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { note, print, printJson } from '../output.ts';
import { openSession } from '../session.ts';

const CODE_EXAMPLES = `
Examples:
  $ omnitensor-cli link-code user123
  $ omnitensor-cli link-code            (with a key that is bound to a member)
`;
const UNLINK_EXAMPLES = `
Example:
  $ omnitensor-cli unlink user123
`;
const MERGE_EXAMPLES = `
Example:
  $ omnitensor-cli merge old-name --into user123
`;

/** `link-code`: makes a code that links a handle with a Discord account. */
export function linkCodeCommand(program: Command): void {
  program
    .command('link-code')
    .argument('[handle]', 'whose; may be left out with a key that is bound to a member')
    .description('make a code that links a handle with your Discord account: enter it there with /link')
    .addHelpText('after', CODE_EXAMPLES)
    .action(makeCode);
}

/** `unlink`: parts a handle from its Discord account, for admins. */
export function unlinkCommand(program: Command): void {
  program
    .command('unlink')
    .argument('<handle>', 'as leaderboards show it')
    .description('part a handle from its Discord account, as when that was lost')
    .addHelpText('after', UNLINK_EXAMPLES)
    .action(unlink);
}

/** `merge`: merges a member into another, for admins. */
export function mergeCommand(program: Command): void {
  program
    .command('merge')
    .argument('<handle>', 'the one that becomes another name of the survivor')
    .requiredOption('--into <handle>', 'the survivor, who gets all contributions and rewards')
    .description('merge a member into another, for good')
    .addHelpText('after', MERGE_EXAMPLES)
    .action(merge);
}

async function makeCode(handle: string | undefined, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = await communityPath();
  const whose = handle ?? readAnswer(whoamiSchema, (await api.call(`${path}/whoami`)).body).contributor;
  if (whose === undefined) {
    throw new CliError('wrong-usage', 'Whose code? This key writes for everybody: omnitensor-cli link-code HANDLE.');
  }
  const { body } = await api.call(`${path}${address`/members/${whose}/link-code`}`, { method: 'POST' });
  if (json) return printJson(body);
  const { code, expiresAt } = readAnswer(linkCodeSchema, body);
  // Alone on stdout, so that a script can take it.
  print(code);
  note(`Enter it on Discord until ${expiresAt}: /link code:${code}. It links "${whose}" with whoever enters it, once.`);
}

async function unlink(handle: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  await api.call(`${await communityPath()}${address`/members/${handle}/link`}`, { method: 'DELETE' });
  if (json) printJson({ handle, unlinked: true });
  else print(`Unlinked ${handle}.`);
}

async function merge(handle: string, { into }: { into: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}${address`/members/${handle}/merge`}`;
  const { body } = await api.call(path, { method: 'POST', body: { into } });
  if (json) return printJson(body);
  const done = readAnswer(mergeSchema, body);
  print(`Merged ${done.merged} into ${done.into}.`);
}
