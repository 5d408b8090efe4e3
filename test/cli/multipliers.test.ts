import { beforeAll, describe, expect, it } from 'vitest';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { minutes } from '../support/multipliers.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
const cli = (...args: string[]) => runCli(['multipliers', ...args], { env: { OMNITENSOR_URL: server.url } });
const iso = (count: number) => minutes(count).toISOString();
const create = (...more: string[]) =>
  cli('create', '--name=GPU night', '--factor=2.50', `--starts=${iso(60)}`, `--ends=${iso(120)}`, ...more);

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

describe('multipliers', () => {
  it('MU-30 are created, listed, cancelled and ended', async () => {
    expect((await cli()).stdout).toMatch(/^No multiplier events yet\./);
    const made = await create('--category=gpu-contributors', '--category=model-testers', `--announce-at=${iso(30)}`);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^Id +\d+\nName +GPU night\nFactor +2\.5\nStatus +scheduled\n/);
    expect(made.stdout).toContain(`Announced   ${iso(30)}, at its start and end\n`);
    const id = /^Id +(\d+)/.exec(made.stdout)?.[1] ?? '';

    const { stdout } = await cli();
    expect(stdout).toMatch(/^Id +Name +Factor +Status +Starts +Ends +Categories\n/);
    expect(stdout).toContain(
      `GPU night     2.5  scheduled  ${iso(60)}  ${iso(120)}  gpu-contributors, model-testers\n`,
    );
    expect(await cli('cancel', id)).toMatchObject({ code: 0, stdout: 'Cancelled "GPU night".\n' });
    expect(await cli('end', id)).toMatchObject({ code: 1, stdout: '' });

    const second = JSON.parse((await create('--json')).stdout);
    server.now = minutes(90);
    try {
      expect((await cli('cancel', String(second.id))).code).toBe(1);
      expect((await cli('end', String(second.id), '--at', iso(91))).code).toBe(2);
      const ended = await cli('end', String(second.id), '--at', iso(100));
      expect(ended.stdout).toBe(`"GPU night" ends at ${iso(100)}.\n`);
      expect(JSON.parse((await cli('end', String(second.id), '--json')).stdout)).toMatchObject({ endsAt: iso(95) });
    } finally {
      server.now = NOW;
    }
  });

  it.each([
    ['--factor=3.01', 2],
    ['--factor=abc', 2],
    [`--starts=${iso(1)}`, 2],
    [`--ends=${iso(60)}`, 2],
    ['--category=pages', 1],
  ])('MU-31 %s is refused with exit code %i', async (option, code) => {
    const refused = await create(option);
    expect(refused).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(/^error: /) });
  });

  it('MU-31 a start in the past takes --backdated', async () => {
    const past = ['--name=x', '--factor=2', `--starts=${iso(-60)}`, `--ends=${iso(-30)}`];
    expect(await cli('create', ...past)).toMatchObject({ code: 2, stderr: expect.stringContaining(iso(5)) });
    expect((await cli('create', ...past, '--backdated')).stdout).toMatch(/Status +ended\n/);
  });

  it('MU-31 what an event needs is asked for, and help shows examples', async () => {
    expect((await cli('create', '--name=x')).code).toBe(2);
    expect((await cli('cancel', 'night')).code).toBe(2);
    for (const args of [['--help'], ['create', '--help']]) {
      expect((await cli(...args)).stdout).toMatch(/Examples:\n  \$ .*omnitensor-cli multipliers/);
    }
  });
});
