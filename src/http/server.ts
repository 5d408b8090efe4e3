import { createHash } from 'node:crypto';
import cors from '@fastify/cors';
import etag from '@fastify/etag';
import rateLimit from '@fastify/rate-limit';
import fastify, { LogController, type FastifyBaseLogger, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Registry } from 'prom-client';
import { answerBrokenRequest } from './broken-requests.ts';
import { acceptJson } from './json-body.ts';
import { measureRequests } from './metrics.ts';
import { acceptTagLists } from './not-modified.ts';
import { describeApi } from './openapi.ts';
import { answerBadUrl, answerWithProblems, RateLimitError } from './problems.ts';
import { badgeRoutes } from './routes/badges.ts';
import { capRoutes } from './routes/caps.ts';
import { announcementRoutes } from './routes/announcements.ts';
import { communityRoutes } from './routes/communities.ts';
import { contributionRoutes } from './routes/contributions.ts';
import { exclusionRoutes } from './routes/exclusions.ts';
import { finalTableRoutes } from './routes/final-tables.ts';
import { grantRoutes } from './routes/grants.ts';
import { jobRoutes } from './routes/jobs.ts';
import { keyRoutes } from './routes/keys.ts';
import { leaderboardRoutes } from './routes/leaderboards.ts';
import { ledgerRoutes } from './routes/ledger.ts';
import { linkingRoutes } from './routes/linking.ts';
import { liveBoardRoutes } from './routes/live-boards.ts';
import { memberRoutes } from './routes/members.ts';
import { multiplierRoutes } from './routes/multipliers.ts';
import { operationRoutes } from './routes/operations.ts';
import { privacyRoutes } from './routes/privacy.ts';
import { prizeRoutes } from './routes/prizes.ts';
import { proofRoutes } from './routes/proofs.ts';
import { questRoutes } from './routes/quests.ts';
import { seasonRoutes } from './routes/seasons.ts';
import { voidingRoutes } from './routes/voiding.ts';
import { windowRoutes } from './routes/windows.ts';
import type { HttpServices, Server } from './services.ts';

/** A thousand legal contributions in JSON can be 7 MB. */
const BODY_LIMIT = 8 * 1024 * 1024;
/** A handle of 64 emoji, percent-encoded, is longer than the 100 characters that a router takes by default. */
const MAX_PARAM_LENGTH = 2_400;
const MINUTE_MS = 60_000;
/** How long a request may take to arrive: a full body over a slow line, and nobody holds a connection for good. */
const REQUEST_TIMEOUT_MS = 2 * MINUTE_MS;
/** How many addresses and keys are counted at once. */
const COUNTED_CALLERS = 50_000;

export type HttpOptions = {
  /** How many reads an address has a minute, and how many writes a key. */
  readsPerMinute: number;
  writesPerMinute: number;
  /** Which proxies to believe about the address of a caller, as Fastify's `trustProxy` takes it; unset: none. */
  trustProxy?: string | undefined;
  metrics: Registry;
  logger: FastifyBaseLogger;
};

/** Builds the HTTP API. It listens once `listen` is called on it. */
export async function createHttpServer(services: HttpServices, options: HttpOptions): Promise<Server> {
  const server = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    trustProxy: options.trustProxy ?? false,
    forceCloseConnections: 'idle',
    // While it ends, a connection that is still open gets its answer, and the header that closes it.
    return503OnClosing: false,
    frameworkErrors: answerBadUrl,
    clientErrorHandler: answerBrokenRequest,
  }).withTypeProvider<ZodTypeProvider>();
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);

  acceptJson(server);
  measureRequests(server, options.metrics);
  await server.register(cors, {
    origin: '*',
    methods: ['GET', 'HEAD'],
    allowedHeaders: ['authorization', 'if-none-match'],
    exposedHeaders: ['etag', 'retry-after', 'ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
    maxAge: 86_400,
    // An OPTIONS request that is no preflight is answered like one.
    strictPreflight: false,
  });
  await server.register(rateLimit, {
    timeWindow: MINUTE_MS,
    cache: COUNTED_CALLERS,
    enableDraftSpec: true,
    max: (request) => (isRead(request) ? options.readsPerMinute : options.writesPerMinute),
    keyGenerator: callerOf,
    errorResponseBuilder: (_, { ttl }) => new RateLimitError(Math.ceil(ttl / 1_000)),
  });
  await server.register(etag);
  acceptTagLists(server);
  answerWithProblems(server);
  await describeApi(server);

  operationRoutes(server, services, options.metrics);
  communityRoutes(server, services);
  leaderboardRoutes(server, services);
  finalTableRoutes(server, services);
  windowRoutes(server, services);
  seasonRoutes(server, services);
  prizeRoutes(server, services);
  memberRoutes(server, services);
  privacyRoutes(server, services);
  linkingRoutes(server, services);
  contributionRoutes(server, services);
  voidingRoutes(server, services);
  ledgerRoutes(server, services);
  multiplierRoutes(server, services);
  questRoutes(server, services);
  proofRoutes(server, services);
  badgeRoutes(server, services);
  exclusionRoutes(server, services);
  capRoutes(server, services);
  grantRoutes(server, services);
  keyRoutes(server, services);
  liveBoardRoutes(server, services);
  announcementRoutes(server, services);
  jobRoutes(server, services);
  return server;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a route changes nothing, whatever its method: what anybody may ask for counts for the address. */
    reads?: boolean;
  }
}

function isRead({ method, routeOptions }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD' || routeOptions.config.reads === true;
}

/** Whom a request counts for: reads for the address, writes for the key, and for the address where there is none. */
function callerOf(request: FastifyRequest): string {
  const { authorization } = request.headers;
  if (isRead(request) || !authorization) return `address ${request.ip}`;
  return `key ${createHash('sha256').update(authorization).digest('base64')}`;
}
