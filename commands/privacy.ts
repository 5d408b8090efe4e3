import { SlashCommandBuilder, type SlashCommandSubcommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import {
  changeAndShow,
  pressPrivacy,
  proposeDeletion,
  showData,
  showPrivacy,
  submitPrivacy,
} from '../src/discord/privacy.ts';

const switched = (subcommand: SlashCommandSubcommandBuilder, name: string, description: string, option: string) =>
  subcommand
    .setName(name)
    .setDescription(description)
    .addBooleanOption((on) => on.setName('on').setDescription(option).setRequired(true));

/** `/privacy`: what others see of the caller, all that is kept, and deleting it; for the caller alone. */
export const privacy: Command = {
  data: new SlashCommandBuilder()
    .setName('privacy')
    .setDescription('Choose what others see of you, get your data, delete it; nobody else sees the answer')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((show) => show.setName('show').setDescription('See and change what others see of you'))
    .addSubcommand((hide) =>
      hide.setName('hide').setDescription('Stand on leaderboards under a random name; your rank stays'),
    )
    .addSubcommand((unhide) => unhide.setName('unhide').setDescription('Stand on leaderboards under your name again'))
    .addSubcommand((mentions) =>
      switched(mentions, 'mentions', 'Choose whether announcements name you', 'Whether they do'),
    )
    .addSubcommand((reminders) =>
      switched(reminders, 'reminders', 'Choose whether you are reminded of quests you joined', 'Whether you are'),
    )
    .addSubcommand((discord) =>
      switched(discord, 'discord', 'Choose whether leaderboards tell your Discord account', 'Whether they do'),
    )
    .addSubcommand((data) => data.setName('data').setDescription('Get all that is kept of you, as a file'))
    .addSubcommand((remove) =>
      remove.setName('delete').setDescription('Delete what is known of you, for good; asks before it does'),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    switch (options.getSubcommand()) {
      case 'hide':
        return changeAndShow(call, { hidden: true });
      case 'unhide':
        return changeAndShow(call, { hidden: false });
      case 'mentions':
        return changeAndShow(call, { mentions: options.getBoolean('on', true) });
      case 'reminders':
        return changeAndShow(call, { reminders: options.getBoolean('on', true) });
      case 'discord':
        return changeAndShow(call, { showDiscord: options.getBoolean('on', true) });
      case 'data':
        return showData(call);
      case 'delete':
        return proposeDeletion(call);
      default:
        return showPrivacy(call);
    }
  },

  press: pressPrivacy,
  submit: submitPrivacy,
};
