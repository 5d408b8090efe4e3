import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
const cli = (...args: string[]) => runCli(['prizes', ...args], { env: { OMNITENSOR_URL: server.url } });
const create = (...args: string[]) => cli('create', '--category=gpu', '--window=week', ...args);
const make = async (fields: object) => {
  const prize = { category: 'gpu', window: 'week', ...fields };
  expect((await server.call('POST', '/v1/communities/omni/prizes', prize)).status).toBe(201);
};

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC' });
  const category = { slug: 'gpu', title: 'GPU', unit: 'hour', measure: 'reward', rate: 1 };
  await server.call('POST', '/v1/communities/omni/categories', category);
});

describe('prizes on the command line', () => {
  it('CL-110 sets prizes up, lists and removes them', async () => {
    expect((await cli()).stdout).toMatch(/^No prizes yet\./);
    const made = await create('--ranks=1', '--tokens=5', '--badge=Winner', '--role-name=Governance');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const id = /^Id +(\d+)\n/.exec(made.stdout)?.[1] ?? '';
    expect(made.stdout).toBe(
      `Id         ${id}
Board      gpu, each week
Places     1
Each gets  5 OMNIT + badge Winner + role Governance
From       2026-W34
`,
    );
    expect((await create('--ranks=4-10', '--governance=2', '--nft=Shard')).stdout).toContain(
      'No prize is for ranks 2 to 3.',
    );
    await make({
      topPercent: 5,
      rewards: [
        { kind: 'reputation', amount: 1.5 },
        { kind: 'role', roleId: '77' },
      ],
    });
    await make({ minScore: 12.5, rewards: [{ kind: 'tokens', amount: 1 }] });
    const { stdout } = await cli();
    expect(stdout.split('\n').map((line) => line.replace(/^ *\d+/, '#'))).toEqual([
      'Id  Category  Window  Places     Each gets',
      '#  gpu       week    1          5 OMNIT + badge Winner + role Governance',
      '#  gpu       week    4-10       2 governance + nft Shard',
      '#  gpu       week    top 5 %    1.5 reputation + role 77',
      '#  gpu       week    from 12.5  1 OMNIT',
      '',
    ]);
    expect((await cli('remove', id)).stdout).toBe(`Removed prize ${id}: it is not given from 2026-W34 on.\n`);
    expect(await cli('remove', '999999')).toMatchObject({ code: 1, stdout: '' });
  });

  it.each<[string, string[], number]>([
    ['places', ['--tokens=1'], 2],
    ['one kind of places', ['--ranks=1', '--top-percent=5', '--tokens=1'], 2],
    ['ranks', ['--ranks=first', '--tokens=1'], 2],
    ['ranks the right way up', ['--ranks=3-1', '--tokens=1'], 2],
    ['a reward', ['--ranks=1'], 2],
    ['a reward that is something', ['--ranks=1', '--tokens=0'], 2],
    ['a window that closes', ['--ranks=1', '--tokens=1', '--window=all'], 2],
    ['a category', ['--ranks=1', '--tokens=1', '--category=nope'], 1],
  ])('CL-111 without %s it is refused', async (_, args, code) => {
    const refused = await create(...args);
    expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^error: /) });
  });

  it('CL-112 previews who would win what, what could not be given, and what it costs', async () => {
    const common = { category: 'gpu', occurredAt: '2026-08-20T10:00:00Z' };
    await server.call('POST', '/v1/communities/omni/contributions', {
      contributions: ['ada', 'bob', 'eve'].map((contributor, index) => ({
        ...common,
        id: contributor,
        contributor,
        amount: 9 - index,
      })),
    });
    await server.call('POST', '/v1/communities/omni/exclusions', { member: 'ada', scope: 'prizes', reason: 'Staff' });
    await server.call('PATCH', '/v1/communities/omni', { monthlyBudget: '10' });
    const { prizes } = JSON.parse((await cli('--json')).stdout);
    for (const { id } of prizes) await server.call('DELETE', `/v1/communities/omni/prizes/${id}`);
    await make({
      ranks: { from: 1, to: 1 },
      rewards: [
        { kind: 'tokens', amount: 6 },
        { kind: 'role', name: 'Governance' },
      ],
    });
    await make({ minScore: 7, rewards: [{ kind: 'tokens', amount: 1 }] });
    const { stdout, stderr, code } = await cli('preview');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.replaceAll(/prize \d+/g, 'prize #')).toBe(
      `GPU, 2026-W34
3 members, open until 2026-08-24T00:00:00.000Z
Rank  Winner  Gets
   2  bob     6 OMNIT + role Governance + 1 OMNIT
   3  eve     1 OMNIT
Kept from prizes, so that they pass on: ada (rank 1)
Could not be given: role Governance, to bob. This community has no Discord server, so there are no roles to give.

All of these
8 OMNIT + 1 x role Governance

Quests and prizes in 2026-08, in OMNIT
Quests, granted          0
Quests, at most to come  0
Prizes, granted          0
Prizes, as it stands     8
Prizes, at most to come  6
Together                 14
Budget                   10
Over the budget by       4
On top, for everybody who reaches it: prize # (GPU), 1 OMNIT each

The season 2026-Q3, with its months and weeks, at most
36 OMNIT + 6 x role Governance
On top, for everybody who reaches it: prize # (GPU), 1 OMNIT each
`,
    );
  });

  it('CL-112 previews some boards alone, as JSON too, and takes a key of an admin', async () => {
    expect(JSON.parse((await cli('preview', '--json')).stdout).boards).toHaveLength(1);
    expect((await cli('preview', '--window=season')).stdout).toMatch(/^No prizes are to be given\./);
    expect(await cli('preview', '--category=nope')).toMatchObject({ code: 1, stdout: '' });
    const noKey = await runCli(['prizes', 'preview'], {
      env: { OMNITENSOR_URL: server.url, OMNITENSOR_API_KEY: undefined },
    });
    expect(noKey).toMatchObject({ code: 1, stdout: '' });
  });

  it('CL-113 has help with examples', async () => {
    for (const args of [['--help'], ['create', '--help']]) expect((await cli(...args)).stdout).toContain('Example');
    const seasons = await runCli(['seasons', '--help']);
    expect(seasons.stdout).toContain('Examples:');
  });
});
