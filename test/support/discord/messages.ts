import { GatewayIntentBits, MessageFlags, type APIAttachment } from 'discord.js';
import { discordNow } from './clock.ts';
import { withIds } from './component.ts';
import type { Context } from './context.ts';
import { memberPayload, messagePayload } from './payloads.ts';
import type { MessageBody } from './rules/message.ts';
import { recipientOf } from './private-room.ts';
import { newSnowflake } from './snowflakes.ts';
import type { MessageOrigin, StandInChannel, StandInFile, StandInUser, StoredMessage, World } from './world.ts';

/** A message of this world. @throws when it is from elsewhere, a mistake of the test. */
export function findMessage({ world }: Context, id: string): StoredMessage {
  const message = world.messages.get(id);
  if (!message) throw new Error(`Message ${id} belongs to another stand-in.`);
  return message;
}

/** Posts a message of the bot, already checked, or of `author`. Everyone there sees it, or `visibleTo` alone. */
export function postMessage(
  context: Context,
  channel: StandInChannel,
  body: MessageBody,
  files: readonly StandInFile[],
  more: { author?: StandInUser; origin?: MessageOrigin; visibleTo?: StandInUser | undefined; loading?: boolean } = {},
): StoredMessage {
  const { world, transcript } = context;
  const extra = (more.visibleTo ? MessageFlags.Ephemeral : 0) | (more.loading ? MessageFlags.Loading : 0);
  const message: StoredMessage = {
    id: newSnowflake(),
    channel,
    author: more.author,
    createdAt: new Date(discordNow()).toISOString(),
    editedAt: undefined,
    flags: ((body.flags ?? 0) & ~MessageFlags.Ephemeral) | extra,
    content: body.content ?? '',
    embeds: body.embeds ?? [],
    components: withIds(body.components ?? []),
    attachments: files.map((file) => attach(world, file)),
    allowedMentions: body.allowed_mentions,
    origin: more.origin,
    visibleTo: more.visibleTo,
    deleted: false,
  };
  world.messages.set(message.id, message);
  transcript.messagePosted(message);
  if (!more.loading) announce(context, message, 'MESSAGE_CREATE');
  world.events.emit('message', message);
  return message;
}

/** Changes a message by an edit already checked: fields not given stay. A deferral becomes the answer. */
export function editMessage(
  context: Context,
  message: StoredMessage,
  body: MessageBody,
  files: readonly StandInFile[],
): void {
  const wasLoading = (message.flags & MessageFlags.Loading) !== 0;
  const kept = message.flags & ~(MessageFlags.Loading | MessageFlags.SuppressEmbeds);
  message.flags = kept | ((body.flags ?? message.flags) & (MessageFlags.IsComponentsV2 | MessageFlags.SuppressEmbeds));
  message.content = body.content ?? message.content;
  message.embeds = body.embeds ?? message.embeds;
  if (body.components) message.components = withIds(body.components);
  const remaining = body.attachments?.map(({ id }) => String(id));
  message.attachments = [
    ...message.attachments.filter(({ id }) => !remaining || remaining.includes(id)),
    ...files.map((file) => attach(context.world, file)),
  ];
  // Without the field an edit mentions whom it names, as far as the message may.
  message.allowedMentions = body.allowed_mentions;
  if (!wasLoading) message.editedAt = new Date(discordNow()).toISOString();
  context.transcript.messageEdited(message, wasLoading);
  announce(context, message, wasLoading ? 'MESSAGE_CREATE' : 'MESSAGE_UPDATE');
}

/** Takes a message away for everyone. */
export function deleteMessage(context: Context, message: StoredMessage): void {
  message.deleted = true;
  context.transcript.messageDeleted(message);
  if (message.visibleTo) return;
  const { channel } = message;
  context.gateway.dispatch(
    'MESSAGE_DELETE',
    { id: message.id, channel_id: channel.id, guild_id: channel.guildId },
    GatewayIntentBits.GuildMessages,
  );
}

function announce(context: Context, message: StoredMessage, event: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE'): void {
  // Nobody but its reader gets an ephemeral message, and that not over the bot's gateway.
  if (message.visibleTo) return;
  const { world, gateway } = context;
  if (recipientOf(world, message.channel)) {
    gateway.dispatch(event, messagePayload(world, message), GatewayIntentBits.DirectMessages);
    return;
  }
  const member = world.guildOf(message.channel).members.get(world.bot.id);
  const payload = {
    ...messagePayload(world, message),
    guild_id: message.channel.guildId,
    ...(member ? { member: memberPayload(member) } : {}),
  };
  gateway.dispatch(event, payload, GatewayIntentBits.GuildMessages);
}

/** Keeps a file that was uploaded, and describes it as Discord does. */
export function attach(world: World, file: StandInFile): APIAttachment {
  const id = newSnowflake();
  world.files.set(id, file);
  const { name, data, contentType } = file;
  const url = `${world.address}/attachments/${id}/${encodeURIComponent(name)}`;
  return {
    id,
    filename: name,
    size: data.length,
    url,
    proxy_url: url,
    ...(contentType ? { content_type: contentType } : {}),
  };
}
