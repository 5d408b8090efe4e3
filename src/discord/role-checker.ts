import type { REST } from 'discord.js';
import { DomainError } from '../errors.ts';
import type { RoleChecker } from '../rewards/role-checker.ts';
import { readGuildRights, type GuildRights } from './guild-rights.ts';
import { explainFailure } from './rest.ts';

/**
 * Makes what asks Discord whether a role can be given as a reward.
 *
 * @returns a checker that throws DomainError `unavailable` where Discord cannot be asked now
 */
export function createRoleChecker(rest: REST): RoleChecker {
  return async (guildId, roleId) => {
    if (guildId === undefined) return 'This community has no Discord server, so there are no roles to give.';
    const rights = await readRights(rest, guildId);
    return rights ? rights.whyNotGivable(roleId) : 'The bot is not in the server of this community. Invite it again.';
  };
}

async function readRights(rest: REST, guildId: string): Promise<GuildRights | undefined> {
  try {
    return await readGuildRights(rest, guildId);
  } catch (error) {
    const { message } = explainFailure(error);
    const problem = `Whether the bot can give the role is not known: ${message} Try again later.`;
    throw new DomainError('unavailable', problem, { cause: error });
  }
}
