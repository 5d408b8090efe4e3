/**
 * A place in ranking order. The order is ascending in all three: the higher score first, then who reached it first,
 * then who became a member first.
 */
export type Place = {
  /** The score in thousandths, negated. */
  negScore: bigint;
  reachedAt: Date;
  memberId: number;
};

/** Before every standing. */
export const FIRST_PLACE: Place = { negScore: -(2n ** 63n), reachedAt: new Date(0), memberId: 0 };
/** Behind every standing. */
export const LAST_PLACE: Place = { negScore: 0n, reachedAt: new Date(0), memberId: 0 };

/** Below 0 when `a` ranks before `b`, 0 when they are one place. */
export function comparePlaces(a: Place, b: Place): number {
  if (a.negScore !== b.negScore) return a.negScore < b.negScore ? -1 : 1;
  return a.reachedAt.getTime() - b.reachedAt.getTime() || a.memberId - b.memberId;
}

/** The index of the last of some ascending bounds that is not behind a place; the first bound is before every place. */
export function lastBoundBefore(bounds: readonly Place[], place: Place): number {
  let low = 0;
  let high = bounds.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const bound = bounds[middle];
    if (bound && comparePlaces(bound, place) <= 0) low = middle;
    else high = middle;
  }
  return low;
}
