import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatDecimal,
  formatMultiplier,
  MAX_AMOUNT,
  MAX_RATE,
  MAX_REWARD,
  MAX_TOTAL,
  NO_MULTIPLIER,
  parseDecimal,
  reputationOf,
  rewardOf,
} from '../../src/ranking/score.ts';

const thousandths = fc.bigInt({ min: 0n, max: 2n ** 62n });
const amount = fc.bigInt({ min: 1n, max: MAX_AMOUNT });
const rate = fc.bigInt({ min: 0n, max: MAX_RATE });
const multiplier = fc.bigInt({ min: 100n, max: 300n });

describe('decimals', () => {
  it('RK-3 what is written is read back to the same thousandths', () => {
    fc.assert(
      fc.property(thousandths, (value) => {
        expect(parseDecimal(formatDecimal(value))).toEqual({ thousandths: value });
      }),
    );
  });

  it('RK-3 a number is taken by its shortest decimal form, exactly', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000_000 }), (value) => {
        expect(parseDecimal(value / 1000)).toEqual({ thousandths: BigInt(value) });
      }),
    );
  });

  it.each<[string | number, bigint]>([
    ['1.2500', 1250n],
    ['1.250000000000000000000000000000', 1250n],
    ['007', 7000n],
    ['0.001', 1n],
    ['0', 0n],
    ['1000000', MAX_AMOUNT],
    ['1000000.001', MAX_AMOUNT + 1n],
    [1e2, 100_000n],
    [1e6, MAX_AMOUNT],
    [1e-3, 1n],
    [6.25, 6250n],
    [0.1, 100n],
    [0, 0n],
    [-0, 0n],
    [1e21, 10n ** 24n],
    [1.5e21, 15n * 10n ** 23n],
    [123_456_789_012_345_680_000, 123_456_789_012_345_680_000_000n],
  ])('RK-3 %j is read exactly', (value, expected) => {
    expect(parseDecimal(value)).toEqual({ thousandths: expected });
  });

  it.each<[string | number]>([
    [0.1 + 0.2],
    [1e-4],
    [1e-7],
    [1.0005],
    [Number.MIN_VALUE],
    ['0.0001'],
    ['1.00000000000000000000001'],
  ])('RK-3 %j has more than 3 places', (value) => {
    expect(parseDecimal(value)).toEqual({ problem: 'has more than 3 decimal places' });
  });

  it.each<[string | number]>([
    ['1.'],
    ['.5'],
    ['+1'],
    ['-1'],
    ['1e2'],
    ['0x10'],
    ['0b1'],
    ['１'],
    ['١'],
    ['1,000'],
    ['1_000'],
    ['1 '],
    [' 1'],
    ['1\n'],
    [''],
    ['NaN'],
    ['Infinity'],
    ['1n'],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [Number.NEGATIVE_INFINITY],
    [-1],
    [-1e-7],
    [-1e21],
  ])('RK-3 %j is no decimal', (value) => {
    expect(parseDecimal(value)).toEqual({ problem: 'is not a decimal number such as 12 or "6.25"' });
  });

  it('RK-3 a number of millions of digits is refused without being worked out', () => {
    expect(parseDecimal('9'.repeat(8_000_000))).toEqual({ problem: 'has far too many digits' });
    expect(parseDecimal(Number.MAX_VALUE)).toEqual({ problem: 'has far too many digits' });
    expect(parseDecimal(`${'0'.repeat(1000)}5`)).toEqual({ thousandths: 5000n });
  });

  it.each([
    [0n, '0'],
    [1n, '0.001'],
    [10n, '0.01'],
    [6250n, '6.25'],
    [1_200_000n, '1200'],
    [-1n, '-0.001'],
    [-6250n, '-6.25'],
    [-1000n, '-1'],
  ])('RK-4 %s thousandths are written %s, without trailing zeros', (value, text) => {
    expect(formatDecimal(value)).toBe(text);
  });

  it.each([
    [100n, '1'],
    [250n, '2.5'],
    [125n, '1.25'],
    [300n, '3'],
  ])('RK-4 a multiplier of %s hundredths is written %s', (value, text) => {
    expect(formatMultiplier(value)).toBe(text);
  });
});

describe('rewards', () => {
  it('RK-5 a reward is amount x rate x multiplier, rounded down once, to 3 places', () => {
    fc.assert(
      fc.property(amount, rate, multiplier, (units, perUnit, factor) => {
        const reward = rewardOf(units, perUnit, factor);
        // Millionths of a thousandth hold the product whole.
        const exact = units * perUnit * factor;
        expect(reward * 100_000n <= exact && exact < (reward + 1n) * 100_000n).toBe(true);
      }),
    );
  });

  it.each([
    [1n, 6250n, 100n, 6n],
    [1n, 999n, 100n, 0n],
    [3n, 333n, 300n, 2n],
    [1000n, 6250n, 250n, 15_625n],
    [1500n, 0n, 300n, 0n],
  ])('RK-5 %s x %s x %s earns %s', (units, perUnit, factor, reward) => {
    expect(rewardOf(units, perUnit, factor)).toBe(reward);
  });

  it('RK-5 at all limits at once a reward fits 64 bits, and totals stop well before they end', () => {
    expect(rewardOf(MAX_AMOUNT, MAX_RATE, 300n)).toBe(MAX_REWARD);
    expect(MAX_AMOUNT * MAX_RATE * 300n).toBeLessThan(2n ** 63n);
    // A transaction takes at most some thousand contributions.
    expect(MAX_TOTAL + 10_000n * MAX_REWARD).toBeLessThan(2n ** 63n);
  });

  it('RK-6 reputation is rounded down too, and no multiplier touches it', () => {
    expect(reputationOf(1500n, 5000n)).toBe(7500n);
    expect(reputationOf(1n, 999n)).toBe(0n);
    expect(reputationOf(1000n, 0n)).toBe(0n);
    expect(NO_MULTIPLIER).toBe(100n);
  });
});
