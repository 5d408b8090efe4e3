/** What admins are told of live boards. */
import { ActionRowBuilder, ButtonBuilder } from '@discordjs/builders';
import { ButtonStyle, messageLink, type ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Community } from '../communities/community.ts';
import type { LiveBoard } from '../live-boards/administer.ts';
import type { Answer } from './command.ts';
import { showSentence } from './domain-text.ts';
import { timestamp, WINDOW_NAMES } from './format.ts';
import { COLOURS, note } from './messages.ts';
import { offer } from './suggestions.ts';
import { code, plain, shownName } from './text.ts';

/** As many boards as there may be fit into one message. */
const TITLE_LENGTH = 20;
/** The most characters of a message's text, with some to spare. */
const MAX_TEXT = 3_900;

const RETRY = 'board:1:retry';

/** Whether a custom id is that of the button that has failed boards tried again. */
export function isRetry(customId: string): boolean {
  return customId === RETRY;
}

/** That a board was placed, or was there already. */
export function renderPlaced(community: Community, { board, isNew }: { board: LiveBoard; isNew: boolean }): Answer {
  const { places, window } = board;
  const period = WINDOW_NAMES[window].toLowerCase();
  const what = `The top ${places} of **${shownName(titleOf(community, board))}** (${period})`;
  if (!isNew) {
    const lines = [
      `${what} is in that channel already: ${placeOf(board)}`,
      'It is looked after in a moment, and posted anew if its message was deleted.',
    ];
    return note(lines.join('\n'), COLOURS.good);
  }
  const lines = [
    '## Placed',
    `${what} lives in ${placeOf(board)} from now on. It appears in a moment, and then changes at most once a minute. Nobody is pinged.`,
    ...(window === 'all'
      ? []
      : [
          `When the ${period} is over, it stays until the final table has been posted, and then turns to the next one.`,
        ]),
  ];
  return note(lines.join('\n'), COLOURS.good);
}

/** That a board was removed. */
export function renderRemoved(community: Community, board: LiveBoard): Answer {
  const what = `**${shownName(titleOf(community, board))}** (${WINDOW_NAMES[board.window].toLowerCase()})`;
  return note(`${what} leaves <#${board.channelId}>: its message goes in a moment.`, COLOURS.good);
}

/** All boards, with what keeps those that rest. */
export function renderLiveBoardList(community: Community, boards: readonly LiveBoard[]): Answer {
  if (boards.length === 0) {
    return note(`**No live boards yet.**\n${code('/board place')} keeps one up to date in a channel.`);
  }
  const failed = boards.filter(({ state }) => state === 'failed');
  const lines = ['## Live boards', ...boards.map((board) => lineOf(community, board))];
  for (const reason of new Set(boards.flatMap((board) => board.reason ?? []))) {
    const line = `⚠ ${showSentence(reason)}`;
    if ([...lines, line].join('\n').length <= MAX_TEXT) lines.push(line);
  }
  const answer = note(lines.join('\n'), failed.length > 0 ? COLOURS.bad : COLOURS.neutral);
  if (failed.length === 0) return answer;
  return answer.addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder().setCustomId(RETRY).setLabel('Try again').setStyle(ButtonStyle.Primary),
    ),
  );
}

/** Boards to choose from, with the names of their channels where these are known. */
export function suggestLiveBoards(
  community: Community,
  boards: readonly LiveBoard[],
  channelName: (id: string) => string | undefined,
  typed: string,
): ApplicationCommandOptionChoiceData<string>[] {
  const choices = boards.map((board) => ({
    name: `${plain(titleOf(community, board), 40)} · ${WINDOW_NAMES[board.window]} · #${channelName(board.channelId) ?? 'deleted'}`,
    value: String(board.id),
  }));
  return offer(choices, typed);
}

const STATES: Record<LiveBoard['state'], string> = { waiting: 'about to appear', live: 'as of', failed: '⚠ rests' };

function lineOf(community: Community, board: LiveBoard): string {
  const { window, places, state, message } = board;
  const title = shownName(plain(titleOf(community, board), TITLE_LENGTH));
  const told = state === 'live' && message ? `${STATES.live} ${timestamp(message.shownAt, 'R')}` : STATES[state];
  return `**${title}** · ${WINDOW_NAMES[window]} · top ${places} · ${placeOf(board)} · ${told}`;
}

function titleOf({ categories }: Community, { categoryId }: LiveBoard): string {
  return categories.find(({ id }) => id === categoryId)?.title ?? 'a category that is gone';
}

/** Its message, which Discord shows as the name of the channel and leads to; without one, the channel. */
function placeOf({ guildId, channelId, message }: LiveBoard): string {
  return message ? messageLink(channelId, message.id, guildId) : `<#${channelId}>`;
}
