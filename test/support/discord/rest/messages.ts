import type { FastifyInstance } from 'fastify';
import { PermissionFlagsBits } from 'discord.js';
import { MessageCreateRequestSchema, MessageEditRequestPartialSchema } from 'discord-api-spec/zod';
import type { Context } from '../context.ts';
import { invalidForm, unknown } from '../discord-error.ts';
import { deleteMessage, editMessage, postMessage } from '../messages.ts';
import { messagePayload } from '../payloads.ts';
import { allows, permissionsOf } from '../permissions.ts';
import { checkMessage } from '../rules/message.ts';
import type { StandInChannel, StoredMessage } from '../world.ts';
import { botChannel } from './access.ts';
import { bodyOf, param, query } from './body.ts';
import { requireOpen } from './private-channels.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** Messages of a channel: post, read back, edit, delete. All are the bot's own: it is the only one who writes here. */
export function addMessageRoutes(api: FastifyInstance, context: Context): void {
  const { world } = context;
  const base = '/channels/:channel/messages';

  api.post(base, async (request) => {
    const channel = botChannel(context, param(request, 'channel'), PermissionFlagsBits.SendMessages);
    requireOpen(context, channel);
    const { body, files } = bodyOf(request);
    const checked = checkMessage(MessageCreateRequestSchema, body, files);
    return messagePayload(world, postMessage(context, channel, checked, files));
  });

  api.get(base, async (request) => {
    const channel = botChannel(context, param(request, 'channel'));
    const mayRead = allows(
      permissionsOf(world.guildOf(channel), world.bot.id, channel),
      PermissionFlagsBits.ReadMessageHistory,
    );
    // Discord answers with nothing rather than refusing.
    if (!mayRead) return [];
    const limit = Number(query(request, 'limit') ?? DEFAULT_LIMIT);
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
      throw invalidForm([
        { path: ['limit'], code: 'NUMBER_TYPE_MAX', message: `int value should be between 1 and ${MAX_LIMIT}.` },
      ]);
    }
    const range = {
      before: query(request, 'before'),
      after: query(request, 'after'),
      around: query(request, 'around'),
    };
    return listed(visible(context, channel), limit, range).map((message) => messagePayload(world, message));
  });

  api.get(`${base}/:message`, async (request) => {
    const channel = botChannel(context, param(request, 'channel'), PermissionFlagsBits.ReadMessageHistory);
    return messagePayload(world, find(context, channel, param(request, 'message')));
  });

  api.patch(`${base}/:message`, async (request) => {
    const channel = botChannel(context, param(request, 'channel'));
    const message = find(context, channel, param(request, 'message'));
    const { body, files } = bodyOf(request);
    editMessage(context, message, checkMessage(MessageEditRequestPartialSchema, body, files, message), files);
    return messagePayload(world, message);
  });

  api.delete(`${base}/:message`, async (request, reply) => {
    const channel = botChannel(context, param(request, 'channel'));
    deleteMessage(context, find(context, channel, param(request, 'message')));
    return reply.code(204).send();
  });
}

/** What a channel shows to everyone, newest first. */
function visible({ world }: Context, channel: StandInChannel): StoredMessage[] {
  return [...world.messages.values()]
    .filter((message) => message.channel.id === channel.id && !message.visibleTo && !message.deleted)
    .toReversed();
}

function find(context: Context, channel: StandInChannel, id: string): StoredMessage {
  const message = visible(context, channel).find((one) => one.id === id);
  if (!message) throw unknown('message');
  return message;
}

function listed(
  messages: readonly StoredMessage[],
  limit: number,
  { before, after, around }: { before?: string | undefined; after?: string | undefined; around?: string | undefined },
): StoredMessage[] {
  if (around !== undefined) {
    const newer = messages.filter(({ id }) => BigInt(id) > BigInt(around)).slice(-Math.floor(limit / 2));
    const rest = messages.filter(({ id }) => BigInt(id) <= BigInt(around));
    return [...newer, ...rest].slice(0, limit);
  }
  // The ones right after it, not the newest.
  if (after !== undefined) return messages.filter(({ id }) => BigInt(id) > BigInt(after)).slice(-limit);
  if (before !== undefined) return messages.filter(({ id }) => BigInt(id) < BigInt(before)).slice(0, limit);
  return messages.slice(0, limit);
}
