import { beforeAll, describe, expect, it } from 'vitest';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { minutes } from '../support/multipliers.ts';

const database = useDatabase();
const server = useHttpServer(database);
const path = '/v1/communities/omni/multipliers';
const iso = (count: number) => minutes(count).toISOString();
const wanted = { name: 'Double hour', factor: '2.5', startsAt: iso(60), endsAt: iso(120) };
const nobody = {};
const categories = ['gpu-contributors', 'data-validators', 'model-testers'];

beforeAll(async () => {
  for (const [slug, visibility] of [
    ['omni', 'public'],
    ['secret', 'members'],
  ]) {
    await server.call('POST', '/v1/communities', {
      slug,
      name: slug,
      timeZone: 'UTC',
      visibility,
      preset: 'omnitensor',
    });
  }
});

describe('multiplier events over HTTP', () => {
  it('MU-20 are created, listed and read; reading takes no key', async () => {
    const made = await server.call('POST', path, wanted);
    expect(made.status).toBe(201);
    expect(made.json).toEqual({
      ...wanted,
      id: expect.any(Number),
      categories,
      status: 'scheduled',
      announceAt: [],
    });
    const list = await server.call('GET', path, undefined, nobody);
    expect(list.json).toEqual({ total: 1, multipliers: [made.json] });
    const one = await server.call('GET', `${path}/${made.json.id}`, undefined, nobody);
    expect(one.json).toEqual(made.json);
    expect((await server.call('GET', `${path}/999`, undefined, nobody)).status).toBe(404);
    expect((await server.call('GET', `${path}/abc`, undefined, nobody)).status).toBe(400);
    expect((await server.call('GET', '/v1/communities/secret/multipliers', undefined, nobody)).status).toBe(401);
  });

  it.each([
    [{ factor: 2 }, { factor: '2', status: 'scheduled' }],
    [{ factor: '1.50' }, { factor: '1.5' }],
    [{ categories: ['model-testers', 'gpu-contributors'] }, { categories: ['gpu-contributors', 'model-testers'] }],
    [{ announceAt: iso(30) }, { announceAt: [iso(30)] }],
    [{ announceAt: [iso(30), iso(-5)] }, { announceAt: [iso(30)] }],
    [{ startsAt: iso(-60), backdated: true }, { status: 'running' }],
    [{ startsAt: iso(-60), endsAt: iso(-30), backdated: true }, { status: 'ended' }],
    [{ startsAt: iso(5) }, { startsAt: iso(5) }],
  ])('MU-20 %j is taken', async (fields, expected) => {
    const { status, json } = await server.call('POST', path, { ...wanted, ...fields });
    expect([status, json]).toMatchObject([201, expected]);
  });

  it.each([
    [{ factor: '3.01' }, 400, 'factor'],
    [{ factor: 3.01 }, 400, 'factor'],
    [{ factor: 1 }, 400, 'factor'],
    [{ factor: '1' }, 400, 'factor'],
    [{ factor: 0 }, 400, 'factor'],
    [{ factor: 'abc' }, 400, 'factor'],
    [{ factor: '1.255' }, 400, '2 decimal places'],
    [{ factor: null }, 400, 'factor'],
    [{ factor: undefined }, 400, 'factor'],
    [{ name: '' }, 400, 'name'],
    [{ name: 'a\nb' }, 400, 'name'],
    [{ endsAt: iso(60) }, 400, 'The end'],
    [{ endsAt: iso(0) }, 400, 'The end'],
    [{ startsAt: iso(-1) }, 400, iso(5)],
    [{ startsAt: iso(4) }, 400, iso(5)],
    [{ startsAt: 'tomorrow' }, 400, 'startsAt'],
    [{ announceAt: iso(61) }, 400, 'announced ahead'],
    [{ categories: [] }, 400, 'categories'],
    [{ categories: 'model-testers' }, 400, 'categories'],
    [{ categories: ['pages'] }, 404, 'pages'],
    [{ backdated: 'yes' }, 400, 'backdated'],
  ])('MU-21 %j is refused with %i', async (fields, status, message) => {
    const answer = await server.call('POST', path, { ...wanted, ...fields });
    expect([answer.status, answer.json.status]).toEqual([status, status]);
    expect(answer.json.detail).toContain(message);
  });

  it('MU-21 only admins create, cancel and end', async () => {
    const { json: key } = await server.call('POST', '/v1/communities/omni/keys', { name: 'writer', scopes: ['write'] });
    const { json } = await server.call('POST', path, wanted);
    for (const [address, body] of [
      [path, wanted],
      [`${path}/${json.id}/cancel`, undefined],
      [`${path}/${json.id}/end`, {}],
    ] as const) {
      expect((await server.call('POST', address, body, nobody)).status).toBe(401);
      const writer = { authorization: `Bearer ${key.key}` };
      expect((await server.call('POST', address, body, writer)).status).toBe(403);
    }
  });

  it('MU-22 are cancelled before, and ended once they have started; with a body or without', async () => {
    const { json } = await server.call('POST', path, wanted);
    const cancelled = await server.call('POST', `${path}/${json.id}/cancel`);
    expect([cancelled.status, cancelled.json.status]).toEqual([200, 'cancelled']);
    expect((await server.call('POST', `${path}/${json.id}/end`)).status).toBe(409);

    const { json: second } = await server.call('POST', path, { ...wanted, startsAt: iso(5) });
    server.now = minutes(10);
    try {
      expect((await server.call('POST', `${path}/${second.id}/cancel`)).status).toBe(409);
      const early = await server.call('POST', `${path}/${second.id}/end`, { at: iso(12) });
      expect([early.status, early.json.detail]).toEqual([400, expect.stringContaining(iso(15))]);
      const later = await server.call('POST', `${path}/${second.id}/end`, { at: iso(30) });
      expect(later.json).toMatchObject({ endsAt: iso(30), status: 'running' });
      const ended = await server.call('POST', `${path}/${second.id}/end`);
      expect(ended.json).toMatchObject({ endsAt: iso(15), status: 'running' });
    } finally {
      server.now = NOW;
    }
    expect((await server.call('POST', `${path}/999/cancel`)).status).toBe(404);
  });

  it('MU-23 a request that is sent again with the same Idempotency-Key makes no second event', async () => {
    const { json: key } = await server.call('POST', '/v1/communities/omni/keys', { name: 'admin', scopes: ['admin'] });
    const headers = { authorization: `Bearer ${key.key}`, 'idempotency-key': 'once' };
    const [first, second] = await Promise.all([1, 2].map(() => server.call('POST', path, wanted, headers)));
    expect([first?.status, second?.status]).toEqual([201, 201]);
    expect(second?.json).toEqual(first?.json);
    expect((await server.call('POST', path, { ...wanted, name: 'Other' }, headers)).status).toBe(409);
  });

  it('MU-23 are listed page by page', async () => {
    const all = await server.call('GET', path);
    const page = await server.call('GET', `${path}?limit=2&offset=1`);
    expect(page.json).toEqual({ total: all.json.total, multipliers: all.json.multipliers.slice(1, 3) });
    expect((await server.call('GET', `${path}?limit=101`)).status).toBe(400);
  });

  it('MU-24 price contributions from their start on, and show on boards that are open while they run', async () => {
    await server.call('POST', '/v1/communities', { slug: 'live', name: 'Live', timeZone: 'UTC', preset: 'omnitensor' });
    await server.call('POST', '/v1/communities/live/multipliers', {
      ...wanted,
      startsAt: iso(5),
      categories: ['gpu-contributors'],
    });
    const board = async (category: string, query = '') =>
      (await server.call('GET', `/v1/communities/live/leaderboards/${category}${query}`)).json;
    expect(await board('gpu-contributors')).not.toHaveProperty('multiplier');
    const send = (id: string, occurredAt: string) =>
      server.call('POST', '/v1/communities/live/contributions', {
        contributions: [{ id, contributor: 'ada', category: 'gpu-contributors', amount: 24, occurredAt }],
      });
    server.now = minutes(10);
    try {
      const before = await send('before', new Date(minutes(5).getTime() - 1).toISOString());
      expect(before.json.results).toMatchObject([{ status: 'accepted', reward: '150', multiplier: '1' }]);
      const during = await send('during', iso(5));
      expect(during.json.results).toMatchObject([{ status: 'accepted', reward: '375', multiplier: '2.5' }]);
      expect(await board('gpu-contributors')).toMatchObject({ multiplier: { factor: '2.5', endsAt: iso(120) } });
      expect(await board('gpu-contributors', '?period=previous')).not.toHaveProperty('multiplier');
      expect(await board('model-testers')).not.toHaveProperty('multiplier');
    } finally {
      server.now = NOW;
    }
  });
});
