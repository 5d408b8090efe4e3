import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeMembers } from '../../src/members/merge.ts';
import { requireMember } from '../../src/members/members.ts';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { createQuest } from '../../src/quests/create-quest.ts';
import { MAX_TOTAL } from '../../src/ranking/score.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { makeGrants, readGranted } from '../../src/rewards/grants.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { history, makeHistoryCommunity, MEASURES, SMALL_SEGMENTS } from '../support/histories.ts';
import { PlainRanking } from '../support/plain-ranking.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();

async function setUp() {
  const community = await makeCommunity(database.db);
  const context = recording(database.db);
  return {
    community,
    context,
    send: (...events: Parameters<typeof contribution>[0][]) => record(context, community, events.map(contribution)),
    merge: (from: string, into: string) => mergeMembers(context, community.id, { from, into }, TESTER, NOW),
    member: (handle: string) => requireMember(database.db, community.id, handle),
  };
}

const statuses = (outcomes: readonly { status: string }[]) => outcomes.map(({ status }) => status);

describe('merging', () => {
  it('LI-10 contributions, totals and the newer name go to the survivor, and each line remembers whose it was', async () => {
    const { community, context, send, merge, member } = await setUp();
    await send(
      { id: '1', contributor: 'old', amount: '2', displayName: 'New Name', occurredAt: '2026-08-20T00:00:00Z' },
      { id: '2', contributor: 'ada', displayName: 'Old Name', occurredAt: '2026-08-10T00:00:00Z' },
    );
    expect(await merge('old', 'ada')).toMatchObject({
      handle: 'ada',
      displayName: 'New Name',
      earnedOmnit: 18_750n,
    });
    const rows = await database.db
      .selectFrom('contributions as c')
      .innerJoin('members as m', (join) =>
        join.onRef('m.community_id', '=', 'c.community_id').onRef('m.member_id', '=', 'c.recorded_member_id'),
      )
      .select(['c.external_id', 'm.handle'])
      .where('c.community_id', '=', community.id)
      .execute();
    expect(rows).toEqual([{ external_id: '1', handle: 'old' }]);
    expect(await member('old')).toMatchObject({ handle: 'ada' });
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('LI-11 new events under the merged handle count for the survivor, re-sent ones are duplicates, by any process', async () => {
    const { community, send, merge, member } = await setUp();
    await send({ id: '1', contributor: 'old' }, { id: '2', contributor: 'ada' });
    await merge('old', 'ada');
    const again = [
      { id: '1', contributor: 'old' },
      { id: '2', contributor: 'ada' },
      { id: '3', contributor: 'old' },
    ];
    expect(statuses(await send(...again))).toEqual(['duplicate', 'duplicate', 'accepted']);
    const other = await record(recording(database.db), community, again.map(contribution));
    expect(statuses(other)).toEqual(['duplicate', 'duplicate', 'duplicate']);
    expect(await member('ada')).toMatchObject({ earnedOmnit: 18_750n });
  });

  it('LI-12 merging again is harmless, goes on over a chain, and never in a circle', async () => {
    const { send, merge, member } = await setUp();
    await send({ id: '1', contributor: 'a' }, { id: '2', contributor: 'b' }, { id: '3', contributor: 'c' });
    await merge('a', 'b');
    expect(await merge('a', 'b')).toMatchObject({ handle: 'b' });
    await expect(merge('a', 'c')).rejects.toThrow('"a" was merged into "b" already.');
    await expect(merge('b', 'a')).rejects.toThrow('are one member already');
    await expect(merge('b', 'b')).rejects.toThrow('are one member already');
    await merge('b', 'c');
    expect((await member('a')).handle).toBe('c');
    await expect(merge('x', 'c')).rejects.toThrow('There is no member "x"');
  });

  it('LI-13 two people on Discord are never made one, nor totals that cannot be counted', async () => {
    const { community, send, merge, member } = await setUp();
    await send(
      { id: '1', contributor: 'discord-1' },
      { id: '2', contributor: 'discord-2' },
      { id: '3', contributor: 'whale' },
      { id: '4', contributor: 'ada' },
    );
    await expect(merge('discord-1', 'discord-2')).rejects.toThrow('different Discord users');
    await merge('discord-1', 'ada');
    expect(await member('ada')).toMatchObject({ discordUserId: '1' });
    await expect(merge('discord-2', 'ada')).rejects.toThrow('different Discord users');
    await database.db
      .updateTable('contributions')
      .set({ reward: MAX_TOTAL - 1000n })
      .where('community_id', '=', community.id)
      .where('external_id', '=', '3')
      .execute();
    await expect(merge('whale', 'ada')).rejects.toThrow('more than can be counted');
    expect((await member('whale')).handle).toBe('whale');
  });

  it('LI-14 grants move to the survivor, and what both were granted counts once', async () => {
    const { community, send, merge, member } = await setUp();
    await send({ id: '1', contributor: 'old' }, { id: '2', contributor: 'ada' });
    const [old, ada] = [await member('old'), await member('ada')];
    const tokens = (round: number, { id }: { id: number }) => ({
      key: `quest 1 round ${round} reward 0 member ${id}`,
      memberId: id,
      reward: { kind: 'tokens', amount: 5000n } as const,
      reason: 'Quest 1',
    });
    const grant = (...entitlements: Parameters<typeof makeGrants>[2]) =>
      database.db.transaction().execute((trx) => makeGrants(trx, community.id, entitlements, NOW));
    await grant(tokens(1, old), tokens(1, ada), tokens(2, old));
    await merge('old', 'ada');
    expect(await readGranted(database.db, community.id, ada.id)).toMatchObject({ tokens: 10_000n });
    expect(await readGranted(database.db, community.id, old.id)).toMatchObject({ tokens: 0n });
    expect([...(await grant(tokens(1, ada), tokens(2, ada)))]).toEqual([]);
  });

  it('LI-18 a quest that both completed is completed once, and one that only both together reach is completed now', async () => {
    const { community, context, send, merge, member } = await setUp();
    await send(
      { id: '1', contributor: 'old', amount: '5', occurredAt: '2026-08-22T08:00:00Z' },
      { id: '2', contributor: 'ada', amount: '5', occurredAt: '2026-08-22T09:00:00Z' },
    );
    const questOf = async (amount: bigint, tokens: bigint) =>
      createQuest(
        { ...context, checkRole: async () => undefined },
        await context.directory.bySlug(community.slug),
        {
          name: `${amount}`,
          startsAt: new Date('2026-08-22T00:00:00Z'),
          endsAt: new Date('2026-08-30T00:00:00Z'),
          goal: { kind: 'amount', category: 'gpu-contributors', amount, subjects: undefined },
          rewards: [{ kind: 'tokens', amount: tokens }],
        },
        TESTER,
        NOW,
      );
    await questOf(5000n, 1000n);
    await questOf(10_000n, 100_000n);
    await merge('old', 'ada');
    const { id } = await member('ada');
    const completions = await database.db
      .selectFrom('quest_completions')
      .select(['member_id', 'completed_at'])
      .where('community_id', '=', community.id)
      .orderBy('round_id')
      .execute();
    expect(completions).toEqual([
      { member_id: id, completed_at: new Date('2026-08-22T08:00:00Z') },
      { member_id: id, completed_at: new Date('2026-08-22T09:00:00Z') },
    ]);
    expect(await readGranted(database.db, community.id, id)).toMatchObject({ tokens: 101_000n });
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('LI-15 two merges at once and events meanwhile: nothing is lost and nothing doubled', async () => {
    const { community, context, send, merge, member } = await setUp();
    const handles = Array.from({ length: 12 }, (_, n) => `h${n}`);
    await send(...handles.map((contributor) => ({ id: contributor, contributor })));
    const others = handles.slice(1);
    await Promise.all([
      ...others.map((handle) => merge(handle, 'h0')),
      ...others.map(async (contributor) =>
        record(recording(database.db), community, [contribution({ id: `later ${contributor}`, contributor })]),
      ),
      ...others.map((handle) => merge(handle, 'h0')),
    ]);
    expect(await member('h0')).toMatchObject({ earnedOmnit: 23n * 6250n });
    expect(await differencesOf(context, community.slug)).toEqual([]);
  });

  it('LI-16 merges and events in any order give the boards that one handle would have given', async () => {
    const merges = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 });
    const small = history.map((batches) => batches.slice(0, 5));
    await fc.assert(
      fc.asyncProperty(small, merges, fc.constantFrom(...SMALL_SEGMENTS), async (batches, drawn, segments) => {
        const community = await makeHistoryCommunity(database.db, 'Asia/Kolkata');
        const processes = [recording(database.db, segments), recording(database.db, segments)] as const;
        const handles = [...new Set(batches.flat().map(({ contributor }) => contributor))];
        // All are members before, in this order, so that the last tie-break is the same whoever survives.
        const hello = handles.map((contributor) =>
          contribution({ id: `hello ${contributor}`, contributor, category: 'attendance' }),
        );
        await record(processes[0], community, hello);

        const survivorOf = new Map<string, string>();
        const survivor = (handle: string): string => {
          const next = survivorOf.get(handle);
          return next === undefined ? handle : survivor(next);
        };
        const due = Map.groupBy(drawn, ([when]) => when % batches.length);
        for (const [index, batch] of batches.entries()) {
          await record(processes[index % 2 ? 1 : 0], community, batch);
          for (const [, one, other] of due.get(index) ?? []) {
            const from = handles[one % handles.length] ?? '';
            const into = handles[other % handles.length] ?? '';
            if (survivor(from) !== from || survivor(into) === from) continue;
            await mergeMembers(processes[0], community.id, { from, into }, TESTER, NOW);
            survivorOf.set(from, survivor(into));
          }
        }

        const plain = new PlainRanking('Asia/Kolkata', MEASURES);
        const asSurvivor = (event: Contribution) => ({ ...event, contributor: survivor(event.contributor) });
        for (const event of hello) plain.add(event);
        for (const event of batches.flat()) plain.add(asSurvivor(event));
        const known = await processes[1].directory.bySlug(community.slug);
        for (const board of [...plain.boards.values()].slice(0, 12)) {
          const page = await readLeaderboard(
            database.db,
            known,
            { category: board.category, window: board.kind, period: board.key, limit: 100, offset: 0 },
            NOW,
          );
          const ranked = plain.ranked(board);
          expect(page.total).toBe(ranked.length);
          expect(page.entries).toMatchObject(ranked.slice(0, 100));
        }
        expect(await differencesOf(processes[0], community.slug)).toEqual([]);
      }),
      { numRuns: 25, interruptAfterTimeLimit: 60_000 },
    );
  }, 90_000);

  it('LI-17 a hundred thousand contributions are merged within the limits of a statement', async () => {
    const { community, context, send, merge, member } = await setUp();
    await send({ id: 'first', contributor: 'old' }, { id: 'second', contributor: 'ada' });
    const old = await member('old');
    for (let from = 0; from < 100_000; from += 2000) {
      const batch = Array.from({ length: 2000 }, (_, n) =>
        contribution({ id: `e${from + n}`, contributor: 'old', amount: 1 + (n % 7) }),
      );
      await record(
        context,
        community,
        batch.map((event, n) => ({
          ...event,
          occurredAt: new Date(NOW.getTime() - ((from + n) % 700) * 86_400_000),
        })),
      );
    }
    const { earnedOmnit } = await member('old');
    await merge('old', 'ada');
    expect(await member('ada')).toMatchObject({ earnedOmnit: earnedOmnit + 6250n });
    const left = await database.db
      .selectFrom('contributions')
      .select('seq')
      .where('community_id', '=', community.id)
      .where('member_id', '=', old.id)
      .execute();
    expect(left).toEqual([]);
    expect(await differencesOf(context, community.slug)).toEqual([]);
  }, 120_000);
});
