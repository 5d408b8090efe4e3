import { createHash } from 'node:crypto';
import { DiscordAPIError, PermissionFlagsBits, PermissionsBitField, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import type { GuildRoles } from '../rewards/role-giver.ts';

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
const readGuilds = z.array(z.object({ id: z.string() }));

type GuildRole = z.output<typeof readRoles>[number];

/** What the bot may do in a guild, as of one moment. */
export type GuildRights = GuildRoles & {
  /** The bot's own user. */
  selfId: string;
  /** Whether the bot has any of some permissions in the guild. */
  hasAny(...permissions: readonly bigint[]): boolean;
};

/** The guilds that turned the bot away, by the connection that they did it on. */
const turnedAway = new WeakMap<REST, Set<string>>();
/** The bot's own user, which a token has for good. */
const selves = new WeakMap<REST, string>();

/**
 * Reads what the bot may do in a guild; undefined where it is not in it any more. A guild that turned the bot away is not
 * asked again before it is in the list of the bot's guilds: what is refused counts towards a ban.
 *
 * @throws what discord.js throws
 */
export async function readGuildRights(rest: REST, guildId: string): Promise<GuildRights | undefined> {
  const away = turnedAway.get(rest) ?? new Set();
  turnedAway.set(rest, away);
  if (away.has(guildId) && !(await isInGuild(rest, guildId))) return undefined;
  try {
    const rights = await readAll(rest, guildId);
    away.delete(guildId);
    return rights;
  } catch (error) {
    if (!(error instanceof DiscordAPIError) || (error.status !== 403 && error.status !== 404)) throw error;
    away.add(guildId);
    return undefined;
  }
}

async function isInGuild(rest: REST, guildId: string): Promise<boolean> {
  const query = new URLSearchParams({ after: String(BigInt(guildId) - 1n), limit: '1' });
  const guilds = readGuilds.parse(await rest.get(Routes.userGuilds(), { query }));
  return guilds.some(({ id }) => id === guildId);
}

async function readAll(rest: REST, guildId: string): Promise<GuildRights> {
  const selfId = selves.get(rest) ?? readUser.parse(await rest.get(Routes.user())).id;
  selves.set(rest, selfId);
  const roles = readRoles.parse(await rest.get(Routes.guildRoles(guildId)));
  const member = readMember.parse(await rest.get(Routes.guildMember(guildId, selfId)));
  // The role of everyone has the guild's id.
  const own = roles.filter((role) => role.id === guildId || member.roles.includes(role.id));
  const permissions = own.reduce((all, role) => all | role.permissions, 0n);
  const highest = Math.max(0, ...own.map(({ position }) => position));
  const hasAny = (...wanted: readonly bigint[]) =>
    (permissions & PermissionFlagsBits.Administrator) !== 0n || wanted.some((bit) => (permissions & bit) === bit);
  const problemOf = (roleId: string, ...problems: readonly RoleProblem[]) => {
    const role = roles.find((one) => one.id === roleId);
    if (!role) return 'There is no such role in the server any more. Choose another one.';
    for (const problem of problems) {
      const found = problem(role);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const isNoGift: RoleProblem = (role) => {
    if (role.id === guildId) return 'Everybody has @everyone already. Choose another role.';
    if (!role.managed) return undefined;
    return `${quoted(role)} belongs to a bot or an integration and cannot be given. Choose another role.`;
  };
  const isOutOfReach: RoleProblem = (role) => {
    if (!hasAny(PermissionFlagsBits.ManageRoles)) {
      return 'The bot lacks "Manage Roles". Allow it in Server Settings, under Roles.';
    }
    if (role.position < highest) return undefined;
    return `${quoted(role)} stands above the bot's own role. Move the bot's role above it in Server Settings, under Roles.`;
  };
  return {
    selfId,
    hasAny,
    version: versionOf(roles, member.roles),
    has: (roleId) => roles.some(({ id }) => id === roleId),
    named: (name) => findNamed(roles, name),
    whyNot: (roleId) => problemOf(roleId, isNoGift, isDangerous, isOutOfReach),
    whyNotTake: (roleId) => problemOf(roleId, isNoGift, isOutOfReach),
  };
}

/** What is wrong with a role, and what to change. */
type RoleProblem = (role: GuildRole) => string | undefined;

const isDangerous: RoleProblem = (role) => {
  if ((role.permissions & DANGEROUS) === 0n) return undefined;
  return `${quoted(role)} carries powers over the server (such as managing, moderating or pinging everybody), and a reward must not. Take them from the role, or choose another one.`;
};

/** The role of a name; of several that differ in the case of letters alone, the one that is written so. */
function findNamed(roles: readonly GuildRole[], name: string): { roleId: string } | { problem: string } {
  const wanted = name.normalize('NFC');
  const alike = roles.filter((role) => role.name.normalize('NFC').toLowerCase() === wanted.toLowerCase());
  const exact = alike.filter((role) => role.name.normalize('NFC') === wanted);
  const [found, ...others] = exact.length > 0 ? exact : alike;
  if (!found) return { problem: `There is no role "${name}" in the server. Make one of this name, then retry.` };
  if (others.length === 0) return { roleId: found.id };
  return { problem: `There are several roles "${name}" in the server. Rename all but one of them, then retry.` };
}

function versionOf(roles: readonly GuildRole[], own: readonly string[]): string {
  const all = roles.map(({ id, name, position, permissions, managed }) => [
    id,
    name,
    position,
    String(permissions),
    managed,
  ]);
  const text = JSON.stringify([all.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)), own.toSorted()]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function quoted({ name }: GuildRole): string {
  return `The role "${name}"`;
}
