import { Option, type Command } from 'commander';
import {
  grantListSchema,
  grantSchema,
  readAnswer,
  retriedSchema,
  rolePlanSchema,
  type GrantAnswer,
} from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { rewardText } from '../reward-text.ts';
import { note, print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

const LARGEST_ID = 999_999_999_999;
/** `to-do`: what failed, and what waits for somebody to deliver it. */
const STATES = ['to-do', 'effective', 'made', 'delivering', 'delivered', 'failed', 'withdrawn', 'lapsed', 'all'];
const KINDS = ['tokens', 'governance', 'reputation', 'badge', 'role', 'nft', 'access'];
const PAGE = 100;

const EXAMPLES = `
Examples:
  $ omnitensor-cli grants
  $ omnitensor-cli grants --state all
  $ omnitensor-cli grants --state failed --kind role
  $ omnitensor-cli grants plan
  $ omnitensor-cli grants delivered 1042 --reason "Sent to the wallet"
  $ omnitensor-cli grants failed 1042 --reason "No wallet is known. Ask the member for one."
  $ omnitensor-cli grants retry 1042
  $ omnitensor-cli grants retry --all
  $ omnitensor-cli grants retry --all --kind role
`;

type ListOptions = { state?: string; kind?: string; member?: string; limit: number };

/** `grants`: what was granted, what failed, and having it delivered. */
export function grantsCommand(program: Command): void {
  const id = ['<id>', 'as the list shows it', wholeNumber(1, LARGEST_ID)] as const;
  const grants = program
    .command('grants')
    .description('list what failed and what waits to be delivered; plan roles; note deliveries; try again')
    .addOption(
      new Option('--state <state>', 'those in a state (default: to-do; of a kind or member: all)').choices(STATES),
    )
    .addOption(new Option('--kind <kind>', 'those of a kind').choices(KINDS))
    .option('--member <handle>', 'those of a member')
    .option('--limit <n>', 'how many', wholeNumber(1, PAGE), 20)
    .addHelpText('after', EXAMPLES)
    .action(listGrants);
  grants
    .command('plan')
    .description('tell which roles the bot would give and take on Discord now, and change nothing')
    .addHelpText('after', EXAMPLES)
    .action(planRoles);
  for (const [outcome, description] of [
    ['delivered', 'note that an NFT or access was delivered'],
    ['failed', 'note that an NFT or access could not be delivered'],
  ] as const) {
    grants
      .command(outcome)
      .argument(...id)
      .description(description)
      .option('--reason <text>', 'a note; where it failed: why, and what to do')
      .addHelpText('after', EXAMPLES)
      .action((grant: number, options: { reason?: string }, command: Command) =>
        change(`${grant}/${outcome}`, options, command),
      );
  }
  grants
    .command('retry')
    .argument('[id]', 'as the list shows it', wholeNumber(1, LARGEST_ID))
    .description('have a grant delivered after all that failed or lapsed')
    .option('--all', 'all that failed; with --kind role, nft or access: of that kind')
    .addHelpText('after', EXAMPLES)
    .action(retry);
}

async function listGrants(options: ListOptions, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const isOfSome = options.kind !== undefined || options.member !== undefined;
  const { state = isOfSome ? 'all' : 'to-do', ...others } = options;
  const query = new URLSearchParams(
    Object.entries({ ...others, state: state === 'all' ? undefined : state }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
  const { body } = await api.call(`${await communityPath()}/grants?${query.toString()}`);
  if (json) return printJson(body);
  const { grants, next } = readAnswer(grantListSchema, body);
  if (grants.length === 0) {
    return print(
      state === 'to-do' ? 'Nothing failed, and nothing waits to be delivered. See all: --state all' : 'No grants.',
    );
  }
  printGrants(grants);
  if (next !== null) note(`These are the first ${grants.length}. See more with --limit, or over the API.`);
}

async function planRoles(_options: object, command: Command): Promise<void> {
  const { limit } = command.optsWithGlobals<ListOptions>();
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/roles/plan?limit=${limit}`);
  if (json) return printJson(body);
  const { give, take, keep, cannot, changes } = readAnswer(rolePlanSchema, body);
  print(`${give} to give, ${take} to take, ${keep} left alone, ${cannot} not possible now.`);
  if (changes.length === 0) return;
  print();
  printTable(
    ['What', 'Role', 'Member'],
    changes.map(({ action, handle, discordUserId, roleId, roleName }) => [
      action,
      roleId ?? roleName ?? '',
      handle ?? `Discord user ${discordUserId ?? ''}`,
    ]),
  );
  printReasons(changes.map(({ handle, discordUserId, why }) => [handle ?? discordUserId ?? '', why]));
  const rest = give + take + keep + cannot - changes.length;
  if (rest > 0) note(`and ${rest} more`);
}

async function change(path: string, { reason }: { reason?: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/grants/${path}`, { method: 'POST', body: { reason } });
  if (json) printJson(body);
  else printGrants([readAnswer(grantSchema, body)]);
}

async function retry(id: number | undefined, { all }: { all?: true }, command: Command): Promise<void> {
  // An option of the list is the list's wherever it stands.
  const { kind } = command.optsWithGlobals<ListOptions>();
  if ((id === undefined) === (all === undefined)) {
    throw new CliError('wrong-usage', 'Name the grant by its id, or all that failed with --all.');
  }
  if (id !== undefined && kind !== undefined) throw new CliError('wrong-usage', '--kind goes with --all.');
  if (id !== undefined) return change(`${id}/retry`, {}, command);
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/grants/retry`, { method: 'POST', body: { kind } });
  if (json) return printJson(body);
  const { retried } = readAnswer(retriedSchema, body);
  if (retried === 0) print('Nothing had failed.');
  else print(retried === 1 ? '1 grant is tried again.' : `${retried} grants are tried again.`);
}

function printGrants(grants: readonly GrantAnswer[]): void {
  printTable(
    ['Id', 'Member', 'What', 'State', 'For'],
    grants.map(({ id, handle, reason, state, ...reward }) => [String(id), handle, whatText(reward), state, reason]),
  );
  printReasons(grants.map(({ id, stateReason }) => [String(id), stateReason]));
}

/** `25 OMNIT`, `nft Gold`, or what is taken back. */
function whatText({ kind, name, roleId, amount }: Pick<GrantAnswer, 'kind' | 'name' | 'roleId' | 'amount'>): string {
  const isCounted = ['tokens', 'governance', 'reputation'].includes(kind);
  const what = rewardText([isCounted ? { kind, amount: amount.replace('-', '') } : { kind, name, roleId }]);
  return amount.startsWith('-') ? `take back ${what}` : what;
}

/** Below a table, where there is room for them: a paragraph a reason, with what it is about. */
function printReasons(about: readonly (readonly [subject: string, reason: string | null | undefined])[]): void {
  const told = about.flatMap(([subject, reason]) => (reason ? [{ subject, reason }] : []));
  for (const [reason, same] of Map.groupBy(told, (one) => one.reason)) {
    print();
    print(`${same.map(({ subject }) => subject).join(', ')}:`);
    print(`  ${reason}`);
  }
}
