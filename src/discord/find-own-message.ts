import { DiscordAPIError, RESTJSONErrorCodes, Routes, SnowflakeUtil, type REST } from 'discord.js';
import { z } from 'zod';
import type { Search } from '../announcements/messenger.ts';

const PAGE = 100;
/** How far is looked: more than is said in a channel while one message is under way. */
const MOST_PAGES = 20;
/** Discord was not there before. */
const DISCORD_EPOCH_MS = 1_420_070_400_000;

const withId = z.object({ id: z.string() });
const readMessages = z.array(
  z.object({
    id: z.string(),
    author: withId,
    components: z.array(z.object({ id: z.number().optional() })).default([]),
  }),
);

/**
 * Finds a message of the bot by the id of its container, among those since a moment; undefined: among the latest.
 *
 * @throws what discord.js throws
 */
export type OwnMessageFinder = (channelId: string, since: Date | undefined, componentId: number) => Promise<Search>;

/** Makes a finder, which remembers who the bot is. */
export function createOwnMessageFinder(rest: REST): OwnMessageFinder {
  let self: Promise<string> | undefined;

  /** The bot's own user. */
  async function selfId(): Promise<string> {
    self ??= rest.get(Routes.user()).then((user) => withId.parse(user).id);
    try {
      return await self;
    } catch (error) {
      self = undefined;
      throw error;
    }
  }

  /** Asks for a message that is not there: who may not read the history is refused, others hear that it is unknown. */
  async function mayRead(channelId: string, messageId: string): Promise<boolean> {
    try {
      await rest.get(Routes.channelMessage(channelId, messageId));
      return true;
    } catch (error) {
      if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage) return true;
      if (error instanceof DiscordAPIError && error.status === 403) return false;
      throw error;
    }
  }

  return async (channelId, since, componentId) => {
    const me = await selfId();
    let after = since && snowflakeOf(since);
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(after === undefined ? {} : { after }) });
      const messages = readMessages.parse(await rest.get(Routes.channelMessages(channelId), { query }));
      const found = messages.find(
        ({ author, components }) => author.id === me && components.some(({ id }) => id === componentId),
      );
      if (found) return { messageId: found.id };
      // Where the bot may not read the history, Discord shows it as empty.
      if (messages.length === 0 && page === 0 && !(await mayRead(channelId, snowflakeOf(since ?? new Date(0))))) {
        return { unreadable: 'the bot lacks "Read Message History" in the channel.' };
      }
      if (messages.length < PAGE || after === undefined) return { messageId: undefined };
      after = messages.map((message) => message.id).reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b));
    }
    return { unreadable: `more than ${MOST_PAGES * PAGE} messages have been written since.` };
  };
}

function snowflakeOf(instant: Date): string {
  return String(SnowflakeUtil.generate({ timestamp: Math.max(instant.getTime(), DISCORD_EPOCH_MS) }));
}
