import { ContextMenuCommandBuilder } from '@discordjs/builders';
import {
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  PermissionFlagsBits,
} from 'discord.js';
import type { MessageCommand } from '../src/discord/command.ts';
import { creditMessage } from '../src/discord/feedback.ts';

/** "Credit feedback", in the menu of a message: its author gets reputation for critical feedback. */
export const creditFeedbackCommand: MessageCommand = {
  data: new ContextMenuCommandBuilder()
    .setName('Credit feedback')
    .setType(ApplicationCommandType.Message)
    // Who sees it is for admins to narrow in Discord; the permission is asked for again when it runs.
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageMessages)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall),
  shows: 'to-caller',
  executeOn: creditMessage,
};
