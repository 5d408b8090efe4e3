import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const database = useDatabase();
const server = useHttpServer(database);
const CHANNEL = '1100000000000000002';

const cli = (...args: readonly string[]) => runCli(args, { env: { OMNITENSOR_URL: server.url } });

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  await database.db
    .updateTable('communities')
    .set((eb) => ({ discord_guild_id: '1100000000000000001', config_version: eb('config_version', '+', 1n) }))
    .execute();
});

describe('live boards on the command line', () => {
  it('LB-32 places, lists and removes', async () => {
    expect((await cli('boards')).stdout).toMatch(/^No live boards\. Place one: /);
    const place = ['boards', 'place', 'gpu-contributors', '--window=season', `--channel=${CHANNEL}`];
    const { stdout } = await cli(...place);
    const id = /^Board (\d+): gpu-contributors, season, top 10, is kept up to date/.exec(stdout)?.[1] ?? '';
    expect((await cli(...place, '--limit=5')).stdout).toContain(`Board ${id}: gpu-contributors, season, top 5,`);
    expect((await cli('boards')).stdout).toMatch(
      new RegExp(`^ *${id} +gpu-contributors +season +5 +${CHANNEL} +waiting$`, 'm'),
    );
    expect(JSON.parse((await cli('boards', '--json')).stdout).liveBoards).toMatchObject([{ id: Number(id), limit: 5 }]);
    expect((await cli('boards', 'remove', id)).stdout).toBe(
      `Removed board ${id}. Its message is deleted in a moment.\n`,
    );
    const gone = await cli('boards', 'remove', id);
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining(`There is no live board ${id}.`)]);
  });

  it('LB-32 tells wrong usage from what is refused', async () => {
    for (const args of [['place'], ['place', 'gpu-contributors'], ['remove'], ['remove', 'x']]) {
      expect((await cli('boards', ...args)).code).toBe(2);
    }
    const place = ['boards', 'place', 'gpu-contributors', `--channel=${CHANNEL}`];
    expect((await cli(...place, '--window=day')).code).toBe(2);
    expect((await cli(...place, '--window=week', '--limit=21')).code).toBe(2);
    expect((await cli('boards', 'place', 'gpu-contributors', '--window=week', '--channel=#general')).code).toBe(2);
    const unknown = await cli('boards', 'place', 'pages', '--window=week', `--channel=${CHANNEL}`);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('There is no category "pages"')]);
    expect((await cli('boards', '--help')).stdout).toContain('$ omnitensor-cli boards place');
  });
});
