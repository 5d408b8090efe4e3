import { OverwriteType, PermissionFlagsBits } from 'discord.js';
import type { GuildState, StandInChannel, StandInRole } from './world.ts';

/** Every permission there is. */
const ALL_PERMISSIONS = Object.values(PermissionFlagsBits).reduce((all, bit) => all | bit, 0n);

/**
 * What a user may do, by Discord's rule: the owner and administrators everything; others what their roles give, changed by
 * the channel's overwrites for everyone, then for roles, then for the member. 0 for who is no member.
 * Source: Discord's documentation, "Permissions", "Permission Overwrites".
 */
export function permissionsOf(guild: GuildState, userId: string, channel?: StandInChannel): bigint {
  const member = guild.members.get(userId);
  if (!member) return 0n;
  if (guild.ownerId === userId) return ALL_PERMISSIONS;
  const everyone = guild.roles.get(guild.id)?.permissions ?? 0n;
  const base = rolesOf(guild, userId).reduce((all, role) => all | role.permissions, everyone);
  if (base & PermissionFlagsBits.Administrator) return ALL_PERMISSIONS;
  if (!channel) return base;

  const apply = (permissions: bigint, matches: (id: string, type: OverwriteType) => boolean): bigint => {
    const overwrites = channel.overwrites.filter(({ id, type }) => matches(id, type));
    const denied = overwrites.reduce((all, { deny }) => all | BigInt(deny), 0n);
    const allowed = overwrites.reduce((all, { allow }) => all | BigInt(allow), 0n);
    return (permissions & ~denied) | allowed;
  };
  const forEveryone = apply(base, (id) => id === guild.id);
  const forRoles = apply(forEveryone, (id, type) => type === OverwriteType.Role && member.roleIds.has(id));
  return apply(forRoles, (id, type) => type === OverwriteType.Member && id === userId);
}

/** Whether all bits of `wanted` are in `permissions`. */
export function allows(permissions: bigint, wanted: bigint): boolean {
  return (permissions & wanted) === wanted;
}

/** The position of a member's highest role; 0 with none. Only roles below it can be given or changed by the member. */
export function highestPosition(guild: GuildState, userId: string): number {
  return Math.max(0, ...rolesOf(guild, userId).map(({ position }) => position));
}

function rolesOf(guild: GuildState, userId: string): StandInRole[] {
  const ids = guild.members.get(userId)?.roleIds ?? new Set<string>();
  return [...guild.roles.values()].filter(({ id }) => ids.has(id));
}
