import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { changeCounting } from '../../src/contributions/void.ts';
import { exclude, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { listPrizes, removePrize } from '../../src/rewards/prizes.ts';
import type { Reward } from '../../src/rewards/reward.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { closeDueWindows, closeNow } from '../../src/seasons/close-windows.ts';
import { setUpClosing, type Prizes } from '../support/closing.ts';
import { recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const HOUR = 3_600_000;

const TOKENS: Reward[] = [{ kind: 'tokens', amount: 5_000n }];
const FIRST_WINS = { band: { ranks: { from: 1, to: 1 } }, rewards: TOKENS };

const setUp = (prizes?: Prizes) => setUpClosing(database.db, { prizes });

describe('closing windows', () => {
  it('CS-1 a week closes: closing, then frozen and final, with a table that late contributions do not change', async () => {
    const { send, close, board, document, differences } = await setUp();
    await send('2026-08-20T12:00:00Z', { id: '1', contributor: 'ada', amount: '2' }, { id: '2', contributor: 'bob' });
    await close('2026-08-22T12:00:00Z');
    expect((await board('week', '2026-W34', '2026-08-22T12:00:00Z')).status).toBe('open');
    expect((await board('week', '2026-W34', '2026-08-24T00:30:00Z')).status).toBe('closing');
    expect(await close('2026-08-24T00:30:00Z')).toEqual(new Date('2026-08-24T01:00:00Z'));
    await send('2026-08-24T00:40:00Z', { id: '3', contributor: 'bob', amount: '3' });
    await close('2026-08-24T01:00:00Z');
    const final = await board('week', '2026-W34', '2026-08-24T01:00:00Z');
    expect(final.status).toBe('final');
    expect(final.entries.map(({ handle, rank }) => [rank, handle])).toEqual([
      [1, 'bob'],
      [2, 'ada'],
    ]);
    const text = await document(1, 'week', '2026-W34');
    expect(text).toBe('1\tbob\t25\t2026-08-20T10:00:00.000Z\n2\tada\t12.5\t2026-08-20T10:00:00.000Z\n');
    expect(final.sha256).toBe(createHash('sha256').update(text).digest('hex'));
    const [late] = await send('2026-08-24T02:00:00Z', { id: '4', contributor: 'ada', amount: '100' });
    expect(late).toMatchObject({ status: 'accepted', late: ['2026-W34'] });
    // Whoever lost an answer asks again, and gets it.
    const [again] = await send('2026-08-24T02:00:00Z', { id: '4', contributor: 'ada', amount: '100' });
    const [counted] = await send('2026-08-24T02:00:00Z', { id: '3', contributor: 'bob', amount: '3' });
    expect([again, counted]).toMatchObject([
      { status: 'duplicate', late: ['2026-W34'] },
      { status: 'duplicate', late: [] },
    ]);
    expect((await board('week', '2026-W34', '2026-08-24T02:00:00Z')).entries[0]?.handle).toBe('bob');
    expect(await differences()).toEqual([]);
  });

  it('CS-2 amending makes a new version, and the difference in grants; twice', async () => {
    const { community, context, send, close, board, document, differences, known } = await setUp([FIRST_WINS]);
    await send('2026-08-20T12:00:00Z', { id: '1', contributor: 'ada', amount: '2' }, { id: '2', contributor: 'bob' });
    await close('2026-08-24T01:00:00Z');
    const before = await document(1, 'week', '2026-W34');
    const at = new Date(Date.parse('2026-08-24T01:00:00Z') + 5 * HOUR);
    const { leftAlone } = await changeCounting(
      context,
      community.id,
      { kind: 'void', target: { source: 'test', id: '1' }, reason: 'fraud' },
      TESTER,
      at,
    );
    expect(leftAlone.map(({ key }) => key)).toEqual(['2026-W34']);
    expect((await board('week', '2026-W34', at.toISOString())).entries[0]?.handle).toBe('ada');
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    await amendFinalTables(context, await known(), { window, category: undefined, reason: 'fraud' }, TESTER, at);
    expect((await board('week', '2026-W34', at.toISOString())).entries.map(({ handle }) => handle)).toEqual(['bob']);
    expect(await document(1, 'week', '2026-W34')).toBe(before);
    expect(await differences()).toEqual([]);
    await changeCounting(
      context,
      community.id,
      { kind: 'unvoid', target: { source: 'test', id: '1' }, reason: 'no fraud' },
      TESTER,
      at,
    );
    await amendFinalTables(context, await known(), { window, category: undefined, reason: 'no fraud' }, TESTER, at);
    expect(await document(3, 'week', '2026-W34')).toBe(before);
    expect(await document(1, 'week', '2026-W34')).toBe(before);
    expect(await differences()).toEqual([]);
    const grants = await database.db
      .selectFrom('grants')
      .select(['entitlement', 'version', 'amount'])
      .where('community_id', '=', community.id)
      .orderBy('grant_id')
      .execute();
    expect(grants.map(({ version, amount }) => [version, amount])).toEqual([
      [1, 5_000n],
      [1, 5_000n],
      [2, -5_000n],
      [3, 5_000n],
      [2, -5_000n],
    ]);
  });

  it('CS-3 a season is provisional for a day, says so, and tells what changed until it was final', async () => {
    const { send, close, board, told, differences } = await setUp();
    await send('2026-09-30T12:00:00Z', { id: '1', contributor: 'ada', occurredAt: '2026-09-30T10:00:00Z' });
    await close('2026-10-01T00:59:59Z');
    expect((await board('season', '2026-Q3', '2026-10-01T00:59:59Z')).status).toBe('closing');
    await close('2026-10-01T01:00:00Z');
    expect((await board('season', '2026-Q3', '2026-10-01T01:00:00Z')).status).toBe('provisional');
    const [late] = await send('2026-10-01T02:00:00Z', {
      id: '2',
      contributor: 'bob',
      amount: '2',
      occurredAt: '2026-09-30T11:00:00Z',
    });
    expect(late).toMatchObject({ status: 'accepted', late: [] });
    await close('2026-10-01T03:00:00Z');
    expect((await board('month', '2026-09', '2026-10-01T03:00:00Z')).status).toBe('final');
    await close('2026-10-02T01:00:00Z');
    const final = await board('season', '2026-Q3', '2026-10-02T01:00:00Z');
    expect([final.status, final.entries.map(({ handle }) => handle)]).toEqual(['final', ['bob', 'ada']]);
    const said = (await told()).map(({ kind, content }) => [kind, content]);
    expect(said).toMatchObject([
      ['window-provisional', { period: '2026-09' }],
      ['window-provisional', { period: '2026-Q3', endsAt: '2026-10-02T01:00:00.000Z', tables: [{ members: 1 }] }],
      ['window-final', { period: '2026-09', changed: 1 }],
      ['window-final', { period: '2026-Q3', changed: 1, tables: [{ total: '18.75', sha256: final.sha256 }] }],
    ]);
    expect(await differences()).toEqual([]);
  });

  it('CS-4 after weeks of downtime everything is taken in order, each period with its own table and prizes, and told together', async () => {
    const { send, close, told, granted, differences } = await setUp([
      FIRST_WINS,
      { ...FIRST_WINS, kind: 'month', rewards: [{ kind: 'badge', name: 'Month' }] },
    ]);
    const weeks = ['2026-08-12', '2026-08-19', '2026-08-26', '2026-09-02'];
    for (const [n, day] of weeks.entries()) {
      const occurredAt = `${day}T10:00:00Z`;
      await send(`${day}T12:00:00Z`, { id: `${n}`, contributor: `m${n}`, amount: `${n + 1}`, occurredAt });
    }
    await close('2026-09-20T12:00:00Z');
    const said = (await told()).map(({ key, group_key, content }) => [key.split(' ')[2], group_key, content]);
    expect(said).toMatchObject(
      ['2026-W33', '2026-W34', '2026-W35', '2026-08', '2026-W36'].map((period) => [
        'final',
        'windows that closed long ago',
        { period },
      ]),
    );
    expect(await granted()).toEqual([
      'm0: tokens 5000',
      'm1: tokens 5000',
      'm2: Month 1',
      'm2: tokens 5000',
      'm3: tokens 5000',
    ]);
    expect(await differences()).toEqual([]);
  });

  it('CS-5 a window without contributions closes quietly, and what comes for it later is late', async () => {
    const { send, close, board, told } = await setUp([FIRST_WINS]);
    await close('2026-08-24T01:00:00Z');
    const empty = await board('week', '2026-W34', '2026-08-24T01:00:00Z');
    expect([empty.status, empty.total, empty.sha256]).toEqual(['final', 0, createHash('sha256').digest('hex')]);
    expect(await told()).toEqual([]);
    const [late] = await send('2026-08-24T02:00:00Z', { id: '1' });
    expect(late).toMatchObject({ late: ['2026-W34'] });
  });

  it('CS-6 two workers at once close a window once', async () => {
    const { community, send, told, granted } = await setUp([FIRST_WINS]);
    await send('2026-08-20T12:00:00Z', { id: '1' });
    const at = new Date('2026-08-24T01:00:00Z');
    await Promise.all(Array.from({ length: 6 }, () => closeDueWindows(recording(database.db), at)));
    expect((await told()).map(({ kind }) => kind)).toEqual(['window-final']);
    expect(await granted()).toEqual(['ada: tokens 5000']);
    const versions = await database.db
      .selectFrom('final_versions as v')
      .innerJoin('windows as w', 'w.window_id', 'v.window_id')
      .select(['w.key', 'v.category_id', 'v.version'])
      .where('v.community_id', '=', community.id)
      .where('w.key', '=', '2026-W34')
      .execute();
    expect(versions.map(({ version }) => version)).toEqual([1, 1, 1]);
  });

  it('CS-7 closing by hand: only what is over, in order, and once', async () => {
    const { community, context, send, known, board, granted } = await setUp([FIRST_WINS]);
    await send('2026-08-20T12:00:00Z', { id: '1' });
    const { calendar } = await known();
    const week = (key: string) => calendar.windowByKey('week', key);
    const closing = (key: string, at: string) => closeNow(context, community.id, week(key), TESTER, new Date(at));
    await expect(closing('2026-W34', '2026-08-20T13:00:00Z')).rejects.toThrow('is open until 2026-08-24T00:00:00.000Z');
    await expect(closing('2026-W31', '2026-08-24T00:10:00Z')).resolves.toBeUndefined();
    await expect(closing('2026-W34', '2026-08-24T00:10:00Z')).rejects.toThrow('2026-W32 has yet to close');
    await closing('2026-W32', '2026-08-24T00:10:00Z');
    await closing('2026-W33', '2026-08-24T00:10:00Z');
    const twice = await Promise.allSettled([
      closing('2026-W34', '2026-08-24T00:10:00Z'),
      closeNow(recording(database.db), community.id, week('2026-W34'), TESTER, new Date('2026-08-24T00:10:00Z')),
    ]);
    expect(twice.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect((await board('week', '2026-W34', '2026-08-24T00:10:00Z')).status).toBe('final');
    expect(await granted()).toEqual(['ada: tokens 5000']);
    const archive = week('2026-W20');
    await expect(closeNow(context, community.id, archive, TESTER, new Date('2026-08-24T00:10:00Z'))).rejects.toThrow(
      'over before the community began',
    );
  });

  it('CS-8 who is kept from prizes keeps the rank, and the prize passes on; amended when that changes', async () => {
    const { community, context, send, close, known, board, granted, differences } = await setUp([
      FIRST_WINS,
      { band: { topPercent: 34 }, rewards: [{ kind: 'badge', name: 'Top' }] },
      { band: { minScore: 12_500n }, rewards: [{ kind: 'reputation', amount: 1_000n }] },
    ]);
    await send(
      '2026-08-20T12:00:00Z',
      { id: '1', contributor: 'ada', amount: '3' },
      { id: '2', contributor: 'bob', amount: '2' },
      { id: '3', contributor: 'cyd', amount: '1' },
    );
    const wanted = { target: { member: 'ada' }, scope: 'prizes', reason: 'own', endsAt: undefined } as const;
    const { id } = await exclude(context, community.id, wanted, TESTER, new Date('2026-08-21T00:00:00Z'));
    await close('2026-08-24T01:00:00Z');
    expect((await board('week', '2026-W34', '2026-08-24T01:00:00Z')).entries[0]?.handle).toBe('ada');
    // 34 % of three is rounded up to two: bob and cyd.
    expect(await granted()).toEqual(['bob: Top 1', 'bob: reputation 1000', 'bob: tokens 5000', 'cyd: Top 1']);
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    const amend = async () =>
      amendFinalTables(
        context,
        await known(),
        { window, category: undefined, reason: 'A mistake' },
        TESTER,
        new Date('2026-08-25T00:00:00Z'),
      );
    await expect(amend()).rejects.toThrow('Nothing has changed since 2026-W34 became final');
    await liftExclusion(context, community.id, id, TESTER, new Date('2026-08-24T12:00:00Z'));
    expect(await amend()).toMatchObject([{ version: 2, changedLines: 0 }]);
    expect(await granted()).toEqual([
      'ada: Top 1',
      'ada: reputation 1000',
      'ada: tokens 5000',
      'bob: Top 1',
      'bob: reputation 1000',
    ]);
    expect(await differences()).toEqual([]);
  });

  it('CS-9 a prize is for windows that end after it was made, and not after it was removed', async () => {
    const { community, context, givePrize, send, close, known, granted } = await setUp();
    await send('2026-08-20T12:00:00Z', { id: '1' });
    const made = await givePrize(FIRST_WINS, '2026-08-24T00:30:00Z');
    expect([made.from?.key, made.untouched.map(({ key }) => key)]).toEqual(['2026-W35', ['2026-W34']]);
    await close('2026-08-24T01:00:00Z');
    expect(await granted()).toEqual([]);
    await send('2026-08-25T12:00:00Z', { id: '2', occurredAt: '2026-08-25T10:00:00Z' });
    const removed = await removePrize(context, await known(), made.prize.id, TESTER, new Date('2026-08-31T00:30:00Z'));
    expect(removed.untouched.map(({ key }) => key)).toEqual(['2026-W35']);
    await close('2026-08-31T01:00:00Z');
    expect(await granted()).toEqual(['ada: tokens 5000']);
    await send('2026-09-01T12:00:00Z', { id: '3', occurredAt: '2026-09-01T10:00:00Z' });
    await close('2026-09-07T01:00:00Z');
    expect(await granted()).toEqual(['ada: tokens 5000']);
    expect((await listPrizes(database.db, community.id)).length).toBe(0);
  });

  it('CS-11 a role is for the time until the next window closes, and an amendment after that gives none again', async () => {
    const { community, context, send, close, known, granted, differences } = await setUp([
      { band: FIRST_WINS.band, rewards: [{ kind: 'role', roleId: '77' }, ...TOKENS] },
    ]);
    await send('2026-08-20T12:00:00Z', { id: '1', contributor: 'ada', amount: '2' }, { id: '2', contributor: 'bob' });
    await close('2026-08-24T01:00:00Z');
    expect(await granted()).toEqual(['ada: 77 1', 'ada: tokens 5000']);
    await send('2026-08-25T12:00:00Z', { id: '3', contributor: 'bob', occurredAt: '2026-08-25T10:00:00Z' });
    await close('2026-08-31T01:00:00Z');
    expect(await granted()).toEqual(['ada: tokens 5000', 'bob: 77 1', 'bob: tokens 5000']);
    const at = new Date('2026-09-01T00:00:00Z');
    const target = { source: 'test', id: '1' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'fraud' }, TESTER, at);
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    await amendFinalTables(context, await known(), { window, category: undefined, reason: 'fraud' }, TESTER, at);
    expect(await granted()).toEqual(['bob: 77 1', 'bob: tokens 5000', 'bob: tokens 5000']);
    // A week in which nobody contributes takes it back as well.
    await close('2026-09-07T01:00:00Z');
    expect(await granted()).toEqual(['bob: tokens 5000', 'bob: tokens 5000']);
    expect(await differences()).toEqual([]);
  });

  it('CS-12 a merge leaves both lines in a frozen table, and the prize is the survivor’s, before and after it is final', async () => {
    const { community, context, send, close, document, granted, differences } = await setUp([FIRST_WINS]);
    await send('2026-08-20T12:00:00Z', { id: '1', contributor: 'ada', amount: '2' }, { id: '2', contributor: 'bob' });
    await close('2026-08-24T01:00:00Z');
    const before = await document(1, 'week', '2026-W34');
    await mergeMembers(context, community.id, { from: 'ada', into: 'bob' }, TESTER, new Date('2026-08-24T02:00:00Z'));
    expect(await document(1, 'week', '2026-W34')).toBe(before);
    expect(await granted()).toEqual(['bob: tokens 5000']);
    expect(await differences()).toEqual([]);
  });
});
