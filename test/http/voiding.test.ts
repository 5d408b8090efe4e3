import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { ADMIN_KEY, useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const omni = '/v1/communities/omni';
/** What an address must not stumble over; 200 characters of four bytes each. */
const STRANGE_IDS = ['a/b?c#d%2F', '..a', '名/前 😀', '%', '\u{1F600}'.repeat(200)];

const event = (id: string, fields: object = {}) => ({
  id,
  contributor: 'ada',
  category: 'gpu-contributors',
  amount: 1,
  occurredAt: '2026-08-20T10:00:00Z',
  ...fields,
});
const send = async (...contributions: object[]) => {
  const { json } = await server.call('POST', `${omni}/contributions`, { contributions });
  expect(json.rejected).toBe(0);
};
const at = (source: string, id: string) =>
  `${omni}/contributions/${encodeURIComponent(source)}/${encodeURIComponent(id)}`;
const score = async () => {
  const { json } = await server.call('GET', `${omni}/members/ada`);
  return json.standings.find(({ window }: { window: string }) => window === 'season')?.score;
};
const keyWith = async (name: string, scopes: string[], more: object = {}) => {
  const { json } = await server.call('POST', `${omni}/keys`, { name, scopes, ...more });
  return { authorization: `Bearer ${json.key}` };
};

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

describe('voiding over HTTP', () => {
  it('VO-20 voids and un-voids a contribution whatever its id looks like, and reads it', async () => {
    await send(...STRANGE_IDS.map((id) => event(id)));
    expect(await score()).toBe('31.25');
    for (const id of STRANGE_IDS) {
      const voided = await server.call('POST', `${at('admin', id)}/void`, { reason: 'made up' });
      expect([voided.status, voided.json.changed, voided.json.reward]).toEqual([200, 1, '6.25']);
      const { json } = await server.call('GET', at('admin', id), undefined, {});
      expect(json).toMatchObject({ id, status: 'voided', reason: 'made up', by: 'an admin over the API', windows: [] });
    }
    expect(await score()).toBe(undefined);
    for (const id of STRANGE_IDS) {
      const { json } = await server.call('POST', `${at('admin', id)}/unvoid`, { reason: 'it was true' });
      expect(json.changed).toBe(1);
    }
    expect(await score()).toBe('31.25');
  });

  it('VO-21 says what was so already, which windows followed, and which were left alone', async () => {
    await send(event('twice', { contributor: 'bob' }));
    const path = `${at('admin', 'twice')}/void`;
    const { json } = await server.call('POST', path, { reason: 'made up' });
    expect(json).toMatchObject({
      changed: 1,
      windows: ['2026-W34', '2026-08', '2026-Q3', 'all'],
      leftAlone: [],
    });
    expect(json.already).toBe(undefined);
    expect(json.places).toContainEqual({
      category: 'gpu-contributors',
      window: 'season',
      period: '2026-Q3',
      before: { rank: 2, score: '6.25', total: 2 },
      after: null,
    });
    const again = await server.call('POST', path, { reason: 'again' });
    expect(again.json).toMatchObject({ changed: 0, already: { by: 'ADMIN_API_KEY', reason: 'made up' } });
  });

  it('VO-22 voids what a member did between two times; a dry run only tells', async () => {
    await send(
      event('r1', { contributor: 'eve', occurredAt: '2026-08-01T00:00:00Z' }),
      event('r2', { contributor: 'eve', occurredAt: '2026-08-02T00:00:00Z' }),
    );
    const range = { reason: 'made up', from: '2026-08-01T02:00:00+02:00', to: '2026-08-02T00:00:00Z' };
    const path = `${omni}/members/eve/void`;
    const dry = await server.call('POST', path, { ...range, dryRun: true });
    expect(dry.json).toMatchObject({ changed: 1, reward: '6.25' });
    expect((await server.call('POST', path, range)).json).toEqual(dry.json);
    expect((await server.call('POST', `${omni}/members/eve/unvoid`, range)).json).toMatchObject({ changed: 1 });
  });

  it('VO-23 is for admins, takes a reason and times in order, and knows what exists', async () => {
    const path = `${at('admin', 'r1')}/void`;
    const status = async (to: string, body: unknown, headers?: Record<string, string>) =>
      (await server.call('POST', to, body, headers)).status;
    expect(await status(path, { reason: 'x' }, {})).toBe(401);
    expect(await status(path, { reason: 'x' }, await keyWith('writer', ['write']))).toBe(403);
    for (const body of [{}, { reason: '' }, { reason: '  ' }, { reason: 'a\u0007' }, { reason: 'x'.repeat(301) }]) {
      expect(await status(path, body)).toBe(400);
    }
    expect(await status(`${at('admin', 'nope')}/void`, { reason: 'x' })).toBe(404);
    expect(await status(`${at('nope', 'r1')}/unvoid`, { reason: 'x' })).toBe(404);
    expect(
      await status(`${omni}/members/nobody/void`, {
        reason: 'x',
        from: '2026-08-01T00:00:00Z',
        to: '2026-08-02T00:00:00Z',
      }),
    ).toBe(404);
    const backward = { reason: 'x', from: '2026-08-02T00:00:00Z', to: '2026-08-01T00:00:00Z' };
    expect(await status(`${omni}/members/eve/void`, backward)).toBe(400);
    expect(await status(`${omni}/members/eve/void`, { reason: 'x' })).toBe(400);
    expect((await server.call('GET', at('admin', 'nope'))).status).toBe(404);
  });
});

describe('what a key may do', () => {
  it('KE-20 tells its holder its source, its scopes and the member that it is bound to', async () => {
    const bound = await keyWith('node', ['write'], { contributor: 'ada', source: 'nodes' });
    expect((await server.call('GET', `${omni}/whoami`, undefined, bound)).json).toEqual({
      key: 'node',
      scopes: ['write'],
      source: 'nodes',
      contributor: 'ada',
    });
    expect((await server.call('GET', `${omni}/whoami`)).json).toEqual({
      key: null,
      scopes: ['admin'],
      source: 'admin',
    });
    expect((await server.call('GET', `${omni}/whoami`, undefined, {})).status).toBe(401);
    expect(
      (await server.call('GET', `${omni}/whoami`, undefined, { authorization: `Bearer ${ADMIN_KEY}x` })).status,
    ).toBe(401);
  });
});

describe('rates', () => {
  it('CA-20 lists those that hold and those that will, with when they end', async () => {
    const rate = { category: 'gpu-contributors', subject: 'H100', rate: '9', from: '1970-01-01T00:00:00Z' };
    await server.call('POST', `${omni}/rates`, rate);
    await server.call('POST', `${omni}/rates`, { ...rate, rate: '9.5', from: '2026-10-01T00:00:00Z' });
    await server.call('POST', `${omni}/rates`, { category: 'model-testers', rate: '5', from: '2026-08-01T00:00:00Z' });
    const { json } = await server.call('GET', `${omni}/rates`, undefined, {});
    const shown = json.rates.map(({ category, subject, rate: value, from, until }: Record<string, string>) =>
      [category, subject, value, from?.slice(0, 10), until?.slice(0, 10)].filter(Boolean).join(' '),
    );
    expect(shown).toEqual([
      'gpu-contributors 6.25 1970-01-01',
      'gpu-contributors H100 9 1970-01-01 2026-10-01',
      'gpu-contributors H100 9.5 2026-10-01',
      'data-validators 10 1970-01-01',
      'model-testers 5 2026-08-01',
    ]);
  });
});
