import { PermissionFlagsBits } from 'discord.js';
import { discordNow } from './clock.ts';
import { newSnowflake } from './snowflakes.ts';
import type { GuildState, Member, StandInChannel, StandInUser, World } from './world.ts';

const BOTH_MAY =
  PermissionFlagsBits.ViewChannel | PermissionFlagsBits.SendMessages | PermissionFlagsBits.ReadMessageHistory;

/** The channel in which the bot and a person talk in private, made at first need. */
export function privateChannel(world: World, user: StandInUser): StandInChannel {
  const known = world.privateRooms.get(user.id);
  const [open] = known?.channels.values() ?? [];
  if (open) return open;
  const id = newSnowflake();
  const channel: StandInChannel = { id, name: `@${user.username}`, guildId: id, overwrites: [] };
  const room: GuildState = {
    id,
    name: channel.name,
    ownerId: user.id,
    preferredLocale: user.locale,
    roles: new Map([
      [
        id,
        {
          id,
          name: '@everyone',
          position: 0,
          permissions: BOTH_MAY,
          color: 0,
          managed: false,
          hoist: false,
          mentionable: false,
        },
      ],
    ]),
    members: new Map([user, world.bot].map((one): [string, Member] => [one.id, makeMember(one)])),
    channels: new Map([[id, channel]]),
    scheduledEvents: new Map(),
  };
  world.privateRooms.set(user.id, room);
  return channel;
}

/** Whose private channel it is; undefined for a channel of a guild. */
export function recipientOf(world: World, channel: StandInChannel): StandInUser | undefined {
  const room = [...world.privateRooms.values()].find(({ id }) => id === channel.guildId);
  return room && world.users.get(room.ownerId);
}

function makeMember(user: StandInUser): Member {
  return { user, roleIds: new Set(), joinedAt: new Date(discordNow()).toISOString() };
}
