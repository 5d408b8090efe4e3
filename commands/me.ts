import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import { readBadges } from '../src/badges/badge-store.ts';
import type { Command } from '../src/discord/command.ts';
import { renderMember, renderStranger } from '../src/discord/me-message.ts';
import { findDiscordMember } from '../src/members/members.ts';
import { readCurrentStandings } from '../src/ranking/read-leaderboard.ts';
import { readGranted } from '../src/rewards/grants.ts';

/** `/me`: the caller's own balances and places, for the caller alone. */
export const me: Command = {
  data: new SlashCommandBuilder()
    .setName('me')
    .setDescription('See your own places, OMNIT and reputation; nobody else sees the answer')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall),
  shows: 'to-caller',

  async execute(call) {
    const { services, community, reader, now } = call;
    const member = await findDiscordMember(services.db, community.id, reader.userId);
    if (!member) return renderStranger(call);
    const granted = await readGranted(services.db, community.id, member.id);
    const badges = granted.badges.length > 0 ? await readBadges(services.db, community.id) : [];
    const standings = await readCurrentStandings(services.db, community, member.id, now);
    return renderMember(call, member, granted, badges, standings);
  },
};
