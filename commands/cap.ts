import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import { changeCap, renderCaps } from '../src/discord/caps.ts';
import type { Command } from '../src/discord/command.ts';
import { requireManager } from '../src/discord/setup.ts';
import { suggestCategories } from '../src/discord/suggestions.ts';

const category = (option: SlashCommandStringOption) =>
  option.setName('category').setDescription('What is counted').setRequired(true).setAutocomplete(true);

/** `/cap`: how much of a category counts a member and day, for those who may manage the server. */
export const cap: Command = {
  data: new SlashCommandBuilder()
    .setName('cap')
    .setDescription('See and set how much counts a member and day')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((list) => list.setName('list').setDescription('See the caps'))
    .addSubcommand((set) =>
      set
        .setName('set')
        .setDescription('Hold what exceeds an amount a member and day, from now on')
        .addStringOption(category)
        .addNumberOption((option) =>
          option
            .setName('amount')
            .setDescription('In units of the category, with at most 3 places')
            .setMinValue(0.001)
            .setMaxValue(1_000_000_000)
            .setRequired(true),
        ),
    )
    .addSubcommand((remove) =>
      remove.setName('remove').setDescription('Let any amount count again').addStringOption(category),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    requireManager(call);
    const subcommand = options.getSubcommand();
    if (subcommand === 'list') return renderCaps(call.community, call.locale);
    const amount = subcommand === 'set' ? options.getNumber('amount', true) : undefined;
    return changeCap(call, options.getString('category', true), amount);
  },

  async autocomplete({ community }, { options }) {
    return suggestCategories(community, options.getFocused());
  },
};
