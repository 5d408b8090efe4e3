import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendWhenDone } from '../../src/http/long-work.ts';

type Work = Parameters<typeof sendWhenDone>[1];

const server = fastify();
let url = '';
let work: Work = () => Promise.resolve({});
/** When the server has heard that somebody went away. */
const aborted = Promise.withResolvers<void>();

beforeAll(async () => {
  server.addHook('onRequestAbort', (_, done) => {
    aborted.resolve();
    done();
  });
  server.get('/', (_, reply) => sendWhenDone(reply, work, 1));
  url = await server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(() => server.close());

describe('work that takes long', () => {
  it('FT-9 is answered with white space until it is done, and with JSON then', async () => {
    const done = Promise.withResolvers<object>();
    work = () => done.promise;
    const { body } = await fetch(url);
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toMatch(/^\n+$/);
    done.resolve({ members: 2 });
    let rest = '';
    for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read())
      rest += piece.value;
    expect(JSON.parse(rest)).toEqual({ members: 2 });
  });

  it('FT-9 is done one at a time, and not at all once nobody waits for it', async () => {
    const first = Promise.withResolvers<object>();
    let begun = 0;
    work = () => {
      begun += 1;
      return first.promise;
    };
    const answer = fetch(url);
    await answer;
    const impatient = new AbortController();
    const left = await fetch(url, { signal: impatient.signal });
    const patient = await fetch(url);
    expect(begun).toBe(1);
    impatient.abort();
    await expect(left.text()).rejects.toThrow(/abort/);
    await aborted.promise;
    first.resolve({ done: true });
    expect(await (await answer).json()).toEqual({ done: true });
    expect(await patient.json()).toEqual({ done: true });
    expect(begun).toBe(2);
  });

  it('FT-9 breaks the connection when it fails on the way, and is an error when it fails at once', async () => {
    const failing = Promise.withResolvers<object>();
    work = () => failing.promise;
    const { body } = await fetch(url);
    const reader = body?.getReader();
    await reader?.read();
    failing.reject(new Error('The database went away.'));
    const rest = async () => {
      while (!(await reader?.read())?.done);
    };
    await expect(rest()).rejects.toThrow(/terminated/);
    work = () => Promise.reject(new Error('It was away before.'));
    expect((await fetch(url)).status).toBe(500);
  });
});
