import { DiscordAPIError, MessageFlags, RESTJSONErrorCodes, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import { SendError } from '../announcements/messenger.ts';
import type { BoardMessenger } from '../live-boards/board-messenger.ts';
import { createOwnMessageFinder } from './find-own-message.ts';
import { liveBoardComponentId, renderLiveBoard } from './live-board-message.ts';
import { explainFailure } from './rest.ts';

const withId = z.object({ id: z.string() });
const readChannel = z.object({ guild_id: z.string().optional() });

const UNPINGED = { allowed_mentions: { parse: [] } };

/** Shows live boards on Discord. It needs a token and no connection to the gateway. */
export function createBoardMessenger(rest: REST): BoardMessenger {
  const findOwn = createOwnMessageFinder(rest);

  return {
    async post({ guildId, channelId }, shown, attempt) {
      try {
        // Over the API anybody's channel can be named.
        const channel = readChannel.parse(await rest.get(Routes.channel(channelId)));
        if (channel.guild_id !== guildId) throw new SendError('refused', ELSEWHERE);
        const body = {
          components: [renderLiveBoard(shown).toJSON()],
          flags: MessageFlags.IsComponentsV2,
          ...UNPINGED,
          // Should the same be sent twice within some minutes after all, Discord takes the second one for the first.
          nonce: `board-${shown.id}-${attempt.getTime().toString(36)}`,
          enforce_nonce: true,
        };
        return withId.parse(await rest.post(Routes.channelMessages(channelId), { body })).id;
      } catch (error) {
        throw explain(error);
      }
    },

    async edit({ channelId, messageId }, shown) {
      try {
        const body = { components: [renderLiveBoard(shown).toJSON()], ...UNPINGED };
        await rest.patch(Routes.channelMessage(channelId, messageId), { body });
        return true;
      } catch (error) {
        if (hasCode(error, RESTJSONErrorCodes.UnknownMessage)) return false;
        throw explain(error);
      }
    },

    async isThere({ channelId, messageId }) {
      try {
        await rest.get(Routes.channelMessage(channelId, messageId));
        return true;
      } catch (error) {
        if (hasCode(error, RESTJSONErrorCodes.UnknownMessage)) return false;
        // Who may not read the history may change a message all the same, and then hears whether it is there.
        if (error instanceof DiscordAPIError && error.status === 403) return true;
        throw explain(error);
      }
    },

    async remove({ channelId, messageId }) {
      try {
        await rest.delete(Routes.channelMessage(channelId, messageId));
      } catch (error) {
        const failure = explain(error);
        if (failure.outcome !== 'refused') throw failure;
      }
    },

    async find(channelId, since, id) {
      try {
        return await findOwn(channelId, since, liveBoardComponentId(id));
      } catch (error) {
        throw explain(error);
      }
    },
  };
}

const ELSEWHERE =
  "The channel is not one of this community's server. Remove this board, and place it in a channel of the server.";

/** What a failure means, in words for an admin who looks after live boards. */
function explain(error: unknown): SendError {
  if (error instanceof SendError) return error;
  const words = error instanceof DiscordAPIError ? WORDS.get(error.code) : undefined;
  return words === undefined ? explainFailure(error) : new SendError('refused', words, { cause: error });
}

const WORDS: ReadonlyMap<number | string, string> = new Map([
  [
    RESTJSONErrorCodes.UnknownChannel,
    'The channel is not there any more. Remove this board, and place it in another channel.',
  ],
  [
    RESTJSONErrorCodes.MissingPermissions,
    'The bot may not write in the channel. Allow "Send Messages" in its settings, under Permissions, and try it again.',
  ],
]);

function hasCode(error: unknown, code: RESTJSONErrorCodes): boolean {
  return error instanceof DiscordAPIError && error.code === code;
}
