import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType, type ChatInputCommandInteraction } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { decodeConfirmation } from '../src/discord/multiplier-message.ts';
import { suggestCategoryLists, suggestEvents, suggestTimes } from '../src/discord/multiplier-suggestions.ts';
import {
  cancelChosen,
  confirmProposal,
  endChosen,
  proposeMultiplier,
  showMultipliers,
  type TypedMultiplier,
} from '../src/discord/multipliers.ts';
import { readMultipliers } from '../src/multipliers/multiplier-store.ts';

/** How many events are searched for those that can be cancelled or ended: these come first in the list. */
const SEARCHED = 100;

const time = (name: string, description: string) => (option: SlashCommandStringOption) =>
  option.setName(name).setDescription(description).setAutocomplete(true);

/** `/multiplier`: the events in which contributions earn more, for everybody; creating, cancelling and ending them for those who may manage the server. */
export const multiplier: Command = {
  data: new SlashCommandBuilder()
    .setName('multiplier')
    // Discord knows permissions of whole commands only; those of each subcommand are asked for when it runs.
    .setDescription('See when contributions earn more OMNIT')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((list) => list.setName('list').setDescription('See running, coming and past multiplier events'))
    .addSubcommand((create) =>
      create
        .setName('create')
        .setDescription('For managers: let contributions earn more OMNIT for some time')
        .addStringOption((option) =>
          option.setName('name').setDescription('Its name').setMinLength(1).setMaxLength(100).setRequired(true),
        )
        .addNumberOption((option) =>
          option
            .setName('factor')
            .setDescription('How many times as much: over 1 and up to 3, such as 2.5')
            .setMinValue(1.01)
            .setMaxValue(3)
            .setRequired(true),
        )
        .addStringOption((option) =>
          time(
            'starts',
            'Such as: tomorrow 18:00, 2026-11-30 18:00, in 2 h; at least 5 minutes ahead',
          )(option).setRequired(true),
        )
        .addStringOption((option) =>
          time('ends', 'Such as: friday 6pm, 2026-11-30 18:00, in 3 days')(option).setRequired(true),
        )
        .addStringOption((option) =>
          option
            .setName('categories')
            .setDescription('What it is for, parted by commas; all if not given')
            .setAutocomplete(true),
        )
        .addStringOption((option) =>
          option
            .setName('announce')
            .setDescription('When to announce it ahead of its start')
            .addChoices(
              { name: '24 hours and 1 hour before', value: '1440,60' },
              { name: 'A week, 24 hours and 1 hour before', value: '10080,1440,60' },
              { name: '1 hour before', value: '60' },
              { name: 'Not ahead, only at its start and end', value: ',' },
            ),
        )
        .addBooleanOption((option) =>
          option
            .setName('backdated')
            .setDescription('Allow a start in the past, for a time from which nothing has been recorded'),
        ),
    )
    .addSubcommand((cancel) =>
      cancel
        .setName('cancel')
        .setDescription('For managers: call off an event that has not started')
        .addStringOption((option) =>
          option.setName('event').setDescription('Which one').setAutocomplete(true).setRequired(true),
        ),
    )
    .addSubcommand((end) =>
      end
        .setName('end')
        .setDescription('For managers: end an event early, at least 5 minutes ahead')
        .addStringOption((option) =>
          option.setName('event').setDescription('Which one').setAutocomplete(true).setRequired(true),
        )
        .addStringOption(time('at', 'When; as soon as possible if not given')),
    ),
  shows: 'to-caller',

  async execute(call, interaction) {
    const { options } = interaction;
    switch (options.getSubcommand()) {
      case 'create':
        return proposeMultiplier(call, typedMultiplier(interaction));
      case 'cancel':
        return cancelChosen(call, options.getString('event', true));
      case 'end':
        return endChosen(call, options.getString('event', true), options.getString('at') ?? undefined);
      default:
        return showMultipliers(call);
    }
  },

  async autocomplete({ services, community, now, locale }, { options }) {
    const { name, value } = options.getFocused(true);
    if (name === 'categories') return suggestCategoryLists(community, value);
    if (name !== 'event') return suggestTimes(community, value, now, locale);
    const { multipliers } = await readMultipliers(services.db, community.id, { limit: SEARCHED, offset: 0 }, now);
    const action = options.getSubcommand() === 'end' ? 'end' : 'cancel';
    return suggestEvents(community, multipliers, action, value, now, locale);
  },

  press(customId) {
    const draftId = decodeConfirmation(customId);
    return draftId === undefined ? undefined : { shows: 'in-place', run: (call) => confirmProposal(call, draftId) };
  },
};

function typedMultiplier({ options }: ChatInputCommandInteraction): TypedMultiplier {
  return {
    name: options.getString('name', true),
    factor: options.getNumber('factor', true),
    starts: options.getString('starts', true),
    ends: options.getString('ends', true),
    categories: options.getString('categories') ?? undefined,
    announce: options.getString('announce') ?? undefined,
    backdated: options.getBoolean('backdated') ?? false,
  };
}
