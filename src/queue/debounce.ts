/**
 * Makes a call that may come any number of times: the first one works at once, and those that come while it works or
 * within a pause after it become one more.
 *
 * @param work must not reject
 */
export function debounce(work: () => Promise<void>, pauseMs: number): () => void {
  let busy = false;
  let again = false;
  const call = () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    void work().then(() => {
      setTimeout(() => {
        busy = false;
        if (!again) return;
        again = false;
        call();
      }, pauseMs).unref();
    });
  };
  return call;
}
