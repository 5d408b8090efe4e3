/** The options of `/quest create`: the 25 that Discord allows. */
import type { SlashCommandSubcommandBuilder } from '@discordjs/builders';
import type { ChatInputCommandInteraction } from 'discord.js';
import type { Recurrence } from '../quests/quest.ts';
import { WINDOW_KINDS } from '../ranking/calendar.ts';
import type { TypedQuest } from './create-quest.ts';
import { WINDOW_NAMES } from './format.ts';
import { windowKindOf } from './leaderboard-view.ts';

const MAX_COUNT = 1_000_000;
const MAX_RANK = 1_000_000_000;
const MAX_DAYS = 3_660;
const MAX_NAME = 100;
const MAX_NUMBER_LENGTH = 20;

const RECURRENCE_LABELS: Record<Recurrence, string> = {
  once: 'Once',
  daily: 'Every day',
  weekly: 'Every week',
  monthly: 'Every month',
};

const JOINING_LABELS: Record<NonNullable<TypedQuest['joining']>, string> = {
  required: 'It is needed, and counts from then on',
  earlier: 'It is needed, and what came before counts, too',
};

/** Adds what a quest is made of: when, the goals, the rewards, who wins, and for whom it is. */
export function addQuestOptions(create: SlashCommandSubcommandBuilder): SlashCommandSubcommandBuilder {
  create
    .addStringOption((option) =>
      option.setName('name').setDescription('Its name').setMinLength(1).setMaxLength(MAX_NAME).setRequired(true),
    )
    .addStringOption((option) =>
      option
        .setName('ends')
        .setDescription('The deadline, such as: friday 6pm, 2026-11-30 18:00, in 3 days')
        .setAutocomplete(true)
        .setRequired(true),
    );
  addGoals(create);
  addRewards(create);
  addRules(create);
  addConditions(create);
  return create.addStringOption((option) =>
    option.setName('description').setDescription('What it is about').setMaxLength(1_000),
  );
}

/** Reads what was typed into them. */
export function readQuestOptions({ options }: ChatInputCommandInteraction): TypedQuest {
  const text = (name: string) => options.getString(name) ?? undefined;
  const number = (name: string) => options.getInteger(name) ?? undefined;
  const joining = text('joining');
  return {
    name: options.getString('name', true),
    description: text('description'),
    starts: text('starts'),
    ends: options.getString('ends', true),
    category: text('category'),
    amount: text('amount'),
    subjects: text('subjects'),
    each: number('each'),
    days: number('days'),
    score: text('score'),
    rank: number('rank'),
    window: windowKindOf(text('window')) ?? 'season',
    proof: text('proof'),
    oneIsEnough: options.getBoolean('one-is-enough') ?? false,
    tokens: text('tokens'),
    reputation: text('reputation'),
    badge: text('badge'),
    roleId: options.getRole('role')?.id,
    recurrence: text('repeats'),
    winners: number('winners'),
    joining: joining === 'required' || joining === 'earlier' ? joining : undefined,
    after: text('after'),
    needsBadge: text('needs-badge'),
    needsRoleId: options.getRole('needs-role')?.id,
    memberBefore: text('member-before'),
  };
}

function addGoals(create: SlashCommandSubcommandBuilder): void {
  create
    .addStringOption((option) =>
      option.setName('category').setDescription('What is to be contributed').setAutocomplete(true),
    )
    .addStringOption((option) =>
      option
        .setName('amount')
        .setDescription('A goal: how much, in units of the category')
        .setMaxLength(MAX_NUMBER_LENGTH),
    )
    .addStringOption((option) =>
      option
        .setName('subjects')
        .setDescription('Only these GPU types, datasets or models, parted by commas')
        .setMaxLength(1_000),
    )
    .addIntegerOption((option) =>
      option
        .setName('each')
        .setDescription('A goal: so many contributions to each of the subjects')
        .setMinValue(1)
        .setMaxValue(MAX_COUNT),
    )
    .addIntegerOption((option) =>
      option
        .setName('days')
        .setDescription('A goal: contributions on so many different days')
        .setMinValue(1)
        .setMaxValue(MAX_DAYS),
    )
    .addStringOption((option) =>
      option
        .setName('score')
        .setDescription('A goal: this score on the leaderboard of the category when the quest ends')
        .setMaxLength(MAX_NUMBER_LENGTH),
    )
    .addIntegerOption((option) =>
      option
        .setName('rank')
        .setDescription('A goal: this rank or a better one on that leaderboard when the quest ends')
        .setMinValue(1)
        .setMaxValue(MAX_RANK),
    )
    .addStringOption((option) =>
      option
        .setName('window')
        .setDescription('With score or rank: which leaderboard; the season if not given')
        .addChoices(WINDOW_KINDS.map((kind) => ({ name: WINDOW_NAMES[kind], value: kind }))),
    )
    .addStringOption((option) =>
      option
        .setName('proof')
        .setDescription('A goal: a proof that a reviewer approves; say what it has to show')
        .setMaxLength(300),
    )
    .addBooleanOption((option) =>
      option.setName('one-is-enough').setDescription('One of the goals is enough; all of them if not given'),
    );
}

function addRewards(create: SlashCommandSubcommandBuilder): void {
  create
    .addStringOption((option) =>
      option.setName('tokens').setDescription('A reward: so much OMNIT').setMaxLength(MAX_NUMBER_LENGTH),
    )
    .addStringOption((option) =>
      option.setName('reputation').setDescription('A reward: so much reputation').setMaxLength(MAX_NUMBER_LENGTH),
    )
    .addStringOption((option) =>
      option.setName('badge').setDescription('A reward: an achievement badge of this name').setMaxLength(MAX_NAME),
    )
    .addRoleOption((option) => option.setName('role').setDescription('A reward: a role below the one of the bot'));
}

function addRules(create: SlashCommandSubcommandBuilder): void {
  create
    .addStringOption((option) =>
      option
        .setName('starts')
        .setDescription('Now if not given. It may be past: what was contributed since then counts')
        .setAutocomplete(true),
    )
    .addStringOption((option) =>
      option
        .setName('repeats')
        .setDescription('Once if not given')
        .addChoices(Object.entries(RECURRENCE_LABELS).map(([value, name]) => ({ name, value }))),
    )
    .addIntegerOption((option) =>
      option
        .setName('winners')
        .setDescription('Only the first so many win; all who complete it if not given')
        .setMinValue(1)
        .setMaxValue(MAX_COUNT),
    )
    .addStringOption((option) =>
      option
        .setName('joining')
        .setDescription('Everybody takes part without joining if not given')
        .addChoices(Object.entries(JOINING_LABELS).map(([value, name]) => ({ name, value }))),
    );
}

function addConditions(create: SlashCommandSubcommandBuilder): void {
  create
    .addStringOption((option) =>
      option.setName('after').setDescription('Only for those who have completed this quest').setAutocomplete(true),
    )
    .addStringOption((option) =>
      option
        .setName('needs-badge')
        .setDescription('Only for those who hold this badge')
        .setAutocomplete(true)
        .setMaxLength(MAX_NAME),
    )
    .addRoleOption((option) =>
      option.setName('needs-role').setDescription('Only for those who have this role when they join, which is needed'),
    )
    .addStringOption((option) =>
      option
        .setName('member-before')
        .setDescription('Only for those who became members before this day or time, such as 2026-08-20'),
    );
}
