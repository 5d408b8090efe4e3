import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Category, Multiplier } from '../../src/communities/community.ts';
import { createPriceList } from '../../src/contributions/pricing.ts';
import { MAX_AMOUNT, MAX_RATE } from '../../src/ranking/score.ts';

const GPU: Category = { id: 1, slug: 'gpu', title: 'GPU', unit: 'hour', measure: 'reward', reputation: 0n };
const DATA: Category = { ...GPU, id: 2, slug: 'data' };

/** Few moments, so that events begin and end at the same ones, and contributions occur at both. */
const moment = fc.nat(12);
const event = fc
  .record({
    factor: fc.bigInt({ min: 101n, max: 300n }),
    from: moment,
    length: fc.integer({ min: 1, max: 12 }),
    categoryIds: fc.constantFrom(undefined, [1], [2], [1, 2]),
  })
  .map(({ from, length, ...event }) => ({ ...event, startsAt: new Date(from), endsAt: new Date(from + length) }));
const events: fc.Arbitrary<Multiplier[]> = fc
  .array(event, { maxLength: 12 })
  .map((events) => events.map((event, id) => ({ ...event, id, name: `event ${id}` })));

/** By the book: looks at every event. */
function plainFactor(events: readonly Multiplier[], category: Category, at: number): bigint {
  let factor = 100n;
  for (const { startsAt, endsAt, categoryIds, factor: own } of events) {
    const isIn = startsAt.getTime() <= at && at < endsAt.getTime();
    if (isIn && (categoryIds?.includes(category.id) ?? true) && own > factor) factor = own;
  }
  return factor;
}

describe('the multiplier of a contribution', () => {
  it('MU-11 is the highest of the events that it occurred in, and never above 3, in whatever order they were made', () => {
    fc.assert(
      fc.property(events, moment, fc.constantFrom(GPU, DATA), (events, at, category) => {
        const factor = createPriceList([], events).multiplierAt(category, new Date(at));
        expect(factor).toBe(plainFactor(events, category, at));
        expect(factor).toBeLessThanOrEqual(300n);
        expect(createPriceList([], events.toReversed()).multiplierAt(category, new Date(at))).toBe(factor);
      }),
    );
  });

  it('MU-11 makes the reward exactly amount x rate x multiplier, rounded down once', () => {
    const amounts = fc.bigInt({ min: 1n, max: MAX_AMOUNT });
    const rates = fc.bigInt({ min: 0n, max: MAX_RATE });
    fc.assert(
      fc.property(events, moment, amounts, rates, (events, at, amount, rate) => {
        const prices = createPriceList([{ categoryId: 1, subject: undefined, startsAt: new Date(0), rate }], events);
        const { multiplier, reward } = prices.price(GPU, undefined, new Date(at), amount);
        const exact = amount * rate * plainFactor(events, GPU, at);
        expect(reward * 100_000n).toBeLessThanOrEqual(exact);
        expect((reward + 1n) * 100_000n).toBeGreaterThan(exact);
        expect(reward).toBeLessThanOrEqual((amount * rate * 3n) / 1000n);
        expect(multiplier).toBe(plainFactor(events, GPU, at));
      }),
    );
  });

  it('MU-11 counts from the very start of an event and not at its end', () => {
    const [startsAt, endsAt] = [new Date(10), new Date(20)];
    const one: Multiplier = { id: 1, name: 'x', factor: 250n, categoryIds: undefined, startsAt, endsAt };
    const at = (ms: number) => createPriceList([], [one]).multiplierAt(GPU, new Date(ms));
    expect([9, 10, 19, 20].map(at)).toEqual([100n, 250n, 250n, 100n]);
  });

  it('MU-12 is told of the event that lasts longest, of those with the highest factor', () => {
    const make = (id: number, factor: bigint, endsAt: number): Multiplier => ({
      id,
      name: 'x',
      factor,
      categoryIds: undefined,
      startsAt: new Date(0),
      endsAt: new Date(endsAt),
    });
    const prices = createPriceList([], [make(1, 200n, 90), make(2, 300n, 10), make(3, 300n, 20)]);
    expect(prices.eventAt(GPU, new Date(5))?.id).toBe(3);
    expect(prices.eventAt(GPU, new Date(25))?.id).toBe(1);
    expect(prices.eventAt(GPU, new Date(95))).toBeUndefined();
  });
});
