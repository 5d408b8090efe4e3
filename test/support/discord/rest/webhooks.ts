import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MessageFlags } from 'discord.js';
import {
  IncomingWebhookInteractionRequestSchema,
  IncomingWebhookUpdateRequestPartialSchema,
} from 'discord-api-spec/zod';
import type { Context } from '../context.ts';
import { DiscordError, unknown } from '../discord-error.ts';
import type { Interaction } from '../interaction.ts';
import { deleteMessage, editMessage, postMessage } from '../messages.ts';
import { messagePayload } from '../payloads.ts';
import { checkMessage } from '../rules/message.ts';
import { StandInMessage } from '../stand-in-message.ts';
import type { StoredMessage } from '../world.ts';
import { bodyOf, param } from './body.ts';
import { originOf } from './interactions.ts';

/** What follows the first response: follow-ups, and reading, editing and deleting the answers, by the interaction's token. */
export function addWebhookRoutes(api: FastifyInstance, context: Context): void {
  const { world } = context;
  const base = '/webhooks/:application/:token';
  const one = `${base}/messages/:message`;

  api.post(base, async (request) => {
    const interaction = answered(context, request);
    const { body, files } = bodyOf(request);
    const { original } = interaction;
    const checked = checkMessage(IncomingWebhookInteractionRequestSchema, body, files);
    if (original && !original.deleted && isLoading(original)) {
      // The first follow-up of a deferral takes its place, and is as private as the deferral said.
      editMessage(context, original, checked, files);
      return seen(context, interaction, original);
    }
    const ephemeral = ((checked.flags ?? 0) & MessageFlags.Ephemeral) !== 0;
    const message = postMessage(context, interaction.subject.channel, checked, files, {
      origin: originOf(interaction),
      visibleTo: ephemeral ? interaction.subject.user : undefined,
    });
    return seen(context, interaction, message);
  });

  api.get(one, async (request) => messagePayload(world, find(context, request).message));

  api.patch(one, async (request) => {
    const { interaction, message } = find(context, request);
    const { body, files } = bodyOf(request);
    editMessage(context, message, checkMessage(IncomingWebhookUpdateRequestPartialSchema, body, files, message), files);
    return seen(context, interaction, message);
  });

  api.delete(one, async (request, reply) => {
    deleteMessage(context, find(context, request).message);
    return reply.code(204).send();
  });
}

function answered(context: Context, request: FastifyRequest): Interaction {
  const interaction = context.interactions.get(param(request, 'token'));
  // Discord knows no webhook of a token before the first response.
  if (!interaction || interaction.state !== 'acknowledged') throw unknown('webhook');
  if (param(request, 'application') !== context.world.applicationId) throw unknown('webhook');
  if (!interaction.tokenAlive) throw new DiscordError(401, 50027, 'Invalid Webhook Token');
  return interaction;
}

function find(context: Context, request: FastifyRequest): { interaction: Interaction; message: StoredMessage } {
  const interaction = answered(context, request);
  const id = param(request, 'message');
  const message = id === '@original' ? interaction.original : context.world.messages.get(id);
  const own = message === interaction.original || message?.origin?.interactionId === interaction.id;
  if (!message || message.deleted || !own) throw unknown('message');
  return { interaction, message };
}

function seen(context: Context, interaction: Interaction, message: StoredMessage): Record<string, unknown> {
  interaction.show(new StandInMessage(context.world, message));
  return messagePayload(context.world, message);
}

function isLoading(message: StoredMessage): boolean {
  return (message.flags & MessageFlags.Loading) !== 0;
}
