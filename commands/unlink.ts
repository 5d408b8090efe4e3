import { SlashCommandBuilder } from '@discordjs/builders';
import { ApplicationIntegrationType, InteractionContextType } from 'discord.js';
import type { Command } from '../src/discord/command.ts';
import { renderUnlinked } from '../src/discord/link-message.ts';
import { unlinkDiscordUser } from '../src/members/unlink.ts';

/** `/unlink`: parts the caller from the handle. A command of its own, so that no code typed beside it is misread. */
export const unlink: Command = {
  data: new SlashCommandBuilder()
    .setName('unlink')
    .setDescription('Part your Discord account from your handle; what you earned stays with the handle')
    .setContexts(InteractionContextType.Guild)
    .setIntegrationTypes(ApplicationIntegrationType.GuildInstall),
  shows: 'to-caller',

  async execute({ services, community, reader, actor, now }) {
    return renderUnlinked(await unlinkDiscordUser(services, community.id, reader.userId, actor, now));
  },
};
