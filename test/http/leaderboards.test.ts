import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const board = '/v1/communities/omni/leaderboards/gpu-contributors';
const TOTAL = 25;

beforeAll(async () => {
  server.now = new Date('2026-06-20T12:00:00Z');
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  server.now = new Date('2026-08-22T12:00:00Z');
  const contributions = Array.from({ length: TOTAL }, (_, index) => ({
    id: `c${index}`,
    contributor: `member${index}`,
    category: 'gpu-contributors',
    amount: TOTAL - index,
    occurredAt: `2026-08-20T10:00:${String(index).padStart(2, '0')}Z`,
  }));
  await server.call('POST', '/v1/communities/omni/contributions', { contributions });
  const names = { id: 'names', contributor: '名/前 😀', category: 'data-validators', amount: 2 };
  await server.call('POST', '/v1/communities/omni/contributions', {
    contributions: [{ ...names, occurredAt: '2020-12-31T10:00:00Z' }],
  });
});

const read = (query = '', path = board) => server.call('GET', `${path}${query}`, undefined, {});

describe('reading a leaderboard', () => {
  it('HT-1 answers in the shape that programs rely on', async () => {
    const { status, json } = await read('?limit=2');
    expect(status).toBe(200);
    expect(json).toEqual({
      category: 'gpu-contributors',
      title: 'Top GPU Contributors',
      unit: 'OMNIT',
      window: 'season',
      period: '2026-Q3',
      startsAt: '2026-07-01T00:00:00.000Z',
      endsAt: '2026-10-01T00:00:00.000Z',
      status: 'open',
      total: TOTAL,
      entries: [
        { rank: 1, handle: 'member0', displayName: 'member0', score: '156.25', reachedAt: '2026-08-20T10:00:00.000Z' },
        { rank: 2, handle: 'member1', displayName: 'member1', score: '150', reachedAt: '2026-08-20T10:00:01.000Z' },
      ],
    });
  });

  it('HT-2 shows 10 unless told otherwise, and nothing past the end', async () => {
    expect((await read()).json.entries).toHaveLength(10);
    expect((await read('?limit=100')).json.entries).toHaveLength(TOTAL);
    for (const offset of [TOTAL, 2 ** 31, 999_999_999_999_999]) {
      expect((await read(`?offset=${offset}`)).json).toMatchObject({ total: TOTAL, entries: [] });
    }
    expect((await read('?offset=23')).json.entries.map((entry: { rank: number }) => entry.rank)).toEqual([24, 25]);
  });

  it('HT-3 puts the member asked for in the middle, as far as the ends allow', async () => {
    for (const limit of [1, 2, 3, 10, 25, 100]) {
      for (const rank of [1, 2, 12, 24, 25]) {
        const { json } = await read(`?around=member${rank - 1}&limit=${limit}`);
        const first = Math.max(1, Math.min(rank - Math.floor((limit - 1) / 2), TOTAL - limit + 1));
        const count = Math.min(limit, TOTAL - first + 1);
        const ranks = json.entries.map((entry: { rank: number }) => entry.rank);
        expect(ranks).toEqual(Array.from({ length: count }, (_, index) => first + index));
      }
    }
  });

  it.each([
    ['week', 'current', '2026-W34', 'open'],
    ['week', 'previous', '2026-W33', 'closing'],
    ['month', '2026-08', '2026-08', 'open'],
    ['season', 'previous', '2026-Q2', 'closing'],
    ['season', '2026-Q1', '2026-Q1', 'archive'],
    ['week', '2020-W53', '2020-W53', 'archive'],
    ['all', 'current', 'all', 'open'],
    ['all', 'all', 'all', 'open'],
  ])('HT-4 finds the period of a %s by %s', async (window, period, key, status) => {
    const { json } = await read(`?window=${window}&period=${period}`);
    expect(json).toMatchObject({ window, period: key, status });
    if (window === 'all') expect(json).toMatchObject({ startsAt: null, endsAt: null });
  });

  it.each([
    ['limit=0', 400],
    ['limit=101', 400],
    ['limit=1.5', 400],
    ['limit=', 400],
    ['limit=1&limit=2', 400],
    ['offset=-1', 400],
    ['offset=x', 400],
    ['window=year', 400],
    ['period=2026-W34', 400],
    ['period=2026-Q5', 400],
    ['window=week&period=2026-W54', 400],
    ['window=month&period=2026-13', 400],
    ['window=all&period=2026', 400],
    ['around=member1&offset=0', 400],
    ['around=..', 400],
    ['around=%00', 400],
    ['around=nobody', 404],
    ['around=%E5%90%8D/%E5%89%8D%20%F0%9F%98%80', 404],
    ['window=all&period=previous', 404],
    ['period=2026-Q4', 404],
    ['window=week&period=2027-W01', 404],
  ])('HT-5 refuses ?%s with %i', async (query, status) => {
    const answer = await read(`?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ status, detail: expect.stringMatching(/[.?]$/) });
  });

  it.each([
    ['/v1/communities/nope', 'unknown-community'],
    ['/v1/communities/%00', 'unknown-community'],
    ['/v1/communities/omni/leaderboards/nope', 'unknown-category'],
    ['/v1/communities/omni/leaderboards/%F0%9F%98%80', 'unknown-category'],
    ['/v1/communities/omni/members/nope', 'unknown-member'],
    ['/v1/nowhere', 'unknown-address'],
    ['/v1/communities/omni/leaderboards/gpu-contributors/last', 'unknown-address'],
    ['/v1/communities/omni/leaderboards/gpu-contributors/final', 'not-final'],
  ])('HT-6 says what is unknown at %s', async (path, type) => {
    const { status, json } = await read('', path);
    expect(status).toBe(404);
    expect(json.type).toBe(`urn:omnitensor:problem:${type}`);
  });

  it('HT-6 says that an address cannot be read', async () => {
    for (const path of ['/v1/communities/%', '/v1/communities/%FF', '/v1/communities/omni/members/%C0%80']) {
      const { status, json } = await read('', path);
      expect(status).toBe(400);
      expect(json.type).toBe('urn:omnitensor:problem:invalid-parameter');
    }
  });

  it.each([
    ['no request', 'NONSENSE\r\n\r\n', 400, 'broken-request'],
    ['headers over 16 KiB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
  ])('HT-17 answers %s with a problem', async (_, bytes, status, type) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.end(bytes);
    const answer = await text(socket);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*application/problem\\+json`));
    expect(answer).toContain(`"type":"urn:omnitensor:problem:${type}"`);
  });

  it('HT-7 reads a member whose handle needs escaping in an address', async () => {
    const { json } = await read('', `/v1/communities/omni/members/${encodeURIComponent('名/前 😀')}`);
    expect(json).toEqual({
      handle: '名/前 😀',
      displayName: '名/前 😀',
      balances: { omnit: '20', governance: '0', granted: '0', paid: '0', payable: '0' },
      reputation: '10',
      badges: [],
      standings: [{ category: 'data-validators', window: 'all', period: 'all', rank: 1, score: '2', total: 1 }],
    });
    expect((await read('', `/v1/communities/omni/members/${encodeURIComponent('😀'.repeat(64))}`)).status).toBe(404);
  });

  it('HT-8 answers 304 to whoever has it already', async () => {
    const first = await read();
    const etag = first.headers.get('etag') ?? '';
    const second = await server.call('GET', board, undefined, { 'if-none-match': etag });
    expect([second.status, second.text]).toEqual([304, '']);
    for (const list of [`"x", ${etag}`, `W/"x",W/${etag}`, '*']) {
      const { status, text } = await server.call('GET', board, undefined, { 'if-none-match': list });
      expect([status, text]).toEqual([304, '']);
    }
    expect((await server.call('GET', board, undefined, { 'if-none-match': '"x", "y"' })).status).toBe(200);
    expect((await server.call('GET', '/v1/nowhere', undefined, { 'if-none-match': '*' })).status).toBe(404);
    const { headers } = await server.call('GET', `${board}?limit=1`, undefined, { 'if-none-match': etag });
    expect(headers.get('etag')).not.toBe(etag);
  });

  it('HT-9 may be read by pages of other origins, and written by none', async () => {
    const origin = { origin: 'https://example.org' };
    expect((await server.call('GET', board, undefined, origin)).headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await server.call('OPTIONS', board, undefined, {
      ...origin,
      'access-control-request-method': 'POST',
    });
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD');
  });
});
