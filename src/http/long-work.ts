/** Answers that take longer than clients and proxies wait for silence. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyReply } from 'fastify';

/** Clients give up after some minutes without a byte, and many proxies after one. */
const SIGN_OF_LIFE_MS = 10_000;

/** The work of this process that began last: the next begins when it is over. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Answers with the JSON of what some work comes to. Until that is known, white space is sent now and then, which JSON
 * may begin with. One such work is done at a time, so that nobody loads the database by asking often. When it fails, the
 * connection breaks.
 *
 * @param work calls `isWanted` now and then, which throws once nobody waits for the answer any more
 */
export function sendWhenDone(
  reply: FastifyReply,
  work: (isWanted: () => void) => Promise<object>,
  signOfLifeMs = SIGN_OF_LIFE_MS,
): FastifyReply {
  const isWanted = () => {
    if (reply.raw.destroyed) throw new Error('Nobody waits for the answer any more.');
  };
  const done = inTurn(async () => {
    isWanted();
    return work(isWanted);
  });
  return sendResult(reply, done, signOfLifeMs);
}

/** Does some work once all is over that was to be done before it in this process. */
export function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

/** Answers as {@link sendWhenDone}, with what some work comes to that is under way already, or done. */
export function sendResult(reply: FastifyReply, done: Promise<object>, signOfLifeMs = SIGN_OF_LIFE_MS): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(Readable.from(writeWhenDone(done, signOfLifeMs)));
}

async function* writeWhenDone(done: Promise<object>, signOfLifeMs: number): AsyncGenerator<string> {
  const over = new AbortController();
  try {
    for (;;) {
      const signOfLife = sleep(signOfLifeMs, undefined, { signal: over.signal }).catch(() => undefined);
      const result = await Promise.race([done, signOfLife]);
      if (result) return yield JSON.stringify(result);
      yield '\n';
    }
  } finally {
    over.abort();
  }
}
