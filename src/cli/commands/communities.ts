import { Option, type Command } from 'commander';
import { VISIBILITIES } from '../../communities/community.ts';
import { PRESET_NAMES } from '../../communities/presets.ts';
import { communityListSchema, communityWithCategoriesSchema, readAnswer } from '../api-shapes.ts';
import { CliError } from '../errors.ts';
import { print, printFields, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { printCategories } from './categories.ts';

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
`;

type CommunityChanges = {
  name?: string;
  timeZone?: string;
  locale?: string;
  visibility?: string;
  rebuild?: boolean;
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

async function updateCommunity(slug: string | undefined, changes: CommunityChanges, command: Command): Promise<void> {
  if (Object.keys(changes).length === 0) {
    throw new CliError(
      'wrong-usage',
      'Nothing is to be changed. Give at least one of --name, --time-zone, --locale, --visibility.',
    );
  }
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
  ]);
  print();
  printCategories(community.categories);
}
