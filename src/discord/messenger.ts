import { DiscordAPIError, MessageFlags, RESTJSONErrorCodes, Routes, SnowflakeUtil, type REST } from 'discord.js';
import { z } from 'zod';
import type { ToldFile } from '../announcements/announcement.ts';
import type { Messenger, Search, Target, Told } from '../announcements/messenger.ts';
import { componentIdOf, renderAnnouncements } from './announcement-messages.ts';
import { fetchFiles, fileHosts } from './attachments.ts';
import { explainFailure } from './rest.ts';

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

const readAttachments = z.object({ attachments: z.array(z.object({ filename: z.string() })).default([]) });

/** Says announcements on Discord, and finds those that were said. It needs a token and no connection to the gateway. */
export function createMessenger(rest: REST): Messenger {
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

  async function channelOf(target: Target): Promise<string> {
    if ('channelId' in target) return target.channelId;
    return withId.parse(await rest.post(Routes.userChannels(), { body: { recipient_id: target.userId } })).id;
  }

  async function look(channelId: string, since: Date | undefined, id: number): Promise<Search> {
    const me = await selfId();
    const wanted = componentIdOf(id);
    let after = since && snowflakeOf(since);
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(after === undefined ? {} : { after }) });
      const messages = readMessages.parse(await rest.get(Routes.channelMessages(channelId), { query }));
      const found = messages.find(
        ({ author, components }) => author.id === me && components.some((component) => component.id === wanted),
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

  return {
    async send(target, told) {
      const files = await fetchFiles(filesOf(told), fileHosts(rest));
      const uploaded = files.map((file) => file.name);
      const body = {
        components: [renderAnnouncements(told, uploaded).toJSON()],
        flags: MessageFlags.IsComponentsV2,
        allowed_mentions: { parse: [] },
        // Should the same be sent twice within some minutes after all, Discord takes the second one for the first.
        nonce: `announcement-${told.id}`,
        enforce_nonce: true,
      };
      try {
        const channelId = await channelOf(target);
        return withId.parse(await rest.post(Routes.channelMessages(channelId), { body, files })).id;
      } catch (error) {
        throw explainFailure(error);
      }
    },

    async edit({ channelId, messageId }, told) {
      try {
        const route = Routes.channelMessage(channelId, messageId);
        const { attachments } = readAttachments.parse(await rest.get(route));
        const uploaded = attachments.map(({ filename }) => filename);
        const components = [renderAnnouncements(told, uploaded).toJSON()];
        await rest.patch(route, { body: { components, allowed_mentions: { parse: [] } } });
      } catch (error) {
        throw explainFailure(error);
      }
    },

    async find(target, since, id) {
      try {
        return await look(await channelOf(target), since, id);
      } catch (error) {
        throw explainFailure(error);
      }
    },
  };
}

function filesOf({ parts }: Told): readonly ToldFile[] {
  return parts.flat().flatMap((told) => (told.kind === 'proof-submitted' ? told.files : []));
}

function snowflakeOf(instant: Date): string {
  return String(SnowflakeUtil.generate({ timestamp: Math.max(instant.getTime(), DISCORD_EPOCH_MS) }));
}
