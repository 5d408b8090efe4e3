import { describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
let communities = 0;

async function makeCommunity(fields: object = {}): Promise<string> {
  const slug = `community-${(communities += 1)}`;
  const community = { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor', ...fields };
  const { status } = await server.call('POST', '/v1/communities', community);
  expect(status).toBe(201);
  return `/v1/communities/${slug}`;
}

const contribution = { contributor: 'ada', category: 'gpu-contributors', amount: 1 };

describe('administering a community', () => {
  it('HT-30 changes what is sent and leaves the rest', async () => {
    const path = await makeCommunity();
    const { status, json } = await server.call('PATCH', path, { name: 'New', locale: 'pt-br', visibility: 'unlisted' });
    expect(status).toBe(200);
    expect(json).toMatchObject({ name: 'New', timeZone: 'UTC', locale: 'pt-BR', visibility: 'unlisted' });
    expect(json.categories).toHaveLength(3);
  });

  it('HT-31 moves the time zone of a community with contributions only when told to rebuild', async () => {
    const path = await makeCommunity();
    const contributions = [{ ...contribution, id: 'a', occurredAt: '2026-07-31T20:00:00Z' }];
    await server.call('POST', `${path}/contributions`, { contributions });
    const refused = await server.call('PATCH', path, { timeZone: 'Asia/Kolkata' });
    expect(refused.status).toBe(409);
    expect(refused.json.detail).toMatch('"rebuild": true');
    const { status, json } = await server.call('PATCH', path, { timeZone: 'asia/kolkata', rebuild: true });
    expect([status, json.timeZone]).toEqual([200, 'Asia/Kolkata']);
    const board = await server.call('GET', `${path}/leaderboards/gpu-contributors?window=month&period=2026-08`);
    expect(board.json).toMatchObject({ total: 1, startsAt: '2026-07-31T18:30:00.000Z' });
  });

  it.each([
    [{ slug: 'UPPER' }, 400],
    [{ slug: '' }, 400],
    [{ slug: 'a/b' }, 400],
    [{ timeZone: 'Mars/Olympus' }, 400],
    [{ timeZone: '+05:30' }, 400],
    [{ locale: 'nonsense-locale-xx-yy' }, 400],
    [{ visibility: 'hidden' }, 400],
    [{ preset: 'other' }, 400],
    [{ name: ' ' }, 400],
    [{ name: 'a\0b' }, 400],
  ])('HT-32 refuses a community with %j', async (fields, status) => {
    const community = { slug: `slug-${(communities += 1)}`, name: 'Omni', timeZone: 'UTC', ...fields };
    const answer = await server.call('POST', '/v1/communities', community);
    expect(answer.status).toBe(status);
    expect(answer.json.detail).toMatch(/\.$/);
  });

  it('HT-33 adds a category with the rate that it begins with', async () => {
    const path = await makeCommunity({ preset: undefined });
    const category = { slug: 'notes', title: 'Notes', unit: 'note', measure: 'amount', rate: 2.5, reputation: '0.001' };
    const { status, json } = await server.call('POST', `${path}/categories`, category);
    expect(status).toBe(201);
    expect(json).toEqual({ ...category, id: expect.any(Number), rate: '2.5' });
    expect((await server.call('POST', `${path}/categories`, category)).status).toBe(409);
    for (const wrong of [{ rate: '-1' }, { rate: '1.2345' }, { rate: 10_000.001 }, { measure: 'x' }, { slug: 'N' }]) {
      const answer = await server.call('POST', `${path}/categories`, { ...category, slug: 'other', ...wrong });
      expect(answer.status).toBe(400);
    }
  });

  it('HT-34 dates rates: at least 5 minutes ahead, or before the first contribution that they price', async () => {
    const path = await makeCommunity();
    const occurredAt = '2026-08-01T00:00:00Z';
    await server.call('POST', `${path}/contributions`, { contributions: [{ ...contribution, id: 'a', occurredAt }] });
    const rate = (fields: object) =>
      server.call('POST', `${path}/rates`, { category: 'gpu-contributors', rate: '8', ...fields });

    expect((await rate({ from: '2026-07-01T00:00:00Z' })).status).toBe(409);
    expect((await rate({ from: '2026-08-22T12:05:00Z' })).status).toBe(201);
    expect((await rate({ from: '2026-08-22T12:05:00Z' })).status).toBe(409);
    expect((await rate({ from: '2026-08-02T00:00:00Z' })).status).toBe(201);
    expect((await rate({ subject: 'H100', from: '2020-01-01T00:00:00Z', rate: 0 })).status).toBe(201);
    expect((await rate({ from: 'tomorrow' })).status).toBe(400);
    expect((await rate({ category: 'nope', from: '2027-01-01T00:00:00Z' })).status).toBe(404);
    expect((await rate({ category: 'a\0b', from: '2027-01-01T00:00:00Z' })).status).toBe(400);

    const later = { ...contribution, occurredAt: '2026-08-03T00:00:00Z' };
    const contributions = [
      { ...later, id: 'b' },
      { ...later, id: 'c', subject: 'H100' },
    ];
    const { json } = await server.call('POST', `${path}/contributions`, { contributions });
    expect(json.results.map(({ reward }: { reward: string }) => reward)).toEqual(['8', '0']);
  });

  it('HT-35 writes every change to the audit log: who, when, what, from what to what', async () => {
    const path = await makeCommunity();
    await server.call('PATCH', path, { name: 'New' });
    await server.call('POST', `${path}/keys`, { name: 'gpu network', scopes: ['write'] });
    const entries = await database.db
      .selectFrom('audit_log as a')
      .innerJoin('communities as c', 'c.community_id', 'a.community_id')
      .select(['a.actor', 'a.action', 'a.at', 'a.before', 'a.after'])
      .where('c.slug', '=', path.split('/').at(-1) ?? '')
      .orderBy('a.audit_id')
      .execute();
    const ofPreset = [...Array(3).fill('category.create'), 'badge.create', ...Array(15).fill('prize.create')];
    const actions = ['community.create', ...ofPreset, 'community.update', 'key.create'];
    expect(entries.map(({ action }) => action)).toEqual(actions);
    const update = entries.find(({ action }) => action === 'community.update');
    expect(update).toMatchObject({
      actor: 'ADMIN_API_KEY',
      at: server.now,
      before: { name: 'Omni' },
      after: { name: 'New' },
    });
    expect(JSON.stringify(entries)).not.toMatch(/omni_\d/);
  });
});
