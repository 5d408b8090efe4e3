import { InvalidArgumentError, Option, type Command } from 'commander';
import { address } from '../api-client.ts';
import { liveBoardListSchema, liveBoardSchema, readAnswer } from '../api-shapes.ts';
import { print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { wholeNumber } from './options.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli boards
  $ omnitensor-cli boards place gpu-contributors --window season --channel 1100000000000000002
  $ omnitensor-cli boards remove 3
`;
const MOST_PLACES = 20;
const LARGEST_ID = 499_999_999;

/** `boards`: leaderboards that live in a Discord channel. */
export function boardsCommand(program: Command): void {
  const boards = program
    .command('boards')
    .description('list the leaderboards that live in a Discord channel; place or remove one')
    .addHelpText('after', EXAMPLES)
    .action(listBoards);
  boards
    .command('place')
    .argument('<category>', 'the slug of a category')
    .addOption(
      new Option('--window <window>', 'the stretch of time')
        .choices(['week', 'month', 'season', 'all'])
        .makeOptionMandatory(),
    )
    .requiredOption('--channel <id>', "a text channel of the community's Discord server, by its id", readChannelId)
    .option('--limit <number>', 'how many places it shows (default: 10)', wholeNumber(1, MOST_PLACES))
    .description('post a leaderboard in a channel and keep it up to date; one that failed is tried again')
    .addHelpText('after', EXAMPLES)
    .action(placeBoard);
  boards
    .command('remove')
    .argument('<id>', 'as the list shows it', wholeNumber(1, LARGEST_ID))
    .description('take a leaderboard out of its channel')
    .action(removeBoard);
}

async function listBoards(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/live-boards`);
  if (json) return printJson(body);
  const { liveBoards } = readAnswer(liveBoardListSchema, body);
  if (liveBoards.length === 0) {
    return print('No live boards. Place one: omnitensor-cli boards place CATEGORY --window WINDOW --channel ID');
  }
  printTable(
    ['Id', 'Category', 'Window', 'Places', 'Channel', 'State', 'As of'],
    liveBoards.map((board) => [
      String(board.id),
      board.category,
      board.window,
      String(board.limit),
      board.channelId,
      board.state,
      board.shownAt ?? '',
    ]),
  );
  for (const { id, reason } of liveBoards) if (reason) print(`Board ${id}: ${reason}`);
}

async function placeBoard(
  category: string,
  options: { window: string; channel: string; limit?: number },
  command: Command,
): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { window, channel: channelId, limit } = options;
  const { body } = await api.call(`${await communityPath()}/live-boards`, {
    method: 'POST',
    body: { category, window, channelId, ...(limit === undefined ? {} : { limit }) },
  });
  if (json) return printJson(body);
  const { id, limit: places } = readAnswer(liveBoardSchema, body);
  print(`Board ${id}: ${category}, ${window}, top ${places}, is kept up to date in channel ${channelId}.`);
}

async function removeBoard(id: number, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  await api.call(`${await communityPath()}${address`/live-boards/${id}`}`, { method: 'DELETE' });
  if (json) printJson({ id, removed: true });
  else print(`Removed board ${id}. Its message is deleted in a moment.`);
}

function readChannelId(text: string): string {
  if (/^\d{15,20}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'It must be the id of a channel, some 18 digits. Discord copies it with developer mode on.',
  );
}
