import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { changeCounting, type VoidTarget } from '../../src/contributions/void.ts';
import { setCap } from '../../src/fair-play/caps.ts';
import { readCurrentStandings, readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { verify } from '../../src/ranking/verify.ts';
import { createQuest } from '../../src/quests/create-quest.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { readGranted } from '../../src/rewards/grants.ts';
import { requireMember } from '../../src/members/members.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const LATER = new Date(NOW.getTime() + 60_000);

async function setUp() {
  const { db } = database;
  const community = await makeCommunity(db);
  const context = recording(db);
  const change = (kind: 'void' | 'unvoid', target: VoidTarget, dryRun?: boolean) =>
    changeCounting(context, community.id, { kind, target, reason: 'made up', dryRun }, TESTER, LATER);
  return {
    community,
    context,
    change,
    one: (id: string): VoidTarget => ({ source: 'test', id }),
    send: (...contributions: Parameters<typeof contribution>[0][]) =>
      record(context, community, contributions.map(contribution)),
    /** Handles and scores of the season. */
    board: async () => {
      const known = await context.directory.bySlug(community.slug);
      const asked = {
        category: 'gpu-contributors',
        window: 'season',
        period: 'current',
        limit: 100,
        offset: 0,
      } as const;
      const { entries } = await readLeaderboard(db, known, asked, NOW);
      return entries.map(({ handle, score }) => [handle, score]);
    },
    standings: async (handle: string) => {
      const known = await context.directory.bySlug(community.slug);
      const { id } = await requireMember(db, community.id, handle);
      return readCurrentStandings(db, known, id, NOW);
    },
    differences: async () => {
      const found: string[] = [];
      for await (const difference of verify(db, await context.directory.bySlug(community.slug))) found.push(difference);
      return found;
    },
    changes: () =>
      db
        .selectFrom('contribution_changes')
        .select(['seq', 'external_id', 'kind', 'reason', 'actor', 'at'])
        .where('community_id', '=', community.id)
        .orderBy('seq')
        .execute(),
    audit: () =>
      db
        .selectFrom('audit_log')
        .select(['actor', 'action', 'target', 'after'])
        .where('community_id', '=', community.id)
        .where('action', 'like', 'contribution.%')
        .orderBy('audit_id')
        .execute(),
  };
}

describe('voiding one contribution', () => {
  it('VO-1 takes it out of standings and totals at once, and the row stays with who and why', async () => {
    const { send, change, one, board, changes, community, audit, differences } = await setUp();
    await send({ id: 'a1', amount: 4 }, { id: 'a2', amount: 1, occurredAt: '2026-08-21T10:00:00Z' });
    await send({ id: 'b1', amount: 3, contributor: 'bob' });
    expect(await board()).toEqual([
      ['ada', 31_250n],
      ['bob', 18_750n],
    ]);
    const result = await change('void', one('a1'));
    expect(result).toMatchObject({ changed: 1, reward: 25_000n, already: undefined, leftAlone: [] });
    expect(result.windows.map(({ key }) => key)).toEqual(['2026-W34', '2026-08', '2026-Q3', 'all']);
    expect(result.places.map(({ window, before, after }) => [window.key, before?.rank, after?.rank])).toEqual([
      ['2026-W34', 1, 2],
      ['2026-08', 1, 2],
      ['2026-Q3', 1, 2],
      ['all', 1, 2],
    ]);
    expect(await board()).toEqual([
      ['bob', 18_750n],
      ['ada', 6250n],
    ]);
    expect((await requireMember(database.db, community.id, 'ada')).earnedOmnit).toBe(6250n);
    // Three contributions took three numbers.
    expect(await changes()).toEqual([
      { seq: 4n, external_id: 'a1', kind: 'void', reason: 'made up', actor: 'tester', at: LATER },
    ]);
    expect(await audit()).toMatchObject([
      { actor: 'tester', action: 'contribution.void', target: 'test a1', after: { reason: 'made up', reward: '25' } },
    ]);
    expect(await differences()).toEqual([]);
  });

  it('VO-2 brings back the earlier `reachedAt`, and takes away a standing that nothing makes any more', async () => {
    const { send, change, one, standings, differences } = await setUp();
    await send({ id: 'a1' }, { id: 'a2', occurredAt: '2026-08-21T10:00:00Z' });
    await change('void', one('a2'));
    expect(new Set((await standings('ada')).map(({ reachedAt }) => reachedAt.toISOString()))).toEqual(
      new Set(['2026-08-20T10:00:00.000Z']),
    );
    await change('void', one('a1'));
    expect(await standings('ada')).toEqual([]);
    expect(await differences()).toEqual([]);
  });

  it('VO-3 voiding what is voided changes nothing and says who did it; so does un-voiding what counts', async () => {
    const { send, change, one, changes, audit } = await setUp();
    await send({ id: 'a1' });
    await change('void', one('a1'));
    expect(await change('void', one('a1'))).toMatchObject({
      changed: 0,
      already: { kind: 'void', actor: 'tester', reason: 'made up', at: LATER },
    });
    await change('unvoid', one('a1'));
    expect(await change('unvoid', one('a1'))).toMatchObject({ changed: 0, already: { kind: 'unvoid' } });
    expect((await changes()).map(({ kind }) => kind)).toEqual(['void', 'unvoid']);
    expect(await audit()).toHaveLength(2);
  });

  it('VO-4 un-voided, it counts as if it had never been voided', async () => {
    const { send, change, one, board, standings, differences } = await setUp();
    await send({ id: 'a1', amount: 4 }, { id: 'b1', amount: 4, contributor: 'bob' });
    const before = [await board(), await standings('ada')];
    await change('void', one('a1'));
    expect(await board()).toEqual([['bob', 25_000n]]);
    expect(await change('unvoid', one('a1'))).toMatchObject({ changed: 1, reward: 25_000n });
    expect([await board(), await standings('ada')]).toEqual(before);
    expect(await differences()).toEqual([]);
  });

  it('VO-50 no cap holds what is un-voided, as an admin decided it; it uses up the day for what comes after', async () => {
    const { context, community, change, one, send, board, differences } = await setUp();
    await setCap(context, community.id, { category: 'gpu-contributors', amount: 10_000n }, TESTER, NOW);
    await send({ id: 'first', amount: 8 });
    await change('void', one('first'));
    await send({ id: 'second', amount: 9 });
    expect(await board()).toEqual([['ada', 56_250n]]);
    expect(await change('unvoid', one('first'))).toMatchObject({ changed: 1, reward: 50_000n });
    expect(await board()).toEqual([['ada', 106_250n]]);
    expect(await send({ id: 'third', amount: 1 })).toMatchObject([{ status: 'accepted', held: true }]);
    expect(await board()).toEqual([['ada', 106_250n]]);
    expect(await differences()).toEqual([]);
  });

  it('VO-5 sent again, a voided contribution is a duplicate and stays voided', async () => {
    const { send, change, one, board } = await setUp();
    await send({ id: 'a1' });
    await change('void', one('a1'));
    expect(await send({ id: 'a1' })).toMatchObject([{ status: 'duplicate' }]);
    expect(await board()).toEqual([]);
  });

  it.each([
    ['hold', /is held and counts nowhere yet/],
    ['refuse', /was held and refused/],
  ])('VO-6 what an admin has to decide on (%s) is neither voided nor un-voided', async (kind, message) => {
    const { send, change, one, community, board } = await setUp();
    await send({ id: 'a1' });
    await sql`update contributions set counted = false where community_id = ${community.id}`.execute(database.db);
    await sql`insert into contribution_changes (community_id, seq, source_id, external_id, kind, reason, actor, at)
      values (${community.id}, 99, ${community.sourceId}, 'a1', ${kind}, 'over the cap', 'system', ${NOW})`.execute(
      database.db,
    );
    for (const wanted of ['void', 'unvoid'] as const) {
      await expect(change(wanted, one('a1'))).rejects.toMatchObject({
        code: 'state-conflict',
        message: expect.stringMatching(message),
      });
      const all = { member: 'ada', from: new Date(0), to: LATER };
      // Its standings were never made anew here: nothing was touched.
      expect(await change(wanted, all)).toMatchObject({ changed: 0 });
    }
    expect(await board()).toHaveLength(1);
  });

  it('VO-7 what does not exist is refused, and says where to look', async () => {
    const { send, change, one } = await setUp();
    await send({ id: 'a1' });
    for (const target of [one('nope'), { source: 'other', id: 'a1' }]) {
      await expect(change('void', target)).rejects.toMatchObject({ code: 'unknown-contribution' });
    }
    const nobody = { member: 'nobody', from: new Date(0), to: NOW };
    await expect(change('void', nobody)).rejects.toMatchObject({ code: 'unknown-member' });
    const backward = { member: 'ada', from: NOW, to: NOW };
    await expect(change('void', backward)).rejects.toMatchObject({ code: 'invalid-parameter' });
  });
});

describe('voiding what a member did between two times', () => {
  it('VO-8 goes by when it occurred, the first moment included and the last one not', async () => {
    const { send, change, board, changes, differences } = await setUp();
    const at = (id: string, occurredAt: string, amount = 1) => ({ id, occurredAt, amount });
    await send(
      at('before', '2026-08-19T23:59:59.999Z'),
      at('first', '2026-08-20T00:00:00Z', 2),
      at('last', '2026-08-20T23:59:59.999Z', 4),
      at('after', '2026-08-21T00:00:00Z', 8),
      { id: 'other', contributor: 'bob', occurredAt: '2026-08-20T12:00:00Z' },
    );
    const day = { member: 'ada', from: new Date('2026-08-20'), to: new Date('2026-08-21') };
    expect(await change('void', day)).toMatchObject({ changed: 2, reward: 37_500n });
    expect(await board()).toEqual([
      ['ada', 56_250n],
      ['bob', 6250n],
    ]);
    // Each has a number of its own, in the order in which they were recorded.
    expect((await changes()).map(({ seq, external_id }) => [seq, external_id])).toEqual([
      [6n, 'first'],
      [7n, 'last'],
    ]);
    expect(await change('void', day)).toMatchObject({ changed: 0 });
    expect(await change('unvoid', day)).toMatchObject({ changed: 2, reward: 37_500n });
    expect(await board()).toContainEqual(['ada', 93_750n]);
    expect(await differences()).toEqual([]);
  });

  it('VO-9 a dry run tells what would change, places included, and changes nothing', async () => {
    const { send, change, one, board, changes, audit, community } = await setUp();
    await send({ id: 'a1', amount: 4 }, { id: 'b1', amount: 3, contributor: 'bob' });
    const lastSeq = () =>
      database.db
        .selectFrom('communities')
        .select('last_seq')
        .where('community_id', '=', community.id)
        .executeTakeFirstOrThrow();
    const before = [await board(), await changes(), await audit(), await lastSeq()];
    const told = await change('void', one('a1'), true);
    expect(told).toMatchObject({ changed: 1, reward: 25_000n });
    expect(told.places[0]).toMatchObject({ before: { rank: 1, score: 25_000n }, after: undefined });
    expect([await board(), await changes(), await audit(), await lastSeq()]).toEqual(before);
    expect(await change('void', one('a1'))).toEqual(told);
  });

  it('VO-10 does 100,000 contributions of one member in one transaction, within the limits of a statement', async () => {
    const { context, community, send, change, board, differences } = await setUp();
    const plain = contribution({ id: 'plain' });
    await send({ id: 'b1', contributor: 'bob' });
    for (let from = 0; from < 100_000; from += 2000) {
      const batch = Array.from({ length: 2000 }, (_, index) => from + index);
      const toEvent = (n: number) => ({
        ...plain,
        id: `bulk-${n}`,
        occurredAt: new Date(plain.occurredAt.getTime() - n * 600_000),
      });
      await record(context, community, batch.map(toEvent));
    }
    const all = { member: 'ada', from: new Date(0), to: LATER };
    expect(await change('void', all)).toMatchObject({ changed: 100_000, reward: 625_000_000n });
    expect(await board()).toEqual([['bob', 6250n]]);
    expect(await change('unvoid', all)).toMatchObject({ changed: 100_000 });
    expect(await differences()).toEqual([]);
    expect(await change('void', { source: 'test', id: 'bulk-77' })).toMatchObject({ changed: 1 });
    expect(await differences()).toEqual([]);
  }, 120_000);
});

describe('voiding and quests', () => {
  it('VO-13 takes back what a quest granted, at once, and gives it again; a dry run does not', async () => {
    const { db } = database;
    const { community, context, send, change, one } = await setUp();
    const goal = { kind: 'amount', category: 'gpu-contributors', amount: 2000n, subjects: undefined } as const;
    const rewards = [{ kind: 'tokens', amount: 10_000n } as const];
    await createQuest(
      { ...context, checkRole: acceptAnyRole },
      await context.directory.bySlug(community.slug),
      { name: 'Two hours', startsAt: new Date('2026-08-01'), endsAt: new Date('2026-09-01'), goal, rewards },
      TESTER,
      NOW,
    );
    await send({ id: 'a1' }, { id: 'a2' });
    const { id } = await requireMember(db, community.id, 'ada');
    const tokens = async () => (await readGranted(db, community.id, id)).tokens;
    expect(await tokens()).toBe(10_000n);
    await change('void', one('a2'), true);
    expect(await tokens()).toBe(10_000n);
    await change('void', one('a2'));
    expect(await tokens()).toBe(0n);
    await change('unvoid', one('a2'));
    expect(await tokens()).toBe(10_000n);
  });
});
