import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const keys: Record<string, string> = {};

beforeAll(async () => {
  for (const [slug, visibility] of [
    ['omni', 'public'],
    ['other', 'unlisted'],
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
  for (const [name, community, body] of [
    ['writer', 'omni', { scopes: ['write'] }],
    ['admin', 'omni', { scopes: ['admin'] }],
    ['bound', 'omni', { scopes: ['write'], contributor: 'ada' }],
    ['revoked', 'omni', { scopes: ['write'] }],
    ['foreign', 'other', { scopes: ['admin'] }],
    ['reader', 'secret', { scopes: ['write'] }],
  ] as const) {
    const { json } = await server.call('POST', `/v1/communities/${community}/keys`, { name, ...body });
    keys[name] = json.key;
    if (name === 'revoked') await server.call('DELETE', `/v1/communities/omni/keys/${json.id}`);
  }
});

const as = (name?: string) => (name ? { authorization: `Bearer ${keys[name] ?? name}` } : {});
const contributions = [
  { id: 'x', contributor: 'ada', category: 'gpu-contributors', amount: 1, occurredAt: '2026-08-20T10:00:00Z' },
];

describe('access', () => {
  it.each([
    ['nobody', undefined, 401],
    ['a made-up key', 'omni_1_1_' + 'x'.repeat(43), 401],
    ['a text that is no key', 'nonsense', 401],
    ['a revoked key', 'revoked', 401],
    ['a key of another community', 'foreign', 403],
    ['a key of the scope write', 'writer', 200],
    ['a key of the scope admin', 'admin', 200],
  ])('HT-20 %s that records contributions gets %3$i', async (_, key, status) => {
    const answer = await server.call('POST', '/v1/communities/omni/contributions', { contributions }, as(key));
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['nobody', undefined, 401],
    ['a key of the scope write', 'writer', 403],
    ['a foreign key', 'foreign', 403],
    ['a key of the scope admin', 'admin', 201],
  ])('HT-21 %s that adds a category gets %3$i', async (_, key, status) => {
    const category = { slug: 'notes', title: 'Notes', unit: 'note', measure: 'amount', rate: '0' };
    const answer = await server.call('POST', '/v1/communities/omni/categories', category, as(key));
    expect(answer.status).toBe(status);
  });

  it('HT-22 refuses before it reads a body', async () => {
    const { status } = await server.call('POST', '/v1/communities/omni/contributions', '{broken', as());
    expect(status).toBe(401);
  });

  it('HT-23 a bound key writes for its member alone', async () => {
    const entries = [
      { ...contributions[0], contributor: 'bob', id: 'bound-1' },
      { ...contributions[0], id: 'bound-2' },
    ];
    const { json } = await server.call(
      'POST',
      '/v1/communities/omni/contributions',
      { contributions: entries },
      as('bound'),
    );
    expect(json.results).toMatchObject([{ reason: 'not_your_contributor' }, { status: 'accepted' }]);
  });

  it('HT-24 an unlisted community is read by all and absent from the list', async () => {
    const { json } = await server.call('GET', '/v1/communities', undefined, as());
    expect(json.communities.map(({ slug }: { slug: string }) => slug)).toEqual(['omni']);
    expect((await server.call('GET', '/v1/communities/other', undefined, as())).status).toBe(200);
  });

  it.each([
    ['nobody', undefined, 401],
    ['a foreign key', 'foreign', 403],
    ['any key of its own', 'reader', 200],
  ])('HT-25 %s that reads a community for members gets %3$i', async (_, key, status) => {
    for (const path of ['', '/leaderboards/gpu-contributors']) {
      const answer = await server.call('GET', `/v1/communities/secret${path}`, undefined, as(key));
      expect(answer.status).toBe(status);
    }
  });

  it('HT-26 only ADMIN_API_KEY makes communities', async () => {
    const community = { slug: 'mine', name: 'Mine', timeZone: 'UTC' };
    expect((await server.call('POST', '/v1/communities', community, as('admin'))).status).toBe(403);
    const made = await server.call('POST', '/v1/communities', community);
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      id: expect.any(Number),
      slug: 'mine',
      locale: 'en',
      visibility: 'public',
      categories: [],
    });
    expect((await server.call('POST', '/v1/communities', community)).status).toBe(409);
  });

  it('HT-27 a key is shown once and listed without its secret', async () => {
    const { json } = await server.call('GET', '/v1/communities/omni/keys');
    expect(json.keys.map(({ name }: { name: string }) => name)).toEqual(['writer', 'admin', 'bound']);
    expect(JSON.stringify(json)).not.toMatch(/omni_\d/);
  });
});
