import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isDatabaseAway } from '../db/errors.ts';
import { DomainError, type ErrorCode } from '../errors.ts';
import { BodyError } from './json-body.ts';
import { locationOf, MergedHandle } from './merged-handle.ts';

/** Refusals that only HTTP knows. */
type HttpErrorCode =
  | 'broken-request'
  | 'broken-body'
  | 'request-timeout'
  | 'body-too-large'
  | 'headers-too-large'
  | 'unknown-address'
  | 'rate-limited'
  | 'internal-error';

/** Every refusal with its status and title: a new code does not compile until it stands here. */
const PROBLEMS = {
  'invalid-parameter': [400, 'A parameter is not as it must be'],
  'broken-request': [400, 'The request cannot be read'],
  'broken-body': [400, 'The body cannot be read'],
  unauthenticated: [401, 'A key is needed'],
  forbidden: [403, 'The key does not allow this'],
  'unknown-address': [404, 'There is nothing at this address'],
  'unknown-community': [404, 'There is no such community'],
  'unknown-category': [404, 'There is no such category'],
  'unknown-member': [404, 'There is no such member'],
  'unknown-contribution': [404, 'There is no such contribution'],
  'unknown-key': [404, 'There is no such key'],
  'unknown-exclusion': [404, 'There is no such exclusion'],
  'unknown-cap': [404, 'There is no such cap'],
  'unknown-job': [404, 'There is no such job'],
  'unknown-announcement': [404, 'There is no such announcement'],
  'unknown-multiplier': [404, 'There is no such multiplier event'],
  'unknown-quest': [404, 'There is no such quest'],
  'unknown-proof': [404, 'There is no such proof'],
  'unknown-grant': [404, 'There is no such grant'],
  'unknown-badge': [404, 'There is no such badge'],
  'unknown-live-board': [404, 'There is no such live board'],
  'unknown-season': [404, 'There is no such season'],
  'unknown-prize': [404, 'There is no such prize'],
  'not-final': [404, 'The table is not final yet'],
  'unknown-version': [404, 'There is no such version'],
  superseded: [410, 'This version was superseded'],
  'window-not-begun': [404, 'The window has not begun'],
  'no-earlier-window': [404, 'There is no earlier window'],
  'no-standing': [404, 'The member has no standing'],
  'request-timeout': [408, 'The request took too long to arrive'],
  'name-taken': [409, 'The name is taken'],
  'state-conflict': [409, 'It clashes with what is already so'],
  'body-too-large': [413, 'The body is too large'],
  'rate-limited': [429, 'Too many requests'],
  'headers-too-large': [431, 'The headers are too large'],
  'internal-error': [500, 'Something went wrong here'],
  unavailable: [503, 'Not available at the moment'],
} as const satisfies Record<ErrorCode | HttpErrorCode, readonly [number, string]>;

type ProblemCode = keyof typeof PROBLEMS;

const RETRY_AFTER_S = 5;
const BUSY_RETRY_AFTER_S = 10;
const MAX_DETAIL = 2_000;
const TELL_OF_OUTAGE_EVERY_MS = 5_000;
/** The media type of a problem. */
export const PROBLEM_JSON = 'application/problem+json';

/** RFC 9457. `type` is stable: programs go by it. `detail` says what happened, to what, and what to do. */
export const problemSchema = z
  .object({
    type: z.string().meta({ examples: ['urn:omnitensor:problem:unknown-community'] }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
  })
  .meta({ id: 'Problem', description: 'What went wrong, as RFC 9457 says it.' });

/** Every status that is an error, for a route's description. */
export const PROBLEM_RESPONSES = Object.fromEntries(
  ['4xx', '5xx'].map((range) => [range, { content: { [PROBLEM_JSON]: { schema: problemSchema } } }]),
);

/** The body of a problem. */
export function problemOf(code: ProblemCode, detail: string): z.output<typeof problemSchema> {
  const [status, title] = PROBLEMS[code];
  // What was sent is named, and may be of any length.
  const said = detail.length > MAX_DETAIL ? `${detail.slice(0, MAX_DETAIL).toWellFormed()} …` : detail;
  return { type: `urn:omnitensor:problem:${code}`, title, status, detail: said };
}

/** Too many requests of one caller. */
export class RateLimitError extends Error {
  override readonly name = 'RateLimitError';
  readonly statusCode = 429;

  constructor(secondsLeft: number) {
    super(
      `That was more than the limit of a minute. Go on in ${secondsLeft} s; the headers RateLimit-* say how much is left.`,
    );
  }
}

/** Something is being done for somebody else, and for one caller without a key at a time. */
export class BusyError extends Error {
  override readonly name = 'BusyError';
  readonly statusCode = 429;

  constructor() {
    super(
      `Another table is being recomputed for somebody, and without a key one is at a time. Try again in ${BUSY_RETRY_AFTER_S} s, or send a key of this community.`,
    );
  }
}

/** Answers an address that cannot be read, before any route is found. */
export function answerBadUrl(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  request.log.debug({ err: error }, 'An address could not be read');
  const isTooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
  const problem = problemOf(
    'invalid-parameter',
    isTooLong
      ? 'A part of the address is longer than any name. Shorten it.'
      : 'The address cannot be read. Percent-encode it as UTF-8.',
  );
  void reply.code(problem.status).type(PROBLEM_JSON).send(JSON.stringify(problem));
}

/** Makes every error of a server, its own ones included, a problem. */
export function answerWithProblems(server: FastifyInstance): void {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tellOfOutage = (request: FastifyRequest, error: Error) => {
    // Hundreds a second are put off while the database is away; the log needs to hear of it once in a while.
    if (performance.now() - toldAt < TELL_OF_OUTAGE_EVERY_MS) return;
    toldAt = performance.now();
    request.log.warn({ err: error }, 'Requests are put off: the database is away');
  };
  // Counted like any read, so that addresses cannot be guessed at any speed.
  server.setNotFoundHandler({ preHandler: server.rateLimit() }, async (request, reply) => {
    await send(
      reply,
      'unknown-address',
      `There is no ${request.method} ${request.url.split('?')[0]}. The addresses are listed at /openapi.json.`,
    );
  });
  server.setErrorHandler(async (error: Error & { statusCode?: number; code?: string }, request, reply) => {
    if (error instanceof MergedHandle) {
      // Who it was merged into may be merged itself.
      await reply.header('cache-control', 'no-cache').redirect(locationOf(request.url, error.survivor), 308);
      return;
    }
    if (isUnreadBody(error)) {
      // Closed at once, many clients that are still sending would see a broken connection in place of this answer.
      reply.header('connection', 'keep-alive');
      request.raw.resume();
    }
    if (error instanceof BusyError) reply.header('retry-after', BUSY_RETRY_AFTER_S);
    const [code, detail] = explain(error, request);
    if (code === 'internal-error') request.log.error({ err: error }, 'A request failed');
    else if (isDatabaseAway(error)) tellOfOutage(request, error);
    await send(reply, code, detail, error instanceof DomainError ? error.facts : {});
  });
}

async function send(reply: FastifyReply, code: ProblemCode, detail: string, facts: object = {}): Promise<void> {
  const problem = { ...problemOf(code, detail), ...facts };
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  if (code === 'unavailable') reply.header('retry-after', RETRY_AFTER_S);
  // Sent as text: a problem is not one of the shapes that the route's schema knows.
  await reply.code(problem.status).type(PROBLEM_JSON).serializer(JSON.stringify).send(problem);
}

/** Whether the body was refused before it had been read: it is too large, or of another type. */
function isUnreadBody({ code }: { code?: string }): boolean {
  return code === 'FST_ERR_CTP_BODY_TOO_LARGE' || code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE';
}

function explain(
  error: Error & { statusCode?: number; code?: string },
  request: FastifyRequest,
): [ProblemCode, string] {
  if (error instanceof DomainError) return [error.code, error.message];
  if (hasZodFastifySchemaValidationErrors(error)) {
    const [issue] = error.validation;
    const parameter = issue?.instancePath.slice(1).replaceAll('/', '.');
    return [
      'invalid-parameter',
      `${parameter ? `\`${parameter}\`` : `The ${error.validationContext ?? 'request'}`}: ${issue?.message ?? 'not as it must be'}.`,
    ];
  }
  if (error instanceof RateLimitError || error instanceof BusyError) return ['rate-limited', error.message];
  if (error instanceof BodyError) return ['broken-body', error.message];
  if (isDatabaseAway(error)) {
    return [
      'unavailable',
      'The database is away or full. Nothing was recorded that was not answered; send it again in some seconds.',
    ];
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const isOfContributions = request.routeOptions.bodyLimit === request.server.initialConfig.bodyLimit;
    return [
      'body-too-large',
      isOfContributions
        ? 'The body is larger than 8 MiB. Send fewer contributions at a time.'
        : 'Nothing is read from a body here. Send none.',
    ];
  }
  const status = error.statusCode ?? 500;
  if (status >= 400 && status < 500) {
    return request.method === 'GET'
      ? ['invalid-parameter', error.message]
      : ['broken-body', `${error.message}. Send JSON with the header "content-type: application/json".`];
  }
  return ['internal-error', 'This is a fault of the server and was logged. Try again later.'];
}
