import { readFile, stat } from 'node:fs/promises';
import { Argument, Option, type Command } from 'commander';
import { MOST_COUNTED } from '../../badges/holders.ts';
import { MAX_IMAGE_BYTES, readImage, toDataUri } from '../../badges/image.ts';
import { readTyped, RULE_KINDS, RULE_WINDOWS, type RuleKind } from '../../badges/rule.ts';
import { address } from '../api-client.ts';
import { readAnswer } from '../api-shapes.ts';
import { badgeListSchema, badgeSchema, collectionSchema } from '../badge-shapes.ts';
import { CliError } from '../errors.ts';
import { note, print, printHeading, printJson, printTable } from '../output.ts';
import { openSession } from '../session.ts';
import { collect, wholeNumber } from './options.ts';

const EXAMPLES = `
Examples:
  $ omnitensor-cli badges
  $ omnitensor-cli badges --contributor user123
  $ omnitensor-cli badges create --help
  $ omnitensor-cli badges edit 7 --description "1,000 hours of GPU" --no-icon
  $ omnitensor-cli badges remove 7
  $ omnitensor-cli badges announce off
`;
const CREATE_EXAMPLES = `
Examples:
  $ omnitensor-cli badges create "Power Plant" --icon 🔋 --description "1,000 hours of GPU" \\
      --earned-by amount --category gpu-contributors --number 1000
  $ omnitensor-cli badges create "Eight Weeks" --earned-by streak --number 8
  $ omnitensor-cli badges create "Podium" --earned-by rank --window season --number 3
  $ omnitensor-cli badges create "Both Hands" --earned-by categories --window month --counted \\
      --category gpu-contributors --category model-testers
  $ omnitensor-cli badges create "Founder" --description "There from the start" --image founder.png

--number is how many contributions, quests or credited messages, how much of a category, how many weeks, or the worst rank.
`;
const MAX_ID = 999_999_999;
const id = ['<id>', 'as the list shows it', wholeNumber(1, MAX_ID)] as const;
const BAR_LENGTH = 10;
const PERCENT = 100;

type NewBadge = {
  description?: string;
  icon?: string;
  image?: string;
  earnedBy?: RuleKind;
  number?: string;
  category?: string[];
  window?: string;
  counted?: true;
};

/** What of a badge changes. False: it is taken away. */
type BadgeEdit = { description?: string | false; icon?: string | false; image?: string | false };

/** `badges`: what badges mean, who has which, making, changing and removing them. */
export function badgesCommand(program: Command): void {
  const badges = program
    .command('badges')
    .description("list the badges, or a member's; create, edit or remove one")
    .option('--contributor <handle>', 'what this member has, and can still earn')
    .addHelpText('after', EXAMPLES)
    .action(showBadges);
  badges
    .command('create')
    .argument('<name>', 'as rewards name it')
    .description('say what a badge means, and by what it is earned')
    .option('--description <text>', 'what it is for')
    .option('--icon <emoji>', 'an emoji character')
    .option('--image <file>', 'a PNG, GIF, WebP or JPEG of at most 256 KiB, of which the bot makes an emoji')
    .addOption(new Option('--earned-by <what>', 'by what (default: by rewards that name it)').choices(RULE_KINDS))
    .option('--number <n>', 'how many, how much, or the worst rank')
    .option('--category <slug>', 'only of this one; with categories, each of several', collect)
    .addOption(new Option('--window <window>', 'with categories and rank').choices(RULE_WINDOWS))
    .option('--counted', 'with categories: earned anew in every window')
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createBadge);
  badges
    .command('edit')
    .argument(...id)
    .description('change the description, the icon or the picture of a badge; its name and rule stay')
    .option('--description <text>', 'what it is for')
    .option('--no-description', 'take the description away')
    .option('--icon <emoji>', 'an emoji character')
    .option('--no-icon', 'take the icon away')
    .option('--image <file>', 'a PNG, GIF, WebP or JPEG of at most 256 KiB, of which the bot makes an emoji')
    .option('--no-image', 'take the picture away, and its emoji')
    .action(editBadge);
  badges
    .command('remove')
    .argument(...id)
    .description('let nobody earn a badge any more; whoever has it keeps it')
    .option('--take-back', 'take it from all who have earned it')
    .action(removeBadge);
  badges
    .command('announce')
    .addArgument(new Argument('<on|off>', 'whether what members earn is told, once a day').choices(['on', 'off']))
    .description('have what members earn announced, or not')
    .action(announceBadges);
}

async function showBadges({ contributor }: { contributor?: string }, command: Command): Promise<void> {
  if (contributor !== undefined) return showCollection(contributor, command);
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/badges`);
  if (json) return printJson(body);
  const { announced, badges } = readAnswer(badgeListSchema, body);
  if (badges.length === 0) return print('No badges yet. Make one: omnitensor-cli badges create NAME');
  printTable(
    ['Id', 'Badge', 'Held by', 'Earned by'],
    badges.map(({ id, name, icon, holders, ruleText, removedAt }) => [
      String(id),
      icon === null ? name : `${icon} ${name}`,
      holders === MOST_COUNTED ? `${holders}+` : String(holders),
      removedAt === null ? (ruleText ?? 'rewards') : 'nobody any more',
    ]),
  );
  if (!announced) note('What members earn is not announced: omnitensor-cli badges announce on');
}

async function showCollection(contributor: string, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/members/${contributor}/badges`}`);
  if (json) return printJson(body);
  const { handle, earned, open } = readAnswer(collectionSchema, body);
  printHeading(`Badges of ${handle}`);
  if (earned.length === 0) print('None yet.');
  else {
    printTable(
      ['Badge', 'Times', 'Last', 'What for'],
      earned.map(({ name, count, grantedAt, badge }) => [
        badge?.icon ? `${badge.icon} ${name}` : name,
        String(count),
        grantedAt.slice(0, 10),
        badge?.description ?? '',
      ]),
    );
  }
  if (open.length === 0) return;
  print();
  printHeading('Still to earn');
  printTable(
    ['Badge', 'Progress', 'By'],
    open.map(({ name, icon, ruleText, progress }) => [
      icon ? `${icon} ${name}` : name,
      progress ? `${bar(progress.percent)} ${progress.text}` : '',
      ruleText,
    ]),
  );
}

async function createBadge(name: string, options: NewBadge, command: Command): Promise<void> {
  const { earnedBy, number, category, window, counted, image, ...rest } = options;
  if (earnedBy === undefined && [number, category, window, counted].some((one) => one !== undefined)) {
    throw new CliError(
      'wrong-usage',
      'Say with --earned-by what --number, --category, --window and --counted are about.',
    );
  }
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/badges`, {
    method: 'POST',
    body: {
      name,
      ...rest,
      rule: earnedBy && readTyped({ kind: earnedBy, number, categories: category, window }),
      kind: counted ? 'counted' : undefined,
      image: image === undefined ? undefined : await readPicture(image),
    },
  });
  if (json) return printJson(body);
  const badge = readAnswer(badgeSchema, body);
  print(`Badge ${badge.id}: ${badge.name}${badge.ruleText === null ? '' : `, for ${badge.ruleText}`}.`);
  if (badge.ruleText !== null) note('Whoever has earned it already gets it in a moment.');
}

async function editBadge(id: number, { description, icon, image }: BadgeEdit, command: Command): Promise<void> {
  if ([description, icon, image].every((change) => change === undefined)) {
    throw new CliError('wrong-usage', 'Say what to change: give --description, --icon or --image.');
  }
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/badges/${id}`}`, {
    method: 'PATCH',
    body: {
      description: description === false ? null : description,
      icon: icon === false ? null : icon,
      image: image === false ? null : image && (await readPicture(image)),
    },
  });
  if (json) return printJson(body);
  const badge = readAnswer(badgeSchema, body);
  const shown = [badge.icon, badge.name].filter((one) => one !== null).join(' ');
  print(`Changed badge ${badge.id}: ${shown}${badge.description === '' ? '' : `, ${badge.description}`}`);
}

async function removeBadge(id: number, { takeBack = false }: { takeBack?: boolean }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const path = `${await communityPath()}${address`/badges/${id}`}`;
  await api.call(takeBack ? `${path}?takeBack=true` : path, { method: 'DELETE' });
  if (json) return printJson({ id, removed: true, takenBack: takeBack });
  print(
    `Removed badge ${id}. ${takeBack ? 'It is taken from all who have earned it in a moment.' : 'Whoever has it keeps it.'}`,
  );
}

async function announceBadges(onOrOff: string, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const announced = onOrOff === 'on';
  const { body } = await api.call(`${await communityPath()}/badges`, { method: 'PATCH', body: { announced } });
  if (json) return printJson(body);
  print(announced ? 'What members earn is announced once a day.' : 'What members earn is not announced any more.');
}

/** @throws CliError `refused` when there is no such file, or it is no picture */
async function readPicture(file: string): Promise<string> {
  const { size } = await reading(file, stat(file));
  const picture =
    size > MAX_IMAGE_BYTES ? { problem: 'is over 256 KiB' } : readImage(await reading(file, readFile(file)));
  if ('content' in picture) return toDataUri(picture);
  throw new CliError('refused', `${file} ${picture.problem}.`);
}

async function reading<Result>(file: string, read: Promise<Result>): Promise<Result> {
  try {
    return await read;
  } catch (cause) {
    throw new CliError('refused', `${file} cannot be read.`, { cause });
  }
}

function bar(percent: number): string {
  const filled = Math.floor((percent * BAR_LENGTH) / PERCENT);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_LENGTH - filled)}]`;
}
