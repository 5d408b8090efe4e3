import { beforeAll, describe, expect, it } from 'vitest';
import { makeGrants, takeBackGrants, type Entitlement } from '../../src/rewards/grants.ts';
import type { Reward } from '../../src/rewards/reward.ts';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const path = '/v1/communities/omni';
let communityId = 0;
let memberId = 0;

const get = async (query = '') => (await server.call('GET', `${path}/grants${query}`)).json;
const post = (address: string, body?: object) => server.call('POST', `${path}/grants/${address}`, body);

async function grant(key: string, reward: Reward): Promise<number> {
  const entitlement: Entitlement = { key, memberId, reward, reason: 'Season 2026-Q3' };
  await database.db.transaction().execute((trx) => makeGrants(trx, communityId, [entitlement], NOW));
  const row = await database.db
    .selectFrom('grants')
    .select('grant_id')
    .where('community_id', '=', communityId)
    .where('entitlement', '=', key)
    .executeTakeFirstOrThrow();
  return Number(row.grant_id);
}

async function takeBack(key: string): Promise<void> {
  await database.db.transaction().execute((trx) => takeBackGrants(trx, communityId, [key], 'Amended', NOW));
}

beforeAll(async () => {
  const made = await server.call('POST', '/v1/communities', {
    slug: 'omni',
    name: 'Omni',
    timeZone: 'UTC',
    preset: 'omnitensor',
  });
  communityId = made.json.id;
  const event = { category: 'gpu-contributors', amount: 1, occurredAt: '2026-08-20T10:00:00Z' };
  const contributions = ['ada', 'bob'].map((contributor) => ({ id: contributor, contributor, ...event }));
  await server.call('POST', `${path}/contributions`, { contributions });
  const { member_id } = await database.db
    .selectFrom('members')
    .select('member_id')
    .where('handle', '=', 'ada')
    .executeTakeFirstOrThrow();
  memberId = member_id;
});

describe('grants over HTTP', () => {
  it('GR-1 an NFT is noted as delivered or failed, and noting the same again changes nothing', async () => {
    const id = await grant('nft 1', { kind: 'nft', name: 'Gold' });
    expect((await get('?state=made')).grants).toMatchObject([
      { id, handle: 'ada', kind: 'nft', name: 'Gold', amount: '1', reason: 'Season 2026-Q3', state: 'made' },
    ]);
    const failed = await post(`${id}/failed`, { reason: 'No wallet is known. Ask for one.' });
    expect([failed.status, failed.json]).toEqual([
      200,
      expect.objectContaining({ state: 'failed', stateReason: 'No wallet is known. Ask for one.' }),
    ]);
    await post(`${id}/failed`, { reason: 'No wallet is known. Ask for one.' });
    for (const time of [1, 2]) {
      const done = await post(`${id}/delivered`, { reason: `Transaction ${time}` });
      expect([done.status, done.json]).toEqual([
        200,
        expect.objectContaining({ state: 'delivered', stateReason: 'Transaction 1' }),
      ]);
    }
    const refused = await post(`${id}/failed`);
    expect([refused.status, refused.json.detail]).toEqual([409, `Grant ${id} was delivered already.`]);
    const log = await database.db
      .selectFrom('audit_log')
      .select(['action', 'target'])
      .where('target', '=', String(id))
      .where('action', 'like', 'grant.%')
      .execute();
    expect(log.map(({ action }) => action)).toEqual(['grant.failed', 'grant.delivered']);
  });

  it('GR-2 what is taken back before it was delivered is withdrawn; after it, taking it back has to be delivered', async () => {
    const [early, late] = [
      await grant('nft early', { kind: 'nft', name: 'A' }),
      await grant('nft late', { kind: 'nft', name: 'B' }),
    ];
    await post(`${late}/delivered`);
    await takeBack('nft early');
    await takeBack('nft late');
    expect(
      (await get('?state=withdrawn')).grants.map(({ id, amount }: { id: number; amount: string }) => [id, amount]),
    ).toEqual([
      [expect.any(Number), '-1'],
      [early, '1'],
    ]);
    expect((await post(`${early}/delivered`)).json.detail).toContain('taken back before it was delivered');
    const [counter] = (await get('?state=made')).grants;
    expect(counter).toMatchObject({ name: 'B', amount: '-1', reason: 'Amended' });
    expect((await post(`${counter.id}/delivered`)).json).toMatchObject({ state: 'delivered' });
  });

  it('GR-3 roles are the bot’s to give, and what is in effect has nothing to deliver', async () => {
    const role = await grant('role 1', { kind: 'role', roleId: '77' });
    const tokens = await grant('tokens 1', { kind: 'tokens', amount: 2_500n });
    for (const [id, why] of [
      [role, 'which the bot gives'],
      [tokens, 'in effect at once'],
    ] as const) {
      const refused = await post(`${id}/delivered`);
      expect([refused.status, refused.json.detail]).toEqual([409, expect.stringContaining(why)]);
    }
    expect((await post(`${tokens}/retry`)).json.detail).toBe(
      `Grant ${tokens} is in effect: there is nothing to deliver.`,
    );
    expect((await post(`${role}/retry`)).json).toMatchObject({
      state: 'made',
      stateReason: 'No Discord account is linked yet. It is given once one is.',
    });
    expect((await get('?kind=tokens')).grants).toMatchObject([{ amount: '2.5', state: 'effective' }]);
  });

  it('GR-4 the list has what failed first, in pages, and by state, kind and member', async () => {
    const ids: number[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await grant(`access ${n}`, { kind: 'access', name: `Beta ${n}` }));
    for (const id of [ids[0], ids[2]]) await post(`${id}/failed`);
    const seen: number[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page = await get(`?kind=access&limit=2${next && `&before=${next}`}`);
      seen.push(...page.grants.map(({ id }: { id: number }) => id));
      next = page.next;
    }
    expect(seen).toEqual([ids[2], ids[0], ids[4], ids[3], ids[1]]);
    expect((await get('?state=failed')).grants.map(({ id }: { id: number }) => id)).toEqual([ids[2], ids[0]]);
    expect((await get('?member=bob')).grants).toEqual([]);
    expect((await get('?member=ada&limit=1')).grants).toHaveLength(1);

    const retried = await post(`${ids[0]}/retry`);
    expect(retried.json).toMatchObject({ state: 'made' });
    expect((await post(`${ids[0]}/retry`)).status).toBe(200);
    expect((await post('retry', { kind: 'nft' })).json).toEqual({ retried: 0 });
    expect((await post('retry')).json).toEqual({ retried: 1 });
    expect((await post('retry')).json).toEqual({ retried: 0 });
    expect((await get('?state=failed')).grants).toEqual([]);
  });

  it('GR-5 what is unknown or malformed is refused, and so is who may not administer', async () => {
    expect((await post('999999/retry')).status).toBe(404);
    expect((await post('999999/delivered')).json).toMatchObject({ type: 'urn:omnitensor:problem:unknown-grant' });
    expect((await post('x/retry')).status).toBe(400);
    for (const query of ['?state=lost', '?kind=x', '?limit=0', '?limit=101', '?before=x', '?before=failed-x']) {
      expect((await server.call('GET', `${path}/grants${query}`)).status).toBe(400);
    }
    expect((await server.call('GET', `${path}/grants?member=nobody`)).status).toBe(404);
    const { json } = await server.call('POST', `${path}/keys`, { name: 'writer', scopes: ['write'] });
    const writer = { authorization: `Bearer ${json.key}` };
    for (const [method, address] of [
      ['GET', 'grants'],
      ['POST', 'grants/retry'],
      ['POST', 'grants/1/delivered'],
      ['GET', 'roles/plan'],
    ] as const) {
      expect((await server.call(method, `${path}/${address}`, undefined, writer)).status).toBe(403);
      expect((await server.call(method, `${path}/${address}`, undefined, {})).status).toBe(401);
    }
  });

  it('GR-6 the plan of roles says what would be given, and what cannot be', async () => {
    const none = await server.call('GET', `${path}/roles/plan`);
    expect([none.status, none.json.detail]).toEqual([409, expect.stringContaining('no Discord server')]);
    await database.db
      .updateTable('communities')
      .set((eb) => ({ discord_guild_id: '900', config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', communityId)
      .execute();
    await grant('role by name', { kind: 'role', name: 'Governance' });
    await grant('role of bob', { kind: 'role', roleId: '78' });
    await database.db.updateTable('members').set({ discord_user_id: '5' }).where('member_id', '=', memberId).execute();
    const { json } = await server.call('GET', `${path}/roles/plan?limit=2`);
    expect(json).toEqual({
      give: 2,
      take: 0,
      keep: 0,
      cannot: 1,
      changes: [
        { action: 'give', handle: 'ada', discordUserId: '5', roleId: '77' },
        { action: 'give', handle: 'ada', discordUserId: '5', roleId: '78' },
      ],
    });
    const all = await server.call('GET', `${path}/roles/plan`);
    expect(all.json.changes.at(-1)).toMatchObject({
      action: 'cannot',
      roleName: 'Governance',
      why: expect.any(String),
    });
  });
});
