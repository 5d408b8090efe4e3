import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, type ChatInputCommandInteraction } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { suggestTimes } from '../src/discord/multiplier-suggestions.ts';
import { showWaiting } from '../src/discord/proof-reviews.ts';
import { pressProof, showHandIn, submitProof, suggestProofQuests } from '../src/discord/proofs.ts';
import { decodeQuestAction } from '../src/discord/quest-message.ts';
import {
  cancelConfirmed,
  createTyped,
  editChosen,
  joinById,
  joinChosen,
  proposeCancelling,
  showChosen,
  showOwnProgress,
  showQuests,
  type TypedQuest,
} from '../src/discord/quests.ts';
import { offer, suggestCategories } from '../src/discord/suggestions.ts';
import { statusOf, type Quest, type Recurrence } from '../src/quests/quest.ts';
import { readQuests } from '../src/quests/quest-store.ts';

/** How many quests are searched for those that are suggested: what runs comes first. */
const SEARCHED = 100;
const MAX_NUMBER = 1_000_000;

const RECURRENCE_LABELS: Record<Recurrence, string> = {
  once: 'Once',
  daily: 'Every day',
  weekly: 'Every week',
  monthly: 'Every month',
};

const which = (option: SlashCommandStringOption) =>
  option.setName('quest').setDescription('Which one').setAutocomplete(true).setRequired(true);

/** `/quest`: goals with a deadline and a reward, for everybody; creating, changing and cancelling them for those who may manage the server. */
export const quest: Command = {
  data: new SlashCommandBuilder()
    .setName('quest')
    // Discord knows permissions of whole commands only; those of each subcommand are asked for when it runs.
    .setDescription('See quests, join them, and see how far you have come')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((list) => list.setName('list').setDescription('See running, coming and past quests'))
    .addSubcommand((show) =>
      show.setName('show').setDescription('See a quest and who completed it').addStringOption(which),
    )
    .addSubcommand((progress) =>
      progress.setName('progress').setDescription('See how far you have come in the quests that run'),
    )
    .addSubcommand((join) =>
      join.setName('join').setDescription('Join a quest, and be reminded before its deadline').addStringOption(which),
    )
    .addSubcommand((prove) =>
      prove
        .setName('prove')
        .setDescription('Hand in a proof for a quest that asks for one; only reviewers see it')
        .addStringOption(which),
    )
    .addSubcommand((review) =>
      review.setName('review').setDescription('For reviewers: see the proofs that wait, and decide about them'),
    )
    .addSubcommand((create) =>
      create
        .setName('create')
        .setDescription('For managers: set a goal with a deadline and a reward')
        .addStringOption((option) =>
          option.setName('name').setDescription('Its name').setMinLength(1).setMaxLength(100).setRequired(true),
        )
        .addStringOption((option) =>
          option
            .setName('ends')
            .setDescription('The deadline, such as: friday 6pm, 2026-11-30 18:00, in 3 days')
            .setAutocomplete(true)
            .setRequired(true),
        )
        .addStringOption((option) =>
          option.setName('category').setDescription('What is to be contributed').setAutocomplete(true),
        )
        .addStringOption((option) =>
          option.setName('amount').setDescription('The goal: how much, in units of the category').setMaxLength(20),
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
            .setDescription('The goal: so many contributions to each of the subjects')
            .setMinValue(1)
            .setMaxValue(MAX_NUMBER),
        )
        .addIntegerOption((option) =>
          option
            .setName('days')
            .setDescription('The goal: contributions on so many different days')
            .setMinValue(1)
            .setMaxValue(3_660),
        )
        .addStringOption((option) =>
          option
            .setName('proof')
            .setDescription('The goal: a proof that a reviewer approves; say what it has to show')
            .setMaxLength(300),
        )
        .addStringOption((option) =>
          option.setName('tokens').setDescription('The reward: so much OMNIT').setMaxLength(20),
        )
        .addStringOption((option) =>
          option.setName('reputation').setDescription('The reward: so much reputation').setMaxLength(20),
        )
        .addStringOption((option) =>
          option.setName('badge').setDescription('The reward: an achievement badge of this name').setMaxLength(100),
        )
        .addRoleOption((option) => option.setName('role').setDescription('The reward: a role below the one of the bot'))
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
            .setMaxValue(MAX_NUMBER),
        )
        .addBooleanOption((option) =>
          option.setName('join-required').setDescription('Only who joins takes part, and from then on'),
        )
        .addBooleanOption((option) =>
          option.setName('count-earlier').setDescription('With join-required: what came before joining counts, too'),
        )
        .addStringOption((option) =>
          option.setName('description').setDescription('What it is about').setMaxLength(1_000),
        ),
    )
    .addSubcommand((edit) =>
      edit
        .setName('edit')
        .setDescription('For managers: change the name or the description, or set a later deadline')
        .addStringOption(which)
        .addStringOption((option) =>
          option.setName('name').setDescription('Its new name').setMinLength(1).setMaxLength(100),
        )
        .addStringOption((option) => option.setName('ends').setDescription('A later deadline').setAutocomplete(true))
        .addStringOption((option) =>
          option.setName('description').setDescription('What it is about').setMaxLength(1_000),
        ),
    )
    .addSubcommand((cancel) =>
      cancel.setName('cancel').setDescription('For managers: call a quest off for good').addStringOption(which),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    const { options } = interaction;
    const chosen = () => options.getString('quest', true);
    const text = (name: string) => options.getString(name) ?? undefined;
    switch (options.getSubcommand()) {
      case 'show':
        return showChosen(call, chosen());
      case 'progress':
        return showOwnProgress(call);
      case 'join':
        return joinChosen(call, chosen());
      case 'prove':
        return showHandIn(call, chosen());
      case 'review':
        return showWaiting(call, undefined);
      case 'create':
        return createTyped(call, typedQuest(interaction));
      case 'edit':
        return editChosen(call, chosen(), {
          name: text('name'),
          description: text('description'),
          ends: text('ends'),
        });
      case 'cancel':
        return proposeCancelling(call, chosen());
      default:
        return showQuests(call);
    }
  },

  async autocomplete(call, { options, user }) {
    const { services, community, now, locale } = call;
    const { name, value } = options.getFocused(true);
    if (options.getSubcommand() === 'prove') return suggestProofQuests(call, user.id, value);
    if (name === 'category') return suggestCategories(community, value);
    if (name !== 'quest') return suggestTimes(community, value, now, locale);
    const { quests } = await readQuests(services.db, community.id, { limit: SEARCHED, offset: 0 }, now);
    const all = options.getSubcommand() === 'show';
    const fitting = quests.filter((one) => all || isGoingOn(one, now));
    return offer(
      fitting.map(({ id, name }) => ({ name, value: String(id) })),
      value,
    );
  },

  press(customId, values) {
    const decoded = decodeQuestAction(customId);
    if (!decoded) return pressProof(customId, values);
    const { action, questId } = decoded;
    return action === 'join'
      ? { shows: 'to-presser', run: (call) => joinById(call, questId) }
      : { shows: 'in-place', run: (call) => cancelConfirmed(call, questId) };
  },

  submit: (customId) => submitProof(customId),
};

function isGoingOn(one: Quest, now: Date): boolean {
  const status = statusOf(one, now);
  return status === 'running' || status === 'scheduled';
}

function typedQuest({ options }: ChatInputCommandInteraction): TypedQuest {
  const text = (name: string) => options.getString(name) ?? undefined;
  const number = (name: string) => options.getInteger(name) ?? undefined;
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
    proof: text('proof'),
    tokens: text('tokens'),
    reputation: text('reputation'),
    badge: text('badge'),
    roleId: options.getRole('role')?.id,
    recurrence: text('repeats'),
    winners: number('winners'),
    joinRequired: options.getBoolean('join-required') ?? false,
    countEarlier: options.getBoolean('count-earlier') ?? false,
  };
}
