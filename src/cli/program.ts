import { Command, Help, Option } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { badgesCommand } from './commands/badges.ts';
import { boardsCommand } from './commands/boards.ts';
import { capsCommand, heldCommand } from './commands/caps.ts';
import { categoriesCommand } from './commands/categories.ts';
import { communitiesCommand } from './commands/communities.ts';
import { completionCommand } from './commands/completion.ts';
import { contributionsCommand } from './commands/contributions.ts';
import { contributeDataCommand, shareGpuCommand, testModelCommand } from './commands/work.ts';
import { exclusionsCommand } from './commands/exclusions.ts';
import { grantsCommand } from './commands/grants.ts';
import { importCommand } from './commands/import.ts';
import { jobsCommand } from './commands/jobs.ts';
import { keysCommand } from './commands/keys.ts';
import { leaderboardCommand } from './commands/leaderboard.ts';
import { linkCodeCommand, mergeCommand, unlinkCommand } from './commands/linking.ts';
import { memberCommand } from './commands/member.ts';
import { multipliersCommand } from './commands/multipliers.ts';
import { privacyCommand } from './commands/privacy.ts';
import { prizesCommand } from './commands/prizes.ts';
import { proofsCommand } from './commands/proofs.ts';
import { questsCommand } from './commands/quests.ts';
import { ratesCommand } from './commands/rates.ts';
import { seasonsCommand } from './commands/seasons.ts';
import { whyCommand } from './commands/why.ts';

const NOTES = `
Environment:
  OMNITENSOR_URL        the server (default: http://localhost:3000)
  OMNITENSOR_COMMUNITY  the community (default: the only one there is)
  OMNITENSOR_API_KEY    the key for what writes; on the server's own machine
                        the one in DATA_DIR/admin-key is used without it

Exit codes: 0 done, 1 refused or not found, 2 wrong usage, 3 server unreachable.

Examples:
  $ omnitensor-cli leaderboard --category gpu-contributors
  $ omnitensor-cli member user123
  $ omnitensor-cli why user123 --category gpu-contributors
  $ omnitensor-cli share-gpu --gpu-type "NVIDIA RTX 3080" --hours 24 --contributor user123
  $ omnitensor-cli import contributions.ndjson.gz
`;

/** Builds the whole command line. Wrong usage throws a CommanderError that has not been printed. */
export function createProgram(): Command {
  const program = new CliCommand('omnitensor-cli')
    .description('Leaderboards, members and contributions of an OmniTensor community.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print what a command does, with examples')
    .configureHelp({ showGlobalOptions: true, visibleGlobalOptions })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', NOTES);
  for (const option of optionsOfAll()) program.addOption(option);
  leaderboardCommand(program);
  memberCommand(program);
  whyCommand(program);
  privacyCommand(program);
  linkCodeCommand(program);
  shareGpuCommand(program);
  contributeDataCommand(program);
  testModelCommand(program);
  importCommand(program);
  contributionsCommand(program);
  communitiesCommand(program);
  categoriesCommand(program);
  ratesCommand(program);
  multipliersCommand(program);
  questsCommand(program);
  proofsCommand(program);
  badgesCommand(program);
  seasonsCommand(program);
  prizesCommand(program);
  unlinkCommand(program);
  mergeCommand(program);
  exclusionsCommand(program);
  capsCommand(program);
  heldCommand(program);
  boardsCommand(program);
  grantsCommand(program);
  keysCommand(program);
  jobsCommand(program);
  completionCommand(program);
  // Not before: commands take it over, and options of `privacy` and the like may stand behind the commands below them.
  return program.enablePositionalOptions();
}

/** What every command takes. */
function optionsOfAll(): Option[] {
  return [
    new Option('--url <url>', 'the server'),
    new Option('--community <slug>', 'the community'),
    new Option('--json', 'answer in JSON, errors too'),
  ];
}

/**
 * The program's own options hold before a command only, so that `--version` behind one can be the command's. Those that
 * every command takes are each command's own, too; help shows them once, as the program's.
 */
class CliCommand extends Command {
  override createCommand(name?: string): Command {
    const command = new CliCommand(name);
    for (const option of optionsOfAll()) command.addOption(option.hideHelp());
    return command;
  }
}

/** The options of whatever a command stands below, as far as they may stand behind it. */
function visibleGlobalOptions(this: Help, command: Command): Option[] {
  return Help.prototype.visibleGlobalOptions.call(this, command).filter(({ long }) => long !== '--version');
}
