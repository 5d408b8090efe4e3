import { Option, type Command } from 'commander';
import { MEASURES } from '../../communities/community.ts';
import {
  categorySchema,
  communityWithCategoriesSchema,
  readAnswer,
  type CommunityWithCategories,
} from '../api-shapes.ts';
import { print, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';

const LIST_EXAMPLES = `
Examples:
  $ omnitensor-cli categories
  $ omnitensor-cli categories add --help
`;
const ADD_EXAMPLES = `
Example:
  $ omnitensor-cli categories add --slug translators --title "Top Translators" --unit page --measure amount --rate 2.5
`;

type NewCategory = { slug: string; title: string; unit: string; measure: string; rate: string; reputation?: string };

/** `categories`: list and add what a community counts. */
export function categoriesCommand(program: Command): void {
  const categories = program
    .command('categories')
    .description('list what a community counts; add to it')
    .addHelpText('after', LIST_EXAMPLES)
    .action(listCategories);
  categories
    .command('add')
    .description('add a category, which is a leaderboard of its own')
    .requiredOption('--slug <slug>', 'its part of every address: lower-case letters, digits, - and _')
    .requiredOption('--title <title>', 'the title of its leaderboard')
    .requiredOption('--unit <word>', 'the word for one unit, such as GPU-hour')
    .addOption(
      new Option('--measure <measure>', 'what the leaderboard adds up: OMNIT earned (reward) or units (amount)')
        .choices(MEASURES)
        .makeOptionMandatory(),
    )
    .requiredOption('--rate <omnit>', 'OMNIT a unit, with at most 3 places, from the beginning of time')
    .option('--reputation <points>', 'reputation a unit (default: 0)')
    .addHelpText('after', ADD_EXAMPLES)
    .action(addCategory);
}

/** Writes categories as a table. */
export function printCategories(categories: CommunityWithCategories['categories']): void {
  if (categories.length === 0) return print('No categories yet. Add one: omnitensor-cli categories add --help');
  printTable(
    ['Category', 'Title', 'Unit', 'Adds up', 'OMNIT a unit', 'Reputation a unit'],
    categories.map(({ slug, title, unit, measure, rate, reputation }) => [
      slug,
      title,
      unit,
      measure,
      rate,
      reputation,
    ]),
  );
}

async function listCategories(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(await communityPath());
  const { categories } = readAnswer(communityWithCategoriesSchema, body);
  if (json) printJson({ categories });
  else printCategories(categories);
}

async function addCategory(options: NewCategory, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/categories`, { method: 'POST', body: options });
  if (json) printJson(body);
  else printCategories([readAnswer(categorySchema, body)]);
}
