import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explainPlace, plainWording, sayPlace, type Placed } from '../../src/ranking/explain.ts';

const early = new Date('2026-08-20T10:00:00Z');
const late = new Date('2026-08-21T10:00:00Z');
const placed = (rank: number, score: bigint, reachedAt = early): Placed => ({
  rank,
  memberId: rank,
  displayName: `m${rank}`,
  score,
  reachedAt,
});
const say = (entries: readonly Placed[], rank: number, unit = 'OMNIT') => {
  const explanation = explainPlace(entries, rank, 40);
  return explanation && sayPlace(explanation, plainWording('You are', unit));
};

describe('why somebody stands there', () => {
  it('RK-40 names the exact difference to whoever is ahead, and the rule of ties', () => {
    expect(say([placed(6, 100_000n), placed(7, 87_499n), placed(8, 1n)], 7)).toBe(
      'You are 7th of 40 with 87.499 OMNIT: 12.501 OMNIT behind m6, who reached that score first. On equal scores whoever reached the score first is ahead.',
    );
  });

  it('RK-41 on equal scores says who reached it first, and when; then who became a member first', () => {
    expect(say([placed(6, 5000n), placed(7, 5000n, late)], 7)).toBe(
      'You are 7th of 40 with 5 OMNIT: tied with m6, who reached it first, at 2026-08-20T10:00:00.000Z, against 2026-08-21T10:00:00.000Z.',
    );
    expect(say([placed(6, 5000n), placed(7, 5000n)], 7)).toBe(
      'You are 7th of 40 with 5 OMNIT: tied with m6, who became a member first; both reached it at 2026-08-20T10:00:00.000Z.',
    );
  });

  it('RK-42 tells the first by how much they lead, and who is alone that they are', () => {
    expect(say([placed(1, 3000n), placed(2, 2000n)], 1, 'dataset')).toBe(
      'You are 1st of 40 with 3 datasets: 1 dataset ahead of m2.',
    );
    expect(say([placed(1, 3000n), placed(2, 3000n, late)], 1)).toBe(
      'You are 1st of 40 with 3 OMNIT: tied with m2, and ahead for having reached it first, at 2026-08-20T10:00:00.000Z, against 2026-08-21T10:00:00.000Z.',
    );
    expect(say([placed(1, 3000n)], 1)).toContain('nobody else is on this board yet.');
    expect(say([placed(1, 3000n)], 2)).toBe(undefined);
  });

  it('RK-43 always names the neighbour, and the difference makes the two scores equal', () => {
    const score = fc.bigInt({ min: 1n, max: 2n ** 60n });
    fc.assert(
      fc.property(fc.array(score, { minLength: 2, maxLength: 9 }), fc.nat(), (scores, pick) => {
        const entries = scores
          .toSorted((a, b) => (a > b ? -1 : a < b ? 1 : 0))
          .map((value, index) => placed(index + 1, value));
        const own = entries[pick % entries.length];
        const explanation = own && explainPlace(entries, own.memberId, entries.length);
        const neighbour = explanation?.neighbour;
        if (!own || !neighbour) throw new Error('There are two at least.');
        expect(neighbour.placed.rank).toBe(own.rank === 1 ? 2 : own.rank - 1);
        const ahead = neighbour.is === 'ahead';
        expect(own.score + (ahead ? neighbour.difference : -neighbour.difference)).toBe(neighbour.placed.score);
        expect(neighbour.difference >= 0n).toBe(true);
      }),
    );
  });
});
