import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { howToLink, renderLinked } from '../src/discord/link-message.ts';
import { findDiscordMember } from '../src/members/members.ts';
import { linkDiscordUser } from '../src/members/link.ts';

/** `/link`: connects the caller with a handle of the network by a one-time code; without one it tells how to get it. */
export const link: Command = {
  data: new SlashCommandBuilder()
    .setName('link')
    .setDescription('Connect your Discord account with your handle; nobody else sees the answer')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
    .addStringOption((option) =>
      option.setName('code').setDescription('The one-time code; leave it out to learn how to get one').setMaxLength(40),
    ),
  shows: 'to-caller',

  async execute(call, { options }) {
    const { services, community, reader, actor, now } = call;
    const code = options.getString('code');
    if (code === null) return howToLink(call, await findDiscordMember(services.db, community.id, reader.userId));
    const linked = await linkDiscordUser(services, community.id, { code, discordUserId: reader.userId }, actor, now);
    services.nudge();
    return renderLinked(call, linked);
  },
};
