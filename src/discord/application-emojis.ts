import { DiscordAPIError, RESTJSONErrorCodes, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import { toDataUri } from '../badges/image.ts';
import type { EmojiMaker } from '../badges/keep-emojis.ts';
import { emojiNameOf } from './badge-icon.ts';
import { explainFailure } from './rest.ts';

const NAME = /^badge_(\d{1,9})(?:_(\d{1,9}))?$/;
const withId = z.object({ id: z.string() });
const readEmojis = z.object({ items: z.array(z.object({ id: z.string(), name: z.string().nullable() })) });

/** Makes emojis of the application's own, which the bot can use in every server. Discord takes 2,000 of them. */
export function createEmojiMaker(rest: REST, applicationId: string): EmojiMaker {
  return {
    async list() {
      const { items } = readEmojis.parse(await asking(rest.get(Routes.applicationEmojis(applicationId))));
      return items.flatMap(({ id, name }) => {
        const [, badgeId, version = 1] = NAME.exec(name ?? '') ?? [];
        return badgeId === undefined ? [] : [{ badgeId: Number(badgeId), version: Number(version), id }];
      });
    },
    async make({ badgeId, version }, image) {
      // The picture of an emoji cannot be changed: each version has one of its own.
      const name = version === 1 ? emojiNameOf(badgeId) : `${emojiNameOf(badgeId)}_${version}`;
      const body = { name, image: toDataUri(image) };
      return withId.parse(await asking(rest.post(Routes.applicationEmojis(applicationId), { body }))).id;
    },
    async remove(emojiId) {
      try {
        await rest.delete(Routes.applicationEmoji(applicationId, emojiId));
      } catch (error) {
        if (error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownEmoji) return;
        throw explainFailure(error);
      }
    },
  };
}

async function asking<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (error) {
    throw explainFailure(error);
  }
}
