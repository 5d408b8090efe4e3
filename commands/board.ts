import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, ChannelType, InteractionContextType, PermissionFlagsBits } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { WINDOW_NAMES } from '../src/discord/format.ts';
import { windowKindOf } from '../src/discord/leaderboard-view.ts';
import { isRetry, suggestLiveBoards } from '../src/discord/live-board-list.ts';
import { placeChosen, removeChosen, retryAll, showLiveBoards } from '../src/discord/live-boards.ts';
import { suggestCategories } from '../src/discord/suggestions.ts';
import { listLiveBoards } from '../src/live-boards/administer.ts';
import { DEFAULT_PLACES, MOST_PLACES } from '../src/live-boards/place.ts';
import { WINDOW_KINDS } from '../src/ranking/calendar.ts';

/** `/board`: leaderboards that live in a channel, for those who may manage the server. */
export const board: Command = {
  data: new SlashCommandBuilder()
    .setName('board')
    .setDescription('Keep a leaderboard up to date in a channel')
    // Hides it from others; admins can show it to them, so the permission is asked for again when it runs.
    .setDefaultMemberPermissions(PermissionFlagsBits.ManageGuild)
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((place) =>
      place
        .setName('place')
        .setDescription('Post a leaderboard in a channel, and keep it up to date there')
        .addStringOption((option) =>
          option.setName('category').setDescription('What is counted').setRequired(true).setAutocomplete(true),
        )
        .addStringOption((option) =>
          option
            .setName('window')
            .setDescription('The stretch of time; it turns to the next one by itself')
            .setRequired(true)
            .addChoices(WINDOW_KINDS.map((kind) => ({ name: WINDOW_NAMES[kind], value: kind }))),
        )
        .addChannelOption((option) =>
          option
            .setName('channel')
            .setDescription('Where it lives')
            .setRequired(true)
            .addChannelTypes(ChannelType.GuildText, ChannelType.GuildAnnouncement),
        )
        .addIntegerOption((option) =>
          option
            .setName('limit')
            .setDescription(`How many places it shows; ${DEFAULT_PLACES} if not given`)
            .setMinValue(1)
            .setMaxValue(MOST_PLACES),
        ),
    )
    .addSubcommand((list) => list.setName('list').setDescription('See the boards, and why some are not up to date'))
    .addSubcommand((remove) =>
      remove
        .setName('remove')
        .setDescription('Take a board out of its channel')
        .addStringOption((option) =>
          option.setName('board').setDescription('Which one').setRequired(true).setAutocomplete(true),
        ),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    const { options } = interaction;
    switch (options.getSubcommand()) {
      case 'place':
        return placeChosen(call, interaction, {
          category: options.getString('category', true),
          window: windowKindOf(options.getString('window', true)) ?? 'season',
          channelId: options.getChannel('channel', true).id,
          places: options.getInteger('limit') ?? undefined,
        });
      case 'remove':
        return removeChosen(call, options.getString('board', true));
      default:
        return showLiveBoards(call);
    }
  },

  async autocomplete({ services, community }, { options, guild }) {
    const { name, value } = options.getFocused(true);
    if (name === 'category') return suggestCategories(community, value);
    const boards = await listLiveBoards(services.db, community.id);
    return suggestLiveBoards(community, boards, (id) => guild?.channels.cache.get(id)?.name, value);
  },

  press(customId) {
    return isRetry(customId) ? { shows: 'in-place', run: retryAll } : undefined;
  },
};
