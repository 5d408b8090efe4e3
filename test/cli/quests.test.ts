import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { hours } from '../support/quests.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
const cli = (...args: string[]) => runCli(['quests', ...args], { env: { OMNITENSOR_URL: server.url } });
const iso = (count: number) => hours(count).toISOString();
const create = (...more: string[]) =>
  cli('create', '--name=Ten hours', `--starts=${iso(-12)}`, `--ends=${iso(12)}`, '--tokens=5', ...more);
const TEN = ['--category=gpu-contributors', '--amount=10'];

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const contribution = { category: 'gpu-contributors', occurredAt: iso(-1) };
  await server.call('POST', '/v1/communities/omni/contributions', {
    contributions: [
      { ...contribution, id: '1', contributor: 'ada', amount: '6.5' },
      { ...contribution, id: '2', contributor: 'bob', amount: '10' },
    ],
  });
});

describe('quests', () => {
  it('QU-50 are created, listed, shown, followed, changed and cancelled', async () => {
    expect((await cli()).stdout).toMatch(/^No quests yet\./);
    const made = await create(...TEN, '--badge=Ten', '--max-winners=3');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const id = /^Ten hours \(quest (\d+)\)\n/.exec(made.stdout)?.[1] ?? '';
    expect(made.stdout).toContain('Reward    5 OMNIT + badge Ten\n');
    expect(made.stdout).toContain('Winners   the first 3\n');

    expect((await cli()).stdout).toContain(
      `${id}  Ten hours  running  ${iso(12)}  10 GPU-hours  5 OMNIT + badge Ten\n`,
    );
    expect((await cli('show', id)).stdout).toContain(
      `Handle  Completed                 Won\nbob     ${iso(-1)}  open\n`,
    );
    expect((await cli('progress', id, '--contributor', 'ada')).stdout).toBe(
      `ada  [#############-------] 65 %\n  open  6.5 of 10 GPU-hours\nUntil ${iso(12)}.\n`,
    );
    expect((await cli('join', id, '--contributor', 'ada', '--json')).stdout).toContain('"joinedAt": "');
    expect((await cli('edit', id, '--name', 'New')).stdout).toContain(`New (quest ${id})\n`);
    expect((await cli('cancel', id)).stdout).toContain('Status    cancelled\n');
    expect((await cli('join', id, '--contributor', 'ada')).code).toBe(1);
  });

  it('QU-51 any goal can be given as JSON', async () => {
    const { stdout } = await create('--goal', '{"any": [{"days": 1}, {"category": "model-testers", "amount": 3}]}');
    expect(stdout).toContain('Goal      contributions on a day or 3 tests\n');
  });

  it('QU-74 a quest for some alone, and how long late contributions are awaited, can be given', async () => {
    const [, first = ''] = /\(quest (\d+)\)/.exec((await create(...TEN)).stdout) ?? [];
    const conditions = ['--after', first, '--needs-badge=Warm', '--needs-badge=Hot', '--member-before', iso(-1)];
    const { stdout } = await create(...TEN, ...conditions, '--settle-after=90', '--join-required', '--needs-role=77');
    expect(stdout).toContain(
      `Only for  who completed quest ${first}, who hold the badge Warm, who hold the badge Hot, who have the role 77, members before ${iso(-1)}\n`,
    );
    expect(stdout).toContain('Settled   90 min after its end\n');
    const [, id = ''] = /\(quest (\d+)\)/.exec(stdout) ?? [];
    expect(JSON.parse((await cli('show', id, '--json')).stdout)).toMatchObject({
      prerequisites: [
        { quest: Number(first) },
        { badge: 'Warm' },
        { badge: 'Hot' },
        { role: '77' },
        { memberBefore: iso(-1) },
      ],
      settleAfterMinutes: 90,
    });
    expect((await create(...TEN)).stdout).toContain('Only for  everybody\n');
  });

  it.each<[string, string[], number]>([
    ['quest that is there', [...TEN, '--after=99999'], 1],
    ['quest that is a number', [...TEN, '--after=x'], 2],
    ['time', [...TEN, '--member-before=soon'], 2],
    ['delay within a week', [...TEN, '--settle-after=10081'], 2],
    ['role looked at when joining', [...TEN, '--needs-role=77'], 2],
    ['goal', [], 2],
    ['goal that is JSON', ['--goal', '{days: 1}'], 2],
    ['goal that can be reached', ['--goal', '{"days": 9}'], 2],
    ['category', ['--category=pages', '--amount=1'], 1],
    ['amount', ['--category=gpu-contributors', '--amount=0'], 2],
    ['number of winners', [...TEN, '--max-winners=0'], 2],
  ])('QU-52 without a %s it is refused', async (_, options, code) => {
    const refused = await create(...options);
    expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^error: /) });
  });

  it('QU-52 what is not there is refused', async () => {
    expect(await cli('show', '99999')).toMatchObject({ code: 1, stdout: '' });
    expect(await cli('show', 'x')).toMatchObject({ code: 2, stdout: '' });
  });
});
