import { Agent, request } from 'node:http';
import { expect } from 'vitest';
import { ADMIN_KEY } from './http-server.ts';
import type { AppProcess } from './app-process.ts';

const CONTRIBUTIONS_PER_CALL = 3;
const MEMBERS = 7;

type SentContribution = { id: string; contributor: string; category: string; amount: number; occurredAt: string };

/**
 * Callers that send contributions as fast as they are answered, and remember what was answered. What was put off is
 * sent again; a caller whose connection broke goes away, and does not know whether it was heard.
 */
export class ContributionLoad {
  /** How often each answer came; `none` for a connection that broke. */
  readonly answers = new Map<number | 'none', number>();
  /** Answers other than 200 that are no problem of RFC 9457 that says when to come back. */
  readonly improper: string[] = [];
  readonly #community: string;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #accepted = new Set<string>();
  readonly #sent: SentContribution[] = [];
  readonly #waiting = new Set<() => void>();
  #running: Promise<unknown> = Promise.resolve();
  #ending = false;
  #target: string;

  constructor(app: AppProcess, community = 'omnitensor') {
    this.#target = app.url;
    this.#community = community;
  }

  /** Lets so many callers send. */
  start(callers: number): void {
    this.#ending = false;
    this.#running = Promise.all(Array.from({ length: callers }, () => this.#call()));
  }

  /** Waits until the last calls have been answered, or have failed. */
  async stop(): Promise<void> {
    this.#ending = true;
    await this.#running;
    this.#agent.destroy();
  }

  /** Waits until so many more calls were answered in one way. */
  async more(count: number, status: number | 'none' = 200): Promise<void> {
    const goal = (this.answers.get(status) ?? 0) + count;
    while ((this.answers.get(status) ?? 0) < goal) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /**
   * Sends everything once more, as a client does that is unsure, and holds that what was answered was kept, that
   * everything counts once, and that nothing is counted that was not sent.
   */
  async settle(app: AppProcess): Promise<void> {
    for (let from = 0; from < this.#sent.length; from += 1_000) {
      const contributions = this.#sent.slice(from, from + 1_000);
      const { status, json } = await app.call('POST', this.#path, { contributions });
      expect(status).toBe(200);
      const results: { id: string; status: string }[] = json.results;
      const lost = results.filter(({ id, status }) => this.#accepted.has(id) && status !== 'duplicate');
      expect(lost).toEqual([]);
      expect(json.rejected).toBe(0);
    }
    const { json } = await app.call(
      'GET',
      `/v1/communities/${this.#community}/leaderboards/data-validators?window=all&limit=100`,
    );
    const scores = new Map(json.entries.map((entry: { handle: string; score: string }) => [entry.handle, entry.score]));
    const sums = Map.groupBy(this.#sent, ({ contributor }) => contributor);
    expect(scores).toEqual(new Map([...sums].map(([handle, sent]) => [handle, String(sent.length)])));
  }

  get #path(): string {
    return `/v1/communities/${this.#community}/contributions`;
  }

  async #call(): Promise<void> {
    for (let contributions = this.#next(); !this.#ending;) {
      const status = await this.#post(contributions);
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
      for (const look of this.#waiting) look();
      this.#waiting.clear();
      if (status === 'none') return;
      if (status === 200) contributions = this.#next();
    }
  }

  #next(): SentContribution[] {
    const contributions = Array.from({ length: CONTRIBUTIONS_PER_CALL }, (_, n) => ({
      id: `load-${this.#sent.length + n}`,
      contributor: `load-${(this.#sent.length + n) % MEMBERS}`,
      category: 'data-validators',
      amount: 1,
      occurredAt: '2026-08-20T10:00:00Z',
    }));
    this.#sent.push(...contributions);
    return contributions;
  }

  async #post(contributions: readonly SentContribution[]): Promise<number | 'none'> {
    return new Promise((resolve) => {
      const call = request(
        `${this.#target}${this.#path}`,
        {
          method: 'POST',
          agent: this.#agent,
          headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
          response.on('error', () => resolve('none'));
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            if (status === 200) for (const { id } of contributions) this.#accepted.add(id);
            else if (!isProper(status, response.headers)) this.improper.push(`${status} ${text}`);
            resolve(status);
          });
        },
      );
      call.on('error', () => resolve('none'));
      call.end(JSON.stringify({ contributions }));
    });
  }
}

function isProper(status: number, headers: Record<string, string | string[] | undefined>): boolean {
  const type = String(headers['content-type']);
  return status === 503 && type.startsWith('application/problem+json') && headers['retry-after'] !== undefined;
}
