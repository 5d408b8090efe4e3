import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import { addBoardOptions } from '../src/discord/board-options.ts';
import type { Command } from '../src/discord/command.ts';
import { windowKindOf } from '../src/discord/leaderboard-view.ts';
import { renderStranger } from '../src/discord/me-message.ts';
import { memberOf, suggestMembers } from '../src/discord/member-option.ts';
import { categoryOf, kindOfPeriod, nothingCounted } from '../src/discord/show-leaderboard.ts';
import { showWhy } from '../src/discord/show-why.ts';
import { suggestCategories, suggestPeriods } from '../src/discord/suggestions.ts';
import { decodeWhy } from '../src/discord/why-view.ts';
import { findDiscordMember } from '../src/members/members.ts';
import { listPeriods } from '../src/ranking/list-periods.ts';
import { requireCategory } from '../src/ranking/read-leaderboard.ts';

/** How far back periods are searched: some ten years of weeks. */
const PERIODS_SEARCHED = 520;

/** `/why`: every line of a score, and by whom it is parted from the next place, or all that was earned; for the caller alone. */
export const why: Command = {
  data: addBoardOptions(
    new SlashCommandBuilder()
      .setName('why')
      .setDescription('See what makes a score, line by line, and what is missing to the next place')
      .setContexts(InteractionContextType.Guild)
      .setIntegrationTypes(ApplicationIntegrationType.GuildInstall),
  )
    .addStringOption((option) =>
      option
        .setName('member')
        .setDescription('Whose: a handle as leaderboards show it, or a mention; your own if not given')
        .setAutocomplete(true),
    )
    .addBooleanOption((option) =>
      option
        .setName('everything')
        .setDescription('All that was earned: every category, and what was granted, such as rewards of quests'),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    const { services, community, reader } = call;
    const named = options.getString('member');
    const member =
      named === null ? await findDiscordMember(services.db, community.id, reader.userId) : await memberOf(call, named);
    if (!member) return renderStranger(call);
    if (options.getBoolean('everything')) {
      return showWhy(call, { memberId: member.id, of: 'everything', page: 'newest' });
    }
    const slug = options.getString('category');
    const category = slug === null ? categoryOf(community, null) : requireCategory(community, slug);
    if (!category) return nothingCounted(community);
    const period = options.getString('period') ?? 'current';
    const kind = windowKindOf(options.getString('window')) ?? kindOfPeriod(community, period) ?? 'season';
    return showWhy(call, { memberId: member.id, of: { categoryId: category.id, kind, period }, page: 'newest' });
  },

  async autocomplete(call, { options }) {
    const { services, community, now, locale } = call;
    const { name, value } = options.getFocused(true);
    if (name === 'category') return suggestCategories(community, value);
    if (name === 'member') return suggestMembers(call, value);
    const kind = windowKindOf(options.getString('window')) ?? 'season';
    const past = await listPeriods(services.db, community.id, kind, now, PERIODS_SEARCHED);
    return suggestPeriods(community, kind, past, value, now, locale);
  },

  press(customId) {
    const view = decodeWhy(customId);
    return view && { shows: 'in-place', run: (call) => showWhy(call, view) };
  },
};
