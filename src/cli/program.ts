import { Command } from 'commander';
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
  const program = new Command('omnitensor-cli')
    .description('Leaderboards, members and contributions of an OmniTensor community.')
    .version(manifest.version, '--version', 'print the version')
    .helpOption('-h, --help', 'print what a command does, with examples')
    .option('--url <url>', 'the server')
    .option('--community <slug>', 'the community')
    .option('--json', 'answer in JSON, errors too')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addHelpText('after', NOTES);
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
  return program;
}
