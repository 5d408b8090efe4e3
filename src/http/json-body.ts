import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';

/** What of a JSON body was not as it must be, for whoever sent it. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly statusCode = 400;
}

/**
 * Reads JSON bodies strictly: bytes that are no UTF-8 are refused rather than replaced. A key such as `__proto__` is
 * data like any other: schemas take out the fields they know, and one odd entry must not spoil a whole batch. A route
 * that needs no body takes an empty one: many clients send the header with every request.
 */
export function acceptJson(server: FastifyInstance): void {
  server.removeContentTypeParser(['application/json', 'text/plain']);
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      done(null, body.length === 0 && !needsBody(request) ? undefined : parseJson(body));
    } catch (error) {
      done(error instanceof Error ? error : new BodyError(String(error)));
    }
  });
}

function needsBody({ routeOptions }: FastifyRequest): boolean {
  const shape = routeOptions.schema?.body;
  return shape instanceof z.ZodType && !shape.safeParse(undefined).success;
}

function parseJson(body: string | Buffer): unknown {
  let text: string;
  try {
    text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw new BodyError('The body is not UTF-8.');
  }
  if (text.length === 0) throw new BodyError('The body is empty.');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BodyError(`The body is not JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
