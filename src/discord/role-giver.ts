import { DiscordAPIError, RESTJSONErrorCodes, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import { NotInGuild, PutOff, type RoleGiver, type RoleOutcome } from '../rewards/role-giver.ts';
import { readGuildRights } from './guild-rights.ts';
import { explainFailure } from './rest.ts';

/** How long to leave Discord alone that did not answer, and a guild that the bot is not in. */
const UNANSWERED_MS = 10_000;
const NOT_IN_GUILD_MS = 10 * 60_000;
/** Discord's audit log shows no more. */
const REASON_LENGTH = 200;

const memberShape = z.object({ roles: z.array(z.string()), joined_at: z.string().nullish() });

/** Gives and takes roles on Discord, and reads who has which. It needs no privileged intent. */
export function createRoleGiver(rest: REST): RoleGiver {
  return {
    async readGuild(guildId) {
      const rights = await readGuildRights(rest, guildId).catch(putOff);
      if (!rights) throw notInGuild();
      return rights;
    },

    async readMember(guildId, userId) {
      try {
        const { roles, joined_at } = memberShape.parse(await rest.get(Routes.guildMember(guildId, userId)));
        return { roleIds: new Set(roles), joinedAt: joined_at ? new Date(joined_at) : undefined };
      } catch (error) {
        if (isAbsent(error)) return undefined;
        return putOff(error);
      }
    },

    async setRole(guildId, userId, roleId, has, reason) {
      try {
        const route = Routes.guildMemberRole(guildId, userId, roleId);
        const options = { reason: reason.slice(0, REASON_LENGTH).toWellFormed() };
        await (has ? rest.put(route, options) : rest.delete(route, options));
        return { done: true };
      } catch (error) {
        if (isAbsent(error)) return { absent: true };
        return refusalOf(error) ?? putOff(error);
      }
    },
  };
}

const { InvalidFormBodyOrContentType, MissingAccess, UnknownGuild, UnknownMember, UnknownRole, UnknownUser } =
  RESTJSONErrorCodes;

/** Whether Discord has no such user in the guild: who left, who is no more, and what was never the id of a user. */
function isAbsent(error: unknown): boolean {
  return hasCode(error, UnknownMember, UnknownUser, InvalidFormBodyOrContentType);
}

/** What Discord refuses, and will refuse again. */
function refusalOf(error: unknown): RoleOutcome | undefined {
  if (!(error instanceof DiscordAPIError) || isPassing(error)) return undefined;
  if (error.code === UnknownRole) {
    return { refused: 'role', reason: 'There is no such role in the server any more. Choose another one.' };
  }
  if (error.status === 403) {
    const reason =
      'Discord does not let the bot give this role. In Server Settings, under Roles, allow it "Manage Roles" and move its role above this one.';
    return { refused: 'role', reason };
  }
  return { refused: 'user', reason: `Discord refused it: ${error.message} (${error.code}).` };
}

/** What is not about the role or the user: Discord is in trouble or asks to wait, or the bot is out. */
function isPassing(error: DiscordAPIError): boolean {
  return error.status >= 500 || error.status === 401 || error.status === 429 || isOut(error);
}

function isOut(error: unknown): boolean {
  return hasCode(error, MissingAccess, UnknownGuild);
}

function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof DiscordAPIError && codes.some((code) => code === error.code);
}

function notInGuild(cause?: unknown): NotInGuild {
  return new NotInGuild('The bot is not in the server. Invite it again.', NOT_IN_GUILD_MS, { cause });
}

/** @throws PutOff */
function putOff(error: unknown): never {
  if (isOut(error)) throw notInGuild(error);
  const { message, retryAfterMs } = explainFailure(error);
  throw new PutOff(message, retryAfterMs ?? UNANSWERED_MS, { cause: error });
}
