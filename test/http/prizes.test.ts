import { beforeEach, describe, expect, it } from 'vitest';
import { applyPreset } from '../../src/communities/apply-preset.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
let path = '';
let slug = '';
let communities = 0;

const TOKENS = [{ kind: 'tokens', amount: '5' }];
const prize = (fields: object = {}) =>
  server.call('POST', `${path}/prizes`, {
    category: 'gpu-contributors',
    window: 'week',
    ranks: { from: 1, to: 3 },
    rewards: TOKENS,
    ...fields,
  });
const event = (id: string, contributor: string, amount: number) => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount,
  occurredAt: '2026-08-20T10:00:00Z',
});
const send = (...contributions: object[]) => server.call('POST', `${path}/contributions`, { contributions });

async function makeCommunity(preset?: string): Promise<void> {
  slug = `prizes-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset });
}

beforeEach(async () => {
  server.now = new Date('2026-08-22T12:00:00Z');
  await makeCommunity();
  const category = { slug: 'gpu-contributors', title: 'GPU', unit: 'hour', measure: 'reward', rate: 1 };
  await server.call('POST', `${path}/categories`, category);
});

describe('prizes over HTTP', () => {
  it('PZ-20 sets one up, with its id and the first period that it is for; lists, reads and removes it', async () => {
    const made = await prize();
    const shown = {
      id: expect.any(Number),
      category: 'gpu-contributors',
      window: 'week',
      ranks: { from: 1, to: 3 },
      rewards: TOKENS,
      createdAt: '2026-08-22T12:00:00.000Z',
    };
    expect([made.status, made.json]).toEqual([201, { ...shown, from: '2026-W34', leavesAlone: [], notes: [] }]);
    const { id } = made.json;
    await prize({ window: 'month', ranks: undefined, topPercent: 5, rewards: [{ kind: 'role', name: 'Governance' }] });
    await prize({ window: 'season', ranks: undefined, minScore: 12.5 });
    const list = async (query = '') => (await server.call('GET', `${path}/prizes${query}`, undefined, {})).json.prizes;
    expect(await list()).toMatchObject([
      shown,
      { window: 'month', topPercent: 5 },
      { window: 'season', minScore: '12.5' },
    ]);
    expect(await list('?window=month')).toHaveLength(1);
    expect(await list('?category=gpu-contributors&window=week')).toEqual([shown]);
    expect((await server.call('GET', `${path}/prizes/${id}`, undefined, {})).json).toEqual(shown);

    const removed = await server.call('DELETE', `${path}/prizes/${id}`);
    expect([removed.status, removed.json]).toMatchObject([200, { id, from: '2026-W34', removedAt: shown.createdAt }]);
    expect(await list()).toHaveLength(2);
    expect((await server.call('GET', `${path}/prizes/${id}`)).json.removedAt).toBe(shown.createdAt);
    expect((await server.call('DELETE', `${path}/prizes/${id}`)).status).toBe(200);
    for (const method of ['GET', 'DELETE'])
      expect((await server.call(method, `${path}/prizes/999999`)).status).toBe(404);
    const actions = await audit();
    expect(actions).toEqual(['prize.create', 'prize.create', 'prize.create', 'prize.remove']);
  });

  it('PZ-21 says which places are left out and which win twice', async () => {
    await prize();
    expect((await prize({ ranks: { from: 3, to: 5 } })).json.notes).toEqual([
      'Rank 3 wins another prize as well: the one for ranks 1 to 3.',
    ]);
    expect((await prize({ ranks: { from: 8, to: 10 } })).json.notes).toEqual(['No prize is for ranks 6 to 7.']);
    expect((await prize({ window: 'month', ranks: { from: 2, to: 2 } })).json.notes).toEqual([
      'No prize is for rank 1.',
    ]);
  });

  it('PZ-22 a prize that is changed while its window closes is for the next one, and says so', async () => {
    const before = (await prize()).json;
    await send(event('1', 'ada', 3));
    server.now = new Date('2026-08-24T00:30:00Z');
    await closeDueWindows(recording(database.db), server.now);
    const made = await prize({ rewards: [{ kind: 'tokens', amount: '7' }] });
    expect(made.json).toMatchObject({ from: '2026-W35', leavesAlone: ['2026-W34'] });
    const removed = await server.call('DELETE', `${path}/prizes/${before.id}`);
    expect(removed.json).toMatchObject({ from: '2026-W35', leavesAlone: ['2026-W34'] });
    server.now = new Date('2026-08-24T01:00:00Z');
    await closeDueWindows(recording(database.db), server.now);
    expect((await server.call('GET', `${path}/members/ada`)).json.balances.granted).toBe('5');
  });

  it.each<[string, object, number]>([
    ['upside-down ranks', { ranks: { from: 3, to: 1 } }, 400],
    ['a rank of 0', { ranks: { from: 0, to: 1 } }, 400],
    ['endless ranks', { ranks: { from: 1, to: 1e9 } }, 400],
    ['no places', { ranks: undefined }, 400],
    ['two kinds of places', { topPercent: 5 }, 400],
    ['more than all', { ranks: undefined, topPercent: 101 }, 400],
    ['half a per cent', { ranks: undefined, topPercent: 0.5 }, 400],
    ['a score of 0', { ranks: undefined, minScore: '0' }, 400],
    ['the window that never closes', { window: 'all' }, 400],
    ['no rewards', { rewards: [] }, 400],
    ['a reward of nothing', { rewards: [{ kind: 'tokens', amount: '0' }] }, 400],
    ['a role that is not named', { rewards: [{ kind: 'role' }] }, 400],
    ['an unknown category', { category: 'nope' }, 404],
  ])('PZ-23 refuses a prize with %s, and says what would be right', async (_, fields, status) => {
    const refused = await prize(fields);
    expect(refused.status).toBe(status);
    expect(refused.json.detail).toMatch(/\.$/);
    expect((await server.call('GET', `${path}/prizes`)).json.prizes).toEqual([]);
  });

  it('PZ-24 takes a key with the scope admin, save to read', async () => {
    const { json } = await server.call('POST', `${path}/keys`, { name: 'network', scopes: ['write'] });
    const { id } = (await prize()).json;
    const calls: [string, string, object?][] = [
      ['POST', '/prizes', {}],
      ['DELETE', `/prizes/${id}`],
      ['GET', '/prizes/preview'],
    ];
    for (const [method, address, body] of calls) {
      const writer = { authorization: `Bearer ${json.key}` };
      expect((await server.call(method, `${path}${address}`, body, writer)).status).toBe(403);
      expect((await server.call(method, `${path}${address}`, body, {})).status).toBe(401);
    }
  });

  it('PZ-25 previews who would win what, what it costs, and what could not be delivered', async () => {
    await server.call('PATCH', path, { monthlyBudget: '20' });
    await prize({ ranks: { from: 1, to: 1 }, rewards: [...TOKENS, { kind: 'role', name: 'Governance' }] });
    await prize({ window: 'season', ranks: undefined, topPercent: 5 });
    await send(event('1', 'ada', 3), event('2', 'bob', 2));
    const exclusion = { member: 'ada', scope: 'prizes', reason: 'Staff' };
    await server.call('POST', `${path}/exclusions`, exclusion);
    const { status, json } = await server.call('GET', `${path}/prizes/preview`);
    expect(status).toBe(200);
    const roleWon = { kind: 'role', name: 'Governance' };
    expect(json.boards[0]).toMatchObject({
      category: 'gpu-contributors',
      title: 'GPU',
      window: 'week',
      period: '2026-W34',
      endsAt: '2026-08-24T00:00:00.000Z',
      status: 'open',
      members: 2,
      prizes: [{ ranks: { from: 1, to: 1 }, winners: 1 }],
      winners: 1,
      first: [{ rank: 2, handle: 'bob', displayName: 'bob', rewards: [...TOKENS, roleWon] }],
      passedOver: { members: 1, first: [{ rank: 1, handle: 'ada', displayName: 'ada' }] },
      undeliverable: [{ reward: roleWon, why: expect.stringContaining('no Discord server'), members: 1 }],
      totals: { tokens: '5', governance: '0', reputation: '0', others: [{ ...roleWon, count: 1 }] },
    });
    expect(json.totals.tokens).toBe('10');
    expect(json.budget).toEqual({
      month: '2026-08',
      monthlyBudget: '20',
      quests: { granted: '0', ahead: '0' },
      prizes: { granted: '0', standing: '5', ahead: '5' },
      total: '10',
      left: '10',
      unlimited: [],
    });
    expect(json.season).toMatchObject({
      period: '2026-Q3',
      totals: { tokens: '30' },
      unlimited: [{ prize: expect.any(Number), name: 'GPU', rewards: TOKENS }],
    });
    const season = await server.call('GET', `${path}/prizes/preview?window=season`);
    expect(season.json.boards).toMatchObject([{ window: 'season' }]);
    expect((await server.call('GET', `${path}/prizes/preview?window=all`)).status).toBe(400);
    expect((await server.call('GET', `${path}/prizes/preview?category=nope`)).status).toBe(404);
  });
});

describe('the prizes of the preset', () => {
  const list = async () => (await server.call('GET', `${path}/prizes`)).json.prizes;

  it('PZ-30 the OmniTensor preset has prizes of months and seasons, and without a preset there are none', async () => {
    expect(await list()).toEqual([]);
    await makeCommunity('omnitensor');
    const prizes = await list();
    expect(prizes).toHaveLength(15);
    const of = (category: string, window: string) =>
      prizes
        .filter((one: { category: string; window: string }) => one.category === category && one.window === window)
        .map((one: { ranks: object; rewards: object[] }) => [one.ranks, one.rewards]);
    expect(of('gpu-contributors', 'month')[0]).toEqual([
      { from: 1, to: 1 },
      [
        { kind: 'tokens', amount: '500' },
        { kind: 'badge', name: 'GPU Contributor of the Month' },
        { kind: 'role', name: 'Governance' },
      ],
    ]);
    expect(of('data-validators', 'month')[0][1]).toEqual([
      { kind: 'reputation', amount: '100' },
      { kind: 'badge', name: 'Data Validator of the Month' },
    ]);
    for (const category of ['gpu-contributors', 'data-validators', 'model-testers']) {
      const ofSeason = of(category, 'season');
      expect(ofSeason.map(([ranks]: [object]) => ranks)).toEqual([
        { from: 1, to: 1 },
        { from: 2, to: 3 },
        { from: 4, to: 10 },
      ]);
      for (const [, rewards] of ofSeason) {
        expect(rewards.map(({ kind }: { kind: string }) => kind)).toEqual(['governance', 'access', 'nft']);
      }
    }
  });

  it('PZ-31 a community that applies it gets them once: what an admin removed stays away', async () => {
    const { db } = database;
    const { id } = await recording(db).directory.bySlug(slug);
    const own = (await prize({ window: 'month', ranks: { from: 1, to: 1 } })).json;
    const apply = () => applyPreset(db, id, 'omnitensor', TESTER, server.now);
    await apply();
    // The places that have a prize keep it.
    expect(await list()).toHaveLength(15);
    expect((await list())[0]).toMatchObject({ id: own.id, rewards: TOKENS });
    await apply();
    expect(await list()).toHaveLength(15);
    await server.call('DELETE', `${path}/prizes/${own.id}`);
    await apply();
    expect(await list()).toHaveLength(14);
  });
});

/** The actions that the audit log has of the community's prizes. */
async function audit(): Promise<string[]> {
  const rows = await database.db
    .selectFrom('audit_log as a')
    .innerJoin('communities as c', 'c.community_id', 'a.community_id')
    .select('a.action')
    .where('c.slug', '=', slug)
    .where('a.action', 'like', 'prize.%')
    .orderBy('a.audit_id')
    .execute();
  return rows.map(({ action }) => action);
}
