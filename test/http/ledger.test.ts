import { beforeAll, describe, expect, it } from 'vitest';
import { createMultiplier } from '../../src/multipliers/create-multiplier.ts';
import { makeGrants } from '../../src/rewards/grants.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
const omni = '/v1/communities/omni';
const LINES = 60;

type Line = Record<string, string> & { windows: string[] };

const read = (query = '', handle = 'ada') =>
  server.call('GET', `${omni}/members/${handle}/ledger${query}`, undefined, {});

/** All lines, page by page. */
async function readAll(query: string): Promise<Line[]> {
  const lines: Line[] = [];
  for (let next: string | null = ''; next !== null;) {
    const { json } = await read(`?limit=7${query}${next && `&before=${next}`}`);
    lines.push(...json.lines);
    next = json.next;
  }
  return lines;
}

const thousandths = (decimal = '0') => Math.round(Number(decimal) * 1000);

beforeAll(async () => {
  const { db } = database;
  server.now = new Date('2026-06-20T12:00:00Z');
  await server.call('POST', '/v1/communities', { slug: 'omni', name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  const { community_id: id } = await db.selectFrom('communities').select('community_id').executeTakeFirstOrThrow();
  const rate = { category: 'gpu-contributors', subject: 'H100', rate: '9.5', from: '1970-01-01T00:00:00Z' };
  await server.call('POST', `${omni}/rates`, rate);
  const event = { name: 'Launch "week"', factor: 250n, backdated: true };
  const [startsAt, endsAt] = [new Date('2026-08-10'), new Date('2026-08-17')];
  await createMultiplier(db, id, { ...event, startsAt, endsAt }, TESTER, server.now);
  server.now = new Date('2026-08-22T12:00:00Z');
  const contributions = Array.from({ length: LINES }, (_, n) => ({
    id: `c${n}`,
    contributor: 'ada',
    category: n % 4 === 3 ? 'data-validators' : 'gpu-contributors',
    amount: (((n % 5) + 1) * 0.333).toFixed(3),
    ...(n % 3 === 0 ? { subject: 'H100' } : {}),
    // Several at one moment, over two months.
    occurredAt: new Date(Date.UTC(2026, 7, 22) - Math.floor(n / 3) * 2 * 86_400_000).toISOString(),
  }));
  const { json } = await server.call('POST', `${omni}/contributions`, { contributions });
  expect(json.accepted).toBe(LINES);
  await server.call('POST', `${omni}/contributions`, {
    contributions: [
      { ...contributions[0], id: 'bob', contributor: 'bob', amount: 1000, displayName: '=Bob' },
      { ...contributions[0], id: '=1+1', contributor: 'mallory', subject: '@SUM(A1)', amount: 1000 },
    ],
  });
  await server.call('POST', `${omni}/contributions/admin/c5/void`, { reason: '+made "up", twice' });
  await db.transaction().execute(async (trx) => {
    const { member_id: memberId } = await trx
      .selectFrom('members')
      .select('member_id')
      .where('handle', '=', 'ada')
      .executeTakeFirstOrThrow();
    const reward = { kind: 'tokens', amount: 12_500n } as const;
    const badge = { kind: 'badge', name: 'Early bird' } as const;
    const made = [reward, badge].map((what, n) => ({ key: `k${n}`, memberId, reward: what, reason: 'Quest done' }));
    await makeGrants(trx, id, made, server.now);
  });
});

describe('a ledger', () => {
  it('LE-1 says of every line amount, rate, multiplier and reward, the rule, the event and where it counts', async () => {
    const { json } = await read('?limit=100');
    const line = (id: string) => json.lines.find((one: Line) => one['id'] === id);
    expect(line('c0')).toEqual({
      kind: 'contribution',
      source: 'admin',
      id: 'c0',
      contributor: 'ada',
      category: 'gpu-contributors',
      subject: 'H100',
      occurredAt: '2026-08-22T00:00:00.000Z',
      recordedAt: '2026-08-22T12:00:00.000Z',
      amount: '0.333',
      rate: '9.5',
      multiplier: '1',
      reward: '3.163',
      reputation: '0',
      rule: '9.5 OMNIT a GPU-hour of "H100"',
      status: 'counted',
      score: '3.163',
      windows: ['2026-W34', '2026-08', '2026-Q3', 'all'],
    });
    expect(line('c9')).toMatchObject({
      multiplier: '2.5',
      event: 'Launch "week"',
      rule: '9.5 OMNIT a GPU-hour of "H100", times 2.5 in "Launch "week""',
    });
    expect(line('c3')).toMatchObject({ rule: '10 OMNIT a dataset', reward: '13.32', score: '1.332' });
  });

  it('LE-2 shows what was voided, with the reason and what kind of actor did it, and counts it nowhere', async () => {
    const { json } = await read('?limit=100');
    expect(json.lines.find((one: Line) => one['id'] === 'c5')).toMatchObject({
      status: 'voided',
      reason: '+made "up", twice',
      by: 'an admin over the API',
      score: '0',
      windows: [],
    });
  });

  it('LE-3 holds grants as lines too, except where one category is asked for', async () => {
    const all = await readAll('');
    expect(all.filter(({ kind }) => kind === 'grant')).toEqual([
      {
        kind: 'grant',
        what: 'badge',
        name: 'Early bird',
        amount: '1',
        reason: 'Quest done',
        state: 'effective',
        madeAt: '2026-08-22T12:00:00.000Z',
      },
      {
        kind: 'grant',
        what: 'tokens',
        amount: '12.5',
        reason: 'Quest done',
        state: 'effective',
        madeAt: '2026-08-22T12:00:00.000Z',
      },
    ]);
    expect((await readAll('&category=gpu-contributors')).filter(({ kind }) => kind === 'grant')).toEqual([]);
  });

  it('LE-4 its pages hold every line once, newest first, also while more is recorded', async () => {
    const first = await read('?limit=7');
    await server.call('POST', `${omni}/contributions`, {
      contributions: [
        { id: 'new', contributor: 'ada', category: 'model-testers', amount: 1, occurredAt: '2026-08-22T11:59:00Z' },
      ],
    });
    const rest: Line[] = [];
    for (let next = first.json.next; next !== null;) {
      const { json } = await read(`?limit=7&before=${next}`);
      rest.push(...json.lines);
      next = json.next;
    }
    const lines: Line[] = [...first.json.lines, ...rest];
    expect(lines).toHaveLength(LINES + 2);
    expect(new Set(lines.map((line) => line['id'] ?? line['what'])).size).toBe(LINES + 2);
    const times = lines.map((line) => line['occurredAt'] ?? line['madeAt'] ?? '');
    expect(times).toEqual(times.toSorted().toReversed());
  });

  it('LE-5 the scores of the lines of a category and window add up to the standing, to the last place', async () => {
    const { json } = await server.call('GET', `${omni}/members/ada`);
    expect(json.standings.length).toBeGreaterThan(6);
    for (const { category, window, period, score } of json.standings) {
      const lines = await readAll(`&category=${category}&window=${window}&period=${period}`);
      const sum = lines.reduce((total, line) => total + thousandths(line['score']), 0);
      expect([category, period, sum]).toEqual([category, period, thousandths(score)]);
      for (const line of lines.filter(({ status }) => status === 'counted')) expect(line.windows).toContain(period);
    }
    const earned = (await readAll('')).filter(({ status }) => status === 'counted');
    const omnit = earned.reduce((total, line) => total + thousandths(line['reward']), 0);
    expect(thousandths(json.balances.omnit) - thousandths(json.balances.granted)).toBe(omnit);
  });

  it('LE-6 with a category it explains the place, by the exact difference to whoever is ahead', async () => {
    const { json } = await read('?category=gpu-contributors&limit=1');
    const { explanation } = json;
    expect(explanation).toMatchObject({
      rank: 3,
      total: 3,
      neighbour: { is: 'ahead', displayName: 'mallory', by: 'score' },
    });
    expect(thousandths(explanation.score) + thousandths(explanation.neighbour.difference)).toBe(6_250_000);
    expect(explanation.text).toBe(
      `ada is 3rd of 3 with ${explanation.score} OMNIT: ${explanation.neighbour.difference} OMNIT behind mallory, who reached that score first. On equal scores whoever reached the score first is ahead.`,
    );
    expect((await read('?category=model-testers', 'bob')).json.explanation).toBe(undefined);
  });

  it('LE-7 exports the whole as CSV, by format or by header, in which nothing is a formula', async () => {
    const { text, headers } = await read('?format=csv');
    expect(headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const rows = text.split('\r\n');
    expect(rows[0]).toBe(
      'kind,at,source,id,category,subject,amount,rate,multiplier,event,reward,reputation,rule,status,reason,by,score,windows,link,what,name',
    );
    expect(rows).toHaveLength(LINES + 1 + 3 + 1);
    expect(text).toContain(`voided,"'+made ""up"", twice",an admin over the API,0,,,,`);
    const url = `${omni}/members/mallory/ledger`;
    const other = await server.call('GET', url, undefined, { accept: 'text/csv' });
    expect(other.text).toContain(`,admin,'=1+1,gpu-contributors,'@SUM(A1),1000,6.25,`);
    const both = await server.call('GET', url, undefined, { accept: 'application/json, text/csv' });
    expect(both.json.handle).toBe('mallory');
    const filtered = await read('?format=csv&category=data-validators&window=month');
    const expected = await readAll('&category=data-validators&window=month');
    expect(filtered.text.split('\r\n')).toHaveLength(expected.length + 2);
  });

  it('LE-8 refuses what it cannot mean', async () => {
    for (const query of [
      '?limit=0',
      '?limit=101',
      '?before=x',
      '?period=2026-08',
      '?window=month&period=2026-Q3',
      '?format=xml',
    ]) {
      expect([query, (await read(query)).status]).toEqual([query, 400]);
    }
    expect((await read('?category=nope')).status).toBe(404);
    expect((await read('?window=month&period=2027-01')).status).toBe(404);
    expect((await read('', 'nobody')).status).toBe(404);
  });

  it('LE-9 is for holders of a key where the community is', async () => {
    await server.call('PATCH', omni, { visibility: 'members' });
    for (const query of ['', '?format=csv']) expect((await read(query)).status).toBe(401);
    expect((await server.call('GET', `${omni}/contributions/admin/c0`, undefined, {})).status).toBe(401);
    const { status, headers } = await server.call('GET', `${omni}/members/ada/ledger`);
    expect([status, headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
    await server.call('PATCH', omni, { visibility: 'public' });
  });
});
