import { pipeline } from 'node:stream/promises';
import { InvalidArgumentError, type Command } from 'commander';
import { address } from '../api-client.ts';
import { privacySchema, readAnswer, renamedSchema, whoamiSchema } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printFields, printJson } from '../output.ts';
import { openSession, type Session } from '../session.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli privacy --contributor user123
  $ omnitensor-cli privacy hide                  (with a key that is bound to a member)
  $ omnitensor-cli privacy set --mentions off --reminders off --show-discord on
  $ omnitensor-cli privacy data --contributor user123 > my-data.json
  $ omnitensor-cli privacy delete --contributor user123 --confirm user123
`;

type Switches = { mentions?: boolean; reminders?: boolean; showDiscord?: boolean };

/** `privacy`: what others see of a member, all that is kept, and deleting it. */
export function privacyCommand(program: Command): void {
  const privacy = program
    .command('privacy')
    .description('show what others see of a member; hide it, get all that is kept, or delete it')
    // Of the subcommands, too.
    .option('--contributor <handle>', 'whose; may be left out with a key that is bound to a member')
    .addHelpText('after', EXAMPLES)
    .action(showPrivacy);
  privacy
    .command('hide')
    .description('stand on leaderboards under a random name; the rank stays')
    .action((_options: object, command: Command) => change({ hidden: true }, command));
  privacy
    .command('unhide')
    .description('stand on leaderboards under the own name again')
    .action((_options: object, command: Command) => change({ hidden: false }, command));
  privacy
    .command('set')
    .description('choose what is told; what is not given stays')
    .option('--mentions <on|off>', 'whether announcements name the member', onOrOff)
    .option('--reminders <on|off>', 'whether reminders of quests come', onOrOff)
    .option('--show-discord <on|off>', 'whether leaderboards tell the Discord account', onOrOff)
    .action(set);
  privacy.command('data').description('write all that is kept of a member to stdout, as JSON').action(writeData);
  privacy
    .command('delete')
    .description('delete what is known of a member, for good; contributions stay, without the name')
    .requiredOption('--confirm <handle>', 'the handle once more: it cannot be undone')
    .action(remove);
}

async function showPrivacy(_options: object, command: Command): Promise<void> {
  const session = await openSession(command);
  const { body } = await session.api.call(`${await memberPath(session, command)}/privacy`);
  show(session, body);
}

async function set(switches: Switches, command: Command): Promise<void> {
  if (Object.keys(switches).length > 0) return change(switches, command);
  throw new CliError('wrong-usage', 'What is to change? Give --mentions, --reminders or --show-discord.');
}

async function change(changes: object, command: Command): Promise<void> {
  const session = await openSession(command);
  const path = `${await memberPath(session, command)}/privacy`;
  show(session, (await session.api.call(path, { method: 'PATCH', body: changes })).body);
}

async function writeData(_options: object, command: Command): Promise<void> {
  const session = await openSession(command);
  // A file, not text to look at: it goes out as it is.
  await pipeline(session.api.download(`${await memberPath(session, command)}/data`), process.stdout, { end: false });
}

async function remove({ confirm }: { confirm: string }, command: Command): Promise<void> {
  const session = await openSession(command);
  const path = `${await memberPath(session, command)}/delete`;
  const { body } = await session.api.call(path, { method: 'POST', body: { confirm } });
  if (session.json) return printJson(body);
  print(`Deleted. What was contributed stays, under the name ${readAnswer(renamedSchema, body).handle}.`);
}

async function memberPath({ api, communityPath }: Session, command: Command): Promise<string> {
  const { contributor } = command.optsWithGlobals<{ contributor?: string }>();
  const path = await communityPath();
  const whose = contributor ?? readAnswer(whoamiSchema, (await api.call(`${path}/whoami`)).body).contributor;
  if (whose === undefined) {
    throw new CliError('wrong-usage', 'Whose? This key is not bound to a member: give --contributor HANDLE.');
  }
  return path + address`/members/${whose}`;
}

function show({ json }: Session, body: unknown): void {
  if (json) return printJson(body);
  const { handle, hiddenAs, mentions, reminders, showDiscord } = readAnswer(privacySchema, body);
  printFields([
    ['Handle', handle],
    ['Hidden', hiddenAs === null ? 'no' : `yes, others see ${hiddenAs}`],
    ['Announcements', mentions ? 'tell the name' : 'leave out the name'],
    ['Reminders', reminders ? 'come' : 'do not come'],
    ['Discord account', showDiscord ? 'told on leaderboards, unless hidden' : 'not told'],
  ]);
}

/** @throws InvalidArgumentError */
function onOrOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new InvalidArgumentError('It must be on or off.');
}
