import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());

const cli = (args: readonly string[], env: Record<string, string> = {}) =>
  runCli(args, { env: { OMNITENSOR_URL: server.url, ...env } });
const json = async (args: readonly string[]) => JSON.parse((await cli([...args, '--json'])).stdout);
const event = (id: string, contributor: string, amount: number) => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount,
  occurredAt: '2026-08-20T10:00:00Z',
});
const send = (...contributions: object[]) =>
  server.call('POST', '/v1/communities/omni/contributions', { contributions });

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  await send(event('1', 'ada', 3), event('2', 'old', 2), event('3', 'bob', 1));
});

describe('linking on the command line', () => {
  it('CL-80 prints a code alone, for a handle or for the member of the key', async () => {
    const { stdout, stderr, code } = await cli(['link-code', 'ada']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^[0-9A-Z]{4}-[0-9A-Z]{4}\n$/)]);
    expect(stderr).toContain(`/link code:${stdout.trim()}`);
    expect(await json(['link-code', 'ada'])).toMatchObject({ expiresAt: '2026-08-22T12:15:00.000Z' });
    const key = (await cli(['keys', 'create', '--name=bob', '--scope=write', '--contributor=bob'])).stdout.trim();
    const bound = await cli(['link-code'], { OMNITENSOR_API_KEY: key });
    expect(bound.stderr).toContain('It links "bob"');
    expect((await cli(['link-code', 'ada'], { OMNITENSOR_API_KEY: key })).code).toBe(1);
    expect((await cli(['link-code'])).code).toBe(2);
    expect((await cli(['link-code', 'nobody'])).code).toBe(1);
    expect((await cli(['unlink', 'ada'])).stderr).toContain('is linked with no Discord account');
  });

  it('CL-81 merges, and follows a merged handle to the survivor', async () => {
    expect((await cli(['merge', 'old', '--into', 'ada'])).stdout).toBe('Merged old into ada.\n');
    expect((await cli(['member', 'old'])).stdout).toMatch(/^ada\n\nOMNIT +31\.25\n/);
    const around = await cli(['leaderboard', '--category=gpu-contributors', '--around=old']);
    expect(around.stdout).toContain('1. ada - 31.25 OMNIT');
    expect((await cli(['merge', 'old', '--into', 'bob'])).code).toBe(1);
  });
});

describe('fair play on the command line', () => {
  it('CL-82 excludes, lists and lifts', async () => {
    expect((await cli(['exclusions'])).stdout).toBe('Nobody is excluded.\n');
    const add = ['exclusions', 'add', '--from=boards', '--reason=Two accounts'];
    const added = await cli([...add, '--member=bob', '--until=2026-12-01T00:00:00Z']);
    const id = /^ *(\d+) +bob +1 +boards +\S+ +2026-12-01T00:00:00\.000Z +Two accounts$/m.exec(added.stdout)?.[1] ?? '';
    expect((await cli(['exclusions'])).stdout).toBe(added.stdout);
    expect((await cli(add)).code).toBe(2);
    expect((await cli([...add, '--member=bob'])).code).toBe(1);
    expect((await cli(['exclusions', 'lift', id])).stdout).toBe(`Lifted exclusion ${id}.\n`);
    expect((await cli([...add, '--role=5'])).stdout).toMatch(/role 5 +0 +boards .* lifted +Two accounts$/m);
    expect((await cli([...add, '--role=staff'])).code).toBe(2);
    expect((await cli([...add, '--role=6', '--member=bob'])).code).toBe(2);
    expect((await cli(['exclusions', 'lift', id])).code).toBe(1);
  });

  it('CL-83 sets caps, lists what is held, releases and refuses', async () => {
    expect((await cli(['caps', 'set', 'gpu-contributors', '10'])).stdout).toContain('exceeds 10 a member and day');
    expect((await cli(['caps'])).stdout).toMatch(/gpu-contributors +10\n$/);
    await send(event('4', 'bob', 20), event('5', 'bob', 30));
    const { stdout } = await cli(['held']);
    expect(stdout).toMatch(/bob +gpu-contributors +20 +125 +2026-08-20T10:00:00\.000Z +admin +4 +Over the cap of 10 /);
    const { held } = await json(['held']);
    const decide = (decision: string, at: number) =>
      cli(['held', decision, String(held[at].number), '--reason', 'Looked at it']);
    expect((await decide('release', 0)).stdout).toBe('Released "4" of bob.\n');
    expect((await decide('refuse', 1)).stdout).toBe('Refused "5" of bob.\n');
    expect((await decide('refuse', 1)).code).toBe(1);
    expect((await cli(['held', 'release', '1'])).code).toBe(2);
    expect((await cli(['held'])).stdout).toBe('Nothing is held.\n');
    expect((await cli(['caps', 'remove', 'gpu-contributors'])).code).toBe(0);
    expect((await cli(['caps'])).stdout).toContain('No caps.');
    expect((await cli(['caps', 'set', 'gpu-contributors', 'x'])).code).toBe(2);
  });

  it('CL-84 shows examples in the help', async () => {
    for (const args of [['link-code'], ['merge'], ['exclusions'], ['exclusions', 'add'], ['caps'], ['held']]) {
      expect((await cli([...args, '--help'])).stdout).toMatch(/Examples?:\n  \$ .*omnitensor-cli/);
    }
  });
});
