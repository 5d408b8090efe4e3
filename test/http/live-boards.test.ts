import { beforeEach, describe, expect, it } from 'vitest';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const CHANNEL = '1100000000000000002';
let path = '';
let communities = 0;

beforeEach(async () => {
  const slug = `boards-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

/** The bot was invited to a server, whose admin took the community. */
async function joinServer(): Promise<void> {
  const { json } = await server.call('GET', path);
  await database.db
    .updateTable('communities')
    .set((eb) => ({ discord_guild_id: `11000000000000000${json.id}`, config_version: eb('config_version', '+', 1n) }))
    .where('community_id', '=', json.id)
    .execute();
}

const place = (more: object = {}) =>
  server.call('POST', `${path}/live-boards`, {
    category: 'gpu-contributors',
    window: 'season',
    channelId: CHANNEL,
    ...more,
  });

describe('live boards over HTTP', () => {
  it('LB-30 places, lists and removes; placed again it is the same, with another limit', async () => {
    await joinServer();
    const placed = await place();
    const expected = {
      id: expect.any(Number),
      category: 'gpu-contributors',
      window: 'season',
      limit: 10,
      channelId: CHANNEL,
      placedAt: NOW.toISOString(),
      state: 'waiting',
    };
    expect([placed.status, placed.json]).toEqual([201, expected]);
    const again = await place({ limit: 5 });
    expect([again.status, again.json]).toEqual([200, { ...placed.json, limit: 5 }]);
    expect((await place()).json.limit).toBe(5);
    expect((await place({ window: 'all' })).status).toBe(201);
    const { json } = await server.call('GET', `${path}/live-boards`);
    expect(json.liveBoards).toMatchObject([{ id: placed.json.id }, { window: 'all' }]);

    const one = `${path}/live-boards/${placed.json.id}`;
    expect((await server.call('DELETE', one)).status).toBe(204);
    const gone = await server.call('DELETE', one);
    expect([gone.status, gone.json.type]).toEqual([404, 'urn:omnitensor:problem:unknown-live-board']);
    expect((await server.call('GET', `${path}/live-boards`)).json.liveBoards).toHaveLength(1);
    // Its place is free again, though its message may not be gone yet.
    expect((await place()).status).toBe(201);
    const audit = await database.db
      .selectFrom('audit_log')
      .select('action')
      .where('target', '=', String(placed.json.id))
      .where('action', 'like', 'live-board.%')
      .orderBy('audit_id')
      .execute();
    expect(audit.map(({ action }) => action)).toEqual(['live-board.place', 'live-board.place', 'live-board.remove']);
  });

  it('LB-30 tells why one rests, and has it tried again when it is placed again', async () => {
    await joinServer();
    const { json } = await place();
    await database.db
      .updateTable('live_boards')
      .set({ state: 'failed', reason: 'The channel is not there any more.' })
      .where('live_board_id', '=', json.id)
      .execute();
    const { json: list } = await server.call('GET', `${path}/live-boards`);
    expect(list.liveBoards).toMatchObject([{ state: 'failed', reason: 'The channel is not there any more.' }]);
    const again = (await place()).json;
    expect(again).toMatchObject({ id: json.id, state: 'waiting' });
    expect(again).not.toHaveProperty('reason');
  });

  it.each([
    [{ category: 'pages' }, 404],
    [{ window: 'day' }, 400],
    [{ channelId: '#general' }, 400],
    [{ channelId: 1_100_000_000 }, 400],
    [{ limit: 0 }, 400],
    [{ limit: 21 }, 400],
    [{ limit: 2.5 }, 400],
  ])('LB-31 refuses %j with %i', async (more, status) => {
    await joinServer();
    const answer = await place(more);
    expect(answer.status).toBe(status);
    expect(answer.json.detail).toMatch(/\.$/);
    expect((await server.call('GET', `${path}/live-boards`)).json.liveBoards).toEqual([]);
  });

  it('LB-31 refuses one without a server to show it in, and the twenty-first', async () => {
    const early = await place();
    expect([early.status, early.json.detail]).toEqual([409, expect.stringContaining('has no Discord server')]);
    await joinServer();
    for (let n = 0; n < 20; n += 1) expect((await place({ channelId: `12000000000000000${10 + n}` })).status).toBe(201);
    const late = await place();
    expect([late.status, late.json.detail]).toEqual([409, expect.stringContaining('which is the most')]);
  });

  it('LB-31 is for admins of the community alone', async () => {
    await joinServer();
    const key = async (community: string, scope: 'write' | 'admin') => {
      const body = { name: scope, scopes: [scope] };
      return (await server.call('POST', `${community}/keys`, body)).json.key as string;
    };
    const own = await key(path, 'write');
    const other = '/v1/communities/boards-other';
    await server.call('POST', '/v1/communities', { slug: 'boards-other', name: 'Other', timeZone: 'UTC' });
    const foreign = await key(other, 'admin');
    for (const [secret, status] of [
      [own, 403],
      [foreign, 403],
    ] as const) {
      const headers = { authorization: `Bearer ${secret}` };
      expect((await server.call('GET', `${path}/live-boards`, undefined, headers)).status).toBe(status);
    }
    expect((await server.call('GET', `${path}/live-boards`, undefined, {})).status).toBe(401);
  });
});
