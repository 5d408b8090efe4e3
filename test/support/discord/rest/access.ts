import { PermissionFlagsBits } from 'discord.js';
import type { Context } from '../context.ts';
import { missingAccess, missingPermissions, unknown } from '../discord-error.ts';
import { allows, permissionsOf } from '../permissions.ts';
import type { GuildState, StandInChannel } from '../world.ts';

/** A guild that the bot is in. @throws DiscordError 10004 unknown, or 50001 for one that it is not in. */
export function botGuild({ world }: Context, guildId: string): GuildState {
  const guild = world.guilds.get(guildId);
  if (!guild) throw unknown('guild');
  if (!guild.members.has(world.bot.id)) throw missingAccess();
  return guild;
}

/**
 * A channel in which the bot may do all of `wanted`.
 *
 * @throws DiscordError 10003 unknown, 50001 when the bot cannot see it, 50013 when it may not do that there.
 */
export function botChannel({ world }: Context, channelId: string, wanted = 0n): StandInChannel {
  const found = world.findChannel(channelId);
  if (!found) throw unknown('channel');
  const permissions = permissionsOf(found.guild, world.bot.id, found.channel);
  if (!allows(permissions, PermissionFlagsBits.ViewChannel)) throw missingAccess();
  if (!allows(permissions, wanted)) throw missingPermissions();
  return found.channel;
}

/** Refuses what the bot may not do in a guild. @throws DiscordError 50013. */
export function requireInGuild({ world }: Context, guild: GuildState, wanted: bigint): void {
  if (!allows(permissionsOf(guild, world.bot.id), wanted)) throw missingPermissions();
}
