import { once } from 'node:events';
import { request } from 'node:http';
import { finished } from 'node:stream/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { ADMIN_KEY, useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const path = '/v1/communities/omni/contributions';

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

let ids = 0;
beforeEach(() => {
  ids += 1;
});

function event(fields: Record<string, unknown> = {}) {
  return {
    id: `event-${ids}`,
    contributor: 'ada',
    category: 'gpu-contributors',
    amount: 1,
    occurredAt: '2026-08-20T10:00:00Z',
    ...fields,
  };
}

async function send(...contributions: unknown[]) {
  const answer = await server.call('POST', path, { contributions });
  return { ...answer, results: answer.json?.results };
}

describe('recording contributions', () => {
  it('HT-10 answers a result an entry, in order', async () => {
    const { status, json } = await send(event({ amount: '1.5' }), event({ amount: '1.5', displayName: 'Ada' }), 7, {
      ...event({ amount: 2 }),
      id: 12,
    });
    expect(status).toBe(200);
    expect(json).toEqual({
      results: [
        { id: `event-${ids}`, status: 'accepted', reward: '9.375', multiplier: '1' },
        { id: `event-${ids}`, status: 'duplicate', reward: '9.375', multiplier: '1' },
        { id: null, status: 'rejected', reason: 'not_an_object', detail: expect.any(String) },
        { id: null, status: 'rejected', reason: 'invalid_id', detail: expect.any(String) },
      ],
      accepted: 1,
      duplicates: 1,
      rejected: 2,
    });
  });

  it('HT-11 shows what it accepted to every reader once it has answered', async () => {
    const contributor = `reader-${ids}`;
    await send(event({ contributor, category: 'model-testers', amount: 3 }));
    const { json } = await server.call('GET', `/v1/communities/omni/members/${contributor}`);
    expect(json.standings).toContainEqual({
      category: 'model-testers',
      window: 'all',
      period: 'all',
      rank: 1,
      score: '3',
      total: 1,
    });
    expect(json.balances.omnit).toBe('12');
    expect(json.reputation).toBe('6');
  });

  it.each([
    ['an id of other content', [event(), event({ amount: 2 })], 'conflict'],
    ['an unknown category', [event({ category: 'nope' })], 'unknown_category'],
    ['no category', [event({ category: undefined })], 'invalid_category'],
    ['the future', [event({ occurredAt: '2026-08-22T12:05:00.001Z' })], 'in_the_future'],
    ['year 1', [event({ occurredAt: '0001-01-01T00:00:00Z' })], 'invalid_occurred_at'],
    ['year 9999', [event({ occurredAt: '9999-12-31T23:59:59Z' })], 'in_the_future'],
    ['second 60', [event({ occurredAt: '2016-12-31T23:59:60Z' })], 'invalid_occurred_at'],
    ['an offset over 14 h', [event({ occurredAt: '2026-08-20T10:00:00+14:01' })], 'invalid_occurred_at'],
    ['four places', [event({ amount: 1e-4 })], 'invalid_amount'],
    ['0.1 + 0.2', [event({ amount: 0.1 + 0.2 })], 'invalid_amount'],
    ['-0', [event({ amount: -0 })], 'invalid_amount'],
    ['a negative amount', [event({ amount: '-1' })], 'invalid_amount'],
    ['NaN', [event({ amount: 'NaN' })], 'invalid_amount'],
    ['an exponent in a text', [event({ amount: '1e2' })], 'invalid_amount'],
    ['over a million', [event({ amount: '1000000.001' })], 'invalid_amount'],
    ['an amount of null', [event({ amount: null })], 'invalid_amount'],
    ['NUL in a handle', [event({ contributor: 'a\0b' })], 'invalid_contributor'],
    ['half a character', [event({ contributor: 'a\ud800' })], 'invalid_contributor'],
    ['65 characters', [event({ contributor: '😀'.repeat(65) })], 'invalid_contributor'],
    ['a handle of white space', [event({ contributor: ' \u3000' })], 'invalid_contributor'],
    ['a handle of dots', [event({ contributor: '..' })], 'invalid_contributor'],
    ['a terminal escape', [event({ contributor: '\u001b[31mred' })], 'invalid_contributor'],
    ['a bidi override', [event({ displayName: 'a\u202eb' })], 'invalid_display_name'],
    ['an id of 201', [event({ id: 'x'.repeat(201) })], 'invalid_id'],
    ['an empty subject', [event({ subject: '' })], 'invalid_subject'],
    ['a subject of null', [event({ subject: null })], 'invalid_subject'],
    ['a list', [[event()]], 'not_an_object'],
    ['null', [null], 'not_an_object'],
  ])('HT-12 rejects %s alone and says why', async (_, entries, reason) => {
    const good = event({ id: `good-${ids}` });
    const { status, results } = await send(...entries, good);
    expect(status).toBe(200);
    expect(results.at(-2)).toMatchObject({ status: 'rejected', reason, detail: expect.stringMatching(/[.?]$/) });
    expect(results.at(-1)).toMatchObject({ status: 'accepted' });
  });

  it.each([
    ['a number in scientific form', { amount: 1e2 }],
    ['an amount at the limit', { amount: 1_000_000 }],
    ['trailing zeros', { amount: '1.2500000' }],
    ['a handle of 64 emoji', { contributor: '👩‍👩‍👧‍👦'.slice(0, 11).repeat(5) + '😀'.repeat(29) }],
    ['right-to-left names', { contributor: 'مرحبا', displayName: 'שלום' }],
    ['a zero-width character', { contributor: 'a\u200bb' }],
    ['what looks like a mention', { contributor: '@everyone', displayName: '<@123> **bold**' }],
    ['an offset of 14 h', { occurredAt: '2026-08-20T10:00:00+14:00' }],
    ['five minutes ahead', { occurredAt: '2026-08-22T12:05:00Z' }],
    ['1970', { occurredAt: '1970-01-01T00:00:00Z' }],
    ['a key that poisons prototypes', { constructor: { prototype: 1 } }],
  ])('HT-13 accepts %s', async (_, fields) => {
    const { results } = await send(event(fields));
    expect(results).toEqual([expect.objectContaining({ status: 'accepted' })]);
  });

  it('HT-14 takes `__proto__` for a field like any other', async () => {
    const body = `{"contributions":[${JSON.stringify(event()).replace('{', '{"__proto__":{"amount":9},')}]}`;
    const { json } = await server.call('POST', path, body);
    expect(json.accepted).toBe(1);
  });

  it.each([
    ['broken JSON', '{"contributions": [', 'broken-body', 400],
    ['NaN', '{"contributions": [{"amount": NaN}]}', 'broken-body', 400],
    ['an empty body', '', 'broken-body', 400],
    ['a list', '[]', 'invalid-parameter', 400],
    ['no list', '{"contributions": {}}', 'invalid-parameter', 400],
    ['0 entries', '{"contributions": []}', 'invalid-parameter', 400],
    ['1,001 entries', JSON.stringify({ contributions: Array(1_001).fill(1) }), 'invalid-parameter', 400],
    ['over 8 MiB', JSON.stringify({ contributions: ['x'.repeat(8 * 1024 * 1024)] }), 'body-too-large', 413],
  ])('HT-15 refuses a body of %s whole', async (_, body, type, status) => {
    const answer = await server.call('POST', path, body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.json).toMatchObject({ type: `urn:omnitensor:problem:${type}`, status });
    expect(answer.json.detail).toMatch(/\.$/);
  });

  it('HT-15 lets whoever sends too much finish, so that the refusal is seen', async () => {
    const half = Buffer.alloc(8 * 1024 * 1024, ' ');
    const sending = request(`${server.url}${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        'content-type': 'application/json',
        'content-length': 2 * half.length,
      },
    });
    sending.write(half);
    const [answer] = await once(sending, 'response');
    expect(answer).toMatchObject({ statusCode: 413, headers: { connection: 'keep-alive' } });
    answer.resume();
    sending.end(half);
    await finished(sending, { readable: false });
    sending.destroy();
  });

  it('HT-15 takes an empty body where none is needed', async () => {
    const { json } = await server.call('DELETE', '/v1/communities/omni/keys/999', '');
    expect(json).toMatchObject({ type: 'urn:omnitensor:problem:unknown-key' });
  });

  it('HT-15 refuses bytes that are no UTF-8', async () => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
      body: Buffer.from([0x22, 0xff, 0x22]),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ type: 'urn:omnitensor:problem:broken-body' });
  });

  it('HT-16 takes 1,000 entries of the longest texts', async () => {
    const entries = Array.from({ length: 1_000 }, (_, index) => ({
      ...event({ subject: '😀'.repeat(200), displayName: '😀'.repeat(100), contributor: '😀'.repeat(64) }),
      id: `${index}-`.padEnd(100, 'x') + '😀'.repeat(100),
    }));
    const { json } = await send(...entries);
    expect(json.accepted).toBe(1_000);
  });
});
