import type { FastifyInstance } from 'fastify';
import { InteractionResponseType, InteractionType, MessageFlags } from 'discord.js';
import {
  CreateMessageInteractionCallbackRequestSchema,
  IncomingWebhookInteractionRequestSchema,
  IncomingWebhookUpdateRequestPartialSchema,
  ModalInteractionCallbackRequestSchema,
  PongInteractionCallbackRequestSchema,
  UpdateMessageInteractionCallbackRequestSchema,
} from 'discord-api-spec/zod';
import { z } from 'zod';
import type { Component } from '../component.ts';
import type { Context } from '../context.ts';
import { DiscordError, invalidForm, unknown } from '../discord-error.ts';
import type { Interaction } from '../interaction.ts';
import { editMessage, postMessage } from '../messages.ts';
import { messagePayload } from '../payloads.ts';
import { checkChoices } from '../rules/autocomplete.ts';
import { modalProblems } from '../rules/components.ts';
import { holdAgainst } from '../rules/description.ts';
import { checkMessage, emptied, type MessageBody } from '../rules/message.ts';
import { StandInMessage } from '../stand-in-message.ts';
import type { MessageOrigin, StandInFile, StoredMessage } from '../world.ts';
import { bodyOf, param, query } from './body.ts';

const callbackSchema = z.object({ type: z.number(), data: z.record(z.string(), z.unknown()).nullish() });

/** Which first responses each kind of interaction takes. */
const FITTING: Record<InteractionType, readonly InteractionResponseType[]> = {
  [InteractionType.Ping]: [InteractionResponseType.Pong],
  [InteractionType.ApplicationCommand]: [
    InteractionResponseType.ChannelMessageWithSource,
    InteractionResponseType.DeferredChannelMessageWithSource,
    InteractionResponseType.Modal,
  ],
  [InteractionType.MessageComponent]: [
    InteractionResponseType.ChannelMessageWithSource,
    InteractionResponseType.DeferredChannelMessageWithSource,
    InteractionResponseType.DeferredMessageUpdate,
    InteractionResponseType.UpdateMessage,
    InteractionResponseType.Modal,
  ],
  [InteractionType.ApplicationCommandAutocomplete]: [InteractionResponseType.ApplicationCommandAutocompleteResult],
  [InteractionType.ModalSubmit]: [
    InteractionResponseType.ChannelMessageWithSource,
    InteractionResponseType.DeferredChannelMessageWithSource,
    InteractionResponseType.DeferredMessageUpdate,
    InteractionResponseType.UpdateMessage,
  ],
};

/** The first response to an interaction. */
export function addInteractionRoutes(api: FastifyInstance, context: Context): void {
  api.post('/interactions/:interaction/:token/callback', async (request, reply) => {
    const interaction = context.interactions.get(param(request, 'token'));
    if (!interaction || interaction.id !== param(request, 'interaction')) throw unknown('interaction');
    if (interaction.state === 'over') throw unknown('interaction');
    if (interaction.state === 'acknowledged') {
      throw new DiscordError(400, 40060, 'Interaction has already been acknowledged.');
    }
    const { body, files } = bodyOf(request);
    const { type, data } = readCallback(body, interaction.subject.type, interaction.subject.source !== undefined);
    const message = respond(context, interaction, type, data ?? {}, body, files);
    if (query(request, 'with_response') !== 'true') return reply.code(204).send();
    return reply.send(withResponse(context, interaction, type, message));
  });
}

/** What the messages of an interaction say they answer. */
export function originOf(interaction: Interaction): MessageOrigin {
  const { user, type, name } = interaction.subject;
  return { interactionId: interaction.id, user, type, ...(name === undefined ? {} : { name }) };
}

function readCallback(body: unknown, kind: InteractionType, onMessage: boolean): z.output<typeof callbackSchema> {
  const callback = callbackSchema.safeParse(body);
  const fitting: readonly number[] = FITTING[kind];
  const updates: readonly number[] = [
    InteractionResponseType.DeferredMessageUpdate,
    InteractionResponseType.UpdateMessage,
  ];
  const fits = callback.success && fitting.includes(callback.data.type);
  if (!fits || (updates.includes(callback.data.type) && !onMessage)) {
    throw invalidForm([
      {
        path: ['type'],
        code: 'INTERACTION_CALLBACK_TYPE_INVALID',
        message: `This kind of interaction takes one of (${fitting.join(', ')}).`,
      },
    ]);
  }
  return callback.data;
}

function respond(
  context: Context,
  interaction: Interaction,
  type: InteractionResponseType,
  data: Record<string, unknown>,
  body: unknown,
  files: readonly StandInFile[],
): StoredMessage | undefined {
  switch (type) {
    case InteractionResponseType.ChannelMessageWithSource: {
      holdAgainst(CreateMessageInteractionCallbackRequestSchema, body);
      const checked = inData(() => checkMessage(IncomingWebhookInteractionRequestSchema, data, files));
      return reply(context, interaction, checked, files, false);
    }
    case InteractionResponseType.DeferredChannelMessageWithSource: {
      holdAgainst(CreateMessageInteractionCallbackRequestSchema, body);
      const flags = Number(data['flags'] ?? 0);
      if ((flags & ~MessageFlags.Ephemeral) !== 0) {
        throw invalidForm([
          { path: ['data', 'flags'], code: 'MESSAGE_FLAGS_INVALID', message: 'A deferral takes no flag but EPHEMERAL' },
        ]);
      }
      return reply(context, interaction, { flags }, [], true);
    }
    case InteractionResponseType.DeferredMessageUpdate:
      holdAgainst(UpdateMessageInteractionCallbackRequestSchema, body);
      interaction.original = interaction.subject.source;
      interaction.acknowledge();
      return interaction.original;
    case InteractionResponseType.UpdateMessage:
      holdAgainst(UpdateMessageInteractionCallbackRequestSchema, body);
      return update(context, interaction, data, files);
    case InteractionResponseType.ApplicationCommandAutocompleteResult: {
      const choices = checkChoices(body);
      interaction.acknowledge();
      interaction.choose(choices);
      return undefined;
    }
    case InteractionResponseType.Modal:
      openModal(context, interaction, body);
      return undefined;
    default:
      holdAgainst(PongInteractionCallbackRequestSchema, body);
      interaction.acknowledge();
      return undefined;
  }
}

function reply(
  context: Context,
  interaction: Interaction,
  body: MessageBody,
  files: readonly StandInFile[],
  loading: boolean,
): StoredMessage {
  const { channel, user } = interaction.subject;
  const ephemeral = ((body.flags ?? 0) & MessageFlags.Ephemeral) !== 0;
  const message = postMessage(context, channel, body, files, {
    origin: originOf(interaction),
    visibleTo: ephemeral ? user : undefined,
    loading,
  });
  interaction.original = message;
  interaction.acknowledge();
  if (!loading) interaction.show(new StandInMessage(context.world, message));
  return message;
}

function update(
  context: Context,
  interaction: Interaction,
  data: Record<string, unknown>,
  files: readonly StandInFile[],
): StoredMessage {
  const { source } = interaction.subject;
  if (!source || source.deleted) throw unknown('message');
  const checked = inData(() => checkMessage(IncomingWebhookUpdateRequestPartialSchema, data, files, source));
  editMessage(context, source, checked, files);
  interaction.original = source;
  interaction.acknowledge();
  interaction.show(new StandInMessage(context.world, source));
  return source;
}

function openModal(context: Context, interaction: Interaction, body: unknown): void {
  holdAgainst(ModalInteractionCallbackRequestSchema, body);
  // The description has just been held against it.
  const { data } = emptied(body as Record<string, unknown>) as {
    data: { custom_id: string; title: string; components: Component[] };
  };
  const problems = modalProblems(data.components).map((problem) => ({ ...problem, path: ['data', ...problem.path] }));
  if (problems.length > 0) throw invalidForm(problems);
  const modal = { customId: data.custom_id, title: data.title, components: data.components };
  interaction.acknowledge();
  context.transcript.modalOpened(interaction.subject, modal);
  interaction.open(modal);
}

/** Problems of a message that stands under `data`. */
function inData<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof DiscordError) || error.problems.length === 0) throw error;
    throw invalidForm(error.problems.map((problem) => ({ ...problem, path: ['data', ...problem.path] })));
  }
}

function withResponse(
  context: Context,
  interaction: Interaction,
  type: InteractionResponseType,
  message: StoredMessage | undefined,
): Record<string, unknown> {
  const { world } = context;
  const loading = message && (message.flags & MessageFlags.Loading) !== 0;
  return {
    interaction: {
      id: interaction.id,
      type: interaction.subject.type,
      ...(message
        ? {
            response_message_id: message.id,
            response_message_loading: loading,
            response_message_ephemeral: message.visibleTo !== undefined,
            channel_id: message.channel.id,
            guild_id: message.channel.guildId,
          }
        : {}),
    },
    ...(message ? { resource: { type, message: messagePayload(world, message) } } : { resource: { type } }),
  };
}
