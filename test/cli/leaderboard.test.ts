import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { FlakyProxy } from './flaky-proxy.ts';
import { runCli, startCli, type CliOptions } from './run-cli.ts';

const server = useHttpServer(useDatabase());
let nextId = 0;

const cli = (args: readonly string[], { env, ...options }: CliOptions = {}) =>
  runCli(args, { ...options, env: { OMNITENSOR_URL: server.url, OMNITENSOR_COMMUNITY: 'omni', ...env } });
const board = (...args: string[]) => cli(['leaderboard', '--category', 'gpu-contributors', ...args]);

async function contribute(contributor: string, category: string, amount: string): Promise<void> {
  const { json } = await server.call('POST', '/v1/communities/omni/contributions', {
    contributions: [{ id: `c${++nextId}`, contributor, category, amount, occurredAt: '2026-08-20T10:00:00Z' }],
  });
  expect(json.accepted).toBe(1);
}

beforeAll(async () => {
  const wanted = { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' };
  await server.call('POST', '/v1/communities', wanted);
  await contribute('user123', 'gpu-contributors', '192');
  await contribute('gpu_master99', 'gpu-contributors', '184');
  await contribute('data_wizard', 'gpu-contributors', '168');
  await contribute('fourth', 'gpu-contributors', '0.5');
  await contribute('user123', 'data-validators', '12');
  await contribute('fourth', 'data-validators', '1');
  await contribute('data_wizard', 'data-validators', '0.5');
});

describe('leaderboard', () => {
  it('CL-1 prints the first three with handles, to the letter', async () => {
    expect(await board()).toEqual({
      code: 0,
      stderr: '',
      stdout:
        'Top 3 Contributors:\n1. user123 - 1200 OMNIT\n2. gpu_master99 - 1150 OMNIT\n3. data_wizard - 1050 OMNIT\n',
    });
  });

  it('CL-1 names the limit even when fewer stand', async () => {
    const { stdout } = await board('--limit=100');
    expect(stdout).toMatch(/^Top 100 Contributors:\n(\d\. .+\n){4}$/);
    expect((await board('--limit', '1')).stdout).toBe('Top 1 Contributors:\n1. user123 - 1200 OMNIT\n');
  });

  it('CL-2 gives units a plural s unless the score is 1', async () => {
    const { stdout } = await cli(['leaderboard', '--category=data-validators']);
    expect(stdout).toBe(
      'Top 3 Contributors:\n1. user123 - 12 datasets\n2. fourth - 1 dataset\n3. data_wizard - 0.5 datasets\n',
    );
  });

  it('CL-3 says so when a board is empty', async () => {
    const { code, stdout } = await cli(['leaderboard', '--category=model-testers']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'No contributions yet.\n' });
  });

  it('CL-4 shows those around a member under their own heading', async () => {
    const { stdout } = await board('--around', 'gpu_master99', '--limit', '2');
    expect(stdout).toBe('Around gpu_master99:\n2. gpu_master99 - 1150 OMNIT\n3. data_wizard - 1050 OMNIT\n');
  });

  it('CL-5 takes other windows and periods', async () => {
    expect((await board('--window', 'week')).stdout).toContain('1. user123 - 1200 OMNIT');
    expect((await board('--window', 'month', '--period', '2026-08')).stdout).toContain('1. user123 - 1200 OMNIT');
    expect((await board('--window', 'month', '--period', 'previous')).stdout).toBe('No contributions yet.\n');
  });

  it.each(['0', '101', 'abc', '-1', '1.5', '', '1e1'])('CL-6 takes --limit %j for wrong usage', async (limit) => {
    const { code, stdout, stderr } = await board(`--limit=${limit}`);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('a whole number from 1 to 100');
  });

  it.each([
    [1, 'There is no category "gold"', ['leaderboard', '--category=gold']],
    [1, 'There is no member "nobody"', ['leaderboard', '--category=gpu-contributors', '--around=nobody']],
    [1, 'There is no community "nowhere"', ['leaderboard', '--category=gpu-contributors', '--community=nowhere']],
    [1, 'There is no member', ['member', 'USER123']],
    [2, 'required option', ['leaderboard']],
    [2, 'Allowed choices are', ['leaderboard', '--category=gpu-contributors', '--window=year']],
    [2, '2026-99', ['leaderboard', '--category=gpu-contributors', '--period=2026-99']],
    [2, 'unknown command', ['leaderbord']],
    [2, 'unknown option', ['leaderboard', '--category=x', '--windw=x']],
    [2, 'too many arguments', ['member', 'a', 'b']],
    [2, 'is not the address of a server', ['communities', '--url=localhost']],
    [3, 'No server answers at', ['communities', '--url=http://127.0.0.1:1']],
    [3, 'No server answers at', ['communities', '--url=http://no-such-host.invalid']],
  ])('CL-7 exits %i, saying %j, for %j', async (code, said, args) => {
    const result = await cli(args);
    expect({ code: result.code, stdout: result.stdout }).toEqual({ code, stdout: '' });
    expect(result.stderr).toMatch(/^error: /);
    expect(result.stderr).toContain(said);
    expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    expect(result.stderr).not.toMatch(/^ +at /m);
  });

  it('CL-7 prints help and exits 2 when nothing is asked for', async () => {
    const { code, stderr } = await cli([]);
    expect(code).toBe(2);
    expect(stderr).toContain('Usage: omnitensor-cli');
  });

  it('CL-8 answers in JSON, wherever --json stands', async () => {
    for (const args of [
      ['--json', 'leaderboard', '--category=gpu-contributors'],
      ['leaderboard', '--category=gpu-contributors', '--json'],
    ]) {
      const { stdout } = await cli(args);
      expect(JSON.parse(stdout)).toMatchObject({ unit: 'OMNIT', total: 4, entries: [{ handle: 'user123' }, {}, {}] });
    }
  });

  it.each([
    ['urn:omnitensor:problem:unknown-category', ['leaderboard', '--category=gold']],
    ['urn:omnitensor:cli:wrong-usage', ['leaderboard', '--limit=0']],
    ['urn:omnitensor:cli:unreachable', ['communities', '--url=http://127.0.0.1:1']],
  ])('CL-8 tells errors as JSON too: %s', async (type, args) => {
    const { stdout, stderr } = await cli([...args, '--json']);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toMatchObject({ type, title: expect.any(String), detail: expect.any(String) });
  });
});

describe('which community', () => {
  it('CL-9 takes the only one there is, and asks which of several', async () => {
    const env = { OMNITENSOR_COMMUNITY: undefined };
    const args = ['leaderboard', '--category=gpu-contributors'];
    expect((await cli(args, { env })).stdout).toContain('1. user123');

    await server.call('POST', '/v1/communities', { slug: 'second', name: 'Second', timeZone: 'UTC' });
    const { code, stderr } = await cli(args, { env });
    expect(code).toBe(2);
    expect(stderr).toContain('omni, second');
    expect((await cli([...args, '--community=omni'], { env: { OMNITENSOR_COMMUNITY: 'second' } })).code).toBe(0);
  });
});

describe('keys of the caller', () => {
  const keys = ['keys'];

  it('CL-10 says what to do without a key, and with a wrong one', async () => {
    const without = await cli(keys, { env: { OMNITENSOR_API_KEY: undefined } });
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('Set OMNITENSOR_API_KEY');
    const wrong = await cli(keys, { env: { OMNITENSOR_API_KEY: 'wrong' } });
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('unknown or was revoked');
    expect((await cli(keys, { env: { OMNITENSOR_API_KEY: 'two\nlines' } })).code).toBe(2);
  });

  it('CL-10 reads the key that a server on this machine keeps, and shows it to no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'omnitensor-cli-'));
    await writeFile(join(folder, 'admin-key'), 'the-key-of-the-installation\n');
    const env = { OMNITENSOR_API_KEY: undefined, DATA_DIR: folder };
    expect((await cli(keys, { env })).code).toBe(0);

    // 0.0.0.0 leads here too, but is not known to.
    const elsewhere = await cli([...keys, '--url', server.url.replace('127.0.0.1', '0.0.0.0')], { env });
    expect(elsewhere.code).toBe(1);
    await rm(folder, { recursive: true });
  });
});

describe('what a hostile server or reader does', () => {
  it('CL-11 lets no text act on the terminal', async () => {
    const handle = 'a\u001B[2Jb\u009B1mc\u202Ed\n2. e';
    const hostile = createServer((request, response) => {
      const isBoard = request.url?.includes('/leaderboards/');
      response.writeHead(isBoard ? 200 : 404, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify(
          isBoard
            ? { unit: 'OMNIT', entries: [{ rank: 1, handle, score: '1' }] }
            : { type: 'x', title: 'x', detail: handle },
        ),
      );
    }).listen(0, '127.0.0.1');
    await once(hostile, 'listening');
    const env = { OMNITENSOR_URL: `http://127.0.0.1:${(hostile.address() as AddressInfo).port}` }; // A TCP server has a port.
    expect((await cli(['leaderboard', '--category=x'], { env })).stdout).toBe(
      'Top 3 Contributors:\n1. a�[2Jb�1mc�d�2. e - 1 OMNIT\n',
    );
    const { stdout } = await cli(['leaderboard', '--category=x', '--json'], { env });
    for (const character of ['\u001B', '\u009B', '\u202E']) expect(stdout).not.toContain(character);
    expect(JSON.parse(stdout).entries[0].handle).toBe(handle);
    expect((await cli(['member', 'x', '--community=x'], { env })).stderr).toContain('a�[2Jb�1mc�d�2. e');
    hostile.close();
  });

  it.each([
    [200, '<html>'],
    [404, '<html>'],
    [200, '{"entries":7}'],
  ])('CL-12 exits 3 when %i %j shows that the server is another', async (status, body) => {
    const other = createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`; // A TCP server has a port.
    const { code, stderr } = await cli(['leaderboard', '--category=x', '--url', url]);
    expect(code).toBe(3);
    expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(3);
    other.close();
  });

  it('CL-13 ends quietly when nobody reads on', async () => {
    const unread = startCli(['leaderboard', '--category=gpu-contributors'], {
      env: { OMNITENSOR_URL: server.url, OMNITENSOR_COMMUNITY: 'omni' },
    });
    unread.child.stdout?.destroy();
    expect(await unread.ended).toEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('leaderboard --watch', () => {
  let proxy: FlakyProxy;
  beforeAll(async () => {
    proxy = await new FlakyProxy(server.url).start();
  });
  afterAll(() => proxy.stop());

  const args = ['leaderboard', '--category=model-testers', '--watch'];
  const env = () => ({ OMNITENSOR_URL: proxy.url, OMNITENSOR_COMMUNITY: 'omni' });

  it('CL-14 writes a block whenever something changed, outlives its server, and ends with Ctrl-C', async () => {
    const watching = startCli(args, { env: env() });
    await watching.seen('stdout', (text) => text === 'No contributions yet.\n');
    await contribute('ada', 'model-testers', '2');
    await watching.seen('stdout', (text) => text.endsWith('\n\nTop 3 Contributors:\n1. ada - 2 tests\n'));

    await proxy.stop();
    await watching.seen('stderr', (text) => text.includes('does not answer'));
    await contribute('bob', 'model-testers', '3');
    await proxy.start();
    await watching.seen('stdout', (text) => text.endsWith('1. bob - 3 tests\n2. ada - 2 tests\n'));
    await watching.seen('stderr', (text) => text.includes('answers again'));

    watching.child.kill('SIGINT');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout.split('\n\n')).toHaveLength(3);
  });
});
