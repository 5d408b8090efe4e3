import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import { addBoardOptions } from '../src/discord/board-options.ts';
import type { Command, Press } from '../src/discord/command.ts';
import { decodeView, windowKindOf, type LeaderboardView, type ViewAction } from '../src/discord/leaderboard-view.ts';
import {
  categoryOf,
  kindOfPeriod,
  nothingCounted,
  showLeaderboard,
  type PageStart,
} from '../src/discord/show-leaderboard.ts';
import { suggestCategories, suggestPeriods } from '../src/discord/suggestions.ts';
import type { WindowKind } from '../src/ranking/calendar.ts';
import { listPeriods } from '../src/ranking/list-periods.ts';
import { requireCategory } from '../src/ranking/read-leaderboard.ts';

const DEFAULT_WINDOW: WindowKind = 'season';
/** How far back periods are searched: some ten years of weeks. */
const PERIODS_SEARCHED = 520;
/** Behind the end of every board, which then shows its last page. */
const BEHIND_THE_END = 999_999_990;

/** `/leaderboard`: a page of a board for everybody in the channel, with buttons that go on working for everyone. */
export const leaderboard: Command = {
  data: addBoardOptions(
    new SlashCommandBuilder()
      .setName('leaderboard')
      .setDescription('See who contributes most')
      .setContexts(InteractionContextType.Guild)
      .setIntegrationTypes(ApplicationIntegrationType.GuildInstall),
  ),
  shows: 'to-everyone',

  async execute(call, { options }) {
    const slug = options.getString('category');
    const category = slug === null ? categoryOf(call.community, null) : requireCategory(call.community, slug);
    if (!category) return nothingCounted(call.community);
    const period = options.getString('period') ?? 'current';
    const kind = windowKindOf(options.getString('window')) ?? kindOfPeriod(call.community, period) ?? DEFAULT_WINDOW;
    return showLeaderboard(call, { categoryId: category.id, kind, period }, 0);
  },

  async autocomplete({ services, community, now, locale }, { options }) {
    const { name, value } = options.getFocused(true);
    if (name === 'category') return suggestCategories(community, value);
    const kind = windowKindOf(options.getString('window')) ?? DEFAULT_WINDOW;
    const past = await listPeriods(services.db, community.id, kind, now, PERIODS_SEARCHED);
    return suggestPeriods(community, kind, past, value, now, locale);
  },

  press(customId, [value = '']) {
    const decoded = decodeView(customId);
    return decoded && pressOf(decoded.action, decoded.view, value);
  },
};

/** Pages turn for everybody, as everybody sees the message; a place of one's own is shown to oneself. */
function pressOf(action: ViewAction, view: LeaderboardView, chosen: string): Press | undefined {
  const show = (shows: Press['shows'], wanted: LeaderboardView, start: PageStart = wanted.offset): Press => ({
    shows,
    run: (call) => showLeaderboard(call, wanted, start),
  });
  const kind = windowKindOf(chosen);
  const categoryId = /^\d{1,9}$/.test(chosen) ? Number(chosen) : undefined;
  const presses: Record<ViewAction, Press | undefined> = {
    first: show('in-place', view),
    previous: show('in-place', view),
    next: show('in-place', view),
    last: show('in-place', view, BEHIND_THE_END),
    mine: show('to-presser', view, 'around-reader'),
    open: show('to-presser', view),
    window: kind && show('in-place', { ...view, kind, period: 'current' }, 0),
    category: categoryId === undefined ? undefined : show('in-place', { ...view, categoryId }, 0),
  };
  return presses[action];
}
