import { beforeEach, describe, expect, it } from 'vitest';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { useHttpServer } from '../support/http-server.ts';

const database = useDatabase();
const server = useHttpServer(database);
let path = '';
let communities = 0;

const send = (...contributions: object[]) => server.call('POST', `${path}/contributions`, { contributions });
const event = (id: string, contributor: string, amount: number, occurredAt = '2026-08-20T10:00:00Z') => ({
  id,
  contributor,
  category: 'gpu-contributors',
  amount,
  occurredAt,
});
const season = (fields: object = {}) =>
  server.call('POST', `${path}/seasons`, {
    key: 'spring-2027',
    name: 'Spring',
    startsAt: '2027-01-01',
    endsAt: '2027-05-01',
    ...fields,
  });

beforeEach(async () => {
  const slug = `seasons-${(communities += 1)}`;
  path = `/v1/communities/${slug}`;
  server.now = new Date('2026-05-10T00:00:00Z');
  await server.call('POST', '/v1/communities', { slug, name: 'Omni', timeZone: 'UTC', preset: 'omnitensor' });
  server.now = new Date('2026-08-22T12:00:00Z');
});

describe('seasons over HTTP', () => {
  it('SE-1 lists quarters since the community began and the next, the newest first, and finds one by its key', async () => {
    const { status, json } = await server.call('GET', `${path}/seasons`, undefined, {});
    expect(status).toBe(200);
    expect(json.seasons.map(({ key, status: how }: { key: string; status: string }) => [key, how])).toEqual([
      ['2026-Q4', 'upcoming'],
      ['2026-Q3', 'open'],
      ['2026-Q2', 'closing'],
    ]);
    const current = {
      key: '2026-Q3',
      name: '2026-Q3',
      startsAt: '2026-07-01T00:00:00.000Z',
      endsAt: '2026-10-01T00:00:00.000Z',
      status: 'open',
      custom: false,
    };
    for (const key of ['current', '2026-Q3']) {
      expect((await server.call('GET', `${path}/seasons/${key}`)).json).toEqual(current);
    }
    expect((await server.call('GET', `${path}/seasons/previous`)).json).toMatchObject({ key: '2026-Q2' });
    for (const key of ['2026-Q5', 'spring', '2026-08', 'all', '..%2F']) {
      const { status, json } = await server.call('GET', `${path}/seasons/${key}`);
      expect([status, json.type]).toEqual([404, 'urn:omnitensor:problem:unknown-season']);
    }
  });

  it('SE-2 creates a season of the community’s own, after which there are no quarters', async () => {
    const made = await season();
    const spring = {
      key: 'spring-2027',
      name: 'Spring',
      startsAt: '2027-01-01T00:00:00.000Z',
      endsAt: '2027-05-01T00:00:00.000Z',
      status: 'upcoming',
      custom: true,
    };
    expect([made.status, made.json]).toEqual([201, { ...spring, notes: expect.any(Array) }]);
    expect((await server.call('GET', `${path}/seasons/spring-2027`)).json).toEqual(spring);
    expect((await server.call('GET', `${path}/seasons/2027-Q1`)).status).toBe(404);
    const { json } = await server.call('GET', `${path}/seasons`);
    expect(json.seasons.map(({ key }: { key: string }) => key)).toEqual([
      'spring-2027',
      '2026-Q4',
      '2026-Q3',
      '2026-Q2',
    ]);
    server.now = new Date('2027-02-01T00:00:00Z');
    await send(event('1', 'ada', 1, '2027-01-31T10:00:00Z'));
    const board = await server.call('GET', `${path}/leaderboards/gpu-contributors`);
    expect(board.json).toMatchObject({ period: 'spring-2027', status: 'open', total: 1 });
  });

  it.each<[string, object, number]>([
    ['a key that is a quarter', { key: '2026-Q4' }, 400],
    ['a key that looks like a quarter', { key: '2026-q4' }, 400],
    ['a key shaped like a quarter that is none', { key: '9999-q9' }, 400],
    ['a key shaped like a week that is none', { key: '2026-w99' }, 400],
    ['a key shaped like a month that is none', { key: '2026-13' }, 400],
    ['a reserved key', { key: 'current' }, 400],
    ['another reserved key', { key: 'all' }, 400],
    ['capital letters', { key: 'Spring' }, 400],
    ['an endless key', { key: 'a'.repeat(33) }, 400],
    ['no name', { name: ' ' }, 400],
    ['a minute', { startsAt: '2027-01-01T00:00:00Z', endsAt: '2027-01-01T00:01:00Z' }, 400],
    ['no day', { endsAt: '2027-01-01' }, 400],
    ['upside-down dates', { startsAt: '2027-05-01', endsAt: '2027-01-01' }, 400],
    ['ten years', { endsAt: '2037-01-01' }, 400],
    ['a day that does not exist', { endsAt: '2027-02-30' }, 400],
    ['a start that has passed', { startsAt: '2026-08-22' }, 409],
    ['a start within the running quarter', { startsAt: '2026-09-15' }, 409],
  ])('SE-3 refuses a season with %s, and says what would be right', async (_, fields, status) => {
    const refused = await season(fields);
    expect(refused.status).toBe(status);
    expect(refused.json.detail).toMatch(/\.$/);
    expect((await server.call('GET', `${path}/seasons`)).json.seasons).toHaveLength(3);
  });

  it('SE-3 says what a key that looks like a built-in one looks like, and takes one that only holds a year', async () => {
    expect((await season({ key: '2026-q0' })).json.detail).toBe(
      '"2026-q0" is, or looks like, the name of a built-in period, such as 2026-Q3, 2026-W34, 2026-08 or current. Choose a key such as "spring-2027".',
    );
    expect((await season({ key: '2027-1' })).status).toBe(201);
    expect((await server.call('GET', `${path}/leaderboards/gpu-contributors?period=2026-Q9`)).status).toBe(400);
  });

  it('SE-15 says what ends with it, what lies between seasons, and that prizes are given for it', async () => {
    const dates = (startsAt: string, endsAt: string) => ({ startsAt, endsAt });
    const cup = await season({ key: 'cup', ...dates('2027-07-11', '2027-07-12') });
    expect(cup.json.notes).toEqual([
      'From 2027-07-11T00:00:00.000Z on there are no calendar quarters: seasons are those that you create.',
      '2027-Q3 ends as this season begins, after 10 days. Its prizes are given in full all the same.',
      expect.stringMatching(
        /^The \d+ prizes set up for seasons are given for this one too, in full however long it lasts\.$/,
      ),
    ]);
    const spring = await season({ key: 'spring', ...dates('2027-01-01', '2027-05-01') });
    expect(spring.json.notes.slice(0, 2)).toEqual([
      'From 2027-01-01T00:00:00.000Z on there are no calendar quarters: seasons are those that you create. 2027-Q1 will not take place.',
      'Between this one and cup, from 2027-05-01T00:00:00.000Z to 2027-07-11T00:00:00.000Z, nothing counts towards a season.',
    ]);
    for (const { id } of (await server.call('GET', `${path}/prizes`)).json.prizes) {
      await server.call('DELETE', `${path}/prizes/${id}`);
    }
    expect((await season({ key: 'summer', ...dates('2027-05-01', '2027-07-11') })).json.notes).toEqual([]);
    expect((await season({ key: 'late', ...dates('2027-07-13', '2027-08-01') })).json.notes).toEqual([
      'Between cup and this one, from 2027-07-12T00:00:00.000Z to 2027-07-13T00:00:00.000Z, nothing counts towards a season.',
    ]);
  });

  it('SE-4 refuses seasons that overlap, and a key that is taken', async () => {
    expect((await season()).status).toBe(201);
    expect((await season()).status).toBe(409);
    const overlapping = await season({ key: 'other', startsAt: '2027-04-30', endsAt: '2027-06-01' });
    expect([overlapping.status, overlapping.json.detail]).toEqual([409, expect.stringContaining('spring-2027')]);
    expect((await season({ key: 'summer', startsAt: '2027-05-01', endsAt: '2027-06-01' })).status).toBe(201);
  });

  it('SE-5 renames a season and a quarter, and keeps their keys', async () => {
    await season();
    for (const key of ['spring-2027', '2026-Q3', 'current']) {
      const renamed = await server.call('PATCH', `${path}/seasons/${key}`, { name: 'Ice age' });
      expect([renamed.status, renamed.json.name]).toEqual([200, 'Ice age']);
    }
    expect((await server.call('GET', `${path}/seasons/2026-Q3`)).json).toMatchObject({ name: 'Ice age' });
    expect((await server.call('PATCH', `${path}/seasons/nope`, { name: 'x' })).status).toBe(404);
    expect((await server.call('PATCH', `${path}/seasons/current`, { name: 'x', endsAt: '2027-01-01' })).status).toBe(
      400,
    );
  });

  it('SE-6 removes a season that has not begun, and no other', async () => {
    await season();
    server.now = new Date('2026-12-31T23:58:00Z');
    const late = await server.call('DELETE', `${path}/seasons/spring-2027`);
    expect([late.status, late.json.type]).toEqual([409, 'urn:omnitensor:problem:state-conflict']);
    server.now = new Date('2026-12-31T23:50:00Z');
    expect((await server.call('DELETE', `${path}/seasons/spring-2027`)).status).toBe(204);
    expect((await server.call('DELETE', `${path}/seasons/spring-2027`)).status).toBe(404);
    expect((await server.call('DELETE', `${path}/seasons/2026-Q4`)).status).toBe(404);
    expect((await server.call('GET', `${path}/seasons/2027-Q1`)).status).toBe(200);
  });

  it('SE-7 takes a key with the scope admin, and is in the audit log', async () => {
    const { json } = await server.call('POST', `${path}/keys`, { name: 'network', scopes: ['write'] });
    const writer = { authorization: `Bearer ${json.key}` };
    const body = { key: 'x', name: 'x', startsAt: '2027-01-01', endsAt: '2027-05-01' };
    const calls: [string, string, object?][] = [
      ['POST', '/seasons', body],
      ['PATCH', '/seasons/current', { name: 'x' }],
      ['DELETE', '/seasons/x'],
      ['POST', '/windows/season/previous/close'],
      ['POST', '/windows/season/previous/amend', { reason: 'x' }],
    ];
    for (const [method, address, sent] of calls) {
      expect((await server.call(method, `${path}${address}`, sent, writer)).status).toBe(403);
      expect((await server.call(method, `${path}${address}`, sent, {})).status).toBe(401);
    }
    await season();
    await server.call('PATCH', `${path}/seasons/spring-2027`, { name: 'Bloom' });
    await server.call('DELETE', `${path}/seasons/spring-2027`);
    const actions = await database.db
      .selectFrom('audit_log')
      .select(['action', 'target', 'actor', 'before', 'after'])
      .where('action', 'like', 'season.%')
      .orderBy('audit_id', 'desc')
      .limit(3)
      .execute();
    expect(actions).toMatchObject([
      { action: 'season.remove', target: 'spring-2027', actor: 'ADMIN_API_KEY' },
      { action: 'season.rename', before: { name: 'Spring' }, after: { name: 'Bloom' } },
      { action: 'season.create', after: { startsOn: '2027-01-01', endsOn: '2027-05-01' } },
    ]);
  });
});

describe('windows over HTTP', () => {
  it('SE-8 shows how far a window has come, with its final tables', async () => {
    await send(event('1', 'ada', 2), event('2', 'bob', 1));
    const week = () => server.call('GET', `${path}/windows/week/2026-W34`, undefined, {});
    expect((await week()).json).toMatchObject({ window: 'week', period: '2026-W34', status: 'open', tables: [] });
    server.now = new Date('2026-08-24T01:00:00Z');
    await closeDueWindows(recording(database.db), server.now);
    const { json } = await week();
    expect(json).toMatchObject({ status: 'final', startsAt: '2026-08-17T00:00:00.000Z' });
    expect(json.tables[0]).toEqual({
      category: 'gpu-contributors',
      title: 'Top GPU Contributors',
      unit: 'OMNIT',
      version: 1,
      reason: 'closed',
      cut: 2,
      madeAt: '2026-08-24T01:00:00.000Z',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      members: 2,
      total: '18.75',
      status: 'readable',
    });
    expect(json.tables).toHaveLength(3);
    expect((await server.call('GET', `${path}/windows/year/2026`)).status).toBe(400);
    expect((await server.call('GET', `${path}/windows/week/2026-W53`)).status).toBe(404);
  });

  it('SE-9 closes a window that is over by hand, once: of two at once the second is refused', async () => {
    await send(event('1', 'ada', 2));
    const close = (address: string) => server.call('POST', `${path}/windows/${address}/close`);
    const open = await close('week/current');
    expect([open.status, open.json.detail]).toEqual([409, expect.stringContaining('is open until')]);
    expect((await close('all/all')).status).toBe(409);
    expect((await close('season/2026-Q1')).json.detail).toMatch('over before the community began');

    server.now = new Date('2026-08-24T00:10:00Z');
    // Windows close in order: those that are over and were not, first.
    expect((await close('week/2026-W34')).json.detail).toMatch('has yet to close');
    await closeDueWindows(recording(database.db), server.now);
    const answers = await Promise.all([close('week/2026-W34'), close('week/2026-W34')]);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(1);
    const done = answers.find(({ status }) => status === 200)?.json;
    expect(done).toMatchObject({ period: '2026-W34', status: 'final', tables: [{ members: 1 }, {}, {}] });
    expect((await close('week/2026-W34')).json.detail).toMatch('closed at 2026-08-24T00:10:00.000Z already');
    expect((await send(event('2', 'bob', 9))).json.results[0]).toMatchObject({ late: ['2026-W34'] });
  });

  it('SE-10 amends a final table, and nothing that is not final or has not changed', async () => {
    await send(event('1', 'ada', 2), event('2', 'bob', 1));
    const amend = (body: object, address = 'week/2026-W34') =>
      server.call('POST', `${path}/windows/${address}/amend`, { reason: 'Fraud', ...body });
    const early = await amend({});
    expect([early.status, early.json.detail]).toEqual([409, expect.stringContaining('is open')]);
    expect((await amend({}, 'all/all')).status).toBe(409);
    server.now = new Date('2026-08-24T01:00:00Z');
    await closeDueWindows(recording(database.db), server.now);
    expect((await amend({})).json.detail).toMatch('Nothing has changed');
    await server.call('POST', `${path}/contributions/admin/1/void`, { reason: 'Fraud' });
    expect((await amend({ reason: ' ' })).status).toBe(400);
    expect((await amend({ category: 'nope' })).status).toBe(404);
    expect((await amend({ category: 'data-validators' })).status).toBe(409);
    const { status, json } = await amend({});
    expect(status).toBe(200);
    expect(json.amended).toEqual([{ category: 'gpu-contributors', version: 2, changedLines: 1 }]);
    expect(json.tables[0]).toMatchObject({
      version: 2,
      reason: 'amended',
      note: 'Fraud',
      members: 1,
      status: 'readable',
    });
    expect((await amend({})).status).toBe(409);
  });
});

describe('settings of windows', () => {
  it('SE-11 changes how long windows take to close, also those that are closing', async () => {
    await send(event('1', 'ada', 2));
    const times = { lateMinutes: 60, provisionalMinutes: { week: 0, month: 120, season: 1440 } };
    expect((await server.call('GET', path)).json).toMatchObject({ closing: times, countdownHours: [168, 24, 1] });
    server.now = new Date('2026-08-24T01:00:00Z');
    const closing = { lateMinutes: 120, provisionalMinutes: { week: 30 } };
    const changed = await server.call('PATCH', path, { closing });
    expect(changed.json.closing).toEqual({
      lateMinutes: 120,
      provisionalMinutes: { week: 30, month: 120, season: 1440 },
    });
    const ranking = recording(database.db);
    const week = async () => (await server.call('GET', `${path}/windows/week/2026-W34`)).json.status;
    await closeDueWindows(ranking, server.now);
    expect(await week()).toBe('closing');
    await closeDueWindows(ranking, new Date('2026-08-24T02:00:00Z'));
    expect(await week()).toBe('provisional');
    await server.call('PATCH', path, { closing: { provisionalMinutes: { week: 0 } } });
    await closeDueWindows(ranking, new Date('2026-08-24T02:00:00Z'));
    expect(await week()).toBe('final');
  });

  it('SE-12 sets the countdown of seasons, or switches it off', async () => {
    const set = async (countdownHours: number[]) =>
      (await server.call('PATCH', path, { countdownHours })).json.countdownHours;
    expect(await set([1, 48, 48])).toEqual([48, 1]);
    expect(await set([])).toEqual([]);
  });

  it('SE-13 has a monthly budget, which admins alone see', async () => {
    expect((await server.call('GET', path)).json.monthlyBudget).toBeNull();
    const set = await server.call('PATCH', path, { monthlyBudget: '5000.50' });
    expect(set.json.monthlyBudget).toBe('5000.5');
    expect((await server.call('GET', path, undefined, {})).json).not.toHaveProperty('monthlyBudget');
    const { json } = await server.call('POST', `${path}/keys`, { name: 'network', scopes: ['write'] });
    const writer = { authorization: `Bearer ${json.key}` };
    expect((await server.call('GET', path, undefined, writer)).json).not.toHaveProperty('monthlyBudget');
    expect((await server.call('PATCH', path, { monthlyBudget: null })).json.monthlyBudget).toBeNull();
    const changes = await database.db
      .selectFrom('audit_log')
      .select(['before', 'after'])
      .where('action', '=', 'community.update')
      .orderBy('audit_id', 'desc')
      .limit(2)
      .execute();
    expect(changes).toEqual([
      { before: { monthlyBudget: '5000.5' }, after: { monthlyBudget: null } },
      { before: { monthlyBudget: null }, after: { monthlyBudget: '5000.5' } },
    ]);
  });

  it.each([
    { closing: { lateMinutes: -1 } },
    { closing: { lateMinutes: 10_081 } },
    { closing: { lateMinutes: 1.5 } },
    { closing: { provisionalMinutes: { season: 1e9 } } },
    { closing: { provisionalMinutes: { all: 1 } } },
    { closing: { late: 1 } },
    { countdownHours: [0] },
    { countdownHours: [721] },
    { countdownHours: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
    { monthlyBudget: '-1' },
    { monthlyBudget: 'all' },
  ])('SE-14 refuses the settings %j', async (settings) => {
    const refused = await server.call('PATCH', path, settings);
    expect(refused.status).toBe(400);
    expect(refused.json.detail).toMatch(/\.$/);
  });
});
