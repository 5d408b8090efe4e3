import { isDatabaseAway } from '../db/errors.ts';
import type { RankingContext } from '../ranking/context.ts';
import type { BatchEntry, Outcome } from './batch.ts';
import { recordBatch } from './record-batch.ts';

/** How many contributions one transaction takes at most when calls are gathered: a call of its own may hold as many. */
const MAX_GATHERED = 2_000;

type WaitingCall = {
  entries: readonly BatchEntry[];
  now: Date;
  resolve: (outcomes: Outcome[]) => void;
  reject: (error: unknown) => void;
};

/**
 * Takes contributions in. While a transaction of a community runs, the calls that come meanwhile wait and are then
 * recorded together, in the order in which they came, so that a thousand callers cost a few transactions. A call is
 * answered when what it brought is durable and visible to every reader.
 */
export class Intake {
  readonly #context: RankingContext;
  readonly #onRecorded: (outcomes: readonly Outcome[]) => void;
  readonly #waiting = new Map<number, WaitingCall[]>();
  readonly #running = new Map<number, Promise<void>>();

  /** @param onRecorded told what became of the contributions of each transaction */
  constructor(context: RankingContext, onRecorded: (outcomes: readonly Outcome[]) => void = () => {}) {
    this.#context = context;
    this.#onRecorded = onRecorded;
  }

  /**
   * Records contributions of a community: see {@link recordBatch}. Safe to repeat.
   *
   * @returns an outcome an entry, in order.
   */
  record(communityId: number, entries: readonly BatchEntry[], now: Date): Promise<Outcome[]> {
    if (entries.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const call = { entries, now, resolve, reject };
      const waiting = this.#waiting.get(communityId);
      if (waiting) waiting.push(call);
      else this.#waiting.set(communityId, [call]);
      if (!this.#running.has(communityId)) this.#running.set(communityId, this.#drain(communityId));
    });
  }

  /** Resolves when everything that was taken in so far has been answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #drain(communityId: number): Promise<void> {
    for (let calls = this.#take(communityId); calls.length > 0; calls = this.#take(communityId)) {
      try {
        await this.#recordTogether(communityId, calls);
      } catch (error) {
        // A fault that is not the database's lies in one of the calls: the others must not suffer for it.
        const alone = isDatabaseAway(error) || calls.length === 1 ? [] : calls;
        if (alone.length === 0) for (const { reject } of calls) reject(error);
        for (const call of alone) await this.#recordTogether(communityId, [call]).catch(call.reject);
      }
    }
    this.#running.delete(communityId);
  }

  async #recordTogether(communityId: number, calls: readonly WaitingCall[]): Promise<void> {
    const entries = calls.flatMap((call) => call.entries);
    const now = new Date(Math.max(...calls.map((call) => call.now.getTime())));
    const outcomes = await recordBatch(this.#context, communityId, entries, now);
    this.#onRecorded(outcomes);
    let from = 0;
    for (const { entries, resolve } of calls) resolve(outcomes.slice(from, (from += entries.length)));
  }

  /** The calls of the next transaction: at least one, and as many as fit. */
  #take(communityId: number): WaitingCall[] {
    const waiting = this.#waiting.get(communityId) ?? [];
    let count = 0;
    let entries = 0;
    for (const call of waiting) {
      if (count > 0 && entries + call.entries.length > MAX_GATHERED) break;
      count += 1;
      entries += call.entries.length;
    }
    const taken = waiting.splice(0, count);
    if (waiting.length === 0) this.#waiting.delete(communityId);
    return taken;
  }
}
