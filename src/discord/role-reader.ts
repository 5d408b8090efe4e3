import { DiscordAPIError, RESTJSONErrorCodes, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import type { RoleReader } from '../fair-play/read-roles.ts';
import { explainFailure } from './rest.ts';

const memberShape = z.object({ roles: z.array(z.string()) });

/** Makes what asks Discord for the roles of a member of a server. It needs no privileged intent. */
export function createRoleReader(rest: REST): RoleReader {
  return async (guildId, discordUserId) => {
    try {
      const { roles } = memberShape.parse(await rest.get(Routes.guildMember(guildId, discordUserId)));
      return { roleIds: roles };
    } catch (error) {
      if (isNobody(error)) return { absent: true };
      return { later: true, retryAfterMs: explainFailure(error).retryAfterMs };
    }
  };
}

/** Whether Discord has no such user in the server: who left, who is no more, and what was never the id of a user. */
function isNobody(error: unknown): boolean {
  if (!(error instanceof DiscordAPIError)) return false;
  const { UnknownMember, UnknownUser, InvalidFormBodyOrContentType } = RESTJSONErrorCodes;
  return [UnknownMember, UnknownUser, InvalidFormBodyOrContentType].some((code) => code === error.code);
}
