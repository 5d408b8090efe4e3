import { DiscordAPIError, PermissionFlagsBits, PermissionsBitField, Routes, type REST } from 'discord.js';
import { z } from 'zod';

/** With any of these a role is power over the server, which no competition gives away. */
const DANGEROUS = new PermissionsBitField([
  PermissionFlagsBits.Administrator,
  PermissionFlagsBits.ManageGuild,
  PermissionFlagsBits.ManageRoles,
  PermissionFlagsBits.ManageChannels,
  PermissionFlagsBits.ManageMessages,
  PermissionFlagsBits.ManageThreads,
  PermissionFlagsBits.ManageNicknames,
  PermissionFlagsBits.ManageWebhooks,
  PermissionFlagsBits.ManageGuildExpressions,
  PermissionFlagsBits.ManageEvents,
  PermissionFlagsBits.KickMembers,
  PermissionFlagsBits.BanMembers,
  PermissionFlagsBits.ModerateMembers,
  PermissionFlagsBits.MuteMembers,
  PermissionFlagsBits.DeafenMembers,
  PermissionFlagsBits.MoveMembers,
  PermissionFlagsBits.ViewAuditLog,
  PermissionFlagsBits.MentionEveryone,
]).bitfield;

const readRoles = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    position: z.number(),
    permissions: z.string().transform(BigInt),
    managed: z.boolean(),
  }),
);
const readUser = z.object({ id: z.string() });
const readMember = z.object({ roles: z.array(z.string()) });

type GuildRole = z.output<typeof readRoles>[number];

/** What the bot may do in a guild, as of one moment. */
export type GuildRights = {
  /** The bot's own user. */
  selfId: string;
  /** Whether the bot has any of some permissions in the guild. */
  hasAny(...permissions: readonly bigint[]): boolean;
  /** Why a role cannot be given as a reward, and what to change; undefined where it can. */
  whyNotGivable(roleId: string): string | undefined;
};

/** Reads what the bot may do in a guild; undefined where it is not in it any more. @throws what discord.js throws */
export async function readGuildRights(rest: REST, guildId: string): Promise<GuildRights | undefined> {
  try {
    return await readAll(rest, guildId);
  } catch (error) {
    if (error instanceof DiscordAPIError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  }
}

async function readAll(rest: REST, guildId: string): Promise<GuildRights> {
  const { id } = readUser.parse(await rest.get(Routes.user()));
  const roles = readRoles.parse(await rest.get(Routes.guildRoles(guildId)));
  const member = readMember.parse(await rest.get(Routes.guildMember(guildId, id)));
  // The role of everyone has the guild's id.
  const own = roles.filter((role) => role.id === guildId || member.roles.includes(role.id));
  const permissions = own.reduce((all, role) => all | role.permissions, 0n);
  const highest = Math.max(0, ...own.map(({ position }) => position));
  const hasAny = (...wanted: readonly bigint[]) =>
    (permissions & PermissionFlagsBits.Administrator) !== 0n || wanted.some((bit) => (permissions & bit) === bit);
  return {
    selfId: id,
    hasAny,
    whyNotGivable(roleId) {
      const role = roles.find((one) => one.id === roleId);
      if (!role) return 'There is no such role in the server any more. Choose another one.';
      if (roleId === guildId) return 'Everybody has @everyone already. Choose another role.';
      if (role.managed)
        return `${quoted(role)} belongs to a bot or an integration and cannot be given. Choose another role.`;
      if ((role.permissions & DANGEROUS) !== 0n) {
        return `${quoted(role)} carries powers over the server (such as managing, moderating or pinging everybody), and a reward must not. Take them from the role, or choose another one.`;
      }
      if (!hasAny(PermissionFlagsBits.ManageRoles)) {
        return 'The bot lacks "Manage Roles". Allow it in Server Settings, under Roles.';
      }
      if (role.position >= highest) {
        return `${quoted(role)} stands above the bot's own role. Move the bot's role above it in Server Settings, under Roles.`;
      }
      return undefined;
    },
  };
}

function quoted({ name }: GuildRole): string {
  return `The role "${name}"`;
}
