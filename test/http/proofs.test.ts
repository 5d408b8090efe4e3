import { beforeEach, describe, expect, it } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const server = useHttpServer(useDatabase());
let path = '';
let quest = 0;
let communities = 0;

const handIn = (body: object, headers?: Record<string, string>) =>
  server.call('POST', `${path}/quests/${quest}/proofs`, body, headers);

/** The header of a new key. */
async function keyOf(fields: object): Promise<Record<string, string>> {
  const { json } = await server.call('POST', `${path}/keys`, { name: `key ${Math.random()}`, ...fields });
  return { authorization: `Bearer ${json.key}` };
}

beforeEach(async () => {
  const slug = `proofs-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const occurredAt = '2026-08-20T10:00:00Z';
  const contributions = ['ada', 'bob'].map((contributor) => ({
    id: contributor,
    contributor,
    category: 'gpu-contributors',
    amount: 1,
    occurredAt,
  }));
  await server.call('POST', `${path}/contributions`, { contributions });
  const { json } = await server.call('POST', `${path}/quests`, {
    name: 'Show it',
    endsAt: '2026-09-01T00:00:00Z',
    goal: { proof: 'A picture of your rig' },
    rewards: [{ kind: 'tokens', amount: '5' }],
  });
  expect(json).toMatchObject({ goal: { proof: 'A picture of your rig' } });
  expect(json.goalText).toBe('a proof that a reviewer approves: A picture of your rig');
  quest = json.id;
});

describe('proofs over HTTP', () => {
  it('PR-30 are handed in, listed oldest first page by page, and approved', async () => {
    const made = await handIn({ handle: 'ada', text: 'Line\r\nline', links: ['https://EXAMPLE.org/a b'] });
    expect([made.status, made.json]).toEqual([
      201,
      {
        id: expect.any(Number),
        quest,
        round: 'once',
        handle: 'ada',
        text: 'Line\nline',
        links: ['https://example.org/a%20b'],
        files: [],
        state: 'waiting',
        submittedAt: '2026-08-22T12:00:00.000Z',
        times: 1,
        reviewer: null,
        reviewedAt: null,
        reason: null,
      },
    ]);
    await handIn({ handle: 'bob', text: 'Mine' });
    const first = await server.call('GET', `${path}/proofs?limit=1`);
    expect(first.json).toEqual({ proofs: [made.json], next: expect.any(String) });
    const second = await server.call('GET', `${path}/proofs?state=waiting&limit=1&after=${first.json.next}`);
    expect(second.json).toMatchObject({ proofs: [{ handle: 'bob' }], next: null });
    const approved = await server.call('POST', `${path}/proofs/${made.json.id}/approve`);
    expect(approved.json).toMatchObject({ state: 'approved', reviewer: 'ADMIN_API_KEY', reason: null });
    expect((await server.call('GET', `${path}/quests/${quest}`)).json.completions).toEqual([
      { handle: 'ada', completedAt: '2026-08-22T12:00:00.000Z', won: true },
    ]);
    const progress = await server.call('GET', `${path}/quests/${quest}/progress/ada`);
    expect(progress.json).toMatchObject({
      percent: 100,
      parts: [{ kind: 'proof', text: 'proof approved', met: true }],
    });
    expect((await server.call('GET', `${path}/members/ada`)).json.balances.granted).toBe('5');
  });

  it('PR-31 are asked more of or refused with a reason; the first decision stands', async () => {
    const { json } = await handIn({ handle: 'ada', text: 'x' });
    const decide = (decision: string, body?: object) =>
      server.call('POST', `${path}/proofs/${json.id}/${decision}`, body);
    expect((await decide('ask', {})).status).toBe(400);
    expect((await decide('ask', { reason: 'Show the log' })).json).toMatchObject({
      state: 'asked',
      reason: 'Show the log',
    });
    const late = await decide('approve');
    expect([late.status, late.json.detail]).toEqual([409, expect.stringContaining('ADMIN_API_KEY asked for more')]);
    expect((await handIn({ handle: 'ada', text: 'y' })).json).toMatchObject({
      id: json.id,
      times: 2,
      state: 'waiting',
    });
    expect((await decide('refuse', { reason: 'No' })).json.state).toBe('refused');
    expect((await server.call('GET', `${path}/proofs?state=refused`)).json.proofs).toHaveLength(1);
  });

  it('PR-32 need a key that may write for the member, and one of an admin who is somebody else', async () => {
    const own = await keyOf({ scopes: ['write'], contributor: 'ada' });
    const { json } = await handIn({ text: 'x' }, own);
    expect(json.handle).toBe('ada');
    expect((await handIn({ handle: 'bob', text: 'x' }, own)).status).toBe(403);
    expect((await handIn({ text: 'x' })).status).toBe(400);
    expect((await handIn({ handle: 'bob', text: 'x' }, {})).status).toBe(401);
    expect((await server.call('GET', `${path}/proofs`, undefined, own)).status).toBe(403);
    expect((await server.call('POST', `${path}/proofs/${json.id}/approve`, {}, own)).status).toBe(403);
    const admin = await keyOf({ scopes: ['admin'], contributor: 'ada' });
    const refused = await server.call('POST', `${path}/proofs/${json.id}/approve`, {}, admin);
    expect([refused.status, refused.json.detail]).toEqual([403, expect.stringContaining('your own')]);
    expect((await server.call('POST', `${path}/proofs/999999/approve`)).status).toBe(404);
    expect((await server.call('GET', `${path}/proofs?after=x`)).status).toBe(400);
  });

  it.each([
    [{ text: '' }],
    [{ text: 'x'.repeat(801) }],
    [{ text: 'a\u0000b' }],
    [{ text: 'x', links: ['http://example.org'] }],
    [{ text: 'x', links: ['https://u:p@example.org'] }],
    [{ text: 'x', links: [`https://example.org/${'x'.repeat(300)}`] }],
    [{ text: 'x', links: Array.from({ length: 4 }, (_, index) => `https://example.org/${index}`) }],
  ])('PR-33 are refused with what is wrong: %j', async (fields) => {
    const answer = await handIn({ handle: 'ada', ...fields });
    expect([answer.status, answer.json.type]).toEqual([400, 'urn:omnitensor:problem:invalid-parameter']);
  });
});
