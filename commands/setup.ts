import { SlashCommandBuilder } from '@discordjs/builders';
import {
  ApplicationIntegrationType,
  ChannelType,
  InteractionContextType,
  PermissionFlagsBits,
  type ChatInputCommandInteraction,
} from 'discord.js';
import { VISIBILITIES, type Visibility } from '../src/communities/community.ts';
import { PRESET_NAMES } from '../src/communities/presets.ts';
import { requireSendable } from '../src/discord/channel-access.ts';
import type { Command } from '../src/discord/command.ts';
import { completeSetup, requireManager, type SetupWishes } from '../src/discord/setup.ts';
import { decodeTimeZoneConfirmation, PRESET_LABELS, VISIBILITY_LABELS } from '../src/discord/setup-message.ts';
import { suggestLocales, suggestTimeZones } from '../src/discord/suggestions.ts';

/** `/setup`: what a server's community is like, for those who may manage the server. Without options it tells what is so and what lacks. */
export const setup: Command = {
  data: new SlashCommandBuilder()
    .setName('setup')
    .setDescription('See and complete how competitions run in this server')
    // Hides it from others; admins can show it to them, so the permission is asked for again when it runs.
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addStringOption((option) =>
      option
        .setName('preset')
        .setDescription('Categories to start with')
        .addChoices(PRESET_NAMES.map((value) => ({ name: PRESET_LABELS[value], value }))),
    )
    .addStringOption((option) =>
      option
        .setName('time-zone')
        .setDescription('Weeks, months and seasons begin at midnights there: type a city')
        .setAutocomplete(true),
    )
    .addStringOption((option) =>
      option.setName('locale').setDescription('How numbers and dates are written for everybody').setAutocomplete(true),
    )
    .addStringOption((option) =>
      option
        .setName('visibility')
        .setDescription('Who may read the leaderboards over the web')
        .addChoices(VISIBILITIES.map((value) => ({ name: VISIBILITY_LABELS[value], value }))),
    )
    .addChannelOption((option) =>
      option
        .setName('channel')
        .setDescription('Where announcements go')
        .addChannelTypes(ChannelType.GuildText, ChannelType.GuildAnnouncement),
    )
    .addChannelOption((option) =>
      option
        .setName('review-channel')
        .setDescription('Where proofs of quests are reviewed: one that only reviewers see')
        .addChannelTypes(ChannelType.GuildText),
    )
    .addStringOption((option) =>
      option.setName('name').setDescription("The community's name").setMinLength(1).setMaxLength(100),
    )
    .addBooleanOption((option) =>
      option
        .setName('use-main')
        .setDescription('Take the community that this bot was installed with, if it has no server yet'),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    requireManager(call);
    return completeSetup(call, await wishesOf(interaction));
  },

  async autocomplete({ community, now, locale }, { options }) {
    const { name, value } = options.getFocused(true);
    return name === 'locale' ? suggestLocales(value) : suggestTimeZones(community.timeZone, value, now, locale);
  },

  press(customId) {
    const timeZone = decodeTimeZoneConfirmation(customId);
    if (timeZone === undefined) return undefined;
    return {
      shows: 'in-place',
      async run(call) {
        requireManager(call);
        return completeSetup(call, { timeZone, rebuild: true });
      },
    };
  },
};

async function wishesOf(interaction: ChatInputCommandInteraction): Promise<SetupWishes> {
  const { options } = interaction;
  const channel = options.getChannel('channel', false, [ChannelType.GuildText, ChannelType.GuildAnnouncement]);
  if (channel) await requireSendable(interaction, channel.id);
  const reviewChannel = options.getChannel('review-channel', false, [ChannelType.GuildText]);
  if (reviewChannel) await requireSendable(interaction, reviewChannel.id, { files: true });
  const text = (name: string) => options.getString(name) ?? undefined;
  return {
    preset: PRESET_NAMES.find((preset) => preset === text('preset')),
    timeZone: text('time-zone'),
    locale: text('locale'),
    visibility: VISIBILITIES.find((visibility): visibility is Visibility => visibility === text('visibility')),
    channelId: channel?.id,
    reviewChannelId: reviewChannel?.id,
    name: text('name'),
    useMain: options.getBoolean('use-main') ?? false,
  };
}
