import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { contributionSchema, readAnswer, voidResultSchema, type VoidAnswer } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printFields, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli contributions show admin event-17
  $ omnitensor-cli contributions void --help
`;
const VOID_EXAMPLES = `
Examples:
  $ omnitensor-cli contributions void admin event-17 --reason "Measured twice"
  $ omnitensor-cli contributions void --member user123 --from 2026-08-01T00:00:00Z --to 2026-08-02T00:00:00Z \\
      --reason "Its clock was wrong" --dry-run
`;
const UNVOID_EXAMPLES = `
Example:
  $ omnitensor-cli contributions unvoid admin event-17 --reason "It was right after all"
`;

type Kind = 'void' | 'unvoid';
type VoidOptions = { reason: string; member?: string; from?: string; to?: string; dryRun?: boolean };

/** `contributions`: read one, void, and let count again. */
export function contributionsCommand(program: Command): void {
  const contributions = program
    .command('contributions')
    .description('read a contribution; void some, or let them count again')
    .addHelpText('after', EXAMPLES);
  contributions
    .command('show')
    .argument('<source>', 'where it came from')
    .argument('<id>', 'its id there')
    .description('show a contribution, and what priced it')
    .addHelpText('after', EXAMPLES)
    .action(showContribution);
  const change = (kind: Kind, description: string, examples: string) =>
    contributions
      .command(kind)
      .argument('[source]', 'where the contribution came from')
      .argument('[id]', 'its id there')
      .description(description)
      .requiredOption('--reason <text>', 'why; it is shown beside the contribution')
      .option('--member <handle>', "instead of one contribution: all of this member's between two times")
      .option('--from <time>', 'the first moment, RFC 3339, by when they occurred')
      .option('--to <time>', 'the first moment that is not meant any more')
      .option('--dry-run', 'only tell what would change')
      .addHelpText('after', examples)
      .action((source: string | undefined, id: string | undefined, options: VoidOptions, command: Command) =>
        changeCounting(kind, source, id, options, command),
      );
  change('void', 'let contributions count no more; they stay, with the reason', VOID_EXAMPLES);
  change('unvoid', 'let voided contributions count again', UNVOID_EXAMPLES);
}

async function showContribution(source: string, id: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/contributions/${source}/${id}`}`);
  if (json) return printJson(body);
  const line = readAnswer(contributionSchema, body);
  const fields: [string, string | undefined][] = [
    ['Contributor', line.contributor],
    ['Category', line.category],
    ['Subject', line.subject],
    ['Occurred at', line.occurredAt],
    ['OMNIT', `${line.amount} x ${line.rate} x ${line.multiplier} = ${line.reward}`],
    ['Rule', line.rule],
    ['Reputation', line.reputation],
    ['Status', [line.status, line.by && `by ${line.by}`].filter(Boolean).join(' ')],
    ['Reason', line.reason],
    ['Evidence', line.link],
    ['Counts in', line.windows.join(', ') || 'nothing'],
  ];
  printFields(fields.flatMap(([label, value]) => (value === undefined ? [] : [[label, value] as const])));
}

async function changeCounting(
  kind: Kind,
  source: string | undefined,
  id: string | undefined,
  { reason, member, from, to, dryRun }: VoidOptions,
  command: Command,
): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const body = { reason, ...(dryRun ? { dryRun } : {}) };
  const isRange = member !== undefined && from !== undefined && to !== undefined && source === undefined;
  const isOne = source !== undefined && id !== undefined && (member ?? from ?? to) === undefined;
  if (!isRange && !isOne) {
    throw new CliError(
      'wrong-usage',
      `Give SOURCE and ID for one contribution, or --member, --from and --to for several.\nSee: omnitensor-cli contributions ${kind} --help`,
    );
  }
  const target = isRange ? address`/members/${member}` : address`/contributions/${source ?? ''}/${id ?? ''}`;
  const answer = await api.call(`${await communityPath()}${target}/${kind}`, {
    method: 'POST',
    body: isRange ? { ...body, from, to } : body,
  });
  if (json) return printJson(answer.body);
  tell(kind, readAnswer(voidResultSchema, answer.body), dryRun ?? false);
}

function tell(kind: Kind, { changed, reward, already, leftAlone, places }: VoidAnswer, dryRun: boolean): void {
  if (changed === 0) {
    const how = already ? `: by ${already.by} at ${already.at}, "${already.reason}"` : '.';
    print(kind === 'void' ? `Voided already${how}` : `Nothing there is voided${how}`);
    return;
  }
  const done = dryRun ? `Would ${kind}` : kind === 'void' ? 'Voided' : 'Un-voided';
  const what = `${changed} ${changed === 1 ? 'contribution' : 'contributions'}`;
  print(`${done} ${what}: ${reward} OMNIT ${kind === 'void' ? 'less' : 'more'}.`);
  if (leftAlone.length > 0) print(`Left as they are, being final: ${leftAlone.join(', ')}.`);
  if (places.length === 0) return;
  print();
  const place = (standing: VoidAnswer['places'][number]['before']) => [
    standing ? `${standing.rank} of ${standing.total}` : 'none',
    standing?.score ?? '0',
  ];
  printTable(
    ['Category', 'Window', 'Period', 'Rank before', 'Score', 'Rank after', 'Score'],
    places.map(({ category, window, period, before, after }) => [
      category,
      window,
      period,
      ...place(before),
      ...place(after),
    ]),
  );
}
