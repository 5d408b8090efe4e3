import type { FastifyInstance } from 'fastify';
import { ChannelType } from 'discord.js';
import { CreatePrivateChannelRequestSchema } from 'discord-api-spec/zod';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { DiscordError, unknown } from '../discord-error.ts';
import { userPayload } from '../payloads.ts';
import { privateChannel, recipientOf } from '../private-room.ts';
import { holdAgainst } from '../rules/description.ts';
import type { StandInChannel } from '../world.ts';
import { bodyOf } from './body.ts';

const fieldsSchema = z.object({ recipient_id: z.string() });

/** Channels in which the bot talks to one person. Opening one succeeds whether the person takes messages or not. */
export function addPrivateChannelRoutes(api: FastifyInstance, { world }: Context): void {
  api.post('/users/@me/channels', async (request) => {
    const { body } = bodyOf(request);
    holdAgainst(CreatePrivateChannelRequestSchema, body);
    const user = world.users.get(fieldsSchema.parse(body).recipient_id);
    if (!user) throw unknown('user');
    const { id } = privateChannel(world, user);
    return { id, type: ChannelType.DM, last_message_id: null, flags: 0, recipients: [userPayload(user)] };
  });
}

/** Refuses a message to a person who takes none. @throws DiscordError 50007. */
export function requireOpen({ world }: Context, channel: StandInChannel): void {
  const recipient = recipientOf(world, channel);
  if (recipient && world.closedToBot.has(recipient.id)) {
    throw new DiscordError(403, 50007, 'Cannot send messages to this user');
  }
}
