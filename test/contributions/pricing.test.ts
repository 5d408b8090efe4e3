import { describe, expect, it } from 'vitest';
import type { Category, Rate } from '../../src/communities/community.ts';
import { createPriceList } from '../../src/contributions/pricing.ts';

const GPU: Category = { id: 1, slug: 'gpu', title: 'GPU', unit: 'hour', measure: 'reward', reputation: 500n };
const DATA: Category = { ...GPU, id: 2, slug: 'data' };
const day = (number: number) => new Date(Date.UTC(2026, 7, number));
const rate = (startsAt: Date, thousandths: bigint, subject?: string, categoryId = GPU.id): Rate => ({
  categoryId,
  subject,
  startsAt,
  rate: thousandths,
});

const RATES = [
  rate(new Date(0), 6250n),
  rate(day(20), 7000n),
  rate(day(10), 5000n),
  rate(day(5), 9000n, 'H100'),
  rate(day(15), 0n, 'H100'),
  rate(new Date(0), 1000n, undefined, DATA.id),
  rate(new Date(0), 2000n, 'H100', DATA.id),
];
const prices = createPriceList(RATES, []);

describe('prices', () => {
  it.each([
    ['before the second rate', undefined, new Date(day(10).getTime() - 1), 6250n],
    ['from the very moment a rate begins', undefined, day(10), 5000n],
    ['by the latest that has begun, in whatever order they were set', undefined, day(25), 7000n],
    ['in 1970', undefined, new Date(0), 6250n],
    ['of a subject, before it has one of its own', 'H100', day(4), 6250n],
    ['of a subject with one of its own', 'H100', day(14), 9000n],
    ['of a subject that earns nothing any more', 'H100', day(25), 0n],
    ['of another subject', 'h100', day(25), 7000n],
  ])('CA-1 the rate %s', (_, subject, at, expected) => {
    expect(prices.rateAt(GPU, subject, at)).toBe(expected);
  });

  it('CA-1 each category has rates of its own, also for a subject of the same name', () => {
    expect(prices.rateAt(DATA, undefined, day(25))).toBe(1000n);
    expect(prices.rateAt(DATA, 'H100', day(14))).toBe(2000n);
  });

  it('CA-2 a contribution is priced by when it occurred; a rate of 0 earns nothing but reputation', () => {
    expect(prices.price(GPU, undefined, day(9), 1500n)).toEqual({
      rate: 6250n,
      multiplier: 100n,
      reward: 9375n,
      reputation: 750n,
    });
    expect(prices.price(GPU, 'H100', day(25), 1500n)).toEqual({
      rate: 0n,
      multiplier: 100n,
      reward: 0n,
      reputation: 750n,
    });
  });
});
