/** How prizes look on Discord. */
import type { ApplicationCommandOptionChoiceData } from 'discord.js';
import type { Community } from '../communities/community.ts';
import type { Prize, PrizeChange } from '../rewards/prizes.ts';
import { tellPrize } from '../seasons/tell-tables.ts';
import { rewards, type Manner } from './announcement-words.ts';
import type { Answer, Call } from './command.ts';
import { showSentence } from './domain-text.ts';
import { fit, WHOLE_MESSAGE } from './fit.ts';
import { timestamp, WINDOW_NAMES } from './format.ts';
import { COLOURS, list, note } from './messages.ts';
import { offer } from './suggestions.ts';
import { code, plain, shownName, unescapeMarkdown } from './text.ts';
import { placesOf } from './window-announcements.ts';
import { titleOf } from './window-title.ts';

const NAME_LENGTH = 48;
/** How many rewards of a prize are told: the most, and where there is less room. */
const MOST_REWARDS = [10, 4, 2, 1] as const;

/** The prizes that are given, board by board. `isAll`: all that there are, not those of a board or window alone. */
export function renderPrizes(call: Call, prizes: readonly Prize[], { isAll }: { isAll: boolean }): Answer {
  const { community, locale } = call;
  if (prizes.length === 0) {
    return note(
      isAll
        ? `**No prizes yet.**\nThose who manage this server set one up with ${code('/prize create')}.`
        : `**No prizes for what you chose.** All that there are: ${code('/prize list')}`,
      COLOURS.past,
    );
  }
  const boards = [...Map.groupBy(prizes, ({ categoryId, window }) => `${categoryId} ${window}`).values()];
  const attempts = MOST_REWARDS.map(
    (most) => () =>
      boards.map((ofBoard) =>
        [boardOf(community, ofBoard[0]), ...ofBoard.map((prize) => lineOf(community, prize, locale, most))].join('\n'),
      ),
  );
  const foot = [`-# Given when each window is final. How it stands: ${code('/leaderboard')}`];
  const [above = '', ...below] = fit(['## Prizes'], attempts, foot, { ...WHOLE_MESSAGE, locale });
  return list(above, below, COLOURS.final);
}

/** That a prize was set up: from when on it is given, and what else there is to know. */
export function renderCreatedPrize(call: Call, { prize, from, untouched, notes }: PrizeChange): Answer {
  const { community, locale } = call;
  const lines = [
    '## Prize set up',
    boardOf(community, prize),
    lineOf(community, prize, locale, MOST_REWARDS[0]),
    from
      ? `First given for **${titleOf(community, from, locale)}**, which ends ${timestamp(from.endsAt, 'f')}, ${timestamp(from.endsAt, 'R')}.`
      : `First given for the next season. None lies ahead yet: ${code('/season create')}`,
    ...untouched.map((window) => `${titleOf(community, window, locale)} is closing and keeps the prizes that it had.`),
    ...notes.map((one) => `⚠️ ${showSentence(one)}`),
    `-# What all prizes would cost: ${code('/prize preview')} · to take this one away: ${code('/prize remove')}`,
  ];
  return note(lines.join('\n'), COLOURS.good);
}

/** That a prize was removed, and which windows keep it. */
export function renderRemovedPrize(call: Call, { prize, from, untouched }: PrizeChange): Answer {
  const { community, locale } = call;
  const lines = [
    '## Prize removed',
    boardOf(community, prize),
    lineOf(community, prize, locale, MOST_REWARDS[0]),
    `${from ? `From **${titleOf(community, from, locale)}** on` : 'In seasons to come'} it is not given any more. What was given stays.`,
    ...untouched.map((window) => `${titleOf(community, window, locale)} is closing and still gives it.`),
  ];
  return note(lines.join('\n'), COLOURS.past);
}

/** The prizes that can be removed, by any part of them. `roleName`: the name of a role, where it is known. */
export function suggestPrizes(
  community: Community,
  prizes: readonly Prize[],
  { typed, locale, roleName }: { typed: string; locale: string; roleName: (id: string) => string | undefined },
): ApplicationCommandOptionChoiceData<string>[] {
  return offer(
    prizes.map((prize) => {
      // Where suggestions are, nothing is drawn: neither bold text nor mentions.
      const text = unescapeMarkdown(lineOf(community, prize, locale, 2).replaceAll('**', ''));
      const named = text.replaceAll(/<@&(\d+)>/g, (_, id: string) => roleName(id) ?? 'that was deleted');
      const board = `${categoryOf(community, prize)?.title ?? ''}, each ${WINDOW_NAMES[prize.window].toLowerCase()}`;
      return { name: `${board} · ${named}`, value: String(prize.id) };
    }),
    typed,
  );
}

/** Which prize it is: the board and the places that it is for. */
export function prizeInWords(community: Community, prize: Prize, locale: string): string {
  const category = categoryOf(community, prize);
  if (!category) return 'a prize of a category that is gone';
  const title = shownName(plain(category.title, NAME_LENGTH));
  const places = placesOf(tellPrize(category, prize), { detail: 'brief', locale });
  return `${title}, each ${WINDOW_NAMES[prize.window].toLowerCase()}: ${places}`;
}

function boardOf(community: Community, prize: Prize | undefined): string {
  if (!prize) return '';
  const title = shownName(plain(categoryOf(community, prize)?.title ?? '', NAME_LENGTH));
  return `**${title}** · each ${WINDOW_NAMES[prize.window].toLowerCase()}`;
}

function lineOf(community: Community, prize: Prize, locale: string, mostRewards: number): string {
  const manner: Manner = { detail: 'brief', locale };
  const category = categoryOf(community, prize);
  if (!category) return '';
  const told = tellPrize(category, prize);
  return `${placesOf(told, manner)}: ${rewards(told.rewards, manner, mostRewards)}`;
}

function categoryOf({ categories }: Community, { categoryId }: Prize) {
  return categories.find(({ id }) => id === categoryId);
}
