import { MessageFlags, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import type { ToldFile } from '../announcements/announcement.ts';
import type { Messenger, Target, Told } from '../announcements/messenger.ts';
import { componentIdOf, renderAnnouncements } from './announcement-messages.ts';
import { fetchFiles, fileHosts, uploadName } from './attachments.ts';
import { createOwnMessageFinder } from './find-own-message.ts';
import { explainFailure } from './rest.ts';

const withId = z.object({ id: z.string() });
const readAttachments = z.object({ attachments: z.array(withId.extend({ filename: z.string() })).default([]) });

/**
 * Says announcements on Discord, and finds those that were said. It needs a token and no connection to the gateway.
 *
 * @param onGone told of a channel that turns out to be deleted
 */
export function createMessenger(rest: REST, onGone: (channelId: string) => void = () => {}): Messenger {
  const findOwn = createOwnMessageFinder(rest);

  async function channelOf(target: Target): Promise<string> {
    if ('channelId' in target) return target.channelId;
    return withId.parse(await rest.post(Routes.userChannels(), { body: { recipient_id: target.userId } })).id;
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
        const failure = explainFailure(error);
        if (failure.isGone && 'channelId' in target) onGone(target.channelId);
        throw failure;
      }
    },

    async edit({ channelId, messageId }, told) {
      try {
        const route = Routes.channelMessage(channelId, messageId);
        const { attachments } = readAttachments.parse(await rest.get(route));
        const names = new Set(filesOf(told).map((file, index) => uploadName(index, file)));
        // Files that are told of no more go from the message.
        const kept = attachments.filter(({ filename }) => names.has(filename));
        const uploaded = kept.map(({ filename }) => filename);
        const components = [renderAnnouncements(told, uploaded).toJSON()];
        const body = { components, attachments: kept.map(({ id }) => ({ id })), allowed_mentions: { parse: [] } };
        await rest.patch(route, { body });
      } catch (error) {
        throw explainFailure(error);
      }
    },

    async find(target, since, id) {
      try {
        return await findOwn(await channelOf(target), since, componentIdOf(id));
      } catch (error) {
        throw explainFailure(error);
      }
    },
  };
}

function filesOf({ parts }: Told): readonly ToldFile[] {
  return parts.flat().flatMap((told) => (told.kind === 'proof-submitted' ? told.files : []));
}
