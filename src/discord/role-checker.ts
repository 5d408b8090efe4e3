import type { REST } from 'discord.js';
import { DomainError } from '../errors.ts';
import type { RoleChecker } from '../rewards/role-checker.ts';
import type { ReadGuildRoles } from '../rewards/role-giver.ts';
import { readGuildRights, type GuildRights } from './guild-rights.ts';
import { explainFailure } from './rest.ts';

/**
 * Makes what asks Discord whether a role can be given as a reward.
 *
 * @returns a checker that throws DomainError `unavailable` where Discord cannot be asked now
 */
export function createRoleChecker(rest: REST): RoleChecker {
  return async (guildId, role) => {
    if (guildId === undefined) return 'This community has no Discord server, so there are no roles to give.';
    const rights = await readRights(rest, guildId);
    if (!rights) return 'The bot is not in the server of this community. Invite it again.';
    const found = role.startsWith('@') ? rights.named(role.slice(1)) : { roleId: role };
    return 'problem' in found ? found.problem : rights.whyNot(found.roleId);
  };
}

/** Makes what reads the roles of a server, to show what would be done with them. */
export function createGuildRolesReader(rest: REST): ReadGuildRoles {
  return (guildId) => readRights(rest, guildId);
}

async function readRights(rest: REST, guildId: string): Promise<GuildRights | undefined> {
  try {
    return await readGuildRights(rest, guildId);
  } catch (error) {
    const { message } = explainFailure(error);
    const problem = `What roles the bot can give is not known: ${message} Try again later.`;
    throw new DomainError('unavailable', problem, { cause: error });
  }
}
