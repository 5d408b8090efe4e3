import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeCap, setCap } from '../../src/fair-play/caps.ts';
import { decideHeld, listHeld, type Decision } from '../../src/fair-play/held.ts';
import { createQuest } from '../../src/quests/create-quest.ts';
import { readGranted } from '../../src/rewards/grants.ts';
import { requireMember } from '../../src/members/members.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { localDate } from '../support/plain-ranking.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();

async function setUp(cap: bigint | null = 10_000n, timeZone = 'UTC') {
  const community = await makeCommunity(database.db, { timeZone });
  const context = recording(database.db);
  const category = 'gpu-contributors';
  if (cap !== null) await setCap(context, community.id, { category, amount: cap }, TESTER, NOW);
  return {
    community,
    context,
    send: async (...events: Parameters<typeof contribution>[0][]) => {
      const outcomes = await record(context, community, events.map(contribution));
      return outcomes.map((outcome) => ('held' in outcome && outcome.held ? 'held' : outcome.status));
    },
    held: () => listHeld(database.db, community.id, { limit: 100 }),
    decide: (number: bigint, decision: Decision, reason = 'Looked at it') =>
      decideHeld(context, community.id, { number, decision, reason }, TESTER, NOW),
    earned: async (handle: string) => (await requireMember(database.db, community.id, handle)).earnedOmnit,
    differences: () => differencesOf(context, community.slug),
  };
}

describe('caps', () => {
  it('FP-10 what exceeds a cap is held: accepted, told as held, and counted nowhere', async () => {
    const { community, send, held, earned, differences } = await setUp();
    expect(
      await send(
        { id: '1', amount: '6' },
        { id: '2', amount: '5' },
        { id: '3', amount: '4' },
        { id: '4', amount: '0.001' },
        { id: '5', amount: '100', category: 'model-testers' },
        { id: '6', amount: '10', contributor: 'bob' },
      ),
    ).toEqual(['accepted', 'held', 'accepted', 'held', 'accepted', 'accepted']);
    expect(await send({ id: '2', amount: '5' })).toEqual(['duplicate']);
    expect(await earned('ada')).toBe(462_500n);
    expect(await held()).toMatchObject([
      {
        source: 'test',
        id: '2',
        handle: 'ada',
        amount: 5000n,
        reward: 31_250n,
        heldAt: NOW,
        reason: 'Over the cap of 10 a member and day in gpu-contributors',
      },
      { id: '4' },
    ]);
    const rows = await database.db
      .selectFrom('contributions')
      .select('external_id')
      .where('community_id', '=', community.id)
      .where('counted', '=', false)
      .execute();
    expect(rows.map(({ external_id }) => external_id).toSorted()).toEqual(['2', '4']);
    expect(await differences()).toEqual([]);
  });

  it('FP-11 a day is the community’s, by when it occurred, also where it has 25 hours', async () => {
    const { send } = await setUp(10_000n, 'America/New_York');
    const at = (id: string, occurredAt: string) => ({ id, amount: '10', occurredAt });
    // Clocks went back on 2025-11-02: the day lasts from 04:00 to 05:00 UTC of the next.
    expect(
      await send(
        at('1', '2025-11-02T04:00:00Z'),
        at('2', '2025-11-03T04:59:59.999Z'),
        at('3', '2025-11-03T05:00:00Z'),
        at('4', '2025-11-02T03:59:59.999Z'),
      ),
    ).toEqual(['accepted', 'held', 'accepted', 'accepted']);
  });

  it('FP-12 released, it counts from then on; refused, it never does; each with who, why and a number of its own', async () => {
    const { community, send, held, decide, earned, differences } = await setUp();
    await send({ id: '1', amount: '10' }, { id: '2', amount: '5' }, { id: '3', amount: '2' });
    const [second, third] = await held();
    if (!second || !third) throw new Error('Two are held.');
    await decide(second.number, 'release');
    await decide(third.number, 'refuse');
    expect(await held()).toEqual([]);
    expect(await earned('ada')).toBe(93_750n);
    expect(await differences()).toEqual([]);
    const changes = await database.db
      .selectFrom('contribution_changes')
      .select(['kind', 'external_id', 'reason', 'actor', 'seq'])
      .where('community_id', '=', community.id)
      .orderBy('seq')
      .execute();
    expect(changes.map(({ kind, external_id }) => `${kind} ${external_id}`)).toEqual([
      'hold 2',
      'hold 3',
      'release 2',
      'refuse 3',
    ]);
    expect(changes[2]).toMatchObject({ reason: 'Looked at it', actor: TESTER.name });
    // What was released counts towards the cap as well.
    expect(await send({ id: '4', amount: '0.001' })).toEqual(['held']);
  });

  it('FP-16 what is held completes no quest, and completes it once it is released', async () => {
    const { community, context, send, held, decide } = await setUp();
    await createQuest(
      { ...context, checkRole: async () => undefined },
      await context.directory.bySlug(community.slug),
      {
        name: 'Many hours',
        startsAt: new Date('2026-08-20T00:00:00Z'),
        endsAt: new Date('2026-08-30T00:00:00Z'),
        goal: { kind: 'amount', category: 'gpu-contributors', amount: 11_000n, subjects: undefined },
        rewards: [{ kind: 'tokens', amount: 1000n }],
      },
      TESTER,
      NOW,
    );
    await send({ id: '1', amount: '10' }, { id: '2', amount: '1' });
    const { id } = await requireMember(database.db, community.id, 'ada');
    const tokens = async () => (await readGranted(database.db, community.id, id)).tokens;
    expect(await tokens()).toBe(0n);
    const [one] = await held();
    await decide(one?.number ?? 0n, 'release');
    expect(await tokens()).toBe(1000n);
  });

  it('FP-13 of decisions about the same one, at once or later, the first stands and the others are told so', async () => {
    const { send, held, decide, earned } = await setUp();
    await send({ id: '1', amount: '11' });
    const [one] = await held();
    if (!one) throw new Error('One is held.');
    const tried = await Promise.allSettled([
      decide(one.number, 'release'),
      decide(one.number, 'release'),
      decide(one.number, 'refuse'),
    ]);
    expect(tried.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(decide(one.number, 'refuse')).rejects.toThrow(/It was (released|refused) already, by tester/);
    await expect(decide(999n, 'release')).rejects.toThrow('No contribution is held under the number 999.');
    expect([0n, 68_750n]).toContain(await earned('ada'));
  });

  it('FP-14 a cap holds for what is recorded from then on; taken away, what is held stays held', async () => {
    const { community, context, send, held } = await setUp(null);
    await send({ id: '1', amount: '50' });
    const category = 'gpu-contributors';
    await setCap(context, community.id, { category, amount: 10_000n }, TESTER, NOW);
    expect(await send({ id: '2' })).toEqual(['held']);
    await removeCap(context, community.id, category, TESTER, NOW);
    expect(await send({ id: '3' })).toEqual(['accepted']);
    expect(await held()).toHaveLength(1);
    await expect(removeCap(context, community.id, category, TESTER, NOW)).rejects.toThrow('has no cap');
    for (const amount of [0n, 10n ** 15n]) {
      await expect(setCap(context, community.id, { category, amount }, TESTER, NOW)).rejects.toThrow('A cap is more');
    }
    await expect(setCap(context, community.id, { category: 'x', amount: 1n }, TESTER, NOW)).rejects.toThrow(
      'no category',
    );
  });

  it('FP-15 however contributions are spread over batches and processes, each is judged by what counts before it', async () => {
    const event = fc.record({
      member: fc.nat(2),
      amount: fc.integer({ min: 1, max: 6000 }),
      hours: fc.nat(72),
      size: fc.integer({ min: 1, max: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 40 }), async (events) => {
        const { community, differences } = await setUp(10_000n, 'Asia/Kolkata');
        const sums = new Map<string, number>();
        const expected = events.map(({ member, amount, hours }) => {
          const day = `${member} ${localDate('Asia/Kolkata', new Date(NOW.getTime() - hours * 3_600_000))}`;
          const sum = (sums.get(day) ?? 0) + amount;
          if (sum > 10_000) return true;
          sums.set(day, sum);
          return false;
        });
        const processes = [recording(database.db), recording(database.db)] as const;
        const outcomes = [];
        for (let at = 0; at < events.length;) {
          const size = events[at]?.size ?? 1;
          const batch = events.slice(at, at + size).map(({ member, amount, hours }, n) => ({
            ...contribution({ id: `e${at + n}`, contributor: `m${member}` }),
            amount: BigInt(amount),
            occurredAt: new Date(NOW.getTime() - hours * 3_600_000),
          }));
          outcomes.push(...(await record(processes[at % 2 ? 1 : 0], community, batch)));
          at += size;
        }
        expect(outcomes.map((outcome) => outcome.status === 'accepted' && outcome.held === true)).toEqual(expected);
        expect(await differences()).toEqual([]);
      }),
      { numRuns: 30, interruptAfterTimeLimit: 30_000 },
    );
  }, 60_000);
});
