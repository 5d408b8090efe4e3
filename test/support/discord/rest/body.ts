import type { FastifyRequest } from 'fastify';
import { DiscordError } from '../discord-error.ts';
import type { StandInFile } from '../world.ts';

/** What a multipart request carries. */
class Multipart {
  readonly payload: unknown;
  readonly files: readonly StandInFile[];

  constructor(payload: unknown, files: readonly StandInFile[]) {
    this.payload = payload;
    this.files = files;
  }
}

/** Reads `multipart/form-data` of Discord's kind: the JSON in `payload_json`, and files. */
export async function parseMultipart(contentType: string, bytes: Buffer): Promise<Multipart> {
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType } }).formData();
  const files: StandInFile[] = [];
  const fields: Record<string, unknown> = {};
  let payload: unknown;
  for (const [name, value] of form) {
    if (typeof value !== 'string') files.push(await readUpload(value));
    else if (name === 'payload_json') payload = JSON.parse(value);
    else fields[name] = value;
  }
  return new Multipart(payload ?? fields, files);
}

async function readUpload(file: File): Promise<StandInFile> {
  return { name: file.name, data: await file.bytes(), contentType: file.type || undefined };
}

/** A request's body with the files that came with it, whichever way it was sent. */
export function bodyOf(request: FastifyRequest): { body: unknown; files: readonly StandInFile[] } {
  const { body } = request;
  return body instanceof Multipart ? { body: body.payload, files: body.files } : { body: body ?? {}, files: [] };
}

/** A field of the path. @throws DiscordError 404 when the route has none of the name. */
export function param(request: FastifyRequest, name: string): string {
  // Fastify's type for parameters is unknown; they are decoded strings.
  const value = (request.params as Record<string, string>)[name];
  if (value === undefined) throw new DiscordError(404, 0, '404: Not Found');
  return value;
}

/** A field of the query. */
export function query(request: FastifyRequest, name: string): string | undefined {
  // Fastify's type for the query is unknown; a name given twice is a list, taken as not given.
  const value = (request.query as Record<string, unknown>)[name];
  return typeof value === 'string' ? value : undefined;
}
