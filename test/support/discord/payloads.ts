import { ChannelType, MessageFlags, MessageType, PermissionFlagsBits, type APIUser } from 'discord.js';
import { walkComponents } from './component.ts';
import { allows, permissionsOf } from './permissions.ts';
import type { GuildState, Member, StandInChannel, StandInRole, StandInUser, StoredMessage, World } from './world.ts';

const NO_FEATURES: string[] = [];

/** A user as Discord writes it. */
export function userPayload(user: StandInUser): APIUser {
  return {
    id: user.id,
    username: user.username,
    discriminator: '0',
    global_name: user.globalName ?? null,
    avatar: null,
    bot: user.bot,
  };
}

/** A member as Discord writes it; inside an interaction with what the member may do in the channel. */
export function memberPayload(member: Member, permissions?: bigint): Record<string, unknown> {
  return {
    user: userPayload(member.user),
    nick: null,
    avatar: null,
    banner: null,
    roles: [...member.roleIds],
    joined_at: member.joinedAt,
    premium_since: null,
    communication_disabled_until: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
    ...(permissions === undefined ? {} : { permissions: String(permissions) }),
  };
}

/** A role as Discord writes it. */
export function rolePayload(role: StandInRole): Record<string, unknown> {
  return {
    id: role.id,
    name: role.name,
    color: role.color,
    colors: { primary_color: role.color, secondary_color: null, tertiary_color: null },
    hoist: role.hoist,
    icon: null,
    unicode_emoji: null,
    position: role.position,
    permissions: String(role.permissions),
    managed: role.managed,
    mentionable: role.mentionable,
    flags: 0,
  };
}

/** A text channel as Discord writes it. */
export function channelPayload(channel: StandInChannel): Record<string, unknown> {
  return {
    id: channel.id,
    type: ChannelType.GuildText,
    guild_id: channel.guildId,
    name: channel.name,
    position: 0,
    parent_id: null,
    topic: null,
    nsfw: false,
    last_message_id: null,
    rate_limit_per_user: 0,
    flags: 0,
    permission_overwrites: channel.overwrites,
  };
}

/** A guild as REST returns it. */
export function restGuildPayload(guild: GuildState): Record<string, unknown> {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    splash: null,
    discovery_splash: null,
    owner_id: guild.ownerId,
    afk_channel_id: null,
    afk_timeout: 300,
    verification_level: 0,
    default_message_notifications: 1,
    explicit_content_filter: 0,
    roles: [...guild.roles.values()].map(rolePayload),
    emojis: [],
    stickers: [],
    features: NO_FEATURES,
    mfa_level: 0,
    application_id: null,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    vanity_url_code: null,
    description: null,
    banner: null,
    premium_tier: 0,
    premium_subscription_count: 0,
    preferred_locale: guild.preferredLocale,
    public_updates_channel_id: null,
    nsfw_level: 0,
    premium_progress_bar_enabled: false,
    safety_alerts_channel_id: null,
  };
}

/** A guild as GUILD_CREATE carries it. Without the members intent only the bot itself is listed. */
export function guildPayload(world: World, guild: GuildState, seesMembers: boolean): Record<string, unknown> {
  const members = [...guild.members.values()].filter(({ user }) => seesMembers || user.id === world.bot.id);
  return {
    ...restGuildPayload(guild),
    joined_at: guild.members.get(world.bot.id)?.joinedAt,
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    voice_states: [],
    members: members.map((member) => memberPayload(member)),
    channels: [...guild.channels.values()].map(channelPayload),
    threads: [],
    presences: [],
    stage_instances: [],
    soundboard_sounds: [],
    guild_scheduled_events: [...guild.scheduledEvents.values()],
  };
}

/** A message as Discord returns it: never with a nonce. */
export function messagePayload(world: World, message: StoredMessage): Record<string, unknown> {
  const { origin } = message;
  const pings = pingsOf(world, message);
  return {
    id: message.id,
    type: origin?.name === undefined ? MessageType.Default : MessageType.ChatInputCommand,
    channel_id: message.channel.id,
    author: userPayload(message.author ?? world.bot),
    content: message.content,
    timestamp: message.createdAt,
    edited_timestamp: message.editedAt ?? null,
    tts: false,
    mention_everyone: pings.everyone,
    mentions: pings.users.map(userPayload),
    mention_roles: pings.roles.map(({ id }) => id),
    attachments: message.attachments,
    embeds: message.embeds,
    components: message.components,
    pinned: false,
    flags: message.flags,
    ...(origin
      ? {
          application_id: world.applicationId,
          webhook_id: world.applicationId,
          interaction_metadata: {
            id: origin.interactionId,
            type: origin.type,
            user: userPayload(origin.user),
            authorizing_integration_owners: { 0: message.channel.guildId },
          },
        }
      : {}),
  };
}

/** Whom a message notifies: who is mentioned in its text, as far as its allowed mentions let through. */
export function pingsOf(
  world: World,
  message: StoredMessage,
): { users: StandInUser[]; roles: StandInRole[]; everyone: boolean } {
  const text = textsOf(message).join('\n');
  const allowed = message.allowedMentions;
  // Without the field all mentions count.
  const parse = new Set<string>(allowed ? allowed.parse : ['users', 'roles', 'everyone']);
  const guild = world.guildOf(message.channel);
  const silent = (message.flags & (MessageFlags.Ephemeral | MessageFlags.SuppressNotifications)) !== 0;
  if (silent) return { users: [], roles: [], everyone: false };
  const mayAll = allows(permissionsOf(guild, world.bot.id, message.channel), PermissionFlagsBits.MentionEveryone);
  return {
    users: mentioned(text, /<@!?(\d+)>/g)
      .filter((id) => parse.has('users') || allowed?.users?.includes(id))
      .flatMap((id) => guild.members.get(id)?.user ?? []),
    roles: mentioned(text, /<@&(\d+)>/g)
      .filter((id) => parse.has('roles') || allowed?.roles?.includes(id))
      .flatMap((id) => guild.roles.get(id) ?? [])
      .filter(({ mentionable }) => mentionable || mayAll),
    everyone: parse.has('everyone') && mayAll && /@(everyone|here)\b/.test(text),
  };
}

function textsOf(message: StoredMessage): string[] {
  return [message.content, ...[...walkComponents(message.components)].flatMap(({ content }) => content ?? [])];
}

function mentioned(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].flatMap(([, id]) => id ?? []))];
}
