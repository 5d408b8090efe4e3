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
/** The most characters of a title that stands alone. */
const MAX_TITLE_LENGTH = 100;
/** The most characters of a message's text, with some to spare. */
const MAX_TEXT = 3_900;

const RETRY = 'board:1:retry';

/** Whether a custom id is that of the button that has failed boards tried again. */
export function isRetry(customId: string): boolean {
  return customId === RETRY;
}

/** That a board was placed, or was there already. */
export function renderPlaced(community: Community, { board, isNew }: { board: LiveBoard; isNew: boolean }): Answer {
  const { window } = board;
  if (!isNew) {
    const lines = [
      `${nameOf(community, board)} is in that channel already: ${placeOf(board)}`,
      'It is brought up to date in a moment, and posted anew if its message was deleted.',
    ];
    return note(lines.join('\n'), COLOURS.good);
  }
  const lines = [
    `## Placed in ${placeOf(board)}`,
    nameOf(community, board),
    'It appears in a moment and is then kept up to date, at most once a minute. Nobody is pinged.',
    ...(window === 'all'
      ? []
      : [
          `When the ${window} is over, it stays until the final table has been posted, and then turns to the next one.`,
        ]),
  ];
  return note(lines.join('\n'), COLOURS.good);
}

/** That a board was removed. */
export function renderRemoved(community: Community, board: LiveBoard): Answer {
  return note(
    `${nameOf(community, board)} leaves <#${board.channelId}>. Its message is deleted in a moment.`,
    COLOURS.past,
  );
}

/** All boards; those that are not kept up to date last, with why and what to do. `retried`: how many were just told to try again. */
export function renderLiveBoardList(community: Community, boards: readonly LiveBoard[], retried = 0): Answer {
  if (boards.length === 0) {
    return note(`**No live boards yet.**\n${code('/board place')} keeps one up to date in a channel.`);
  }
  const failed = boards.filter(({ state }) => state === 'failed');
  const head = [
    ...(retried > 0
      ? [`**${retried} ${retried === 1 ? 'board is' : 'boards are'} tried again.** Look again in a moment.`]
      : []),
    '## Live boards',
  ];
  const answer = note(listOf(community, head, boards), failed.length > 0 ? COLOURS.bad : COLOURS.neutral);
  if (failed.length === 0) return answer;
  return answer.addActionRowComponents(
    new ActionRowBuilder<ButtonBuilder>().addComponents(
      new ButtonBuilder().setCustomId(RETRY).setLabel('Try again').setStyle(ButtonStyle.Primary),
    ),
  );
}

/** Boards in trouble stand together below what keeps them, as far as there is room to tell it. */
function listOf(community: Community, head: readonly string[], boards: readonly LiveBoard[]): string {
  const line = (board: LiveBoard) => lineOf(community, board);
  const fine = boards.filter(({ reason }) => reason === undefined).map(line);
  const inTrouble = boards.filter(({ reason }) => reason !== undefined);
  const groups = [...Map.groupBy(inTrouble, ({ state, reason }) => `${TROUBLE[state]} ${showSentence(reason ?? '')}`)];
  const lines = [...head, ...fine, ...inTrouble.map(line)];
  let room = MAX_TEXT - lines.join('\n').length;
  const troubles = groups.flatMap(([trouble, concerned]) => {
    const isTold = trouble.length < room;
    if (isTold) room -= trouble.length + 1;
    return [...(isTold ? [trouble] : []), ...concerned.map(line)];
  });
  return [...head, ...fine, ...troubles].join('\n');
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

const STATES: Record<LiveBoard['state'], string> = { waiting: 'about to appear', live: 'as of', failed: '⚠️ stopped' };

/** What stands before the reason why boards are not up to date. */
const TROUBLE: Record<LiveBoard['state'], string> = {
  waiting: '⏳ **Not posted yet:**',
  live: '⏳ **Late:**',
  failed: '⚠️ **Stopped:**',
};

function lineOf(community: Community, board: LiveBoard): string {
  const { state, message, channelId } = board;
  const told = state === 'live' && message ? `${STATES.live} ${timestamp(message.shownAt, 'R')}` : STATES[state];
  // Of a message that is gone, Discord shows nothing but its address.
  const place = state === 'failed' ? `<#${channelId}>` : placeOf(board);
  return `${nameOf(community, board, TITLE_LENGTH)} · ${place} · ${told}`;
}

/** Which board it is: what is counted, in which window, and how many places it shows. */
function nameOf(community: Community, board: LiveBoard, titleLength = MAX_TITLE_LENGTH): string {
  const title = shownName(plain(titleOf(community, board), titleLength));
  return `**${title}** · ${WINDOW_NAMES[board.window]} · top ${board.places}`;
}

function titleOf({ categories }: Community, { categoryId }: LiveBoard): string {
  return categories.find(({ id }) => id === categoryId)?.title ?? 'a category that is gone';
}

/** Its message, which Discord shows as the name of the channel and leads to; without one, the channel. */
function placeOf({ guildId, channelId, message }: LiveBoard): string {
  return message ? messageLink(channelId, message.id, guildId) : `<#${channelId}>`;
}
