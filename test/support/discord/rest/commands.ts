import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApplicationCommandType, type APIApplicationCommand } from 'discord.js';
import {
  ApplicationCommandCreateRequestSchema,
  ApplicationCommandPatchRequestPartialSchema,
} from 'discord-api-spec/zod';
import type { Context } from '../context.ts';
import { DiscordError, unknown } from '../discord-error.ts';
import { checkCommand, checkCommandSet, type CommandBody } from '../rules/command.ts';
import { newSnowflake } from '../snowflakes.ts';
import { botGuild } from './access.ts';
import { bodyOf, param } from './body.ts';

/** Registering commands: global ones and those of a guild. */
export function addCommandRoutes(api: FastifyInstance, context: Context): void {
  for (const base of ['/applications/:application/commands', '/applications/:application/guilds/:guild/commands']) {
    const scopeOf = (request: FastifyRequest): string => scopeFor(context, request, base.includes(':guild'));
    const find = (
      request: FastifyRequest,
    ): { list: APIApplicationCommand[]; at: number; command: APIApplicationCommand } => {
      const list = commandsOf(context, scopeOf(request));
      const at = list.findIndex(({ id }) => id === param(request, 'command'));
      const command = list[at];
      if (!command) throw unknown('command');
      return { list, at, command };
    };

    api.get(base, async (request) => commandsOf(context, scopeOf(request)));
    api.get(`${base}/:command`, async (request) => find(request).command);

    api.put(base, async (request) => {
      const scope = scopeOf(request);
      const { body } = bodyOf(request);
      if (!Array.isArray(body)) throw new DiscordError(400, 50035, 'Invalid Form Body');
      const checked = body.map((one, index) => checkCommand(ApplicationCommandCreateRequestSchema, one, [index]));
      checkCommandSet(checked);
      const before = commandsOf(context, scope);
      const after = checked.map((command) => stored(context, scope, command, twinOf(before, command)));
      context.world.commands.set(scope, after);
      return after;
    });

    api.post(base, async (request, reply) => {
      const scope = scopeOf(request);
      const command = checkCommand(ApplicationCommandCreateRequestSchema, bodyOf(request).body);
      const list = commandsOf(context, scope);
      const twin = twinOf(list, command);
      const made = stored(context, scope, command, twin);
      const after = [...list.filter((one) => one !== twin), made];
      checkCommandSet(after);
      context.world.commands.set(scope, after);
      return reply.code(twin ? 200 : 201).send(made);
    });

    api.patch(`${base}/:command`, async (request) => {
      const { list, at, command } = find(request);
      // A patch of an object: what it does not name stays.
      const changed = { ...command, ...(bodyOf(request).body as object) };
      const checked = checkCommand(ApplicationCommandPatchRequestPartialSchema, changed);
      const made = stored(context, scopeOf(request), checked, command);
      checkCommandSet(list.with(at, made));
      list[at] = made;
      return made;
    });

    api.delete(`${base}/:command`, async (request, reply) => {
      const { list, at } = find(request);
      list.splice(at, 1);
      return reply.code(204).send();
    });
  }
}

function scopeFor(context: Context, request: FastifyRequest, ofGuild: boolean): string {
  if (param(request, 'application') !== context.world.applicationId) {
    throw new DiscordError(403, 20012, 'You are not authorized to perform this action on this application');
  }
  return ofGuild ? botGuild(context, param(request, 'guild')).id : 'global';
}

function commandsOf({ world }: Context, scope: string): APIApplicationCommand[] {
  const list = world.commands.get(scope) ?? [];
  world.commands.set(scope, list);
  return list;
}

function twinOf(
  list: readonly APIApplicationCommand[],
  { type, name }: CommandBody,
): APIApplicationCommand | undefined {
  return list.find((one) => one.name === name && one.type === (type ?? ApplicationCommandType.ChatInput));
}

/** The command as Discord keeps it: one that replaces another of its name keeps the id. */
function stored(
  context: Context,
  scope: string,
  command: CommandBody,
  replaced?: APIApplicationCommand,
): APIApplicationCommand {
  const permissions = command.default_member_permissions;
  const made = {
    dm_permission: true,
    nsfw: false,
    integration_types: [0],
    contexts: null,
    ...command,
    id: replaced?.id ?? newSnowflake(),
    application_id: context.world.applicationId,
    version: newSnowflake(),
    type: command.type ?? ApplicationCommandType.ChatInput,
    description: command.description ?? '',
    options: command.options ?? [],
    default_member_permissions: permissions === null || permissions === undefined ? null : String(permissions),
    ...(scope === 'global' ? {} : { guild_id: scope }),
  };
  // Checked against the description of the request; the answer's type names every kind of option apart.
  return made as unknown as APIApplicationCommand;
}
