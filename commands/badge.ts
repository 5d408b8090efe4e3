import { SlashCommandBuilder } from '@discordjs/builders';
import {
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { RULE_KINDS, RULE_WINDOWS, type RuleKind } from '../src/badges/rule.ts';
import { decodeTakingBack } from '../src/discord/badge-message.ts';
import {
  announceTyped,
  BADGE_PARTS,
  createTyped,
  editChosen,
  removeChosen,
  suggestBadges,
  takeBackConfirmed,
  type BadgePart,
  type TypedBadge,
  type TypedEdit,
} from '../src/discord/badges.ts';
import type { Command } from '../src/discord/command.ts';
import { WINDOW_NAMES } from '../src/discord/format.ts';
import { suggestCategories } from '../src/discord/suggestions.ts';

const RULE_LABELS: Record<RuleKind, string> = {
  contributions: 'Contributions: so many in all',
  amount: 'Amount: so much of a category in all',
  streak: 'Streak: contributions in so many weeks in a row',
  categories: 'Categories: all of them within one window',
  comeback: 'Comeback: back after so many weeks without any',
  quests: 'Quests: so many completed',
  feedback: 'Feedback: so many messages credited',
  rank: 'Rank: so far up when a window becomes final',
};

/** What `/badge edit` can take away. */
const PARTS: Record<BadgePart, string> = { description: 'Its description', icon: 'Its icon', image: 'Its picture' };

/** `/badge`: making, changing and removing badges, for those who may manage the server. */
export const badge: Command = {
  data: new SlashCommandBuilder()
    .setName('badge')
    .setDescription('Make, change and remove badges')
    // Hides it from others; admins can show it to them, so the permission is asked for again when it runs.
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((create) =>
      create
        .setName('create')
        .setDescription('Say what a badge means, and by what it is earned')
        .addStringOption((option) =>
          option
            .setName('name')
            .setDescription('As quests and prizes name it')
            .setMinLength(1)
            .setMaxLength(100)
            .setRequired(true),
        )
        .addStringOption((option) => option.setName('description').setDescription('What it is for').setMaxLength(200))
        .addStringOption((option) => option.setName('icon').setDescription('An emoji').setMaxLength(40))
        .addAttachmentOption((option) =>
          option
            .setName('image')
            .setDescription('A PNG, GIF, WebP or JPEG of at most 256 KiB: the bot makes an emoji of it'),
        )
        .addStringOption((option) =>
          option
            .setName('earned-by')
            .setDescription('By what; by quests and prizes that name it if not given')
            .addChoices(RULE_KINDS.map((kind) => ({ name: RULE_LABELS[kind], value: kind }))),
        )
        .addStringOption((option) =>
          option
            .setName('number')
            .setDescription('How many, how much, how many weeks, or the worst rank')
            .setMaxLength(20),
        )
        .addStringOption((option) =>
          option.setName('category').setDescription('Only what is contributed to this one').setAutocomplete(true),
        )
        .addStringOption((option) =>
          option
            .setName('window')
            .setDescription('For categories and ranks: the stretch of time')
            .addChoices(RULE_WINDOWS.map((kind) => ({ name: WINDOW_NAMES[kind], value: kind }))),
        )
        .addBooleanOption((option) =>
          option.setName('counted').setDescription('For categories: earned anew in every window'),
        ),
    )
    .addSubcommand((edit) =>
      edit
        .setName('edit')
        .setDescription('Change what is said of a badge and how it looks; its name and rule stay')
        .addStringOption((option) =>
          option.setName('badge').setDescription('Which one').setRequired(true).setAutocomplete(true),
        )
        .addStringOption((option) => option.setName('description').setDescription('What it is for').setMaxLength(200))
        .addStringOption((option) => option.setName('icon').setDescription('An emoji').setMaxLength(40))
        .addAttachmentOption((option) =>
          option.setName('image').setDescription('A PNG, GIF, WebP or JPEG of at most 256 KiB'),
        )
        .addStringOption((option) =>
          option
            .setName('without')
            .setDescription('Take this away')
            .addChoices(BADGE_PARTS.map((part) => ({ name: PARTS[part], value: part }))),
        ),
    )
    .addSubcommand((remove) =>
      remove
        .setName('remove')
        .setDescription('Let nobody earn a badge any more; whoever has it keeps it')
        .addStringOption((option) =>
          option.setName('badge').setDescription('Which one').setRequired(true).setAutocomplete(true),
        )
        .addBooleanOption((option) =>
          option.setName('take-back').setDescription('Take it from all who have earned it, after one more question'),
        ),
    )
    .addSubcommand((announce) =>
      announce
        .setName('announce')
        .setDescription('Have what members earn announced once a day, or not')
        .addBooleanOption((option) => option.setName('on').setDescription('Whether').setRequired(true)),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    const { options, client } = interaction;
    switch (options.getSubcommand()) {
      case 'create':
        return createTyped(call, typedBadge(interaction), client.rest);
      case 'edit':
        return editChosen(call, options.getString('badge', true), typedEdit(interaction), client.rest);
      case 'remove':
        return removeChosen(call, options.getString('badge', true), options.getBoolean('take-back') ?? false);
      default:
        return announceTyped(call, options.getBoolean('on', true));
    }
  },

  async autocomplete(call, { options }) {
    const { name, value } = options.getFocused(true);
    return name === 'category' ? suggestCategories(call.community, value) : suggestBadges(call, value);
  },

  press(customId) {
    const id = decodeTakingBack(customId);
    return id === undefined ? undefined : { shows: 'in-place', run: (call) => takeBackConfirmed(call, id) };
  },
};

function typedEdit({ options }: ChatInputCommandInteraction): TypedEdit {
  const without = options.getString('without');
  return {
    description: options.getString('description') ?? undefined,
    icon: options.getString('icon') ?? undefined,
    image: options.getAttachment('image') ?? undefined,
    without: BADGE_PARTS.find((part) => part === without),
  };
}

function typedBadge({ options }: ChatInputCommandInteraction): TypedBadge {
  const text = (name: string) => options.getString(name) ?? undefined;
  const earnedBy = text('earned-by');
  return {
    name: options.getString('name', true),
    description: text('description'),
    icon: text('icon'),
    image: options.getAttachment('image') ?? undefined,
    earnedBy: RULE_KINDS.find((kind) => kind === earnedBy),
    number: text('number'),
    category: text('category'),
    window: text('window'),
    counted: options.getBoolean('counted') ?? false,
  };
}
