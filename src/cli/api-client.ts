import { z } from 'zod';
import { safeText } from './display-text.ts';
import { CliError, TemporaryError } from './errors.ts';

/** Nothing that is asked for here takes a server this long. */
const TIMEOUT_MS = 60_000;

/** Statuses that say "later" rather than "no". */
const TEMPORARY = new Set([429, 502, 503, 504]);

const problemSchema = z.looseObject({ type: z.string(), title: z.string(), detail: z.string() });

type Call = {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** For what takes a server longer than anything else. */
  timeoutMs?: number;
};

/** An answer that is no error. `body` is what the JSON says, undefined where there is none (204, 304). */
export type Reply = { status: number; etag: string | undefined; body: unknown };

/** The HTTP API of one server. */
export class ApiClient {
  readonly #base: URL;
  readonly #key: string | undefined;

  constructor(base: URL, key: string | undefined) {
    this.#base = base;
    this.#key = key;
  }

  /**
   * Calls an address such as {@link address} makes.
   *
   * @throws TemporaryError when no server answers or it asks to come back later; CliError when it refuses
   */
  async call(
    path: string,
    { method = 'GET', body, headers = {}, signal, timeoutMs = TIMEOUT_MS }: Call = {},
  ): Promise<Reply> {
    let response: Response;
    let text: string;
    try {
      response = await this.#fetch(path, {
        method,
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]),
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#unreachable(error, timeoutMs);
    }
    if (!response.ok && response.status !== 304) throw this.#refusal(response, text);
    return {
      status: response.status,
      etag: response.headers.get('etag') ?? undefined,
      body: text === '' ? undefined : this.#parse(text),
    };
  }

  /**
   * Reads a file as it comes, in pieces: it may be longer than memory, and take longer than any call.
   *
   * @throws TemporaryError or CliError as {@link call}
   */
  async *download(path: string): AsyncGenerator<string> {
    try {
      const response = await this.#fetch(path, {});
      if (!response.ok) throw this.#refusal(response, await response.text());
      if (response.body) for await (const piece of response.body.pipeThrough(new TextDecoderStream())) yield piece;
    } catch (error) {
      throw error instanceof CliError ? error : this.#unreachable(error);
    }
  }

  async #fetch(
    path: string,
    { headers, ...init }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> },
  ): Promise<Response> {
    const authorization = this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` };
    return fetch(`${this.#base.origin}${this.#base.pathname.replace(/\/+$/, '')}${path}`, {
      ...init,
      headers: { ...authorization, ...headers },
    });
  }

  #unreachable(error: unknown, timeoutMs = TIMEOUT_MS): TemporaryError {
    return new TemporaryError(
      'unreachable',
      `No server answers at ${this.#base.href} (${reasonOf(error, timeoutMs)}).\nStart one with \`npm start\`, or name another with --url or OMNITENSOR_URL.`,
      { answered: false, cause: error },
    );
  }

  #refusal(response: Response, text: string): CliError {
    const { status } = response;
    const problem = problemSchema.safeParse(parseJson(text)).data;
    // One line, whatever the server puts into it.
    const said = safeText(problem?.detail ?? `${this.#base.href} answered ${status} ${response.statusText}`.trim());
    const options = problem ? { problem } : {};
    if (TEMPORARY.has(status)) {
      return new TemporaryError(status === 429 ? 'refused' : 'unreachable', said, {
        ...options,
        answered: true,
        retryAfterMs: retryAfterMs(response),
      });
    }
    if (!problem) return this.#notTheApi(`${status} ${response.statusText}`.trim());
    if (status === 401) {
      const advice = this.#key
        ? 'The key came from OMNITENSOR_API_KEY or, without it, from DATA_DIR/admin-key.'
        : 'Set OMNITENSOR_API_KEY to a key of this community.';
      return new CliError('refused', `${said}\n${advice}`, options);
    }
    // The server says with 400 that an argument is malformed, which is wrong usage wherever it is noticed.
    return new CliError(status === 400 ? 'wrong-usage' : 'refused', said, options);
  }

  #parse(text: string): unknown {
    const value = parseJson(text);
    if (value === undefined) throw this.#notTheApi('something that is not JSON');
    return value;
  }

  #notTheApi(answered: string): CliError {
    return new CliError(
      'unreachable',
      `${this.#base.href} answered ${answered}: that is not an OmniTensor server.\nName the server with --url or OMNITENSOR_URL.`,
    );
  }
}

/** Makes the path of an address, each value escaped: address\`/v1/communities/${slug}\`. */
export function address(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return String.raw({ raw: parts }, ...values.map((value) => encodeURIComponent(String(value).toWellFormed())));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Retry-After holds seconds or a date. */
function retryAfterMs(response: Response): number | undefined {
  const header = response.headers.get('retry-after');
  if (header === null) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}

/** The short reason inside what `fetch` throws: `ECONNREFUSED`, `ENOTFOUND`, `no answer in 60 s`. */
function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer in ${timeoutMs / 1000} s`;
  const { cause } = error;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message;
  return error.message;
}
