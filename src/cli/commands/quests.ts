import { InvalidArgumentError, Option, type Command } from 'commander';
import { RECURRENCES } from '../../quests/quest.ts';
import { address } from '../api-client.ts';
import {
  questListSchema,
  questProgressSchema,
  questSchema,
  questWithCompletionsSchema,
  readAnswer,
  type QuestAnswer,
} from '../api-shapes.ts';
import { print, printFields, printJson, printTable } from '../output.ts';
import { rewardText } from '../reward-text.ts';
import { openSession } from '../session.ts';
import { collect, wholeNumber } from './options.ts';

const MAX_ID = 999_999_999;
const MAX_WINNERS = 1_000_000;
const MAX_SETTLE_MINUTES = 7 * 24 * 60;
const BAR_LENGTH = 20;

const EXAMPLES = `
Examples:
  $ omnitensor-cli quests
  $ omnitensor-cli quests show 3
  $ omnitensor-cli quests progress 3 --contributor user123
  $ omnitensor-cli quests create --help
`;
const CREATE_EXAMPLES = `
Examples:
  $ omnitensor-cli quests create --name "100 hours" --ends 2026-12-01T00:00:00Z --category gpu-contributors --amount 100 --tokens 50
  $ omnitensor-cli quests create --name "Three models" --ends 2026-12-01T00:00:00Z \\
      --goal '{"category": "model-testers", "subjects": ["a", "b", "c"], "each": 1}' --badge "All three" --max-winners 10
  $ omnitensor-cli quests create --name "Encore" --ends 2026-12-01T00:00:00Z --category gpu-contributors --amount 10 --tokens 5 \\
      --after 3 --member-before 2026-09-01T00:00:00Z

--goal takes any goal as JSON: {category, amount, subjects?}, {category, subjects, each, of?}, {days, category?},
{rank: {category, window, atMost}}, {score: {category, window, atLeast}}, {proof: "what to show"}, {all: [goals]} or {any: [goals]}.
`;

type NewQuest = {
  name: string;
  description?: string;
  starts?: string;
  ends: string;
  category?: string;
  amount?: string;
  goal?: unknown;
  tokens?: string;
  reputation?: string;
  badge?: string[];
  role?: string[];
  recurrence?: string;
  maxWinners?: number;
  joinRequired?: true;
  countEarlier?: true;
  after?: number[];
  needsBadge?: string[];
  needsRole?: string[];
  memberBefore?: string;
  settleAfter?: number;
};

/** `quests`: list, show, join, create, change and cancel quests. */
export function questsCommand(program: Command): void {
  const id = ['<id>', 'as the list shows it', wholeNumber(1, MAX_ID)] as const;
  const quests = program
    .command('quests')
    .description('list quests; show, join, create, change or cancel one')
    .addHelpText('after', EXAMPLES)
    .action(listQuests);
  quests
    .command('show')
    .argument(...id)
    .description('show a quest and who completed it, the first to complete first')
    .option(
      '--round <key>',
      'of a quest that recurs: 2026-08-22, 2026-W34 or 2026-08 (default: the last that has begun)',
    )
    .action(showQuest);
  quests
    .command('progress')
    .argument(...id)
    .description('show how far a member has come')
    .requiredOption('--contributor <handle>', 'the member')
    .action(showProgress);
  quests
    .command('join')
    .argument(...id)
    .description('join a quest for a member')
    .option('--contributor <handle>', 'the member (default: the one that the key is bound to)')
    .action(joinQuest);
  quests
    .command('create')
    .description('create a quest')
    .requiredOption('--name <name>', 'its name')
    .option('--description <text>', 'what it is about')
    .option('--starts <time>', 'RFC 3339; it may be past (default: now)')
    .requiredOption('--ends <time>', 'RFC 3339; the deadline')
    .option('--category <slug>', 'with --amount: what is to be contributed')
    .option('--amount <units>', 'with --category: how much')
    .addOption(new Option('--goal <json>', 'any goal; see below').argParser(readJson).conflicts(['category', 'amount']))
    .option('--tokens <omnit>', 'what whoever completes it gets')
    .option('--reputation <points>', 'what whoever completes it gets')
    .option('--badge <name>', 'may be given several times', collect)
    .option('--role <id>', 'a role of Discord; may be given several times', collect)
    .addOption(new Option('--recurrence <how>', 'how often it begins anew (default: once)').choices(RECURRENCES))
    .option('--max-winners <n>', 'only the first so many win (default: all)', wholeNumber(1, MAX_WINNERS))
    .option('--join-required', 'only who joins takes part, and from then on')
    .option('--count-earlier', 'with --join-required: what came before joining counts, too')
    .option('--after <id>', 'only for those who have completed this quest; may be given several times', collectIds)
    .option('--needs-badge <name>', 'only for those who hold this badge; may be given several times', collect)
    .option('--needs-role <id>', 'with --join-required: only for those who have this role of Discord', collect)
    .option('--member-before <time>', 'RFC 3339; only for those who became members before')
    .option(
      '--settle-after <minutes>',
      'how long after its end late contributions are awaited before winners are picked (default: 60)',
      wholeNumber(0, MAX_SETTLE_MINUTES),
    )
    .addHelpText('after', CREATE_EXAMPLES)
    .action(createQuest);
  quests
    .command('edit')
    .argument(...id)
    .description('change the name or the description, or set a later deadline')
    .option('--name <name>', 'its name')
    .option('--description <text>', 'what it is about')
    .option('--ends <time>', 'RFC 3339; a later deadline')
    .action(editQuest);
  quests
    .command('cancel')
    .argument(...id)
    .description('cancel a quest: nobody completes it from now on; what was granted stays')
    .action(cancelQuest);
}

async function listQuests(_options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}/quests`);
  if (json) return printJson(body);
  const { total, quests } = readAnswer(questListSchema, body);
  if (total === 0) return print('No quests yet. Create one: omnitensor-cli quests create --help');
  printTable(
    ['Id', 'Name', 'Status', 'Deadline', 'Goal', 'Reward'],
    quests.map((quest) => [
      String(quest.id),
      quest.name,
      quest.status,
      quest.endsAt,
      quest.goalText,
      rewardText(quest.rewards),
    ]),
  );
  if (total > quests.length) print(`and ${total - quests.length} more: see --json`);
}

async function showQuest(id: number, { round }: { round?: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const query = round === undefined ? '' : `?${new URLSearchParams({ round }).toString()}`;
  const { body } = await api.call(`${await communityPath()}${address`/quests/${id}`}${query}`);
  if (json) return printJson(body);
  const quest = readAnswer(questWithCompletionsSchema, body);
  printQuest(quest);
  print();
  if (quest.total === 0) return print('Nobody has completed it yet.');
  const decided = { true: 'won', false: '-', null: 'open' } as const;
  printTable(
    ['Handle', 'Completed', 'Won'],
    quest.completions.map(({ handle, completedAt, won }) => [handle, completedAt, decided[`${won}`]]),
  );
  if (quest.total > quest.completions.length) print(`and ${quest.total - quest.completions.length} more: see --json`);
}

async function showProgress(id: number, options: { contributor: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/quests/${id}/progress/${options.contributor}`}`);
  if (json) printJson(body);
  else printProgress(body);
}

async function joinQuest(id: number, options: { contributor?: string }, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const sent = options.contributor === undefined ? {} : { handle: options.contributor };
  const path = `${await communityPath()}${address`/quests/${id}/join`}`;
  const { body } = await api.call(path, { method: 'POST', body: sent });
  if (json) printJson(body);
  else printProgress(body);
}

async function createQuest(options: NewQuest, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { starts, ends, category, amount, goal, tokens, reputation, badge = [], role = [], ...rest } = options;
  const { after = [], needsBadge = [], needsRole = [], memberBefore, settleAfter, ...more } = rest;
  const rewards = [
    ...(tokens === undefined ? [] : [{ kind: 'tokens', amount: tokens }]),
    ...(reputation === undefined ? [] : [{ kind: 'reputation', amount: reputation }]),
    ...badge.map((name) => ({ kind: 'badge', name })),
    ...role.map((roleId) => ({ kind: 'role', roleId })),
  ];
  const prerequisites = [
    ...after.map((quest) => ({ quest })),
    ...needsBadge.map((name) => ({ badge: name })),
    ...needsRole.map((id) => ({ role: id })),
    ...(memberBefore === undefined ? [] : [{ memberBefore }]),
  ];
  const sent = {
    ...more,
    startsAt: starts,
    endsAt: ends,
    goal: goal ?? { category, amount },
    rewards,
    prerequisites,
    settleAfterMinutes: settleAfter,
  };
  const { body } = await api.call(`${await communityPath()}/quests`, { method: 'POST', body: sent });
  if (json) printJson(body);
  else printQuest(readAnswer(questSchema, body));
}

async function editQuest(
  id: number,
  { ends, ...more }: { name?: string; description?: string; ends?: string },
  command: Command,
): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const sent = { ...more, ...(ends === undefined ? {} : { endsAt: ends }) };
  const path = `${await communityPath()}${address`/quests/${id}`}`;
  const { body } = await api.call(path, { method: 'PATCH', body: sent });
  if (json) printJson(body);
  else printQuest(readAnswer(questSchema, body));
}

async function cancelQuest(id: number, _options: object, command: Command): Promise<void> {
  const { api, json, communityPath } = await openSession(command);
  const { body } = await api.call(`${await communityPath()}${address`/quests/${id}/cancel`}`, { method: 'POST' });
  if (json) printJson(body);
  else printQuest(readAnswer(questSchema, body));
}

function printQuest(quest: QuestAnswer): void {
  print(`${quest.name} (quest ${quest.id})`);
  if (quest.description) print(quest.description);
  print();
  printFields([
    ['Status', quest.status],
    ['Starts', quest.startsAt],
    ['Deadline', quest.endsAt],
    ['Goal', quest.goalText],
    ['Reward', rewardText(quest.rewards)],
    ['Winners', quest.maxWinners === null ? 'all who complete it' : `the first ${quest.maxWinners}`],
    ['Recurs', quest.recurrence],
    ['Joining', quest.joinRequired ? 'required' : 'not required'],
    ['Only for', quest.prerequisites.map(prerequisiteText).join(', ') || 'everybody'],
    ['Settled', `${quest.settleAfterMinutes} min after its end`],
  ]);
}

function prerequisiteText({ quest, badge, role, memberBefore }: QuestAnswer['prerequisites'][number]): string {
  if (quest !== undefined) return `who completed quest ${quest}`;
  if (badge !== undefined) return `who hold the badge ${badge}`;
  return role === undefined ? `members before ${memberBefore ?? 'a time'}` : `who have the role ${role}`;
}

function printProgress(body: unknown): void {
  const { handle, percent, parts, takesPart, completedAt, won, round } = readAnswer(questProgressSchema, body);
  const filled = Math.floor((percent * BAR_LENGTH) / 100);
  print(`${handle}  [${'#'.repeat(filled)}${'-'.repeat(BAR_LENGTH - filled)}] ${percent} %`);
  for (const { text, met } of parts) print(`  ${met ? 'done' : 'open'}  ${text}`);
  if (!takesPart) print('Joining is required: omnitensor-cli quests join --help');
  if (completedAt !== null) print(`Completed ${completedAt}${won === null ? '; winners are not picked yet' : ''}.`);
  else if (round) print(`Until ${round.endsAt}.`);
}

function collectIds(value: string, before: readonly number[] = []): number[] {
  return [...before, wholeNumber(1, MAX_ID)(value)];
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('It must be JSON, such as {"category": "gpu-contributors", "amount": "100"}.');
  }
}
