import { DiscordAPIError, RESTJSONErrorCodes, Routes, type REST } from 'discord.js';
import type { RoleGiver, RoleOutcome } from '../rewards/deliver.ts';
import { readGuildRights, type GuildRights } from './guild-rights.ts';
import { explainFailure } from './rest.ts';

/** How long what the bot may do in a guild is believed. */
const BELIEVED_MS = 10_000;
/** Discord's audit log shows no more. */
const REASON_LENGTH = 200;

/**
 * Gives and takes roles on Discord. What Discord would refuse is not even asked for: refusals count towards a ban.
 *
 * @param clock tells when what is remembered of a guild is too old
 */
export function createRoleGiver(rest: REST, clock: () => Date): RoleGiver {
  const remembered = new Map<string, { rights: GuildRights | undefined; readAt: number }>();

  async function rightsIn(guildId: string): Promise<GuildRights | undefined> {
    const now = clock().getTime();
    const known = remembered.get(guildId);
    if (known && Math.abs(now - known.readAt) < BELIEVED_MS) return known.rights;
    const rights = await readGuildRights(rest, guildId);
    remembered.set(guildId, { rights, readAt: now });
    return rights;
  }

  return {
    async setRole(guildId, userId, roleId, has, reason) {
      try {
        const rights = await rightsIn(guildId);
        if (!rights) return { later: 'The bot is not in the server. Invite it again.' };
        const refusal = rights.whyNotGivable(roleId);
        if (refusal !== undefined) return { refused: refusal };
        const route = Routes.guildMemberRole(guildId, userId, roleId);
        const options = { reason: reason.slice(0, REASON_LENGTH) };
        await (has ? rest.put(route, options) : rest.delete(route, options));
        return { done: true };
      } catch (error) {
        return outcomeOf(error, has);
      }
    },
  };
}

function outcomeOf(error: unknown, has: boolean): RoleOutcome {
  if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMember) {
    // Who has left has no roles.
    return has ? { refused: 'This person is not in the server any more.' } : { done: true };
  }
  const { outcome, message } = explainFailure(error);
  return outcome === 'refused' ? { refused: message } : { later: message };
}
