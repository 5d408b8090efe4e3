import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_KEY, type Answer } from '../support/http-server.ts';

const AGAIN_MS = 40;
const PATIENCE_MS = 15_000;
/** A server that is killed again and again may not get round to it for many rounds of a slow machine. */
const LONGEST_SILENCE_MS = 240_000;

/** Somebody who calls the HTTP API of a server that comes and goes. */
export class Caller {
  /** Answers that a server may not give, whatever happens to it. */
  readonly improper: string[] = [];
  readonly #url: () => string;
  #closed = false;

  constructor(url: () => string) {
    this.#url = url;
  }

  /** Calls once. Undefined: the connection broke, or the server asked to come back, and it is not known what became of it. */
  async ask(method: string, path: string, body?: unknown): Promise<Answer | undefined> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#url()}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${ADMIN_KEY}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      text = await response.text();
    } catch {
      return undefined;
    }
    const { status, headers } = response;
    if (status >= 500) {
      const asksToComeBack = status === 503 && headers.get('retry-after') !== null;
      if (!asksToComeBack) this.improper.push(`${method} ${path} was answered with ${status}: ${text}`);
      return undefined;
    }
    const isJson = /json/.test(headers.get('content-type') ?? '');
    return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
  }

  /**
   * Calls until it is answered. For calls that are safe to repeat.
   *
   * @throws when nobody answers for long, or when it was closed meanwhile
   */
  async insist(method: string, path: string, body?: unknown): Promise<Answer> {
    const deadline = performance.now() + LONGEST_SILENCE_MS;
    for (;;) {
      if (this.#closed || performance.now() > deadline) throw new Error(`Nobody answers ${method} ${path}.`);
      const answer = await this.ask(method, path, body);
      if (answer) return answer;
      await sleep(AGAIN_MS);
    }
  }

  /** Nobody insists any more. */
  close(): void {
    this.#closed = true;
  }

  /** Notes an answer that was none of those that were to be expected. */
  expect(statuses: readonly number[], answer: Answer, what: string): void {
    if (!statuses.includes(answer.status))
      this.improper.push(`${what} was answered with ${answer.status}: ${answer.text}`);
  }
}
