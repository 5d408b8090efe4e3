import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { decideAndShow, showHeld } from '../src/discord/held.ts';
import { askForReason, decodeDecision, REASON_FIELD } from '../src/discord/held-message.ts';

/** `/held`: what caps hold back, oldest first, to be released or refused by those who may manage the server. */
export const held: Command = {
  data: new SlashCommandBuilder()
    .setName('held')
    .setDescription('Release or refuse contributions that exceed a cap')
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall),
  shows: 'to-caller',

  execute: (call) => showHeld(call),

  press(customId) {
    const chosen = decodeDecision(customId);
    return chosen && askForReason(chosen);
  },

  submit(customId) {
    const chosen = decodeDecision(customId);
    if (!chosen) return undefined;
    return {
      shows: 'in-place',
      run: (call, { fields }) => decideAndShow(call, chosen, fields.getTextInputValue(REASON_FIELD)),
    };
  },
};
