import type { SlashCommandBuilder, SlashCommandOptionsOnlyBuilder } from '@discordjs/builders';
import { WINDOW_KINDS } from '../ranking/calendar.ts';
import { WINDOW_NAMES } from './format.ts';

/** The options by which a command names a board: a category, a window and a period. */
export function addBoardOptions(command: SlashCommandBuilder): SlashCommandOptionsOnlyBuilder {
  return command
    .addStringOption((option) =>
      option.setName('category').setDescription('What is counted; the first one if not given').setAutocomplete(true),
    )
    .addStringOption((option) =>
      option
        .setName('window')
        .setDescription('The stretch of time; the season if not given')
        .addChoices(WINDOW_KINDS.map((kind) => ({ name: WINDOW_NAMES[kind], value: kind }))),
    )
    .addStringOption((option) =>
      option
        .setName('period')
        .setDescription('Which one: the current if not given, the previous, or an earlier one such as 2026-Q3')
        .setAutocomplete(true),
    );
}
