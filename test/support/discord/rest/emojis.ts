import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { APIEmoji } from 'discord.js';
import { z } from 'zod';
import type { Context } from '../context.ts';
import { DiscordError, invalidForm, unknown } from '../discord-error.ts';
import { userPayload } from '../payloads.ts';
import { newSnowflake } from '../snowflakes.ts';
import { bodyOf, param } from './body.ts';

const MAX_EMOJIS = 2_000;
const MAX_IMAGE_BYTES = 256 * 1024;
const NAME = z.string().regex(/^\w{2,32}$/);
const IMAGE = z.string().regex(/^data:image\/(png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=]+$/);

/** The application's own emojis. */
export function addEmojiRoutes(api: FastifyInstance, { world }: Context): void {
  const base = '/applications/:application/emojis';
  const find = (request: FastifyRequest): APIEmoji => {
    const emoji = world.emojis.get(param(request, 'emoji'));
    if (!emoji) throw unknown('emoji');
    return emoji;
  };

  api.get(base, async () => ({ items: [...world.emojis.values()] }));
  api.get(`${base}/:emoji`, async (request) => find(request));
  api.post(base, async (request, reply) => {
    const form = read(z.object({ name: NAME, image: IMAGE }), bodyOf(request).body);
    if (Buffer.from(form.image.split(',')[1] ?? '', 'base64').length > MAX_IMAGE_BYTES) {
      throw invalidForm([
        { path: ['image'], code: 'BINARY_TYPE_MAX_SIZE', message: 'File cannot be larger than 256.0 kb.' },
      ]);
    }
    if (world.emojis.size >= MAX_EMOJIS)
      throw new DiscordError(400, 30008, `Maximum number of emojis reached (${MAX_EMOJIS})`);
    refuseTwin(world.emojis, form.name);
    const emoji: APIEmoji = {
      id: newSnowflake(),
      name: form.name,
      roles: [],
      user: userPayload(world.bot),
      require_colons: true,
      managed: false,
      animated: form.image.startsWith('data:image/gif'),
      available: true,
    };
    world.emojis.set(emoji.id ?? '', emoji);
    return reply.code(201).send(emoji);
  });
  api.patch(`${base}/:emoji`, async (request) => {
    const emoji = find(request);
    const { name } = read(z.object({ name: NAME }), bodyOf(request).body);
    if (name !== emoji.name) refuseTwin(world.emojis, name);
    emoji.name = name;
    return emoji;
  });
  api.delete(`${base}/:emoji`, async (request, reply) => {
    world.emojis.delete(find(request).id ?? '');
    return reply.code(204).send();
  });
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw invalidForm(
    result.error.issues.map(({ path, message }) => ({ path: path.map(String), code: 'BASE_TYPE_INVALID', message })),
  );
}

function refuseTwin(emojis: ReadonlyMap<string, APIEmoji>, name: string): void {
  if (![...emojis.values()].some((emoji) => emoji.name === name)) return;
  throw invalidForm([
    { path: ['name'], code: 'APPLICATION_EMOJI_NAME_ALREADY_TAKEN', message: 'That emoji name is already taken' },
  ]);
}
