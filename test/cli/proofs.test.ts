import { beforeAll, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { runCli } from './run-cli.ts';

const server = useHttpServer(useDatabase());
let quest = '';

const cli = (...args: string[]) => runCli(args, { env: { OMNITENSOR_URL: server.url } });

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const of = { category: 'gpu-contributors', amount: 1, occurredAt: '2026-08-20T10:00:00Z' };
  const contributions = ['ada', 'bob'].map((contributor) => ({ id: contributor, contributor, ...of }));
  await server.call('POST', '/v1/communities/omni/contributions', { contributions });
  const made = await server.call('POST', '/v1/communities/omni/quests', {
    name: 'Show it',
    endsAt: '2026-09-01T00:00:00Z',
    goal: { proof: 'A picture' },
    rewards: [{ kind: 'tokens', amount: '5' }],
  });
  quest = String(made.json.id);
});

describe('proofs on the command line', () => {
  it('PR-40 are handed in, listed and decided', async () => {
    expect((await cli('proofs')).stdout).toBe('No proof is waiting.\n');
    const made = await cli(
      'proofs',
      'hand-in',
      quest,
      '--text=I did',
      '--link=https://example.org/',
      '--contributor=ada',
    );
    const [, id = ''] = /^Handed in proof (\d+)\. It waits for a review\.\n$/.exec(made.stdout) ?? [];
    expect([made.code, id]).toEqual([0, expect.stringMatching(/^\d+$/)]);
    expect((await cli('proofs')).stdout).toMatch(new RegExp(`${id}.*ada.*I did.*https://example.org/`));
    expect(JSON.parse((await cli('proofs', '--json')).stdout)).toMatchObject({ proofs: [{ handle: 'ada', times: 1 }] });
    expect((await cli('proofs', 'ask', id)).code).toBe(2);
    expect((await cli('proofs', 'ask', id, '--reason=Show more')).stdout).toBe(`Proof ${id} of ada is asked.\n`);
    const late = await cli('proofs', 'approve', id);
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('That decision stands.')]);
    await cli('proofs', 'hand-in', quest, '--text=More', '--contributor=ada');
    expect((await cli('proofs', 'approve', id)).stdout).toBe(`Proof ${id} of ada is approved.\n`);
    expect((await cli('proofs', '--state=approved')).stdout).toContain('ada');
    expect((await cli('proofs', '--state=lost')).code).toBe(2);
    expect((await cli('proofs', 'hand-in', quest, '--text=x', '--contributor=bob', '--link=ftp://x')).code).toBe(2);
  });
});
