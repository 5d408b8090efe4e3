import { SlashCommandBuilder, type SlashCommandSubcommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { confirmProposal, proposeChange, suggestContributions } from '../src/discord/contributions.ts';
import { decodeChoice } from '../src/discord/contribution-view.ts';
import { suggestMembers } from '../src/discord/member-option.ts';
import { REASON } from '../src/text.ts';

/** `/contribution`: lets contributions count no more, or again, for those who may manage the server. */
export const contribution: Command = {
  data: new SlashCommandBuilder()
    .setName('contribution')
    .setDescription('Let contributions count no more, or again')
    // Hides it from others; admins can show it to them, so the permission is asked for again when it runs.
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((command) =>
      withOptions(
        command.setName('void').setDescription('Let contributions count no more; they stay, with the reason'),
      ),
    )
    .addSubcommand((command) =>
      withOptions(command.setName('unvoid').setDescription('Let voided contributions count again')),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    return proposeChange(call, {
      kind: kindOf(options.getSubcommand()),
      member: options.getString('member', true),
      reason: options.getString('reason', true),
      contribution: options.getString('contribution'),
      from: options.getString('from'),
      to: options.getString('to'),
    });
  },

  async autocomplete(call, { options }) {
    const { name, value } = options.getFocused(true);
    if (name === 'member') return suggestMembers(call, value);
    return suggestContributions(call, kindOf(options.getSubcommand()), options.getString('member'), value);
  },

  press(customId) {
    const choice = decodeChoice(customId);
    return choice && { shows: 'in-place', run: (call, { message }) => confirmProposal(call, choice, message) };
  },
};

function kindOf(subcommand: string): 'void' | 'unvoid' {
  return subcommand === 'unvoid' ? 'unvoid' : 'void';
}

function withOptions(command: SlashCommandSubcommandBuilder): SlashCommandSubcommandBuilder {
  return command
    .addStringOption((option) =>
      option
        .setName('member')
        .setDescription('Whose: a handle as leaderboards show it, or a mention')
        .setRequired(true)
        .setAutocomplete(true),
    )
    .addStringOption((option) =>
      option
        .setName('reason')
        .setDescription('Why; it is shown beside the contribution')
        .setRequired(true)
        .setMaxLength(REASON.maxCodePoints),
    )
    .addStringOption((option) =>
      option.setName('contribution').setDescription('One of the latest: choose what is offered').setAutocomplete(true),
    )
    .addStringOption((option) =>
      option.setName('from').setDescription('Several: the first day or time, such as 2026-08-20 or 2026-08-20 18:30'),
    )
    .addStringOption((option) =>
      option.setName('to').setDescription('Several: the first day or time that is not meant any more'),
    );
}
