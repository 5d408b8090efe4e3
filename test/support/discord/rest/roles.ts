import type { FastifyInstance, FastifyRequest } from 'fastify';
import { GatewayIntentBits, PermissionFlagsBits } from 'discord.js';
import { CreateRoleRequestSchema, UpdateRoleRequestPartialSchema } from 'discord-api-spec/zod';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { missingPermissions, unknown } from '../discord-error.ts';
import { memberPayload, rolePayload } from '../payloads.ts';
import { allows, highestPosition, permissionsOf } from '../permissions.ts';
import { holdAgainst } from '../rules/description.ts';
import { newSnowflake } from '../snowflakes.ts';
import type { GuildState, StandInRole } from '../world.ts';
import { botGuild, requireInGuild } from './access.ts';
import { bodyOf, param } from './body.ts';

const fieldsSchema = z.object({
  name: z.string().nullish(),
  permissions: z.union([z.string(), z.number()]).nullish(),
  color: z.number().nullish(),
  hoist: z.boolean().nullish(),
  mentionable: z.boolean().nullish(),
});

/** Roles, and giving and taking them. The bot reaches only those below its own highest. */
export function addRoleRoutes(api: FastifyInstance, context: Context): void {
  const { gateway } = context;
  const roles = '/guilds/:guild/roles';
  const memberRole = '/guilds/:guild/members/:user/roles/:role';
  const guildOf = (request: FastifyRequest): GuildState => botGuild(context, param(request, 'guild'));
  const reachable = (request: FastifyRequest): { guild: GuildState; role: StandInRole } => {
    const guild = guildOf(request);
    const role = guild.roles.get(param(request, 'role'));
    if (!role) throw unknown('role');
    requireReach(context, guild, role);
    return { guild, role };
  };

  api.get(roles, async (request) => [...guildOf(request).roles.values()].map(rolePayload));
  api.get(`${roles}/:role`, async (request) => {
    const role = guildOf(request).roles.get(param(request, 'role'));
    if (!role) throw unknown('role');
    return rolePayload(role);
  });

  api.post(roles, async (request) => {
    const guild = guildOf(request);
    requireInGuild(context, guild, PermissionFlagsBits.ManageRoles);
    const { body } = bodyOf(request);
    holdAgainst(CreateRoleRequestSchema, body);
    const role: StandInRole = {
      id: newSnowflake(),
      name: 'new role',
      position: 1,
      permissions: guild.roles.get(guild.id)?.permissions ?? 0n,
      color: 0,
      managed: false,
      hoist: false,
      mentionable: false,
    };
    change(context, guild, role, body);
    guild.roles.set(role.id, role);
    gateway.dispatch('GUILD_ROLE_CREATE', { guild_id: guild.id, role: rolePayload(role) }, GatewayIntentBits.Guilds);
    return rolePayload(role);
  });

  api.patch(`${roles}/:role`, async (request) => {
    const { guild, role } = reachable(request);
    const { body } = bodyOf(request);
    holdAgainst(UpdateRoleRequestPartialSchema, body);
    change(context, guild, role, body);
    gateway.dispatch('GUILD_ROLE_UPDATE', { guild_id: guild.id, role: rolePayload(role) }, GatewayIntentBits.Guilds);
    return rolePayload(role);
  });

  api.delete(`${roles}/:role`, async (request, reply) => {
    const { guild, role } = reachable(request);
    guild.roles.delete(role.id);
    for (const { roleIds } of guild.members.values()) roleIds.delete(role.id);
    gateway.dispatch('GUILD_ROLE_DELETE', { guild_id: guild.id, role_id: role.id }, GatewayIntentBits.Guilds);
    return reply.code(204).send();
  });

  for (const method of ['PUT', 'DELETE'] as const) {
    api.route({
      method,
      url: memberRole,
      handler: async (request, reply) => {
        const guild = guildOf(request);
        const member = guild.members.get(param(request, 'user'));
        if (!member) throw unknown('member');
        const { role } = reachable(request);
        if (method === 'PUT') member.roleIds.add(role.id);
        else member.roleIds.delete(role.id);
        const data = { guild_id: guild.id, ...memberPayload(member) };
        gateway.dispatch('GUILD_MEMBER_UPDATE', data, GatewayIntentBits.GuildMembers);
        return reply.code(204).send();
      },
    });
  }
}

/** Role hierarchy. @throws DiscordError 50013 for a role at or above the bot's highest, a bot's own, or `@everyone`. */
function requireReach(context: Context, guild: GuildState, role: StandInRole): void {
  requireInGuild(context, guild, PermissionFlagsBits.ManageRoles);
  const below = role.position < highestPosition(guild, context.world.bot.id);
  if (!below || role.managed || role.id === guild.id) throw missingPermissions();
}

function change(context: Context, guild: GuildState, role: StandInRole, body: unknown): void {
  const fields = fieldsSchema.parse(body);
  if (fields.permissions !== null && fields.permissions !== undefined) {
    const permissions = BigInt(fields.permissions);
    // Nobody gives what they do not have.
    if (!allows(permissionsOf(guild, context.world.bot.id), permissions)) throw missingPermissions();
    role.permissions = permissions;
  }
  role.name = fields.name ?? role.name;
  role.color = fields.color ?? role.color;
  role.hoist = fields.hoist ?? role.hoist;
  role.mentionable = fields.mentionable ?? role.mentionable;
}
