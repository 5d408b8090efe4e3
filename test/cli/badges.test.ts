import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { awardAchievements } from '../../src/badges/award.ts';
import { NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const database = useDatabase();
const server = useHttpServer(database);

const cli = (...args: readonly string[]) => runCli(args, { env: { OMNITENSOR_URL: server.url } });
const json = async (...args: readonly string[]) => JSON.parse((await cli(...args, '--json')).stdout);
const award = () => awardAchievements(recording(database.db), NOW);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'badges-'));
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const event = { contributor: 'ada', category: 'gpu-contributors', amount: 1, occurredAt: '2026-08-20T10:00:00Z' };
  const contributions = [
    { id: '1', ...event },
    { id: '2', ...event, occurredAt: '2026-08-12T10:00:00Z' },
  ];
  await server.call('POST', '/v1/communities/omni/contributions', { contributions });
  await award();
});
afterAll(() => rm(folder, { recursive: true }));

describe('badges on the command line', () => {
  it('BA-40 lists what there is, what it is earned by, and how many have it', async () => {
    const { stdout } = await cli('badges');
    expect(stdout).toMatch(/^Id +Badge +Held by +Earned by\n/);
    expect(stdout).toMatch(/⚡ First Spark +1 +1 contribution in Top GPU Contributors\n/);
    expect(stdout).toMatch(/🏆 Season Champion +0 +first on a board when a season becomes final\n/);
    expect(stdout).toMatch(/🔟 Top 10 GPU Contributor +0 +rewards\n/);
  });

  it('BA-41 shows what a member has, and how near the rest is', async () => {
    const { stdout } = await cli('badges', '--contributor', 'ada');
    expect(stdout).toMatch(
      /^Badges of ada\nBadge +Times +Last +What for\n⚡ First Spark +1 +2026-08-22 +The first hours of GPU shared\. .+\n\nStill to earn\nBadge +Progress +By\n🔥 Warmed Up +\[#####-----\] 2 of 4 weeks in a row +a contribution in each of 4 weeks in a row\n/,
    );
    expect(stdout).toMatch(/👋 Good to See You +a contribution after 4 weeks or more without any\n/);
    expect((await json('badges', '--contributor', 'ada')).earned).toHaveLength(1);
    expect((await cli('badges', '--contributor', 'nobody')).code).toBe(1);
  });

  it('BA-42 makes a badge, removes it, and takes it back', async () => {
    const made = await cli('badges', 'create', 'Two', '--icon', '✌️', '--earned-by', 'contributions', '--number', '2');
    expect(made.stdout).toMatch(/^Badge \d+: Two, for 2 contributions\.\n$/);
    expect(made.stderr).toContain('in a moment');
    await award();
    const both = ['--category', 'gpu-contributors', '--category', 'model-testers'];
    const counted = ['--earned-by', 'categories', '--window', 'month', '--counted', ...both];
    expect(await json('badges', 'create', 'Both', ...counted)).toMatchObject({
      kind: 'counted',
      rule: { kind: 'categories', window: 'month', categories: ['gpu-contributors', 'model-testers'] },
    });
    const id = /\d+/.exec(made.stdout)?.[0] ?? '';
    expect((await cli('badges')).stdout).toMatch(/✌️ Two +1 +2 contributions\n/);
    expect((await cli('badges', 'remove', id)).stdout).toContain('Whoever has it keeps it.');
    expect((await cli('badges')).stdout).toMatch(/✌️ Two +1 +nobody any more\n/);
    expect((await cli('badges', 'remove', id, '--take-back')).stdout).toContain('taken from all');
    await award();
    expect((await cli('badges', 'remove', id)).code).toBe(1);
    expect((await cli('member', 'ada')).stdout).not.toContain('Two');
  });

  it('BA-43 takes a picture from a file, and refuses what is none', async () => {
    const files = { 'ok.png': '89504e470d0a1a0a00', 'page.png': '3c68746d6c3e' };
    for (const [name, hex] of Object.entries(files)) await writeFile(join(folder, name), Buffer.from(hex, 'hex'));
    await writeFile(join(folder, 'large.png'), Buffer.alloc(256 * 1024 + 1));
    const create = (file: string) => cli('badges', 'create', `With ${file}`, '--image', join(folder, file));
    expect((await create('ok.png')).code).toBe(0);
    for (const [file, problem] of [
      ['page.png', 'is no PNG, GIF, WebP or JPEG.'],
      ['large.png', 'is over 256 KiB.'],
      ['none.png', 'cannot be read.'],
    ] as const) {
      const { code, stderr } = await create(file);
      expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
    }
  });

  it('BA-45 changes what is said of a badge and how it looks', async () => {
    const { id } = await json('badges', 'create', 'Tpyo', '--icon', '🔥', '--description', 'Wiht typos.');
    const edit = (...args: readonly string[]) => cli('badges', 'edit', String(id), ...args);
    const edited = await edit('--description', 'With none.', '--icon', '🏆');
    expect([edited.code, edited.stdout]).toEqual([0, `Changed badge ${id}: 🏆 Tpyo, With none.\n`]);
    const picture = join(folder, 'edit.png');
    await writeFile(picture, Buffer.from('89504e470d0a1a0a00', 'hex'));
    expect(await json('badges', 'edit', String(id), '--image', picture)).toMatchObject({ image: { emojiId: null } });
    expect((await edit('--no-description', '--no-icon', '--no-image')).stdout).toBe(`Changed badge ${id}: Tpyo\n`);
    const nothing = await edit();
    expect([nothing.code, nothing.stderr]).toEqual([2, expect.stringContaining('Say what to change')]);
    expect((await cli('badges', 'edit', '999999', '--icon', '⚡')).code).toBe(1);
  });

  it('BA-44 refuses wrong usage, and turns announcements off and on', async () => {
    expect((await cli('badges', 'create', 'x', '--number', '3')).code).toBe(2);
    expect((await cli('badges', 'create', 'x', '--earned-by', 'luck')).code).toBe(2);
    expect((await cli('badges', 'create', 'x', '--earned-by', 'streak')).code).toBe(2);
    expect((await cli('badges', 'create', 'x', '--earned-by', 'quests', '--number', 'many')).code).toBe(2);
    expect((await cli('badges', 'announce', 'maybe')).code).toBe(2);
    expect((await cli('badges', 'announce', 'off')).stdout).toBe('What members earn is not announced any more.\n');
    expect((await cli('badges')).stderr).toContain('is not announced');
    expect((await cli('badges', 'announce', 'on')).stdout).toContain('once a day');
    expect((await cli('badges', 'create', '--help')).stdout).toContain('$ omnitensor-cli badges create');
  });
});
