import { describe, expect, it } from 'vitest';
import { addCategory } from '../../src/communities/communities.ts';
import { addRate } from '../../src/communities/rates.ts';
import { MAX_TOTAL } from '../../src/ranking/score.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

/** A new community and a process that records in it. */
async function setUp() {
  const community = await makeCommunity(database.db);
  const context = recording(database.db);
  return {
    community,
    send: (...contributions: Parameters<typeof contribution>[0][]) =>
      record(context, community, contributions.map(contribution)),
    members: () =>
      database.db
        .selectFrom('members')
        .selectAll()
        .where('community_id', '=', community.id)
        .orderBy('member_id')
        .execute(),
    standings: () =>
      database.db
        .selectFrom('standings as s')
        .innerJoin('boards as b', 'b.board_id', 's.board_id')
        .innerJoin('windows as w', 'w.window_id', 'b.window_id')
        .select(['w.kind', 'w.key', 's.neg_score', 's.reached_at'])
        .where('s.community_id', '=', community.id)
        .orderBy('w.starts_at')
        .orderBy('w.kind')
        .execute(),
    stored: () =>
      database.db
        .selectFrom('contributions')
        .selectAll()
        .where('community_id', '=', community.id)
        .orderBy('seq')
        .execute(),
  };
}

const statuses = (outcomes: readonly { status: string }[]) => outcomes.map(({ status }) => status);

describe('recording', () => {
  it('IN-10 what is sent again counts once and is told its reward again, also years later by another process', async () => {
    const { community, send, stored } = await setUp();
    const event = { id: 'e1', amount: '1.5', subject: 'H100', displayName: 'Ada' };
    expect(await send(event)).toEqual([{ status: 'accepted', reward: 9375n, multiplier: 100n, late: [] }]);
    const again = await record(
      recording(database.db),
      community,
      [contribution({ ...event, amount: 1.5, occurredAt: '2026-08-20T12:00:00.0001+02:00', displayName: 'Other' })],
      new Date('2036-01-01'),
    );
    expect(again).toEqual([{ status: 'duplicate', reward: 9375n, multiplier: 100n, late: [] }]);
    expect(await stored()).toHaveLength(1);
  });

  it.each([
    ['amount', { amount: '1.501' }],
    ['time', { occurredAt: '2026-08-20T10:00:00.001Z' }],
    ['category', { category: 'model-testers' }],
    ['contributor', { contributor: 'bob' }],
    ['subject', { subject: 'A100' }],
    ['missing subject', { subject: undefined }],
  ])('IN-11 the same id with another %s is a conflict and changes nothing', async (_, other) => {
    const { send, stored, members } = await setUp();
    const event = { id: 'e1', amount: '1.5', subject: 'H100' };
    await send(event);
    const before = [await stored(), await members()];
    expect(await send({ ...event, ...other })).toMatchObject([{ status: 'rejected', reason: 'conflict' }]);
    expect([await stored(), await members()]).toEqual(before);
  });

  it('IN-11 an id belongs to its source: another source may use it too', async () => {
    const { community, send, stored } = await setUp();
    const other = await database.db
      .insertInto('sources')
      .values({ community_id: community.id, name: 'other' })
      .returning('source_id')
      .executeTakeFirstOrThrow();
    await send({ id: 'e1' });
    const outcomes = await record(recording(database.db), { ...community, sourceId: other.source_id }, [
      contribution({ id: 'e1', amount: '2' }),
    ]);
    expect(statuses(outcomes)).toEqual(['accepted']);
    expect(await stored()).toHaveLength(2);
  });

  it('IN-12 within one batch the first of an id counts; ids are told apart by letter case and compared after NFC', async () => {
    const { send } = await setUp();
    const outcomes = await send(
      { id: 'e1' },
      { id: 'e1' },
      { id: 'e1', amount: '2' },
      { id: 'E1' },
      { id: 'caf\u00E9' },
      { id: 'cafe\u0301' },
    );
    expect(statuses(outcomes)).toEqual(['accepted', 'duplicate', 'rejected', 'accepted', 'accepted', 'duplicate']);
  });

  it('IN-13 an unknown category is refused alone, says which there are, and leaves the id free', async () => {
    const { send } = await setUp();
    const outcomes = await send({ id: 'e1', category: 'nope' }, { id: 'e2' }, { id: 'e1' });
    expect(statuses(outcomes)).toEqual(['rejected', 'accepted', 'accepted']);
    expect(outcomes[0]).toMatchObject({
      reason: 'unknown_category',
      detail: expect.stringContaining('"gpu-contributors", "data-validators", "model-testers"') as unknown,
    });
  });

  it('IN-14 whoever is unknown becomes a member with the first contribution that is accepted, not before', async () => {
    const { send, members } = await setUp();
    await send({ id: 'e1', contributor: 'ada' });
    await send(
      { id: 'e1', contributor: 'conflicting' },
      { id: 'e2', contributor: 'lost', category: 'nope' },
      { id: 'e3', contributor: 'bob' },
      { id: 'e4', contributor: 'Ada' },
      { id: 'e5', contributor: 'bob' },
    );
    expect((await members()).map(({ handle }) => handle)).toEqual(['ada', 'bob', 'Ada']);
  });

  it('IN-15 a display name goes by when it occurred: the newest wins, in whatever order they come', async () => {
    const { send, members } = await setUp();
    const name = async () => (await members())[0]?.display_name;
    await send({ id: 'e1' });
    expect(await name()).toBe('ada');
    await send({ id: 'e2', displayName: 'August', occurredAt: '2026-08-01T00:00:00Z' });
    expect(await name()).toBe('August');
    await send({ id: 'e3', displayName: 'June', occurredAt: '2026-06-01T00:00:00Z' });
    await send({ id: 'e4', occurredAt: '2026-08-21T00:00:00Z' });
    expect(await name()).toBe('August');
    await send(
      { id: 'e5', displayName: 'The 20th', occurredAt: '2026-08-20T00:00:00Z' },
      { id: 'e6', displayName: 'The 10th', occurredAt: '2026-08-10T00:00:00Z' },
    );
    expect(await name()).toBe('The 20th');
    await send({ id: 'e7', displayName: 'Refused', category: 'nope', occurredAt: '2026-08-22T00:00:00Z' });
    expect(await name()).toBe('The 20th');
  });

  it('IN-16 what would outgrow the totals is refused alone, and nothing of it is left behind', async () => {
    const { community, send, members, stored, standings } = await setUp();
    await send({ id: 'e1', contributor: 'whale' }, { id: 'e2', contributor: 'ada' });
    await database.db
      .updateTable('members')
      .set({ earned_omnit: MAX_TOTAL - 1000n })
      .where('community_id', '=', community.id)
      .where('handle', '=', 'whale')
      .execute();
    const before = await standings();
    const outcomes = await send(
      { id: 'e3', contributor: 'whale', amount: '1000' },
      { id: 'e4', contributor: 'bob' },
      { id: 'e5', contributor: 'ada' },
    );
    expect(statuses(outcomes)).toEqual(['rejected', 'accepted', 'accepted']);
    expect(outcomes[0]).toMatchObject({ reason: 'total_too_large' });
    expect((await members()).map(({ handle, earned_omnit }) => [handle, earned_omnit])).toEqual([
      ['whale', MAX_TOTAL - 1000n],
      ['ada', 12_500n],
      ['bob', 6250n],
    ]);
    expect(await stored()).toHaveLength(4);
    expect(await standings()).toHaveLength(before.length + 4);
  });

  it('IN-17 each contribution takes a sequence number of its community, growing in the order of recording', async () => {
    const { send, stored } = await setUp();
    await send({ id: 'b' }, { id: 'a' });
    await send({ id: 'b' }, { id: 'c' });
    const rows = await stored();
    expect(rows.map(({ external_id }) => external_id)).toEqual(['b', 'a', 'c']);
    expect(new Set(rows.map(({ seq }) => seq)).size).toBe(3);
  });

  it('IN-18 a contribution is kept as it was priced, with when it was recorded', async () => {
    const { send, stored } = await setUp();
    await send({ id: 'e1', amount: '0.001', category: 'data-validators', subject: 'wiki' });
    expect(await stored()).toMatchObject([
      { amount: 1n, rate: 10_000n, multiplier: 100, reward: 10n, reputation: 5n, subject: 'wiki', recorded_at: NOW },
    ]);
  });

  it('IN-19 a batch of nothing but refusals is answered and changes nothing', async () => {
    const { send, members, stored, standings } = await setUp();
    expect(statuses(await send({ id: 'e1', category: 'nope' }))).toEqual(['rejected']);
    expect([await members(), await stored(), await standings()]).toEqual([[], [], []]);
  });
});

describe('windows', () => {
  it('WI-6 a contribution counts in the four windows of its time, however late it comes', async () => {
    const { send, standings } = await setUp();
    await send({ id: 'e1', occurredAt: '2026-08-20T10:00:00Z' }, { id: 'e2', occurredAt: '1999-12-31T23:59:59.999Z' });
    expect((await standings()).map(({ kind, key, neg_score }) => [kind, key, neg_score])).toEqual([
      ['all', 'all', -12_500n],
      ['season', '1999-Q4', -6250n],
      ['month', '1999-12', -6250n],
      ['week', '1999-W52', -6250n],
      ['season', '2026-Q3', -6250n],
      ['month', '2026-08', -6250n],
      ['week', '2026-W34', -6250n],
    ]);
  });

  it('RK-8 a contribution whose measure rounds to 0 makes no standing and moves no `reachedAt`', async () => {
    const { community, send, standings, members } = await setUp();
    const attendance = { slug: 'attendance', title: 'Attendance', unit: 'day', measure: 'reward', rate: 0n } as const;
    await addCategory(database.db, community.id, attendance, TESTER, NOW);
    await addRate(
      database.db,
      community.id,
      { category: 'gpu-contributors', subject: 'toaster', rate: 1n, from: new Date(0) },
      TESTER,
      NOW,
    );
    const late = { occurredAt: '2026-08-21T10:00:00Z' };
    expect(await send({ id: 'e1', category: 'attendance', ...late })).toMatchObject([
      { status: 'accepted', reward: 0n },
    ]);
    await send({ id: 'e2', subject: 'toaster', amount: '0.999', contributor: 'bob' });
    expect(await standings()).toEqual([]);
    expect(await members()).toHaveLength(2);
    await send({ id: 'e3' });
    await send({ id: 'e4', subject: 'toaster', amount: '0.999', ...late });
    const reached = new Set((await standings()).map(({ reached_at }) => reached_at.toISOString()));
    expect([...reached]).toEqual(['2026-08-20T10:00:00.000Z']);
  });
});
