import { beforeEach, describe, expect, it } from 'vitest';
import { awardAchievements } from '../../src/badges/award.ts';
import { NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
let path = '';
let communities = 0;

const PNG = Buffer.from('89504e470d0a1a0a0000', 'hex');
const uri = (content: Buffer, type = 'image/png') => `data:${type};base64,${content.toString('base64')}`;

const event = (id: string, contributor = 'ada', fields: object = {}) => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount: 1,
  occurredAt: '2026-08-20T10:00:00Z',
  ...fields,
});
const send = (...contributions: object[]) => server.call('POST', `${path}/contributions`, { contributions });
const make = (badge: object) => server.call('POST', `${path}/badges`, badge);
const list = async () => (await server.call('GET', `${path}/badges`)).json.badges;
const award = () => awardAchievements(recording(database.db), NOW);

beforeEach(async () => {
  const slug = `badges-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

describe('badges over HTTP', () => {
  it('BA-30 lists those of the preset, with what they ask for and how many have each', async () => {
    await send(event('1'), event('2', 'bob'), event('3', 'ada', { category: 'data-validators' }));
    await award();
    const badges = await list();
    expect(badges.filter(({ rule }: { rule: object | null }) => rule)).toHaveLength(14);
    expect(badges[0]).toEqual({
      id: expect.any(Number),
      name: 'First Spark',
      description: expect.any(String),
      icon: '⚡',
      image: null,
      kind: 'once',
      rule: { kind: 'contributions', atLeast: 1, category: 'gpu-contributors' },
      ruleText: '1 contribution in Top GPU Contributors',
      createdAt: '2026-08-22T12:00:00.000Z',
      removedAt: null,
      holders: 2,
    });
    const texts = badges.map(({ ruleText }: { ruleText: string }) => ruleText);
    expect(texts).toContain(
      'contributions to Top GPU Contributors, Data Validators and AI Model Testers within one season',
    );
    expect(texts).toContain('a contribution in each of 12 weeks in a row');
    expect(texts).toContain('a contribution after 4 weeks or more without any');
    expect(texts).toContain('first on a board when a season becomes final');
    expect(texts).toContain('3 messages credited as critical feedback');
    expect((await server.call('GET', `${path}/members/ada`)).json.badges).toEqual([
      { name: 'First Spark', count: 1 },
      { name: 'Sharp Eye', count: 1 },
    ]);
  });

  it('BA-31 tells a member’s badges, those that rewards gave among them, and how near the others are', async () => {
    await server.call('POST', `${path}/quests`, {
      name: 'One hour',
      startsAt: '2026-08-19T00:00:00Z',
      endsAt: '2026-09-19T00:00:00Z',
      goal: { category: 'gpu-contributors', amount: '1' },
      rewards: [{ kind: 'badge', name: 'Nobody said what' }],
    });
    await send(event('1'), event('2', 'ada', { occurredAt: '2026-08-13T10:00:00Z' }));
    await send(event('3', 'ada', { category: 'model-testers' }));
    await award();
    const { json } = await server.call('GET', `${path}/members/ada/badges`);
    expect(json.handle).toBe('ada');
    const earned = json.earned.map(({ name, count, badge }: Record<string, unknown>) => [name, count, badge]);
    expect(earned).toContainEqual(['Nobody said what', 1, null]);
    expect(earned).toContainEqual(['Lab Coat', 1, expect.objectContaining({ icon: '🧪' })]);
    const open = json.open.map(({ name, progress }: Record<string, unknown>) => [name, progress]);
    expect(open.slice(0, 2)).toEqual([
      ['All-Rounder', { text: '2 of 3 categories this season', done: '2', wanted: '3', percent: 66 }],
      ['Warmed Up', { text: '2 of 4 weeks in a row', done: '2', wanted: '4', percent: 50 }],
    ]);
    expect(open).toContainEqual(['Season Champion', null]);
    expect(open).toContainEqual(['Quest Master', { text: '1 of 10 quests', done: '1', wanted: '10', percent: 10 }]);
    expect((await server.call('GET', `${path}/members/nobody/badges`)).status).toBe(404);
    await send(event('4', 'bob'));
    await server.call('POST', `${path}/members/ada/merge`, { into: 'bob' });
    const moved = await server.call('GET', `${path}/members/ada/badges`);
    expect([moved.status, moved.headers.get('location')]).toEqual([308, `${path}/members/bob/badges`]);
  });

  it('BA-32 makes badges with and without a rule, and removes them', async () => {
    await send(event('1'));
    const rule = { kind: 'amount', category: 'gpu-contributors', atLeast: 0.5 };
    const made = await make({ name: 'Half an hour', description: 'It counts.', icon: '❤', rule });
    expect([made.status, made.json]).toEqual([
      201,
      expect.objectContaining({
        icon: '❤️',
        kind: 'once',
        rule: { ...rule, atLeast: '0.5' },
        ruleText: '0.5 GPU-hours in all',
      }),
    ]);
    const plain = await make({ name: 'Founder' });
    expect(plain.json).toMatchObject({ kind: 'counted', rule: null, ruleText: null, icon: null });
    await award();
    const holdersOf = async (name: string) =>
      (await list()).find((badge: { name: string }) => badge.name === name)?.holders;
    expect(await holdersOf('Half an hour')).toBe(1);
    expect((await server.call('DELETE', `${path}/badges/${plain.json.id}`)).status).toBe(204);
    expect(await holdersOf('Founder')).toBeUndefined();
    expect((await server.call('DELETE', `${path}/badges/${made.json.id}`)).status).toBe(204);
    expect((await list()).at(-1)).toMatchObject({ name: 'Half an hour', removedAt: NOW.toISOString(), holders: 1 });
    expect((await make({ name: 'Half an hour' })).status).toBe(409);
    expect((await server.call('DELETE', `${path}/badges/${made.json.id}?takeBack=true`)).status).toBe(204);
    expect(await holdersOf('Half an hour')).toBeUndefined();
    await award();
    expect((await server.call('GET', `${path}/members/ada`)).json.badges).toEqual([{ name: 'First Spark', count: 1 }]);
    expect((await server.call('DELETE', `${path}/badges/${made.json.id}`)).status).toBe(404);
    expect((await make({ name: 'Half an hour', rule })).status).toBe(201);
  });

  it.each([
    [{}, 'name'],
    [{ name: ' ' }, 'white space'],
    [{ name: 'x', icon: 'ab' }, 'one emoji'],
    [{ name: 'x', icon: '🏆🏆' }, 'one emoji'],
    [{ name: 'x', icon: '<:a:1>' }, 'one emoji'],
    [{ name: 'x', rule: { kind: 'luck' } }, 'kind'],
    [{ name: 'x', rule: { kind: 'streak', weeks: 1 } }, 'from 2 to 520'],
    [{ name: 'x', rule: { kind: 'streak', weeks: 4, category: 'gpu-contributors' } }, 'category'],
    [{ name: 'x', rule: { kind: 'contributions', atLeast: 0 } }, 'from 1'],
    [{ name: 'x', rule: { kind: 'amount', category: 'gpu-contributors', atLeast: '0' } }, 'more than 0'],
    [{ name: 'x', rule: { kind: 'categories', window: 'all' } }, 'window'],
    [{ name: 'x', rule: { kind: 'categories', window: 'week', categories: ['a', 'a'] } }, 'twice'],
    [
      { name: 'x', rule: { kind: 'rank', window: 'month', atMost: 2, category: 'nope' } },
      'There is no category "nope"',
    ],
    [{ name: 'x', kind: 'counted', rule: { kind: 'quests', atLeast: 1 } }, 'Only `rank` and `categories`'],
    [{ name: 'x', colour: 'red' }, 'colour'],
    [{ name: 'x', image: 'https://example.org/x.png' }, 'data URI'],
    [{ name: 'x', image: uri(Buffer.from('<svg onload=alert(1)>')) }, 'no PNG'],
    [{ name: 'x', image: 'data:image/svg+xml;base64,AAAA' }, 'data URI'],
    [{ name: 'x', image: uri(Buffer.concat([PNG, Buffer.alloc(256 * 1024)])) }, '256 KiB'],
  ])('BA-33 refuses %j', async (badge, problem) => {
    const { status, json } = await make(badge);
    expect([400, 404]).toContain(status);
    expect(json.detail).toContain(problem);
    expect(json.detail).toMatch(/\.$/);
  });

  it('BA-34 keeps a picture by what it is, not by what it says of itself, and shows it as a picture alone', async () => {
    const { json } = await make({ name: 'Pictured', image: uri(PNG, 'image/gif') });
    expect(json.image).toEqual({ emojiId: null, reason: null });
    const response = await fetch(`${server.url}${path}/badges/${json.id}/image`);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-security-policy')).toBe("default-src 'none'; sandbox");
    expect(Buffer.from(await response.arrayBuffer())).toEqual(PNG);
    const [first] = await list();
    expect((await server.call('GET', `${path}/badges/${first.id}/image`)).status).toBe(404);
  });

  it('BA-36 changes description, icon and picture; name and rule stay', async () => {
    const { json } = await make({ name: 'Half', description: 'Haf an hour.', icon: '❤', image: uri(PNG) });
    const edit = (changes: object, id = json.id) => server.call('PATCH', `${path}/badges/${id}`, changes);
    const edited = await edit({ description: 'Half an hour.', icon: '🔥' });
    expect([edited.status, edited.json]).toEqual([200, { ...json, description: 'Half an hour.', icon: '🔥' }]);
    expect((await list()).at(-1)).toMatchObject({ description: 'Half an hour.', icon: '🔥', image: {} });
    expect((await edit({ icon: null, image: null })).json).toMatchObject({ icon: null, image: null });
    expect((await server.call('GET', `${path}/badges/${json.id}/image`)).status).toBe(404);
    const refused = await edit({ name: 'Whole' });
    expect([refused.status, refused.json.detail]).toEqual([
      400,
      'The body: `name` stays: the ledger, quests and prizes know a badge by it. Remove the badge and make another.',
    ]);
    expect((await edit({ rule: null })).json.detail).toContain('taking it back from all');
    expect((await edit({ icon: 'x' })).json.detail).toContain('`icon`: must be one emoji');
    expect((await edit({ icon: '🔥' }, 999_999)).status).toBe(404);
    const key = await server.call('POST', `${path}/keys`, { name: 'w', scopes: ['write'] });
    const writer = { authorization: `Bearer ${key.json.key}` };
    expect((await server.call('PATCH', `${path}/badges/${json.id}`, { icon: '🔥' }, writer)).status).toBe(403);
  });

  it('BA-35 is for admins, and a community can have it quiet', async () => {
    const key = await server.call('POST', `${path}/keys`, { name: 'w', scopes: ['write'] });
    const writer = { authorization: `Bearer ${key.json.key}` };
    expect((await server.call('POST', `${path}/badges`, { name: 'x' }, writer)).status).toBe(403);
    expect((await server.call('DELETE', `${path}/badges/1`, undefined, writer)).status).toBe(403);
    expect((await server.call('PATCH', `${path}/badges`, { announced: false }, writer)).status).toBe(403);
    expect((await server.call('GET', `${path}/badges`, undefined, {})).json.announced).toBe(true);
    expect((await server.call('PATCH', `${path}/badges`, { announced: false })).json).toEqual({ announced: false });
    expect((await server.call('GET', `${path}/badges`, undefined, {})).json.announced).toBe(false);
  });
});
