import { isDeepStrictEqual } from 'node:util';
import {
  ApplicationCommandType,
  Routes,
  type REST,
  type RESTPostAPIApplicationCommandsJSONBody,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js';
import { z } from 'zod';

type CommandBody = RESTPostAPIApplicationCommandsJSONBody;

const registeredCommands = z.array(z.looseObject({ name: z.string() }));

/** What of a command is compared: all that is sent. */
type Comparable = { name: string } & Partial<Record<keyof RESTPostAPIChatInputApplicationCommandsJSONBody, unknown>>;

/** Where commands are registered: everywhere, or in one guild, where changes show at once. */
export type Scope = { applicationId: string; guildId?: string };

/**
 * Makes the commands registered in a scope these and no others. Written only where they differ: Discord counts
 * creations by the day. Safe to repeat.
 *
 * @returns whether anything was written
 */
export async function registerCommands(rest: REST, scope: Scope, commands: readonly CommandBody[]): Promise<boolean> {
  const { applicationId, guildId } = scope;
  const route = guildId
    ? Routes.applicationGuildCommands(applicationId, guildId)
    : Routes.applicationCommands(applicationId);
  const wanted = guildId ? commands.map(inOneGuild) : commands;
  const registered = registeredCommands.parse(await rest.get(route));
  if (isDeepStrictEqual(byName(registered, guildId), byName(wanted, guildId))) return false;
  await rest.put(route, { body: wanted });
  return true;
}

/** Where a command can be used is a question only of commands registered everywhere. */
function inOneGuild(command: CommandBody): CommandBody {
  return { ...command, contexts: undefined, integration_types: undefined };
}

function byName(commands: readonly Comparable[], guildId: string | undefined): unknown[] {
  return commands
    .map(({ name, type, description, options, default_member_permissions, nsfw, contexts, integration_types }) => ({
      name,
      type: type ?? ApplicationCommandType.ChatInput,
      ...essence({ description, options, default_member_permissions, nsfw }),
      ...(guildId ? {} : essence({ contexts, integration_types })),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Without what says nothing: Discord answers with nulls, empty texts and defaults where less was sent. */
function essence(value: object): object {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
      if (inner === undefined || inner === null || inner === false || inner === '') return [];
      if (Array.isArray(inner)) return inner.length === 0 ? [] : [[key, inner.map(essenceOf)]];
      return [[key, essenceOf(inner)]];
    }),
  );
}

function essenceOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? essence(value) : value;
}
