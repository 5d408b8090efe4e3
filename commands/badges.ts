import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import { showBadges } from '../src/discord/badges.ts';
import type { Command } from '../src/discord/command.ts';
import { suggestMembers } from '../src/discord/member-option.ts';

/** `/badges`: what the caller, or another member, has earned, and what the caller can still earn. */
export const badges: Command = {
  data: new SlashCommandBuilder()
    .setName('badges')
    .setDescription('See your badges, and how near you are to the next ones')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addStringOption((option) =>
      option.setName('member').setDescription('See those of another member').setMaxLength(100).setAutocomplete(true),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    return showBadges(call, options.getString('member') ?? undefined);
  },

  async autocomplete(call, { options }) {
    return suggestMembers(call, options.getFocused());
  },
};
