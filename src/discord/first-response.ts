import { setTimeout as sleep } from 'node:timers/promises';

/**
 * How long an answer may take to be the first response. Discord waits 3 seconds for that; a deferral in time keeps
 * it waiting for 15 minutes, and costs a request more and a moment of "thinking …".
 */
const DEFER_AFTER_MS = 1_000;

/**
 * Waits for work that never rejects, and defers when it takes long, whatever it hangs on.
 *
 * @returns whether it was deferred; then the answer is an edit, else the first response.
 */
export async function deferIfSlow(work: Promise<unknown>, defer: () => Promise<unknown>): Promise<boolean> {
  const late = new AbortController();
  const ended = work.then(() => false);
  const slow = sleep(DEFER_AFTER_MS, true, { signal: late.signal }).catch(() => false);
  const mustDefer = await Promise.race([ended, slow]);
  late.abort();
  if (mustDefer) await defer();
  return mustDefer;
}
