import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Makes a call that may come any number of times: the first one works at once, and those that come while it works or
 * within a pause after it become one more.
 *
 * @param work must not reject
 */
export function debounce(work: () => Promise<void>, pauseMs: number): () => void {
  let wanted = false;
  let busy = false;
  const keepWorking = async () => {
    busy = true;
    while (wanted) {
      wanted = false;
      await work();
      await sleep(pauseMs, undefined, { ref: false });
    }
    busy = false;
  };
  return () => {
    wanted = true;
    if (!busy) void keepWorking();
  };
}
