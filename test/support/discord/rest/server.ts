import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Context } from '../context.ts';
import { DiscordError } from '../discord-error.ts';
import { param, parseMultipart } from './body.ts';
import { addApplicationRoutes } from './application.ts';
import { addCommandRoutes } from './commands.ts';
import { addEmojiRoutes } from './emojis.ts';
import { addGuildRoutes } from './guilds.ts';
import { addInteractionRoutes } from './interactions.ts';
import { addMessageRoutes } from './messages.ts';
import { addPrivateChannelRoutes } from './private-channels.ts';
import { addRoleRoutes } from './roles.ts';
import { addScheduledEventRoutes } from './scheduled-events.ts';
import { addWebhookRoutes } from './webhooks.ts';

const PREFIX = '/api/v10';
/** Where files are fetched, which is no part of the API. */
const FILES = '/attachments/';
const MAX_BODY_BYTES = 25 * 1024 * 1024;
/** Custom ids and interaction tokens stand in paths. */
const MAX_PARAM_LENGTH = 500;
/** Statuses from here on say that nothing was done. */
const LEAST_ERROR = 400;
/** These carry an interaction's token in the path; all else needs the bot's. */
const WITHOUT_BOT_TOKEN = /^\/(interactions|webhooks)\//;

/** One request as it came and as it was answered. `status` is 0 until then. */
export type RecordedRequest = {
  readonly method: string;
  /** Without `/api/v10`, with the query. */
  readonly path: string;
  readonly body: unknown;
  status: number;
  /** What Discord objects to, a line each. Empty for failures on demand. */
  readonly problems: string[];
};

/** The REST side: not yet listening, with the list that its requests go into. */
export function openRest(context: Context): { server: FastifyInstance; requests: RecordedRequest[] } {
  const server = Fastify({
    bodyLimit: MAX_BODY_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    forceCloseConnections: true,
  });
  const requests: RecordedRequest[] = [];
  const records = new WeakMap<FastifyRequest, RecordedRequest>();

  server.removeAllContentTypeParsers();
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => parseJson(text),
  );
  server.addContentTypeParser(
    'multipart/form-data',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => parseMultipart(request.headers['content-type'] ?? '', bytes),
  );

  server.addHook('preHandler', async (request, reply) => {
    if (request.url.startsWith(FILES)) return undefined;
    const path = request.url.slice(PREFIX.length);
    const record = { method: request.method, path, body: request.body ?? undefined, status: 0, problems: [] };
    requests.push(record);
    records.set(request, record);
    await context.faults.hold('before', request.method, path);
    const fault = context.faults.takeFor(request.method, path);
    if (fault?.kind === 'rate-limit') return rateLimit(reply, fault.retryAfterS);
    const limited = WITHOUT_BOT_TOKEN.test(path) ? undefined : context.rateLimits?.take(request.method, path);
    if (limited) reply.headers(limited.headers);
    if (limited?.refused) return rateLimit(reply, limited.refused.retryAfterS, limited.refused.isGlobal);
    if (fault?.kind === 'failure') return reply.code(fault.status).send(fault.body);
    if (!WITHOUT_BOT_TOKEN.test(path) && !isAuthorized(context, request)) {
      throw new DiscordError(401, 0, '401: Unauthorized');
    }
    return undefined;
  });
  server.addHook('onSend', async (request, reply, payload) => {
    const record = records.get(request);
    if (record) record.status = reply.statusCode;
    const isDone = reply.statusCode < LEAST_ERROR;
    if (isDone) await context.faults.hold('after', request.method, request.url.slice(PREFIX.length));
    return payload;
  });
  server.setNotFoundHandler(async (request, reply) => {
    records.get(request)?.problems.push(`The stand-in has no ${request.method} ${request.url}.`);
    await reply.code(404).send({ code: 0, message: '404: Not Found' });
  });
  server.setErrorHandler(async (error: FastifyError | DiscordError, request, reply) => {
    const refusal = error instanceof DiscordError ? error : fromFastify(error);
    // Whoever asked went away in the middle of an answer: that is nothing to object to.
    if (!reply.raw.headersSent) records.get(request)?.problems.push(...refusal.lines());
    context.transcript.requestRefused(request.method, request.url.slice(PREFIX.length), refusal);
    await reply.code(refusal.status).send(refusal.body());
  });

  // Files are fetched as from Discord's CDN: by anyone who has the link.
  server.get(`${FILES}:id/:name`, async (request, reply) => {
    const file = context.world.files.get(param(request, 'id'));
    if (!file) return reply.code(404).send('This content is no longer available.');
    return reply.type(file.contentType ?? 'application/octet-stream').send(Buffer.from(file.data));
  });

  server.register(
    async (api) => {
      for (const add of [
        addApplicationRoutes,
        addCommandRoutes,
        addEmojiRoutes,
        addGuildRoutes,
        addInteractionRoutes,
        addMessageRoutes,
        addPrivateChannelRoutes,
        addRoleRoutes,
        addScheduledEventRoutes,
        addWebhookRoutes,
      ]) {
        add(api, context);
      }
    },
    { prefix: PREFIX },
  );
  return { server, requests };
}

function isAuthorized({ world, faults }: Context, request: FastifyRequest): boolean {
  return !faults.tokenRejected && request.headers.authorization === `Bot ${world.token}`;
}

function rateLimit(reply: FastifyReply, retryAfterS: number, isGlobal = false): FastifyReply {
  return reply
    .code(429)
    .headers({
      'retry-after': String(Math.ceil(retryAfterS)),
      'x-ratelimit-scope': isGlobal ? 'global' : 'user',
      ...(isGlobal ? { 'x-ratelimit-global': 'true' } : {}),
      'x-ratelimit-reset-after': String(retryAfterS),
    })
    .send({ message: 'You are being rate limited.', retry_after: retryAfterS, global: isGlobal });
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new DiscordError(400, 50109, 'The request body contains invalid JSON.');
  }
}

function fromFastify(error: FastifyError): DiscordError {
  const status = error.statusCode ?? 500;
  return new DiscordError(status, 0, `${status}: ${error.message}`);
}
