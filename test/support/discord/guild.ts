import {
  GatewayIntentBits,
  OverwriteType,
  PermissionFlagsBits,
  PermissionsBitField,
  type PermissionResolvable,
} from 'discord.js';
import { discordNow } from './clock.ts';
import type { Context } from './context.ts';
import { channelPayload, memberPayload, rolePayload, userPayload } from './payloads.ts';
import { newSnowflake } from './snowflakes.ts';
import type { GuildState, Member, StandInChannel, StandInRole, StandInUser } from './world.ts';

const EVERYONE_MAY =
  PermissionFlagsBits.ViewChannel |
  PermissionFlagsBits.SendMessages |
  PermissionFlagsBits.EmbedLinks |
  PermissionFlagsBits.AddReactions |
  PermissionFlagsBits.ReadMessageHistory |
  PermissionFlagsBits.UseApplicationCommands;

const BOT_MAY =
  EVERYONE_MAY |
  PermissionFlagsBits.AttachFiles |
  PermissionFlagsBits.UseExternalEmojis |
  PermissionFlagsBits.ManageRoles |
  PermissionFlagsBits.CreateEvents;

/** The bot's own role stands here: roles below it can be given by the bot, others not. */
const BOT_ROLE_POSITION = 50;

/** A guild that a test or a person arranges: channels, members, roles. What changes is told to connected clients. */
export class StandInGuild {
  readonly id: string;
  readonly name: string;
  readonly owner: StandInUser;
  /** The role that came with the bot. */
  readonly botRole: StandInRole;
  readonly #context: Context;
  readonly #state: GuildState;

  private constructor(context: Context, state: GuildState, owner: StandInUser, botRole: StandInRole) {
    this.id = state.id;
    this.name = state.name;
    this.owner = owner;
    this.botRole = botRole;
    this.#context = context;
    this.#state = state;
  }

  /** Makes a guild of `owner`, with the bot in it. */
  static create(
    context: Context,
    owner: StandInUser,
    options: { id?: string; name: string; preferredLocale?: string },
  ): StandInGuild {
    const id = options.id ?? newSnowflake();
    const { bot } = context.world;
    const everyone = makeRole({ id, name: '@everyone', position: 0, permissions: EVERYONE_MAY });
    const botRole = makeRole({ name: bot.username, position: BOT_ROLE_POSITION, permissions: BOT_MAY, managed: true });
    const state: GuildState = {
      id,
      name: options.name,
      ownerId: owner.id,
      preferredLocale: options.preferredLocale ?? 'en-US',
      roles: new Map([everyone, botRole].map((role) => [role.id, role])),
      members: new Map(
        [makeMember(owner, []), makeMember(bot, [botRole.id])].map((member) => [member.user.id, member]),
      ),
      channels: new Map(),
      scheduledEvents: new Map(),
    };
    context.world.guilds.set(id, state);
    context.gateway.guildJoined(state);
    return new StandInGuild(context, state, owner, botRole);
  }

  /** Makes a text channel; with `denyBot` the bot cannot see it. */
  createChannel(options: { id?: string; name: string; denyBot?: boolean }): StandInChannel {
    const deny = {
      id: this.#context.world.bot.id,
      type: OverwriteType.Member,
      allow: '0',
      deny: String(PermissionFlagsBits.ViewChannel),
    };
    const channel: StandInChannel = {
      id: options.id ?? newSnowflake(),
      name: options.name,
      guildId: this.id,
      overwrites: options.denyBot ? [deny] : [],
    };
    this.#state.channels.set(channel.id, channel);
    this.#tell('CHANNEL_CREATE', channelPayload(channel));
    return channel;
  }

  /** Changes who may do what in a channel. */
  changeOverwrites(channel: StandInChannel, overwrites: StandInChannel['overwrites']): void {
    channel.overwrites.splice(0, channel.overwrites.length, ...overwrites);
    this.#tell('CHANNEL_UPDATE', channelPayload(channel));
  }

  /** Takes a channel away, with all that was said in it. */
  deleteChannel(channel: StandInChannel): void {
    this.#state.channels.delete(channel.id);
    this.#tell('CHANNEL_DELETE', channelPayload(channel));
  }

  /** Makes a role. Above the bot's (`botRole.position`) the bot cannot give it. */
  createRole(options: {
    id?: string;
    name: string;
    position?: number;
    permissions?: PermissionResolvable;
  }): StandInRole {
    const role = makeRole({
      ...(options.id === undefined ? {} : { id: options.id }),
      name: options.name,
      position: options.position ?? 1,
      permissions: PermissionsBitField.resolve(options.permissions ?? 0n),
    });
    this.#state.roles.set(role.id, role);
    this.#tell('GUILD_ROLE_CREATE', { guild_id: this.id, role: rolePayload(role) });
    return role;
  }

  /** Lets a user in. `permissions` are given by a role made for the purpose. */
  addMember(
    user: StandInUser,
    options: { permissions?: PermissionResolvable; roles?: readonly StandInRole[] } = {},
  ): void {
    const roles = [...(options.roles ?? [])];
    if (options.permissions !== undefined) {
      roles.push(this.createRole({ name: `of ${user.username}`, permissions: options.permissions }));
    }
    const member = makeMember(
      user,
      roles.map(({ id }) => id),
    );
    this.#state.members.set(user.id, member);
    this.#tell('GUILD_MEMBER_ADD', { guild_id: this.id, ...memberPayload(member) }, GatewayIntentBits.GuildMembers);
  }

  /** The user leaves or is thrown out. */
  removeMember(user: StandInUser): void {
    if (!this.#state.members.delete(user.id)) return;
    this.#tell('GUILD_MEMBER_REMOVE', { guild_id: this.id, user: userPayload(user) }, GatewayIntentBits.GuildMembers);
  }

  /** The roles that a member has, `@everyone` apart. */
  rolesOf(user: StandInUser): StandInRole[] {
    const ids = this.#state.members.get(user.id)?.roleIds ?? new Set<string>();
    return [...this.#state.roles.values()].filter(({ id }) => ids.has(id));
  }

  /** A moderator makes a member have these roles and no others. */
  setRoles(user: StandInUser, roles: readonly StandInRole[]): void {
    const member = this.#state.members.get(user.id);
    if (!member) throw new Error(`${user.username} is not in ${this.name}.`);
    member.roleIds.clear();
    for (const { id } of roles) member.roleIds.add(id);
    this.#tell('GUILD_MEMBER_UPDATE', { guild_id: this.id, ...memberPayload(member) }, GatewayIntentBits.GuildMembers);
  }

  /** Takes a role away from the guild and from all who have it. */
  deleteRole(role: StandInRole): void {
    this.#state.roles.delete(role.id);
    for (const { roleIds } of this.#state.members.values()) roleIds.delete(role.id);
    this.#tell('GUILD_ROLE_DELETE', { guild_id: this.id, role_id: role.id });
  }

  /** The bot is thrown out: it hears of it, and from then on the guild is unknown to it. */
  kickBot(): void {
    this.#state.members.delete(this.#context.world.bot.id);
    this.#context.gateway.dispatch('GUILD_DELETE', { id: this.id }, GatewayIntentBits.Guilds);
  }

  #tell(event: string, data: unknown, intent: GatewayIntentBits = GatewayIntentBits.Guilds): void {
    // The bot hears nothing of a guild that it is not in.
    if (this.#state.members.has(this.#context.world.bot.id)) this.#context.gateway.dispatch(event, data, intent);
  }
}

function makeRole(fields: Pick<StandInRole, 'name' | 'position' | 'permissions'> & Partial<StandInRole>): StandInRole {
  return { id: newSnowflake(), color: 0, managed: false, hoist: false, mentionable: false, ...fields };
}

function makeMember(user: StandInUser, roleIds: readonly string[]): Member {
  return { user, roleIds: new Set(roleIds), joinedAt: new Date(discordNow()).toISOString() };
}
