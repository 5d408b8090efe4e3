import { beforeEach, describe, expect, it } from 'vitest';
import { noteRoles } from '../../src/fair-play/discord-roles.ts';
import { settleAllOffBoards } from '../../src/fair-play/off-boards.ts';
import { NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
let path = '';
let communities = 0;

const event = (id: string, amount: number) => ({
  id,
  contributor: 'ada',
  category: 'gpu-contributors',
  amount,
  occurredAt: '2026-08-20T10:00:00Z',
});
const send = (...contributions: object[]) => server.call('POST', `${path}/contributions`, { contributions });

beforeEach(async () => {
  const slug = `fair-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

describe('fair play over HTTP', () => {
  it('FP-20 excludes, lists and lifts', async () => {
    await send(event('1', 1));
    const reason = 'Two accounts';
    const made = await server.call('POST', `${path}/exclusions`, {
      member: 'ada',
      scope: 'boards',
      reason,
      endsAt: '2026-09-01T00:00:00Z',
    });
    const expected = {
      id: expect.any(Number),
      member: 'ada',
      scope: 'boards',
      reason,
      startsAt: '2026-08-22T12:00:00.000Z',
      endsAt: '2026-09-01T00:00:00.000Z',
      members: 1,
    };
    expect([made.status, made.json]).toEqual([201, expected]);
    expect((await server.call('GET', `${path}/exclusions`)).json).toEqual({ exclusions: [expected] });
    expect((await server.call('GET', `${path}/leaderboards/gpu-contributors`)).json.total).toBe(0);
    expect((await server.call('DELETE', `${path}/exclusions/${made.json.id}`)).status).toBe(204);
    expect((await server.call('DELETE', `${path}/exclusions/${made.json.id}`)).status).toBe(404);
    expect((await server.call('GET', `${path}/leaderboards/gpu-contributors`)).json.total).toBe(1);
    const role = await server.call('POST', `${path}/exclusions`, { roleId: '123', scope: 'prizes', reason });
    expect(role.json).toMatchObject({ roleId: '123', endsAt: null });
  });

  it('FP-20 excludes a role from boards, for the members who were last seen with it', async () => {
    const slug = path.slice('/v1/communities/'.length);
    const ranking = recording(database.db);
    const settle = () => settleAllOffBoards(ranking, { stopping: new AbortController().signal });
    await send({ ...event('1', 1), contributor: 'discord-5' }, event('2', 1));
    const made = await server.call('POST', `${path}/exclusions`, { roleId: '77', scope: 'boards', reason: 'Staff' });
    expect([made.status, made.json]).toMatchObject([201, { roleId: '77', scope: 'boards', members: 0 }]);
    await noteRoles(ranking, await ranking.directory.bySlug(slug), '5', ['77'], NOW);
    const entries = async () => {
      const { json } = await server.call('GET', `${path}/leaderboards/gpu-contributors`);
      return json.entries.map(({ handle }: { handle: string }) => handle);
    };
    expect(await entries()).toEqual(['ada']);
    await send({ ...event('3', 5), contributor: 'discord-5' });
    expect(await entries()).toEqual(['ada']);
    const member = await server.call('GET', `${path}/members/discord-5`);
    expect(member.json).toMatchObject({ balances: { omnit: '37.5' }, standings: [] });
    expect((await server.call('GET', `${path}/exclusions`)).json.exclusions).toMatchObject([{ members: 1 }]);
    const again = await server.call('POST', `${path}/exclusions`, { roleId: '77', scope: 'boards', reason: 'Staff' });
    expect(again.status).toBe(409);
    expect((await server.call('DELETE', `${path}/exclusions/${made.json.id}`)).status).toBe(204);
    await settle();
    expect(await entries()).toEqual(['discord-5', 'ada']);
  });

  it.each([
    [{ scope: 'prizes', reason: 'x' }, 400],
    [{ member: 'ada', roleId: '1', scope: 'prizes', reason: 'x' }, 400],
    [{ member: 'nobody', scope: 'prizes', reason: 'x' }, 404],
    [{ roleId: 'abc', scope: 'prizes', reason: 'x' }, 400],
    [{ roleId: '1', scope: 'everything', reason: 'x' }, 400],
    [{ roleId: '1', scope: 'prizes', reason: ' ' }, 400],
    [{ roleId: '1', scope: 'prizes', reason: 'x', endsAt: '2026-08-22T12:00:00Z' }, 400],
  ])('FP-21 refuses the exclusion %j', async (exclusion, status) => {
    const answer = await server.call('POST', `${path}/exclusions`, exclusion);
    expect(answer.status).toBe(status);
    expect(answer.json.detail).toMatch(/\.$/);
  });

  it('FP-22 sets caps, tells what is held, and decides about it once', async () => {
    const cap = (amount: unknown) => server.call('PUT', `${path}/caps/gpu-contributors`, { amount });
    expect((await cap('10')).json).toEqual({ category: 'gpu-contributors', amount: '10' });
    expect((await server.call('GET', `${path}/caps`)).json).toEqual({
      caps: [{ category: 'gpu-contributors', amount: '10' }],
    });
    const { json } = await send(event('1', 8), event('2', 3), event('3', 4));
    expect(json).toMatchObject({
      accepted: 3,
      results: [{ status: 'accepted' }, { held: true, reward: '18.75' }, { held: true }],
    });
    expect(json.results[0]).not.toHaveProperty('held');

    const first = await server.call('GET', `${path}/held?limit=1`);
    expect(first.json).toMatchObject({
      held: [{ source: 'admin', id: '2', contributor: 'ada', category: 'gpu-contributors', amount: '3' }],
      next: expect.any(Number),
    });
    const second = await server.call('GET', `${path}/held?limit=1&after=${first.json.next}`);
    expect(second.json).toMatchObject({ held: [{ id: '3' }], next: null });

    const decide = (number: number, decision: string, body: object = { reason: 'Proved' }) =>
      server.call('POST', `${path}/held/${number}/${decision}`, body);
    const [one, other] = [first.json.held[0].number, second.json.held[0].number];
    expect((await decide(one, 'release', {})).status).toBe(400);
    expect((await decide(one, 'release')).json).toEqual({ source: 'admin', id: '2', contributor: 'ada' });
    expect((await decide(one, 'refuse')).status).toBe(409);
    expect((await decide(other, 'refuse')).status).toBe(200);
    expect((await decide(999_999, 'refuse')).status).toBe(404);
    const member = await server.call('GET', `${path}/members/ada`);
    expect(member.json.balances.omnit).toBe('68.75');
    expect((await server.call('GET', `${path}/held`)).json).toEqual({ held: [], next: null });

    for (const wrong of ['0', '-1', '1.2345', '1000000000.001', 'x']) expect((await cap(wrong)).status).toBe(400);
    expect((await server.call('PUT', `${path}/caps/nope`, { amount: '1' })).status).toBe(404);
    expect((await server.call('DELETE', `${path}/caps/gpu-contributors`)).status).toBe(204);
    expect((await server.call('DELETE', `${path}/caps/gpu-contributors`)).status).toBe(404);
  });
});
