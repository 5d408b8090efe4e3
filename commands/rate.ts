import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { setRate, showRates } from '../src/discord/rates.ts';
import { suggestCategories } from '../src/discord/suggestions.ts';
import { SUBJECT } from '../src/text.ts';

/** `/rate`: what units earn, for those who may manage the server. */
export const rate: Command = {
  data: new SlashCommandBuilder()
    .setName('rate')
    .setDescription('See and set what a unit earns')
    // Hides it from others; admins can show it to them, so the permission is asked for again when it runs.
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((command) =>
      command
        .setName('list')
        .setDescription('What units earn now, and will')
        .addStringOption((option) =>
          option.setName('category').setDescription('Of one category; of all if not given').setAutocomplete(true),
        ),
    )
    .addSubcommand((command) =>
      command
        .setName('set')
        .setDescription('Set what a unit earns from a moment on')
        .addStringOption((option) =>
          option.setName('category').setDescription('What is counted').setRequired(true).setAutocomplete(true),
        )
        .addStringOption((option) =>
          option
            .setName('rate')
            .setDescription('OMNIT a unit, with at most 3 places')
            .setRequired(true)
            .setMaxLength(20),
        )
        .addStringOption((option) =>
          option
            .setName('subject')
            .setDescription('For this GPU type, dataset or model alone')
            .setMaxLength(SUBJECT.maxCodePoints),
        )
        .addStringOption((option) =>
          option
            .setName('from')
            .setDescription(
              'At least 5 minutes ahead; the earliest moment if not given. Such as 2026-10-01 or friday 18:00',
            ),
        ),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    if (options.getSubcommand() === 'list') return showRates(call, options.getString('category'));
    return setRate(call, {
      category: options.getString('category', true),
      rate: options.getString('rate', true),
      subject: options.getString('subject'),
      from: options.getString('from'),
    });
  },

  async autocomplete({ community }, { options }) {
    return suggestCategories(community, options.getFocused());
  },
};
