import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client.ts';
import { importAnswerSchema, readAnswer } from '../api-shapes.ts';
import { CliError, TemporaryError } from '../errors.ts';
import type { Entry, Rejection } from './entry.ts';

const MAX_ENTRIES = 1_000;
/** The server takes 8 MiB; half of it leaves room for everything that is on the way. */
const MAX_BYTES = 4 * 1024 * 1024;

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export type Counts = { accepted: number; duplicates: number; rejected: number };

export type SenderOptions = {
  /** How long to go on trying when the server is away, since it last answered. */
  giveUpAfterMs: number;
  onRejected: (rejection: Rejection) => void;
  onWait: (reason: string, waitMs: number) => void;
  onSent: () => void;
};

/** Sends events in batches, one after another, so that a file is recorded in its order. */
export class Sender {
  readonly counts: Counts = { accepted: 0, duplicates: 0, rejected: 0 };
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #options: SenderOptions;
  #batch: Entry[] = [];
  #bytes = 0;
  #hasAnswered = false;

  /** Whether the server has answered at all. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** @param path where contributions go */
  constructor(api: ApiClient, path: string, options: SenderOptions) {
    this.#api = api;
    this.#path = path;
    this.#options = options;
  }

  /**
   * Takes an event, and sends those that are waiting once they fill a batch.
   * @throws CliError when the server refuses the batch, or is away for too long
   */
  async add(entry: Entry): Promise<void> {
    const bytes = 'json' in entry ? Buffer.byteLength(entry.json) + 1 : 0;
    if (this.#batch.length === MAX_ENTRIES || this.#bytes + bytes > MAX_BYTES) await this.flush();
    this.#batch.push(entry);
    this.#bytes += bytes;
  }

  /** Sends what is waiting. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    const sent = batch.filter((entry) => 'json' in entry);
    const results =
      sent.length === 0 ? [] : await this.#post(`{"contributions":[${sent.map(({ json }) => json).join(',')}]}`);
    if (results.length !== sent.length) {
      throw new CliError(
        'unreachable',
        `The server answered ${results.length} of ${sent.length} contributions. Import the file again: nothing counts twice.`,
      );
    }
    let answered = 0;
    // Refused here or there, they are told in the order of the file.
    for (const entry of batch) {
      if ('rejection' in entry) this.#reject(entry.rejection);
      else {
        const result = results[answered++];
        if (result?.status === 'accepted') this.counts.accepted += 1;
        else if (result?.status === 'duplicate') this.counts.duplicates += 1;
        else
          this.#reject({
            line: entry.line,
            id: result?.id ?? undefined,
            reason: result?.reason ?? 'rejected',
            detail: result?.detail,
          });
      }
    }
    this.#options.onSent();
  }

  #reject(rejection: Rejection): void {
    this.counts.rejected += 1;
    this.#options.onRejected(rejection);
  }

  /** Repeats what may go through later: an event that was recorded without our hearing of it is a duplicate then. */
  async #post(body: string) {
    let waitMs = FIRST_WAIT_MS;
    for (let waitedMs = 0; ;) {
      try {
        const reply = await this.#api.call(this.#path, { method: 'POST', body });
        this.#hasAnswered = true;
        return readAnswer(importAnswerSchema, reply.body).results;
      } catch (error) {
        if (!(error instanceof TemporaryError)) throw error;
        this.#hasAnswered ||= error.answered;
        // A server that was never there will hardly come: the address is wrong.
        if (!this.#hasAnswered || waitedMs >= this.#options.giveUpAfterMs) throw error;
        const pauseMs = Math.min(
          Math.max(waitMs, error.retryAfterMs ?? 0),
          Math.max(this.#options.giveUpAfterMs - waitedMs, FIRST_WAIT_MS),
        );
        this.#options.onWait(error.answered ? 'The server is busy' : 'The server does not answer', pauseMs);
        await sleep(pauseMs);
        waitedMs += pauseMs;
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      }
    }
  }
}
