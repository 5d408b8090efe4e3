import type { Command } from 'commander';
import { address } from '../api-client.ts';
import { memberSchema, readAnswer } from '../api-shapes.ts';
import { print, printFields, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli member user123
  $ omnitensor-cli member user123 --json
`;

/** `member`: what a member has earned and where the member stands. */
export function memberCommand(program: Command): void {
  program
    .command('member')
    .argument('<handle>', 'as leaderboards show it; upper and lower case differ')
    .description('show what a member has earned, and all current standings')
    .addHelpText('after', EXAMPLES)
    .action(showMember);
}

async function showMember(handle: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/members/${handle}`}`);
  if (json) return printJson(body);
  const member = readAnswer(memberSchema, body);
  const { balances, badges, standings } = member;
  print(member.displayName === member.handle ? member.handle : `${member.displayName} (${member.handle})`);
  print();
  printFields([
    ['OMNIT', balances.omnit],
    ['  granted here', balances.granted],
    ['  paid out', balances.paid],
    ['  to be paid', balances.payable],
    ['Governance', balances.governance],
    ['Reputation', member.reputation],
    ['Badges', badges.map(({ name, count }) => (count === 1 ? name : `${name} x${count}`)).join(', ') || 'none yet'],
  ]);
  print();
  if (standings.length === 0) return print('No standings in the current periods.');
  printTable(
    ['Category', 'Window', 'Period', 'Rank', 'Of', 'Score'],
    standings.map(({ category, window, period, rank, total, score }) => [
      category,
      window,
      period,
      String(rank),
      String(total),
      score,
    ]),
  );
}
