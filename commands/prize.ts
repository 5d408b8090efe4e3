import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import { readBadges } from '../src/badges/badge-store.ts';
import type { Command } from '../src/discord/command.ts';
import { WINDOW_NAMES } from '../src/discord/format.ts';
import { suggestPrizes } from '../src/discord/prize-message.ts';
import { addPrizeOptions, readPrizeOptions } from '../src/discord/prize-options.ts';
import { createAndShow, previewAndShow, removeAndShow, showPrizes } from '../src/discord/prizes.ts';
import { offer, suggestCategories } from '../src/discord/suggestions.ts';
import { listPrizes } from '../src/rewards/prizes.ts';
import { CLOSING_KINDS } from '../src/seasons/steps.ts';

const category = (option: SlashCommandStringOption) =>
  option.setName('category').setDescription('On which leaderboard; on all if not given').setAutocomplete(true);
const window = (option: SlashCommandStringOption) =>
  option
    .setName('window')
    .setDescription('Of which windows; of all if not given')
    .addChoices(CLOSING_KINDS.map((kind) => ({ name: WINDOW_NAMES[kind], value: kind })));

/** `/prize`: what there is to win, for everybody; setting it up for those who may manage the server. */
export const prize: Command = {
  data: new SlashCommandBuilder()
    .setName('prize')
    // Discord knows permissions of whole commands only; those of each subcommand are asked for when it runs.
    .setDescription('See what there is to win on the leaderboards')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((list) =>
      list
        .setName('list')
        .setDescription('See the prizes of each week, month and season')
        .addStringOption(category)
        .addStringOption(window),
    )
    .addSubcommand((create) =>
      addPrizeOptions(
        create.setName('create').setDescription('For managers: let places of a leaderboard win something'),
      ),
    )
    .addSubcommand((remove) =>
      remove
        .setName('remove')
        .setDescription('For managers: take a prize away; what was given stays')
        .addStringOption((option) =>
          option.setName('prize').setDescription('Which one').setAutocomplete(true).setRequired(true),
        ),
    )
    .addSubcommand((preview) =>
      preview
        .setName('preview')
        .setDescription('For managers: see who would win what if it closed now, and what it would cost')
        .addStringOption(category)
        .addStringOption(window),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    const { options } = interaction;
    const filter = () => ({
      category: options.getString('category') ?? undefined,
      window: CLOSING_KINDS.find((kind) => kind === options.getString('window')),
    });
    switch (options.getSubcommand()) {
      case 'create':
        return createAndShow(call, readPrizeOptions(interaction));
      case 'remove':
        return removeAndShow(call, options.getString('prize', true));
      case 'preview':
        return previewAndShow(call, filter());
      default:
        return showPrizes(call, filter());
    }
  },

  async autocomplete({ services, community, locale }, { options, guild }) {
    const { name, value } = options.getFocused(true);
    switch (name) {
      case 'category':
        return suggestCategories(community, value);
      case 'badge': {
        const badges = (await readBadges(services.db, community.id)).filter(({ removedAt }) => !removedAt);
        return offer(
          badges.map((badge) => ({ name: badge.name, value: badge.name })),
          value,
        );
      }
      default:
        return suggestPrizes(community, await listPrizes(services.db, community.id), {
          typed: value,
          locale,
          roleName: (id) => guild?.roles.cache.get(id)?.name,
        });
    }
  },
};
