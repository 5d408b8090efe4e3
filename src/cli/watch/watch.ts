import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient, Reply } from '../api-client.ts';
import { TemporaryError } from '../errors.ts';
import { safeJson, safeText } from '../display-text.ts';
import { LiveBlock } from './live-block.ts';
import { LineLog, type Watcher } from './line-log.ts';

const POLL_MS = 2_000;

/**
 * Shows what an address answers, and again whenever it changes, until SIGINT or SIGTERM. On a terminal it is redrawn in
 * place. A server that goes away meanwhile is waited for; one that is not there to begin with is an error.
 *
 * @param toLines how to show a body; `json` for one document a line
 */
export async function watch(
  api: ApiClient,
  path: string,
  toLines: 'json' | ((body: unknown) => readonly string[]),
): Promise<void> {
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const watcher: Watcher =
    process.stdout.isTTY && toLines !== 'json' ? new LiveBlock(process.stdout) : new LineLog(toLines === 'json');
  try {
    await poll(api, path, stop.signal, watcher, (body) =>
      toLines === 'json' ? [safeJson(body)] : toLines(body).map(safeText),
    );
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    watcher.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

async function poll(
  api: ApiClient,
  path: string,
  signal: AbortSignal,
  watcher: Watcher,
  toLines: (body: unknown) => readonly string[],
): Promise<never> {
  let seen: { etag: string | undefined; text: string } | undefined;
  for (;;) {
    let waitMs = POLL_MS;
    try {
      const reply: Reply = await api.call(path, {
        signal,
        ...(seen?.etag ? { headers: { 'if-none-match': seen.etag } } : {}),
      });
      if (reply.status !== 304) {
        const lines = toLines(reply.body);
        const text = lines.join('\n');
        // Not every server on the way sends entity tags.
        if (text !== seen?.text) watcher.show(lines);
        seen = { etag: reply.etag, text };
      }
      watcher.connected();
    } catch (error) {
      if (!(error instanceof TemporaryError) || !seen) throw error;
      watcher.disconnected(error.answered ? 'The server is busy' : 'The server does not answer');
      waitMs = Math.max(POLL_MS, error.retryAfterMs ?? 0);
    }
    await sleep(waitMs, undefined, { signal });
  }
}
