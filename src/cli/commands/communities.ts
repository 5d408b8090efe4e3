import { InvalidArgumentError, Option, type Command } from 'commander';
import { VISIBILITIES } from '../../communities/community.ts';
import { PRESET_NAMES } from '../../communities/presets.ts';
import {
  communityListSchema,
  communityWithCategoriesSchema,
  readAnswer,
  type CommunityWithCategories,
} from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printFields, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { printCategories } from './categories.ts';
import { wholeNumber } from './options.ts';

const MAX_MINUTES = 7 * 24 * 60;
const MAX_HOURS = 30 * 24;
const NONE = 'none';

const LIST_EXAMPLES = `
Examples:
  $ omnitensor-cli communities
  $ omnitensor-cli communities show omnitensor
  $ omnitensor-cli communities create --help
`;
const CREATE_EXAMPLES = `
Example:
  $ omnitensor-cli communities create --slug berlin --name "Berlin nodes" --time-zone Europe/Berlin --preset omnitensor
`;
const UPDATE_EXAMPLES = `
Examples:
  $ omnitensor-cli communities update --name "Berlin nodes" --visibility unlisted
  $ omnitensor-cli communities update berlin --time-zone Asia/Kolkata --rebuild
  $ omnitensor-cli communities update --monthly-budget 5000 --late-minutes 120 --provisional-minutes season=2880
  $ omnitensor-cli communities update --countdown-hours 48,1
`;

type CommunityChanges = {
  name?: string;
  timeZone?: string;
  locale?: string;
  visibility?: string;
  rebuild?: boolean;
};
type ClosingChanges = {
  lateMinutes?: number;
  provisionalMinutes?: Record<string, number>;
  countdownHours?: number[];
  monthlyBudget?: string;
};

/** `communities`: list, show, create and update. */
export function communitiesCommand(program: Command): void {
  const communities = program
    .command('communities')
    .description('list the public communities; show, create or update one')
    .addHelpText('after', LIST_EXAMPLES)
    .action(listCommunities);
  communities
    .command('show')
    .argument('[slug]', 'the community, if not the one of --community')
    .description('show a community and its categories')
    .action(showCommunity);
  communities
    .command('create')
    .description("create a community; takes the installation's ADMIN_API_KEY")
    .requiredOption('--slug <slug>', 'its part of every address: lower-case letters, digits, - and _')
    .requiredOption('--name <name>', 'its name')
    .requiredOption('--time-zone <zone>', 'IANA, such as Europe/Berlin: windows begin and end at its midnights')
    .option('--locale <tag>', 'its language, BCP 47 (default: en)')
    .addOption(new Option('--visibility <who>', 'who may read (default: public)').choices(VISIBILITIES))
    .addOption(new Option('--preset <name>', 'the categories to begin with (default: none)').choices(PRESET_NAMES))
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createCommunity);
  communities
    .command('update')
    .argument('[slug]', 'the community, if not the one of --community')
    .description('change a community')
    .option('--name <name>', 'its name')
    .option('--time-zone <zone>', 'IANA, such as Europe/Berlin')
    .option('--locale <tag>', 'its language, BCP 47')
    .addOption(new Option('--visibility <who>', 'who may read').choices(VISIBILITIES))
    .option(
      '--late-minutes <n>',
      'how long late contributions are awaited after the end of a window',
      wholeNumber(0, MAX_MINUTES),
    )
    .option(
      '--provisional-minutes <window=n>',
      'how long the tables of weeks, months or seasons are provisional then; may be given several times',
      readMinutes,
    )
    .option(
      '--countdown-hours <list>',
      'how many hours before its end the end of a season is told, such as 168,24,1; or none',
      readHours,
    )
    .option('--monthly-budget <omnit>', 'what quests and prizes may come to in a month; or none')
    .option('--rebuild', 'cut open and past windows anew: needed for the time zone once there are contributions')
    .addHelpText('after', UPDATE_EXAMPLES)
    .action(updateCommunity);
}

async function listCommunities(_options: object, command: Command): Promise<void> {
  const { api, json } = await openSession(command);
  const { body } = await api.call('/v1/communities');
  if (json) return printJson(body);
  const { communities } = readAnswer(communityListSchema, body);
  if (communities.length === 0) return print('No public communities.');
  printTable(
    ['Slug', 'Name', 'Time zone', 'Locale'],
    communities.map(({ slug, name, timeZone, locale }) => [slug, name, timeZone, locale]),
  );
}

async function showCommunity(slug: string | undefined, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(await communityPath(slug));
  show(body, json);
}

async function createCommunity(options: CommunityChanges & { slug: string }, command: Command): Promise<void> {
  const { api, json } = await openSession(command);
  const { body } = await api.call('/v1/communities', { method: 'POST', body: options });
  show(body, json);
}

async function updateCommunity(
  slug: string | undefined,
  options: CommunityChanges & ClosingChanges,
  command: Command,
): Promise<void> {
  if (Object.keys(options).length === 0) {
    throw new CliError(
      'wrong-usage',
      'Nothing is to be changed. Give at least one option: omnitensor-cli communities update --help',
    );
  }
  const { lateMinutes, provisionalMinutes, monthlyBudget, ...others } = options;
  const isClosingChanged = lateMinutes !== undefined || provisionalMinutes !== undefined;
  const changes = {
    ...others,
    ...(isClosingChanged ? { closing: { lateMinutes, provisionalMinutes } } : {}),
    ...(monthlyBudget === undefined ? {} : { monthlyBudget: monthlyBudget === NONE ? null : monthlyBudget }),
  };
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(await communityPath(slug), { method: 'PATCH', body: changes });
  show(body, json);
}

function show(body: unknown, json: boolean): void {
  if (json) return printJson(body);
  const community = readAnswer(communityWithCategoriesSchema, body);
  printFields([
    ['Slug', community.slug],
    ['Name', community.name],
    ['Time zone', community.timeZone],
    ['Locale', community.locale],
    ['Visibility', community.visibility],
    ['Closing', closingText(community)],
    ['Countdown', community.countdownHours.map((hours) => `${hours} h`).join(', ') || 'off'],
    ...(community.monthlyBudget === undefined ? [] : [budgetOf(community.monthlyBudget)]),
  ]);
  print();
  printCategories(community.categories);
}

function closingText({ closing: { lateMinutes, provisionalMinutes } }: CommunityWithCategories): string {
  const { week, month, season } = provisionalMinutes;
  return `${lateMinutes} min for what comes late, then provisional: weeks ${week} min, months ${month} min, seasons ${season} min`;
}

function budgetOf(monthlyBudget: string | null): [string, string] {
  return ['Budget', monthlyBudget === null ? 'none' : `${monthlyBudget} OMNIT a month`];
}

/** `season=2880`. */
function readMinutes(text: string, before: Record<string, number> = {}): Record<string, number> {
  const [, window, minutes = ''] = /^(week|month|season)=(\d+)$/.exec(text) ?? [];
  if (window === undefined) throw new InvalidArgumentError('It must be week, month or season, "=", and minutes.');
  return { ...before, [window]: wholeNumber(0, MAX_MINUTES)(minutes) };
}

/** `168,24,1`, or `none`. */
function readHours(text: string): number[] {
  return text === NONE ? [] : text.split(',').map(wholeNumber(1, MAX_HOURS));
}
