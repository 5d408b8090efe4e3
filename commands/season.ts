import { SlashCommandBuilder, type SlashCommandStringOption } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import type { Command, Press } from '../src/discord/command.ts';
import { previewAndShow } from '../src/discord/prizes.ts';
import {
  suggestClosable,
  suggestFinal,
  suggestFirstDays,
  suggestLastDays,
  suggestSeasons,
} from '../src/discord/season-suggestions.ts';
import { decodeChoice, type SeasonChoice } from '../src/discord/season-view.ts';
import { amendConfirmed, closeConfirmed, proposeAmending, proposeClosing } from '../src/discord/season-windows.ts';
import {
  createConfirmed,
  proposeRemoving,
  proposeSeason,
  removeConfirmed,
  renameAndShow,
  showSeason,
  showSeasons,
} from '../src/discord/seasons.ts';
import { suggestCategories } from '../src/discord/suggestions.ts';
import { REASON } from '../src/text.ts';

const which = (description: string) => (option: SlashCommandStringOption) =>
  option.setName('season').setDescription(description).setAutocomplete(true);
const period = (option: SlashCommandStringOption) =>
  option
    .setName('period')
    .setDescription('Which one: a week, a month or a season, such as 2026-W34, 2026-08 or 2026-Q3')
    .setAutocomplete(true)
    .setRequired(true);
const category = (option: SlashCommandStringOption) =>
  option.setName('category').setDescription('What is counted; everything if not given').setAutocomplete(true);
const day = (name: string, description: string) => (option: SlashCommandStringOption) =>
  option.setName(name).setDescription(description).setAutocomplete(true).setRequired(true);

/** `/season`: the seasons, for everybody; what is to be done with them, and with windows that are over, for those who may manage the server. */
export const season: Command = {
  data: new SlashCommandBuilder()
    .setName('season')
    // Discord knows permissions of whole commands only; those of each subcommand are asked for when it runs.
    .setDescription('See the seasons')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addSubcommand((show) =>
      show
        .setName('show')
        .setDescription('See how a season stands')
        .addStringOption(which('Which one; the one that runs if not given')),
    )
    .addSubcommand((list) => list.setName('list').setDescription('See past, running and coming seasons'))
    .addSubcommand((create) =>
      create
        .setName('create')
        .setDescription('For managers: let a season be other than a calendar quarter')
        .addStringOption((option) =>
          option.setName('name').setDescription('Its name').setMinLength(1).setMaxLength(100).setRequired(true),
        )
        .addStringOption(day('first-day', 'The day it begins on, such as: 2027-01-01, monday, in 2 weeks'))
        .addStringOption(day('last-day', 'The last day that belongs to it, such as: 2027-03-31'))
        .addStringOption((option) =>
          option
            .setName('key')
            .setDescription('How it is addressed, such as spring-2027; made of the name if not given')
            .setMaxLength(32),
        ),
    )
    .addSubcommand((rename) =>
      rename
        .setName('rename')
        .setDescription('For managers: give a season another name')
        .addStringOption((option) => which('Which one')(option).setRequired(true))
        .addStringOption((option) =>
          option.setName('name').setDescription('Its new name').setMinLength(1).setMaxLength(100).setRequired(true),
        ),
    )
    .addSubcommand((preview) =>
      preview
        .setName('preview')
        .setDescription('For managers: see who would win what if the season closed now, and what it would cost')
        .addStringOption(category),
    )
    .addSubcommand((amend) =>
      amend
        .setName('amend')
        .setDescription('For managers: put a final table right, with a new version beside the old')
        .addStringOption(period)
        .addStringOption((option) =>
          option
            .setName('reason')
            .setDescription('Why; told to everybody with the new version')
            .setMaxLength(REASON.maxCodePoints)
            .setRequired(true),
        )
        .addStringOption(category),
    )
    .addSubcommand((close) =>
      close
        .setName('close')
        .setDescription('For managers: let what is over become final before its time')
        .addStringOption(period),
    )
    .addSubcommand((remove) =>
      remove
        .setName('remove')
        .setDescription('For managers: remove a season that has not begun')
        .addStringOption((option) => which('Which one')(option).setRequired(true)),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    const text = (name: string) => options.getString(name) ?? undefined;
    switch (options.getSubcommand()) {
      case 'list':
        return showSeasons(call);
      case 'create':
        return proposeSeason(call, {
          name: options.getString('name', true),
          firstDay: options.getString('first-day', true),
          lastDay: options.getString('last-day', true),
          key: text('key'),
        });
      case 'rename':
        return renameAndShow(call, options.getString('season', true), options.getString('name', true));
      case 'preview':
        return previewAndShow(call, { category: text('category'), window: 'season' });
      case 'amend':
        return proposeAmending(call, {
          period: options.getString('period', true),
          category: text('category'),
          reason: options.getString('reason', true),
        });
      case 'close':
        return proposeClosing(call, options.getString('period', true));
      case 'remove':
        return proposeRemoving(call, options.getString('season', true));
      default:
        return showSeason(call, text('season') ?? 'current');
    }
  },

  async autocomplete({ community, now, locale }, { options }) {
    const { name, value } = options.getFocused(true);
    const subcommand = options.getSubcommand();
    switch (name) {
      case 'category':
        return suggestCategories(community, value);
      case 'first-day':
        return suggestFirstDays(community, value, now, locale);
      case 'last-day':
        return suggestLastDays(community, options.getString('first-day'), value, now, locale);
      case 'period':
        return subcommand === 'close'
          ? suggestClosable(community, value, now, locale)
          : suggestFinal(community, value, locale);
      default:
        return suggestSeasons(community, value, now, locale, { removable: subcommand === 'remove' });
    }
  },

  press(customId) {
    const choice = decodeChoice(customId);
    return choice && { shows: 'in-place', run: runOf(choice) };
  },
};

function runOf(choice: SeasonChoice): Press['run'] {
  switch (choice.action) {
    case 'create':
      return (call, { message }) => createConfirmed(call, choice, message);
    case 'remove':
      return (call) => removeConfirmed(call, choice.key);
    case 'close':
      return (call) => closeConfirmed(call, choice);
    case 'amend':
      return (call, { message }) => amendConfirmed(call, choice, message);
  }
}
