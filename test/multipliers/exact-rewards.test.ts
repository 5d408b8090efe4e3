import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyPrices } from '../../src/contributions/verify-prices.ts';
import { connect } from '../../src/db/connect.ts';
import { DomainError } from '../../src/errors.ts';
import { createMultiplier } from '../../src/multipliers/create-multiplier.ts';
import { cancelMultiplier, endMultiplier } from '../../src/multipliers/stop-multiplier.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { makeMultiplier, minutes, wantedMultiplier } from '../support/multipliers.ts';

const database = useDatabase();

type Rule = { from: number; to: number; factor: bigint; category: string | undefined };

async function differencesOf({ slug }: { slug: string }): Promise<string[]> {
  const differences: string[] = [];
  const { db, directory } = recording(database.db);
  for await (const difference of verifyPrices(db, directory, slug)) differences.push(difference);
  return differences;
}

const CATEGORIES = ['gpu-contributors', 'data-validators'];
const minute = fc.integer({ min: -60, max: 60 });
/** What happens one after the other, with the minutes that pass before each. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('record' as const),
    wait: fc.nat(4),
    ago: fc.integer({ min: -5, max: 90 }),
    category: fc.nat(1),
  }),
  fc.record({
    do: fc.constant('create' as const),
    wait: fc.nat(4),
    from: minute,
    length: fc.integer({ min: 1, max: 60 }),
    factor: fc.bigInt({ min: 101n, max: 300n }),
    category: fc.constantFrom(undefined, 0, 1),
    backdated: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom('cancel' as const, 'end' as const), wait: fc.nat(4), which: fc.nat(5) }),
);

describe('rewards', () => {
  it('MU-13 are what the events say that were in force, whatever is created, ended, cancelled and comes late', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30, size: 'max' }), async (steps) => {
        const community = await makeCommunity(database.db);
        const context = recording(database.db);
        const rules = new Map<number, Rule>();
        const recorded: { at: number; category: string; multiplier: bigint }[] = [];
        let now = 0;
        for (const [index, taken] of steps.entries()) {
          now += taken.wait;
          if (taken.do === 'record') {
            const at = now - taken.ago;
            const category = CATEGORIES[taken.category] ?? '';
            const event = { ...contribution({ id: `e${index}`, category, amount: '1.001' }), occurredAt: minutes(at) };
            const [outcome] = await record(context, community, [event], minutes(now));
            if (outcome?.status !== 'accepted') throw new Error('It was to be accepted.');
            recorded.push({ at, category, multiplier: outcome.multiplier });
          } else if (taken.do === 'create') {
            const { length, factor, backdated } = taken;
            const from = now + taken.from;
            const category = taken.category === undefined ? undefined : CATEGORIES[taken.category];
            const clashes = recorded.some(
              (row) => from <= row.at && row.at < from + length && (category ?? row.category) === row.category,
            );
            const fields = {
              factor: String(Number(factor) / 100),
              ...(category ? { categories: [category] } : {}),
              backdated,
            };
            const wanted = wantedMultiplier(fields, from, from + length);
            const made = await attempt(createMultiplier(database.db, community.id, wanted, TESTER, minutes(now)));
            expect(made !== undefined).toBe((backdated || from >= now + 5) && !clashes);
            if (made) rules.set(made.id, { from, to: from + length, factor, category });
          } else {
            const id = [...rules.keys()][taken.which];
            const rule = id === undefined ? undefined : rules.get(id);
            if (id === undefined || !rule) continue;
            if (taken.do === 'cancel') {
              const gone = await attempt(cancelMultiplier(database.db, community.id, id, TESTER, minutes(now)));
              expect(gone !== undefined).toBe(rule.from >= now + 5);
              if (gone) rules.delete(id);
            } else {
              const ended = await attempt(
                endMultiplier(database.db, community.id, id, undefined, TESTER, minutes(now)),
              );
              expect(ended !== undefined).toBe(rule.from < now + 5 && rule.to > now);
              // After what occurs at the very last moment that is accepted now.
              if (ended) rule.to = (ended.endsAt.getTime() - NOW.getTime()) / 60_000;
            }
          }
        }
        // By the book, with the rules as they are at last: none has changed what was recorded before.
        for (const { at, category, multiplier } of recorded) {
          const factors = [...rules.values()]
            .filter((rule) => rule.from <= at && at < rule.to && (rule.category ?? category) === category)
            .map(({ factor }) => factor);
          expect(multiplier).toBe(factors.reduce((highest, factor) => (factor > highest ? factor : highest), 100n));
        }
        expect(await differencesOf(community)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  }, 120_000);

  it('MU-14 are right when a backdated event is created while contributions are recorded: it is refused, or prices all', async () => {
    const processes = Array.from({ length: 3 }, (): RankingContext => {
      const db = connect(database.url, { maxConnections: 2 });
      onTestFinished(() => db.destroy());
      return recording(db);
    });
    const outcomes = { created: 0, refused: 0 };
    for (let round = 0; round < 25; round += 1) {
      const community = await makeCommunity(database.db);
      const send = (context: RankingContext, writer: number) =>
        record(
          context,
          community,
          Array.from({ length: 5 }, (_, n) => contribution({ id: `${writer} ${n}`, contributor: `m${n}` })),
        );
      const [first, second, third] = processes;
      if (!first || !second || !third) throw new Error('Three were made.');
      const wanted = wantedMultiplier({ backdated: true, factor: '2.5' }, -7 * 24 * 60, 60);
      const create = () => attempt(createMultiplier(third.db, community.id, wanted, TESTER, NOW));
      const [made, recorded] = await Promise.all([
        create(),
        ...[first, second].map((context, writer) => send(context, writer)),
      ]);
      outcomes[made ? 'created' : 'refused'] += 1;
      expect(recorded).toHaveLength(5);
      const rows = await database.db
        .selectFrom('contributions')
        .select(['amount', 'rate', 'multiplier', 'reward'])
        .where('community_id', '=', community.id)
        .execute();
      expect(rows).toHaveLength(10);
      for (const { amount, rate, multiplier, reward } of rows) {
        expect(multiplier).toBe(made ? 250 : 100);
        expect(reward).toBe((amount * rate * BigInt(multiplier)) / 100_000n);
      }
      expect(await differencesOf(community)).toEqual([]);
    }
    // Either may win; that both were seen is not promised, only that each round ended well.
    expect(outcomes.created + outcomes.refused).toBe(25);
  });

  it('MU-15 that are not what rate and multiplier make them are found', async () => {
    const community = await makeCommunity(database.db);
    const context = recording(database.db);
    await makeMultiplier(database.db, community, { backdated: true, factor: '3' }, [-60, 60]);
    const during = { ...contribution({ id: 'during' }), occurredAt: minutes(-30) };
    await record(context, community, [during, contribution({ id: 'before' })]);
    expect(await differencesOf(community)).toEqual([]);
    await database.db
      .updateTable('contributions')
      .set({ reward: 18_749n })
      .where('community_id', '=', community.id)
      .where('external_id', '=', 'during')
      .execute();
    expect(await differencesOf(community)).toEqual([
      'Contribution "during" of test, 1 units: 6.25 x 3 = 18.749 OMNIT and 0 reputation, and by rates and multipliers 6.25 x 3 = 18.75 OMNIT and 0 reputation.',
    ]);
  });
});

/** What something made, or undefined when it was refused. */
async function attempt<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}
