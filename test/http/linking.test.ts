import { beforeEach, describe, expect, it } from 'vitest';
import { linkDiscordUser } from '../../src/members/link.ts';
import { NOW, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
let path = '';
let communities = 0;

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const event = (id: string, contributor: string, amount = 1) => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount,
  occurredAt: '2026-08-20T10:00:00Z',
});

async function makeKey(fields: object): Promise<string> {
  const { json } = await server.call('POST', `${path}/keys`, { name: `key ${Math.random()}`, ...fields });
  return json.key;
}

beforeEach(async () => {
  const slug = `linking-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  await server.call('POST', `${path}/contributions`, {
    contributions: [event('1', 'ada', 3), event('2', 'old one/ü', 2), event('3', 'bob')],
  });
});

describe('linking over HTTP', () => {
  it('LI-20 makes a code for whoever may write for the handle, and for nobody else', async () => {
    const made = await server.call('POST', `${path}/members/ada/link-code`);
    expect(made.status).toBe(201);
    expect(made.json).toEqual({ code: expect.stringMatching(/^.{4}-.{4}$/), expiresAt: '2026-08-22T12:15:00.000Z' });
    expect(made.headers.get('cache-control')).toBe('no-store');
    const [bound, free] = [
      await makeKey({ scopes: ['write'], contributor: 'ada' }),
      await makeKey({ scopes: ['write'] }),
    ];
    const ask = async (handle: string, key?: string) =>
      (await server.call('POST', `${path}/members/${handle}/link-code`, undefined, key ? bearer(key) : {})).status;
    expect(await ask('ada', bound)).toBe(201);
    expect(await ask('bob', bound)).toBe(403);
    expect(await ask('bob', free)).toBe(201);
    expect(await ask('ada')).toBe(401);
    expect(await ask('nobody', free)).toBe(404);
  });

  it('LI-21 merges for admins, any number of times, and refuses what cannot be merged', async () => {
    const merge = (from: string, into: string, key?: string) =>
      server.call('POST', `${path}/members/${encodeURIComponent(from)}/merge`, { into }, key ? bearer(key) : undefined);
    for (let time = 0; time < 2; time += 1) {
      const { status, json } = await merge('old one/ü', 'ada');
      expect([status, json]).toEqual([200, { merged: 'old one/ü', into: 'ada' }]);
    }
    const board = await server.call('GET', `${path}/leaderboards/gpu-contributors`);
    expect(board.json.entries.map((entry: { handle: string; score: string }) => [entry.handle, entry.score])).toEqual([
      ['ada', '31.25'],
      ['bob', '6.25'],
    ]);
    expect((await merge('ada', 'ada')).status).toBe(400);
    expect((await merge('old one/ü', 'bob')).status).toBe(409);
    expect((await merge('nobody', 'bob')).status).toBe(404);
    expect((await merge('bob', 'ada', await makeKey({ scopes: ['write'] }))).status).toBe(403);
  });

  it('LI-22 reading a merged handle redirects to the survivor for good, with all other parameters kept', async () => {
    const survivor = 'Ära & 50%/?#';
    await server.call('POST', `${path}/contributions`, { contributions: [event('4', survivor)] });
    await server.call('POST', `${path}/members/ada/merge`, { into: survivor });
    const encoded = encodeURIComponent(survivor);
    const quest = {
      name: 'Two hours',
      endsAt: new Date(NOW.getTime() + 60_000).toISOString(),
      goal: { category: 'gpu-contributors', amount: 2 },
      rewards: [{ kind: 'badge', name: 'Two' }],
    };
    const { json: made } = await server.call('POST', `${path}/quests`, quest);
    const reads = [
      [`/quests/${made.id}/progress/ada`, `/quests/${made.id}/progress/${encoded}`],
      ['/members/ada', `/members/${encoded}`],
      ['/members/ada?x=1&y=%20', `/members/${encoded}?x=1&y=%20`],
      ['/members/ada/ledger?limit=5', `/members/${encoded}/ledger?limit=5`],
      ['/members/ada/badges', `/members/${encoded}/badges`],
      ['/members/ada/privacy', `/members/${encoded}/privacy`],
      ['/members/ada/data', `/members/${encoded}/data`],
    ];
    // All that are read.
    const { json: description } = await server.call('GET', '/openapi.json');
    const known = Object.entries<object>(description.paths).flatMap(([route, methods]) =>
      route.includes('{handle}') && 'get' in methods ? [route.split('{community}')[1]?.replace('{id}', made.id)] : [],
    );
    const tried = reads.map(([asked]) => asked?.replace(/\?.*/, '').replace('/ada', '/{handle}'));
    expect(new Set(tried)).toEqual(new Set(known));
    for (const [asked = '', found = ''] of reads) {
      const { status, headers } = await server.call('GET', path + asked);
      expect([status, headers.get('location')]).toEqual([308, path + found]);
      expect((await server.call('GET', path + found)).status).toBe(200);
    }
    const around = await server.call('GET', `${path}/leaderboards/gpu-contributors?limit=7&around=ada&window=week`);
    expect(around.status).toBe(308);
    const location = new URL(around.headers.get('location') ?? '', 'http://x');
    expect(location.pathname).toBe(`${path}/leaderboards/gpu-contributors`);
    expect(Object.fromEntries(location.searchParams)).toEqual({ limit: '7', around: survivor, window: 'week' });
    const followed = await server.call('GET', location.pathname + location.search);
    expect(followed.json.entries[0]).toMatchObject({ handle: survivor });
  });

  it('LI-24 reading tells nobody which Discord account a member is linked with', async () => {
    const context = recording(database.db);
    const { id } = await context.directory.bySlug(path.slice('/v1/communities/'.length));
    const { json } = await server.call('POST', `${path}/members/ada/link-code`);
    await linkDiscordUser(context, id, { code: json.code, discordUserId: '77' }, TESTER, NOW);
    expect((await server.call('GET', `${path}/members/discord-77`)).status).toBe(404);
    expect((await server.call('GET', `${path}/members/ada`)).text).not.toContain('77');
    expect((await server.call('GET', `${path}/leaderboards/gpu-contributors`)).text).not.toContain('discord');
  });

  it('LI-23 an admin unlinks a member; one that is linked with nobody is a clash', async () => {
    expect((await server.call('DELETE', `${path}/members/ada/link`)).status).toBe(409);
    await server.call('POST', `${path}/contributions`, { contributions: [event('5', 'discord-5')] });
    await server.call('POST', `${path}/members/discord-5/merge`, { into: 'ada' });
    expect((await server.call('DELETE', `${path}/members/ada/link`)).status).toBe(204);
  });
});
