import { beforeAll, describe, expect, it } from 'vitest';
import { makeGrants } from '../../src/rewards/grants.ts';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const database = useDatabase();
const server = useHttpServer(database);

const cli = (...args: string[]) => runCli(['grants', ...args], { env: { OMNITENSOR_URL: server.url } });

beforeAll(async () => {
  const { json } = await server.call('POST', '/v1/communities', {
    slug: 'omni',
    name: 'Omni',
    timeZone: 'UTC',
    preset: 'omnitensor',
  });
  const event = { category: 'gpu-contributors', amount: 1, occurredAt: '2026-08-20T10:00:00Z' };
  await server.call('POST', '/v1/communities/omni/contributions', {
    contributions: [{ id: '1', contributor: 'ada', ...event }],
  });
  const common = { memberId: 1, reason: 'Season 2026-Q3' };
  const entitlements = [
    { ...common, key: 'nft', reward: { kind: 'nft', name: 'Gold' } as const },
    { ...common, key: 'role', reward: { kind: 'role', roleId: '77' } as const },
  ];
  await database.db.transaction().execute((trx) => makeGrants(trx, json.id, entitlements, NOW));
  await database.db
    .updateTable('communities')
    .set((eb) => ({ discord_guild_id: '900', config_version: eb('config_version', '+', 1n) }))
    .where('community_id', '=', json.id)
    .execute();
});

describe('grants on the command line', () => {
  it('GR-20 are listed, noted as failed or delivered, and tried again', async () => {
    const [, id = ''] = /^ *(\d+) +ada +nft Gold +made +Season 2026-Q3$/m.exec((await cli()).stdout) ?? [];
    // A role is the bot's to give.
    expect((await cli()).stdout).not.toContain('role 77');
    expect((await cli('--state=all')).stdout).toContain('role 77');
    const failed = await cli('failed', id, '--reason=No wallet');
    expect([failed.code, failed.stdout]).toEqual([
      0,
      expect.stringMatching(new RegExp(`failed +Season 2026-Q3\n\n${id}:\n  No wallet\n$`)),
    ]);
    expect((await cli('--state=failed')).stdout).toContain('No wallet');
    expect((await cli('retry', id)).stdout).toMatch(/made +Season 2026-Q3\n$/);
    await cli('failed', id);
    expect((await cli('retry', '--all', '--kind=role')).stdout).toBe('Nothing had failed.\n');
    expect((await cli('retry', '--all')).stdout).toBe('1 grant is tried again.\n');
    expect((await cli('delivered', id)).stdout).toMatch(/delivered +Season 2026-Q3\n$/);
    expect((await cli()).stdout).toMatch(/^Nothing failed, and nothing waits to be delivered\./);
    const refused = await cli('failed', id);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('was delivered already')]);
    expect((await cli('--kind=access')).stdout).toBe('No grants.\n');
    expect(JSON.parse((await cli('--state=all', '--json')).stdout)).toMatchObject({
      grants: [{ kind: 'role' }, { kind: 'nft' }],
    });
  });

  it('GR-21 the plan names each role and why it cannot be given', async () => {
    const { stdout } = await cli('plan');
    expect(stdout).toMatch(/^0 to give, 0 to take, 0 left alone, 1 not possible now\.\n\n/);
    expect(stdout).toMatch(/^cannot +77 +ada\n\nada:\n {2}No Discord account is linked yet\./m);
  });

  it('GR-22 is called as its help says', async () => {
    for (const args of [
      ['retry'],
      ['retry', '1', '--all'],
      ['retry', '1', '--kind=role'],
      ['--state=lost'],
      ['delivered'],
    ]) {
      expect((await cli(...args)).code).toBe(2);
    }
    expect((await cli('retry', '99')).code).toBe(1);
    for (const args of [[], ['plan'], ['retry']]) {
      expect((await cli(...args, '--help')).stdout).toMatch(/Examples?:\n  \$ .*omnitensor-cli grants/);
    }
  });
});
