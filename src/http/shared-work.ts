/** Work that anybody may have done: once at a time, and once for all who ask for the same. */
import { BusyError } from './problems.ts';

const MINUTE_MS = 60_000;
/** How long a result answers everybody who asks for the same. */
const KEPT_MS = 5 * MINUTE_MS;
/** How many results are kept. */
const KEPT_RESULTS = 100;

type Entry<Result> = { result: Promise<Result>; begunAt: Date };

/**
 * Does work for callers of whom nothing is known. One piece is done at a time; whoever asks for the same meanwhile, or
 * within minutes, gets the same result. So a flood of requests has no more done than a single caller can.
 */
export class SharedWork<Result extends object> {
  readonly #kept = new Map<string, Entry<Result>>();
  #running: string | undefined;

  /**
   * @param slot says what is to be done: the same for the same
   * @throws BusyError while something else is being done
   */
  do(slot: string, now: Date, work: () => Promise<Result>): Promise<Result> {
    const known = this.#kept.get(slot);
    if (known && (this.#running === slot || isFresh(known, now))) return known.result;
    if (this.#running !== undefined) throw new BusyError();
    const result = work();
    this.#running = slot;
    this.#keep(slot, { result, begunAt: now });
    const end = () => (this.#running = undefined);
    result.then(end, () => {
      end();
      // The next one tries again.
      this.#kept.delete(slot);
    });
    return result;
  }

  #keep(slot: string, entry: Entry<Result>): void {
    this.#kept.delete(slot);
    this.#kept.set(slot, entry);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_RESULTS && oldest !== undefined) this.#kept.delete(oldest);
  }
}

/** A clock that was put back makes nothing fresh. */
function isFresh({ begunAt }: { begunAt: Date }, now: Date): boolean {
  return Math.abs(now.getTime() - begunAt.getTime()) < KEPT_MS;
}
