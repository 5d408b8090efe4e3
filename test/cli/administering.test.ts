import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import manifest from '../../package.json' with { type: 'json' };
import { runCli, RunningCli, type CliResult } from './run-cli.ts';

const server = useHttpServer(useDatabase());

const cli = (args: readonly string[], env: Record<string, string | undefined> = {}): Promise<CliResult> =>
  runCli(args, { env: { OMNITENSOR_URL: server.url, ...env } });
const json = async (args: readonly string[]) => JSON.parse((await cli([...args, '--json'])).stdout);

beforeAll(async () => {
  const created = await cli([
    'communities',
    'create',
    '--slug=omni',
    '--name=オムニ',
    '--time-zone=Europe/Berlin',
    '--preset=omnitensor',
  ]);
  expect(created).toMatchObject({ code: 0, stderr: '' });
});

describe('communities, categories and rates', () => {
  it('CL-40 lists and shows communities in tables that align, whatever the script', async () => {
    expect((await cli(['communities'])).stdout).toBe(
      ['Slug  Name    Time zone      Locale', 'omni  オムニ  Europe/Berlin  en', ''].join('\n'),
    );
    const { stdout } = await cli(['communities', 'show', 'omni']);
    expect(stdout).toContain('Visibility  public\n');
    expect(stdout).toMatch(/gpu-contributors +Top GPU Contributors +GPU-hour +reward +6\.25 +0\n/);
    expect(await json(['communities', 'show'])).toMatchObject({ slug: 'omni', categories: [{}, {}, {}] });
  });

  it('CL-41 updates a community, and refuses to change nothing', async () => {
    const { stdout } = await cli(['communities', 'update', '--name', 'Omni', '--time-zone', 'Asia/Kolkata']);
    expect(stdout).toContain('Time zone   Asia/Kolkata\n');
    expect((await cli(['communities', 'update'])).code).toBe(2);
    const mars = await cli(['communities', 'update', '--time-zone', 'Mars/Base']);
    expect(mars.code).toBe(2);
    expect(mars.stderr).toContain('Mars/Base');
    const taken = await cli(['communities', 'create', '--slug=omni', '--name=x', '--time-zone=UTC']);
    expect(taken.code).toBe(1);
  });

  it('CL-42 adds categories and rates', async () => {
    const add = ['categories', 'add', '--slug=pages', '--title=Top Writers', '--unit=page'];
    const added = await cli([...add, '--measure=amount', '--rate=2.5']);
    expect(added.stdout).toMatch(/\npages +Top Writers +page +amount +2\.5 +0\n$/);
    expect((await json(['categories'])).categories).toHaveLength(4);
    const rate = await cli(['rates', 'add', '--category=pages', '--rate=3', '--from=2026-10-01T00:00:00Z']);
    expect(rate.stdout).toBe('pages: 3 OMNIT a unit from 2026-10-01T00:00:00.000Z on.\n');
    expect((await cli(['rates', 'add', '--category=pages', '--rate=1.2345', '--from=2026-10-02T00:00:00Z'])).code).toBe(
      2,
    );
  });
});

describe('keys', () => {
  it('CL-43 prints a new key alone, lists keys without it, and revokes them', async () => {
    const created = await cli(['keys', 'create', '--name=importer', '--scope=write', '--contributor=ada']);
    expect(created.stdout).toMatch(/^omni_\S+\n$/);
    expect(created.stderr).toMatch(/^This is key \d+, "importer"\. .+\n$/);
    const OMNITENSOR_API_KEY = created.stdout.trim();
    const refused = await cli(['keys'], { OMNITENSOR_API_KEY });
    expect(refused).toMatchObject({ code: 1, stdout: '' });

    const { stdout } = await cli(['keys']);
    const id = /^ *(\d+) +importer +write +importer +ada +2026-/m.exec(stdout)?.[1] ?? '';
    expect(stdout).not.toContain(OMNITENSOR_API_KEY);
    expect((await cli(['keys', 'revoke', id])).stdout).toBe(`Revoked key ${id}.\n`);
    expect((await cli(['keys', 'revoke', id])).code).toBe(1);
    expect((await cli(['keys', 'revoke', 'importer'])).code).toBe(2);
    expect((await cli(['keys', 'create', '--name=x', '--scope=root'])).code).toBe(2);
  });

  it('CL-43 gives scopes several times, and all in JSON', async () => {
    const created = await json(['keys', 'create', '--name=both', '--scope=write', '--scope=admin']);
    expect(created).toMatchObject({ scopes: ['write', 'admin'], key: expect.stringMatching(/^omni_/) });
    expect((await json(['keys'])).keys).toMatchObject([{ name: 'both' }]);
    expect(await json(['keys', 'revoke', String(created.id)])).toEqual({ id: created.id, revoked: true });
  });
});

describe('member', () => {
  it('CL-44 shows what a member has and where the member stands', async () => {
    await server.call('POST', '/v1/communities/omni/contributions', {
      contributions: [
        {
          id: '1',
          contributor: 'ada',
          category: 'gpu-contributors',
          amount: '2',
          occurredAt: '2026-08-20T10:00:00Z',
          displayName: 'Ada Lovelace',
        },
      ],
    });
    const { stdout } = await cli(['member', 'ada']);
    expect(stdout).toMatch(/^Ada Lovelace \(ada\)\n\nOMNIT +12\.5\n/);
    expect(stdout).toMatch(/gpu-contributors +season +2026-Q3 +1 +1 +12\.5\n/);
    expect(await json(['member', 'ada'])).toMatchObject({ handle: 'ada', balances: { omnit: '12.5' } });
  });
});

describe('help and completion', () => {
  it('CL-45 shows examples in the help of every command', async () => {
    for (const args of [
      [],
      ['leaderboard'],
      ['member'],
      ['import'],
      ['communities'],
      ['communities', 'create'],
      ['communities', 'update'],
      ['categories', 'add'],
      ['rates', 'add'],
      ['rates', 'list'],
      ['why'],
      ['contributions', 'show'],
      ['contributions', 'void'],
      ['contributions', 'unvoid'],
      ['share-gpu'],
      ['contribute-data'],
      ['test-model'],
      ['keys'],
      ['keys', 'create'],
      ['completion'],
    ]) {
      const { code, stdout } = await cli([...args, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/Examples?:\n  \$ .*omnitensor-cli/);
    }
    expect((await cli(['--version'])).stdout).toBe(`${manifest.version}\n`);
  });

  it('CL-46 completes commands, options and their values in bash', async () => {
    const { stdout } = await cli(['completion', 'bash']);
    const complete = async (...words: string[]) => {
      const quoted = words.map((word) => `'${word}'`).join(' ');
      const script = `${stdout}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _omnitensor_cli; echo "\${COMPREPLY[@]}"`;
      const bash = spawn('bash', ['--norc', '--noprofile', '-c', script]);
      bash.stdin.end();
      const { stdout: completed } = await new RunningCli(bash).ended;
      return completed.trim();
    };
    expect(await complete('omnitensor-cli', 'le')).toBe('leaderboard');
    expect(await complete('omnitensor-cli', 'keys', '')).toMatch(/^create revoke .*--json/);
    expect(await complete('omnitensor-cli', 'keys', 'create', '--sc')).toBe('--scope');
    expect(await complete('omnitensor-cli', 'leaderboard', '--window', 'se')).toBe('season');
    expect(await complete('omnitensor-cli', 'leaderboard', '--window', '=', 'w')).toBe('week');
    expect(await complete('omnitensor-cli', 'leaderboard', '--category', '')).toBe('');
    expect(await complete('omnitensor-cli', 'completion', 'f')).toBe('fish');
  });

  it('CL-46 prints completion for zsh and fish, and knows no other shell', async () => {
    expect((await cli(['completion', 'zsh'])).stdout).toContain('bashcompinit');
    const fish = (await cli(['completion', 'fish'])).stdout;
    expect(fish).toContain(
      "complete -c omnitensor-cli -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from create' -l scope",
    );
    expect((await cli(['completion', 'tcsh'])).code).toBe(2);
  });
});
