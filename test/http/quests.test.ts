import { beforeAll, describe, expect, it } from 'vitest';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';
import { hours, questBody } from '../support/quests.ts';

const database = useDatabase();
const server = useHttpServer(database);
const PATH = '/v1/communities/omni/quests';

const post = (path: string, body: unknown, headers?: Record<string, string>) =>
  server.call('POST', `${PATH}${path}`, body, headers);
const read = async (path = '') => (await server.call('GET', `${PATH}${path}`)).json;

let sent = 0;
async function contribute(contributor: string, amount: string, at: Date, subject?: string) {
  const contributions = [
    {
      id: `c${++sent}`,
      contributor,
      category: 'gpu-contributors',
      amount,
      occurredAt: at.toISOString(),
      ...(subject === undefined ? {} : { subject }),
    },
  ];
  const { json } = await server.call('POST', '/v1/communities/omni/contributions', { contributions });
  expect(json.accepted).toBe(1);
}

beforeAll(async () => {
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
});

describe('quests over HTTP', () => {
  it('QU-40 a quest is made, listed, read with its completions, and told how far a member has come', async () => {
    const goal = {
      all: [
        { category: 'gpu-contributors', amount: 10.5 },
        { category: 'gpu-contributors', subjects: ['A', 'B'], each: 1 },
      ],
    };
    const made = await post(
      '',
      questBody({
        goal,
        rewards: [
          { kind: 'tokens', amount: '5.50' },
          { kind: 'badge', name: 'B' },
        ],
      }),
    );
    expect(made.status).toBe(201);
    const { id } = made.json;
    expect(made.json).toEqual({
      id,
      name: 'Ten hours',
      description: '',
      status: 'running',
      startsAt: hours(-12).toISOString(),
      endsAt: hours(12).toISOString(),
      goal: {
        all: [
          { category: 'gpu-contributors', amount: '10.5' },
          { category: 'gpu-contributors', subjects: ['A', 'B'], each: 1 },
        ],
      },
      goalText: '10.5 GPU-hours and a contribution to each of A, B in Top GPU Contributors',
      rewards: [
        { kind: 'tokens', amount: '5.5' },
        { kind: 'badge', name: 'B' },
      ],
      recurrence: 'once',
      maxWinners: null,
      joinRequired: false,
      countEarlier: false,
      prerequisites: [],
      settleAfterMinutes: 60,
    });
    expect(await read()).toEqual({ total: 1, quests: [made.json] });

    await contribute('ada', '10', hours(-3), 'A');
    expect(await read(`/${id}/progress/ada`)).toMatchObject({
      quest: id,
      handle: 'ada',
      takesPart: true,
      joinedAt: null,
      percent: 72,
      parts: [
        { text: '10 of 10.5 GPU-hours', kind: 'amount', done: '10', wanted: '10.5', met: false },
        { text: '1 of 2 subjects', kind: 'each', done: '1', wanted: '2', met: false },
      ],
      completedAt: null,
      won: null,
    });
    await contribute('bob', '20', hours(-4), 'B');
    await contribute('ada', '1', hours(-2), 'B');
    await contribute('bob', '1', hours(-1), 'A');
    expect(await read(`/${id}`)).toMatchObject({
      round: { key: 'once', settledAt: null, settlesAt: hours(13).toISOString() },
      total: 2,
      completions: [
        { handle: 'ada', completedAt: hours(-2).toISOString(), won: true },
        { handle: 'bob', completedAt: hours(-1).toISOString(), won: true },
      ],
    });
    expect((await read(`/${id}?limit=1&offset=1`)).completions).toMatchObject([{ handle: 'bob' }]);
    expect(await read(`/${id}/progress/ada`)).toMatchObject({ percent: 100, completedAt: hours(-2).toISOString() });

    const { json: member } = await server.call('GET', '/v1/communities/omni/members/ada');
    expect(member).toMatchObject({
      balances: { omnit: '74.25', governance: '0', granted: '5.5', paid: '0', payable: '5.5' },
      badges: [{ name: 'B', count: 1 }],
    });
    await post(`/${id}/cancel`, undefined);
  });

  it('QU-41 winners are open until they are settled', async () => {
    const { json } = await post('', questBody({ maxWinners: 1, goal: { category: 'gpu-contributors', amount: 1 } }));
    await contribute('eve', '1', hours(-5));
    await contribute('dan', '1', hours(-6));
    const completions = async () =>
      (await read(`/${json.id}`)).completions
        .filter(({ handle }: { handle: string }) => ['eve', 'dan'].includes(handle))
        .map(({ handle, won }: { handle: string; won: boolean | null }) => [handle, won]);
    expect(await completions()).toEqual([
      ['dan', null],
      ['eve', null],
    ]);
    await settleDueRounds(recording(database.db), hours(13));
    expect(await completions()).toEqual([
      ['dan', true],
      ['eve', false],
    ]);
  });

  it('QU-42 joining takes a key that may write: for the member named, or the one it is bound to', async () => {
    const { json } = await post('', questBody({ joinRequired: true }));
    expect(await read(`/${json.id}/progress/ada`)).toMatchObject({ takesPart: false, percent: 0 });
    const keyOf = async (fields: object) => {
      const made = await server.call('POST', '/v1/communities/omni/keys', { scopes: ['write'], ...fields });
      return { authorization: `Bearer ${made.json.key}` };
    };
    const any = await keyOf({ name: 'any' });
    const bound = await keyOf({ name: 'bob', contributor: 'bob' });
    expect((await post(`/${json.id}/join`, { handle: 'ada' }, {})).status).toBe(401);
    expect((await post(`/${json.id}/join`, {}, any)).status).toBe(400);
    expect((await post(`/${json.id}/join`, { handle: 'nobody' }, any)).status).toBe(404);
    const joined = await post(`/${json.id}/join`, { handle: 'ada' }, any);
    expect([joined.status, joined.json]).toMatchObject([
      200,
      { handle: 'ada', takesPart: true, joinedAt: NOW.toISOString() },
    ]);
    expect((await post(`/${json.id}/join`, undefined, bound)).json).toMatchObject({ handle: 'bob', takesPart: true });
    expect((await post(`/${json.id}/join`, { handle: 'ada' }, bound)).status).toBe(403);
    expect((await post('', questBody(), any)).status).toBe(403);
    await post(`/${json.id}/cancel`, undefined);
  });

  it('QU-43 name, description and a later deadline can be changed, and nothing else', async () => {
    const { json } = await post('', questBody());
    const patch = (body: unknown) => server.call('PATCH', `${PATH}/${json.id}`, body);
    const changed = await patch({ name: 'New', description: 'About it', endsAt: hours(13).toISOString() });
    expect([changed.status, changed.json]).toMatchObject([
      200,
      { name: 'New', description: 'About it', endsAt: hours(13).toISOString() },
    ]);
    expect((await patch({ endsAt: hours(12).toISOString() })).status).toBe(400);
    expect((await patch({ rewards: [] })).status).toBe(400);
    expect((await post(`/${json.id}/cancel`, undefined)).json).toMatchObject({ status: 'cancelled' });
    expect((await patch({ name: 'Other' })).status).toBe(409);
  });

  it.each<[string, Record<string, unknown>, number, string]>([
    ['no goal', { goal: {} }, 400, 'asks for nothing'],
    ['an impossible goal', { goal: { category: 'gpu-contributors', subjects: ['a'], each: 1, of: 2 } }, 400, '`goal`'],
    ['an end before the start', { endsAt: hours(-13).toISOString() }, 400, 'is not after'],
    ['a deadline in the past', { endsAt: hours(-1).toISOString() }, 400, 'has passed'],
    ['an unknown category', { goal: { category: 'x', amount: 1 } }, 404, 'There is no category'],
    ['a reward of a strange kind', { rewards: [{ kind: 'cheese' }] }, 400, '`rewards.0'],
    ['a deadline at the end of time', { endsAt: '9999-12-31T23:59:59.999Z' }, 400, 'too far ahead'],
    ['a deadline that is no time', { endsAt: 'soon' }, 400, '`endsAt`'],
    ['a fractional number of winners', { maxWinners: 1.5 }, 400, '`maxWinners`'],
  ])('QU-44 refuses %s with what is wrong', async (_, fields, status, detail) => {
    const answer = await post('', questBody(fields));
    expect([answer.status, answer.json.detail]).toEqual([status, expect.stringContaining(detail)]);
  });

  it('QU-44 what is not there is not found', async () => {
    for (const path of ['/999999', '/999999/progress/ada']) {
      expect((await server.call('GET', `${PATH}${path}`)).status).toBe(404);
    }
    expect((await server.call('GET', `${PATH}/x`)).status).toBe(400);
    const { json } = await post('', questBody({ recurrence: 'daily' }));
    expect((await server.call('GET', `${PATH}/${json.id}?round=2026-08-22`)).status).toBe(200);
    expect((await server.call('GET', `${PATH}/${json.id}?round=2026-08-23`)).status).toBe(400);
    expect((await server.call('GET', `${PATH}/${json.id}/progress/nobody`)).status).toBe(404);
  });
});
