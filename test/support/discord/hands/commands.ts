import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  InteractionType,
  PermissionFlagsBits,
  type APIApplicationCommand,
  type APIAttachment,
} from 'discord.js';
import type { Context } from '../context.ts';
import type { Interaction, InteractionSubject } from '../interaction.ts';
import { attach, findMessage } from '../messages.ts';
import { channelPayload, messagePayload, rolePayload, userPayload } from '../payloads.ts';
import { allows, permissionsOf } from '../permissions.ts';
import type { CommandOption } from '../rules/command.ts';
import { StandInMessage } from '../stand-in-message.ts';
import type { GuildState, StandInChannel, StandInFile, StandInUser } from '../world.ts';
import { act, Refused, resolvedMember } from './dispatch.ts';
import { checkValue } from './option-values.ts';

/** What an option is given as. */
export type OptionValue = string | number | boolean;
/** What a person can give for an option: files are uploaded first. */
export type GivenValue = OptionValue | StandInFile;

type Chosen = { name: string; type: number; value?: OptionValue; focused?: boolean; options?: Chosen[] };
type Leaf = { registered: readonly CommandOption[]; wrap: (options: Chosen[]) => Chosen[] };

/** Runs a slash command; `name` holds the subcommand after a space. */
export function runChatCommand(
  context: Context,
  user: StandInUser,
  channel: StandInChannel,
  name: string,
  given: Record<string, GivenValue>,
): Interaction {
  const subject: InteractionSubject = { type: InteractionType.ApplicationCommand, user, channel, name: `/${name}` };
  return act(context, subject, `uses ${typed(name, given)}`, (guild) => {
    const { command, leaf } = findChat(context, guild, subject, name);
    const { options, attachments } = upload(context, given);
    for (const option of leaf.registered) {
      if (option.required && options[option.name] === undefined)
        throw new Refused(`The option "${option.name}" is required.`);
    }
    const chosen = choose(leaf, options, undefined);
    return {
      data: {
        ...dataOf(command, guild),
        options: leaf.wrap(chosen),
        resolved: resolve(context, guild, subject, chosen, attachments),
      },
    };
  });
}

/** Types into `focused` and asks for what to offer. */
export function autocompleteCommand(
  context: Context,
  user: StandInUser,
  channel: StandInChannel,
  name: string,
  options: Record<string, OptionValue>,
  focused: string,
): Interaction {
  const subject: InteractionSubject = {
    type: InteractionType.ApplicationCommandAutocomplete,
    user,
    channel,
    name: `/${name}`,
  };
  const filled = { [focused]: '', ...options };
  return act(context, subject, `types ${typed(name, filled)}`, (guild) => {
    const { command, leaf } = findChat(context, guild, subject, name);
    const option = leaf.registered.find((one) => one.name === focused);
    if (!option?.autocomplete) throw new Refused(`The option "${focused}" offers nothing while typing.`);
    return { data: { ...dataOf(command, guild), options: leaf.wrap(choose(leaf, filled, focused)) } };
  });
}

/** Runs a command from the menu of a user or a message. */
export function runMenuCommand(
  context: Context,
  user: StandInUser,
  channel: StandInChannel,
  name: string,
  target: StandInUser | StandInMessage,
): Interaction {
  const { world } = context;
  const subject: InteractionSubject = { type: InteractionType.ApplicationCommand, user, channel, name };
  const message = target instanceof StandInMessage ? findMessage(context, target.id) : undefined;
  const type = message ? ApplicationCommandType.Message : ApplicationCommandType.User;
  const on = target instanceof StandInMessage ? 'a message' : `@${target.username}`;
  return act(context, subject, `uses "${name}" on ${on}`, (guild) => {
    const command = findCommand(context, guild, subject, name, type);
    const targeted = world.users.get(target.id);
    const resolved = message
      ? { messages: { [message.id]: messagePayload(world, message) } }
      : targeted && {
          users: { [targeted.id]: userPayload(targeted) },
          members: { [targeted.id]: resolvedMember(guild, targeted, subject) },
        };
    return { data: { ...dataOf(command, guild), target_id: target.id, resolved } };
  });
}

function findChat(
  context: Context,
  guild: GuildState,
  subject: InteractionSubject,
  name: string,
): { command: APIApplicationCommand; leaf: Leaf } {
  const [root = '', ...path] = name.split(' ');
  const command = findCommand(context, guild, subject, root, ApplicationCommandType.ChatInput);
  // Registered through rules/command.ts, which checked every option.
  let registered = (command.options ?? []) as unknown as readonly CommandOption[];
  const steps: CommandOption[] = [];
  for (const step of path) {
    const next = registered.find((option) => option.name === step && isGroup(option));
    if (!next) throw new Refused(`/${name} is not a command: there is no "${step}" in it.`);
    steps.push(next);
    registered = next.options ?? [];
  }
  if (registered.some(isGroup)) throw new Refused(`/${name} needs a subcommand.`);
  const wrap = (options: Chosen[]): Chosen[] =>
    steps.reduceRight((inner, step) => [{ name: step.name, type: step.type, options: inner }], options);
  return { command, leaf: { registered, wrap } };
}

function findCommand(
  { world }: Context,
  guild: GuildState,
  { user, channel }: InteractionSubject,
  name: string,
  type: ApplicationCommandType,
): APIApplicationCommand {
  const botIn = guild.members.has(world.bot.id);
  const known = botIn ? [...(world.commands.get(guild.id) ?? []), ...(world.commands.get('global') ?? [])] : [];
  const command = known.find((one) => one.name === name && one.type === type);
  if (!command)
    throw new Refused(
      `There is no command "${name}" here. Known: ${known.map((one) => one.name).join(', ') || 'none'}.`,
    );
  const permissions = permissionsOf(guild, user.id, channel);
  const wanted = command.default_member_permissions;
  // "0" means administrators alone, who have everything.
  const needed = wanted === '0' ? PermissionFlagsBits.Administrator : BigInt(wanted ?? 0);
  if (!allows(permissions, needed | PermissionFlagsBits.UseApplicationCommands)) {
    throw new Refused(`You do not have permission to use this command ("${name}").`);
  }
  return command;
}

function dataOf(command: APIApplicationCommand, guild: GuildState): Record<string, unknown> {
  return {
    id: command.id,
    name: command.name,
    type: command.type,
    ...(command.guild_id === undefined ? {} : { guild_id: guild.id }),
  };
}

function choose(leaf: Leaf, options: Record<string, OptionValue>, focused: string | undefined): Chosen[] {
  return Object.entries(options).map(([name, value]) => {
    const option = leaf.registered.find((one) => one.name === name);
    if (!option) {
      throw new Refused(
        `There is no option "${name}". Known: ${leaf.registered.map((one) => one.name).join(', ') || 'none'}.`,
      );
    }
    if (name === focused) return { name, type: option.type, value: String(value), focused: true };
    return { name, type: option.type, value: checkValue(option, value) };
  });
}

/** Uploads the files among options, whose values are the ids of attachments then. */
function upload(
  { world }: Context,
  given: Record<string, GivenValue>,
): { options: Record<string, OptionValue>; attachments: Record<string, APIAttachment> } {
  const attachments: Record<string, APIAttachment> = {};
  const options = Object.entries(given).map(([name, value]): [string, OptionValue] => {
    if (typeof value !== 'object') return [name, value];
    const uploaded = attach(world, value);
    attachments[uploaded.id] = uploaded;
    return [name, uploaded.id];
  });
  return { options: Object.fromEntries(options), attachments };
}

function resolve(
  { world }: Context,
  guild: GuildState,
  subject: InteractionSubject,
  chosen: readonly Chosen[],
  attachments: Record<string, APIAttachment>,
): Record<string, unknown> | undefined {
  const users: Record<string, unknown> = {};
  const members: Record<string, unknown> = {};
  const roles: Record<string, unknown> = {};
  const channels: Record<string, unknown> = {};
  for (const { name, type, value } of chosen) {
    const id = String(value);
    if ((type === ApplicationCommandOptionType.Attachment) !== (attachments[id] !== undefined)) {
      throw new Refused(`An option for files takes a file, and no other does: "${name}".`);
    }
    const user =
      type === ApplicationCommandOptionType.User || type === ApplicationCommandOptionType.Mentionable
        ? world.users.get(id)
        : undefined;
    const role =
      type === ApplicationCommandOptionType.Role || type === ApplicationCommandOptionType.Mentionable
        ? guild.roles.get(id)
        : undefined;
    const channel = type === ApplicationCommandOptionType.Channel ? guild.channels.get(id) : undefined;
    if (user) {
      users[id] = userPayload(user);
      // A user may be named who is no member.
      if (guild.members.has(id)) members[id] = resolvedMember(guild, user, subject);
    }
    if (role) roles[id] = rolePayload(role);
    if (channel)
      channels[id] = {
        ...channelPayload(channel),
        permissions: String(permissionsOf(guild, subject.user.id, channel)),
      };
  }
  const given = Object.entries({ users, members, roles, channels, attachments }).filter(
    ([, found]) => Object.keys(found).length > 0,
  );
  return given.length === 0 ? undefined : Object.fromEntries(given);
}

function isGroup({ type }: CommandOption): boolean {
  return type === ApplicationCommandOptionType.Subcommand || type === ApplicationCommandOptionType.SubcommandGroup;
}

function typed(name: string, options: Record<string, GivenValue>): string {
  const shown = Object.entries(options).map(
    ([key, value]) => `${key}:${typeof value === 'object' ? value.name : value}`,
  );
  return [`/${name}`, ...shown].join(' ');
}
