import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { addCategory } from '../../src/communities/communities.ts';
import { finishRebuilds, updateCommunity } from '../../src/communities/update-community.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { closeNow } from '../../src/seasons/close-windows.ts';
import { readPending } from '../../src/seasons/final-versions.ts';
import { createSeason, removeSeason } from '../../src/seasons/seasons.ts';
import { setUpClosing, type Prizes } from '../support/closing.ts';
import { TESTER } from '../support/communities.ts';
import { cutOffAfterFirstTransaction } from '../support/cut-off.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const CATEGORY = 'gpu-contributors';
const FIRST_WINS: Prizes[number] = {
  band: { ranks: { from: 1, to: 1 } },
  rewards: [{ kind: 'tokens', amount: 5_000n }],
};
const setUp = (prizes: Prizes = [], timeZone = 'UTC') => setUpClosing(database.db, { prizes, timeZone });

/** A season of the community's own, as it is asked for in summer. */
async function addSeason(
  { context, community }: Awaited<ReturnType<typeof setUp>>,
  key: string,
  days: [string, string],
) {
  const [startsAt, endsAt] = days;
  await createSeason(
    context,
    community.id,
    { key, name: key, startsAt, endsAt },
    TESTER,
    new Date('2026-08-02T00:00:00Z'),
  );
}

describe('seasons', () => {
  it('CS-30 once a season is removed, the running quarter that it would have cut short goes on to its end', async () => {
    const living = await setUp();
    const { community, context, send, close, board, differences } = living;
    await addSeason(living, 'own', ['2026-11-15', '2026-12-15']);
    await send('2026-10-05T12:00:00Z', { id: '1', occurredAt: '2026-10-05T10:00:00Z' });
    await removeSeason(context, community.id, 'own', TESTER, new Date('2026-10-10T00:00:00Z'));
    expect(await differences()).toEqual([]);
    await send('2026-11-25T12:00:00Z', { id: '2', occurredAt: '2026-11-25T10:00:00Z' });
    await close('2027-01-03T12:00:00Z');
    const final = await board('season', '2026-Q4', '2027-01-03T12:00:00Z');
    expect([final.status, final.entries.map(({ score }) => score)]).toEqual(['final', [12_500n]]);
    expect(await differences()).toEqual([]);
  });

  it('CS-30 a season that is recorded already, by a clock that ran ahead, is not removed, and closing goes on', async () => {
    const living = await setUp();
    const { community, context, close, send, differences } = living;
    await addSeason(living, 'own', ['2026-10-01', '2026-10-15']);
    await close('2026-12-01T00:00:00Z');
    await expect(removeSeason(context, community.id, 'own', TESTER, new Date('2026-08-03T00:00:00Z'))).rejects.toThrow(
      'Something of "own" is recorded already',
    );
    await send('2026-12-02T12:00:00Z', { id: '1', occurredAt: '2026-12-02T10:00:00Z' });
    expect(await close('2026-12-07T01:00:00Z')).toEqual(new Date('2026-12-14T01:00:00Z'));
    expect(await differences()).toEqual([]);
  });

  it('CS-31 a prize that is set up between two seasons is for the next one, known or not', async () => {
    const living = await setUp();
    await addSeason(living, 'one', ['2026-10-01', '2026-10-15']);
    await living.close('2026-10-20T00:00:00Z');
    const seasonal: Prizes[number] = { ...FIRST_WINS, kind: 'season' };
    expect((await living.givePrize(seasonal, '2026-10-20T00:00:00Z')).from).toBeUndefined();
    await addSeason(living, 'two', ['2026-11-01', '2026-11-15']);
    expect((await living.givePrize(seasonal, '2026-10-20T00:00:00Z')).from?.key).toBe('two');
  });
});

describe('a change of time zone', () => {
  it('CS-32 nothing closes until standings follow it, and what is voided meanwhile is', async () => {
    // On Sunday evening in Pago Pago it is Monday in Kiritimati: the week that was running has long been over there.
    const { community, context, send, close, board, known, differences } = await setUp([], 'Pacific/Pago_Pago');
    const now = '2026-08-24T05:00:00Z';
    await send(now, { id: '1', occurredAt: '2026-08-24T04:00:00Z' }, { id: '2', occurredAt: '2026-08-20T04:00:00Z' });
    const broken = { ...context, db: cutOffAfterFirstTransaction(context.db) };
    const change = { timeZone: 'Pacific/Kiritimati', rebuild: true };
    await expect(updateCommunity(broken, community.id, change, TESTER, new Date(now))).rejects.toThrow('cut off');

    await close(now);
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    await expect(closeNow(context, community.id, window, TESTER, new Date(now))).rejects.toThrow('being cut anew');
    const target = { source: 'test', id: '2' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'wrong' }, TESTER, new Date(now));
    expect((await board('week', '2026-W34', now)).status).toBe('closing');

    await finishRebuilds(context);
    await close(now);
    expect(await board('week', '2026-W34', now)).toMatchObject({ status: 'final', total: 0 });
    expect(await board('week', '2026-W35', now)).toMatchObject({ status: 'open', total: 1 });
    expect(await differences()).toEqual([]);
  });
});

describe('amending', () => {
  const at = new Date('2026-08-26T00:00:00Z');

  it('CS-33 all tables of a window leaves out a category that came later, which has none', async () => {
    const { community, context, send, close, board, known } = await setUp();
    await send('2026-08-20T12:00:00Z', { id: '1', amount: '2' }, { id: '2', contributor: 'bob' });
    await close('2026-08-24T01:00:00Z');
    const later = {
      slug: 'later',
      title: 'Later',
      unit: 'test',
      measure: 'amount',
      rate: 1_000n,
      reputation: 0n,
    } as const;
    await addCategory(database.db, community.id, later, TESTER, at);
    const target = { source: 'test', id: '1' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'fraud' }, TESTER, at);
    const amend = async (slug?: string) => {
      const { calendar, categories } = await known();
      const category = categories.find((one) => one.slug === slug);
      const window = calendar.windowByKey('week', '2026-W34');
      return amendFinalTables(context, await known(), { window, category, reason: 'fraud' }, TESTER, at);
    };
    expect((await amend()).map(({ category }) => category.slug)).toEqual([CATEGORY]);
    expect((await board('week', '2026-W34', at.toISOString())).status).toBe('final');
    await expect(amend('later')).rejects.toThrow(
      'Later was added after 2026-W34 had been frozen, and has no table there.',
    );
  });

  it('CS-34 what was final stays final while the next version is being made', async () => {
    const { community, context, send, close, board, known } = await setUp();
    await send('2026-08-20T12:00:00Z', { id: '1', amount: '2' }, { id: '2', contributor: 'bob' });
    await close('2026-08-24T01:00:00Z');
    const target = { source: 'test', id: '1' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'fraud' }, TESTER, at);
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    // As after a crash once it is committed: the document has yet to be read through.
    const broken = { ...context, db: cutOffAfterFirstTransaction(context.db) };
    const request = { window, category: (await known()).categories[0], reason: 'fraud' };
    const amending = amendFinalTables(broken, await known(), request, TESTER, at);
    await expect(amending).rejects.toThrow('Some final tables could not be made');
    expect(await readPending(database.db, community.id)).toMatchObject([{ version: 2 }]);
    expect(await board('week', '2026-W34', at.toISOString())).toMatchObject({ status: 'final', sha256: undefined });
    await close(at.toISOString());
    expect((await board('week', '2026-W34', at.toISOString())).sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('CS-35 a merge changes no winner of a table that is final, also into somebody kept from prizes; amending does', async () => {
    const { community, context, send, close, granted, known, differences } = await setUp([FIRST_WINS]);
    await send(
      '2026-08-20T12:00:00Z',
      { id: '1', contributor: 'ada', amount: '3' },
      { id: '2', contributor: 'bob' },
      { id: '3', contributor: 'cyd', amount: '2' },
    );
    const wanted = { target: { member: 'bob' }, scope: 'prizes', reason: 'own', endsAt: undefined } as const;
    await exclude(context, community.id, wanted, TESTER, new Date('2026-08-21T00:00:00Z'));
    await close('2026-08-24T01:00:00Z');
    await mergeMembers(context, community.id, { from: 'ada', into: 'bob' }, TESTER, at);
    expect(await granted()).toEqual(['bob: tokens 5000']);
    expect(await differences()).toEqual([]);
    const window = (await known()).calendar.windowByKey('week', '2026-W34');
    await amendFinalTables(context, await known(), { window, category: undefined, reason: 'one person' }, TESTER, at);
    expect(await granted()).toEqual(['cyd: tokens 5000']);
    expect(await differences()).toEqual([]);
  });
});

describe('large and many tables', () => {
  it('CS-36 a prize for everybody on a board of 20,000 is given in time', async () => {
    const { db } = database;
    const { community, send, close, board } = await setUp([{ ...FIRST_WINS, band: { topPercent: 100 } }]);
    await send('2026-08-20T12:00:00Z', { id: '1' });
    await sql`
      insert into members (community_id, member_id, handle, display_name, display_name_at, created_at)
      select ${community.id}::int, n, 'm' || n, 'm' || n, ${new Date(0)}, ${new Date(0)} from generate_series(1001, 21000) n`.execute(
      db,
    );
    await sql`
      insert into standings (community_id, board_id, member_id, neg_score, reached_at)
      select b.community_id, b.board_id, n, -n, ${new Date('2026-08-20T00:00:00Z')} from boards b
      join windows w on w.community_id = b.community_id and w.window_id = b.window_id and w.kind = 'week'
      cross join generate_series(1001, 21000) n where b.community_id = ${community.id}`.execute(db);
    await close('2026-08-24T01:00:00Z');
    expect((await board('week', '2026-W34', '2026-08-24T01:00:00Z')).status).toBe('final');
    const { rows } = await sql<{ granted: number }>`
      select count(*)::int as granted from grants where community_id = ${community.id}`.execute(db);
    expect(rows).toEqual([{ granted: 20_001 }]);
  });

  it('CS-37 hiding somebody who stands in many tables has processes read the community anew a few times, not a time a table', async () => {
    const { community, context, send, close, known } = await setUp();
    const weeks = Array.from(
      { length: 40 },
      (_, n) => new Date(Date.parse('2026-08-05T10:00:00Z') + n * 7 * 86_400_000),
    );
    const last = '2027-07-20T00:00:00Z';
    await send(last, ...weeks.map((occurredAt, n) => ({ id: `${n}`, occurredAt: occurredAt.toISOString() })));
    await close(last);
    const before = (await known()).configVersion;
    await changePrivacy(context, community.id, { handle: 'ada' }, { hidden: true }, TESTER, new Date(last));
    const pending = await readPending(database.db, community.id);
    expect(pending.length).toBeGreaterThan(50);
    await close(last);
    expect(await readPending(database.db, community.id)).toEqual([]);
    expect(Number((await known()).configVersion - before)).toBeLessThanOrEqual(2);
  });

  it('CS-38 what changed while a table was provisional is counted, however much else was recorded', async () => {
    const { community, send, close, told } = await setUp();
    await send('2026-08-20T12:00:00Z', { id: '1' });
    await close('2026-09-01T01:00:00Z');
    await send('2026-09-01T01:10:00Z', { id: '2' });
    await database.db
      .updateTable('communities')
      .set((eb) => ({ last_seq: eb('last_seq', '+', 130_000n) }))
      .where('community_id', '=', community.id)
      .execute();
    await send('2026-09-01T01:20:00Z', { id: '3' }, { id: '4', occurredAt: '2026-09-01T00:10:00Z' });
    await close('2026-09-01T03:00:00Z');
    const finals = (await told()).filter(({ kind }) => kind === 'window-final').map(({ content }) => content);
    expect(finals).toMatchObject([{ period: '2026-W34' }, { period: '2026-08', changed: 2 }]);
  });
});
