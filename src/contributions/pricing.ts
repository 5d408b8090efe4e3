import type { Category, Multiplier, Rate } from '../communities/community.ts';
import { NO_MULTIPLIER, reputationOf, rewardOf } from '../ranking/score.ts';

/** What a contribution is worth, and why: amount x rate x multiplier = reward. Multiplier in hundredths, the rest in thousandths. */
export type Price = { rate: bigint; multiplier: bigint; reward: bigint; reputation: bigint };

/** The rates of a community, prepared for pricing many contributions. */
export type PriceList = {
  /** OMNIT a unit at a moment, in thousandths: the subject's own rate if one holds by then, else the category's. */
  rateAt(category: Category, subject: string | undefined, at: Date): bigint;
  /** The multiplier event that applies to a category at a moment: of those that overlap the highest, as they do not stack. */
  eventAt(category: Category, at: Date): Multiplier | undefined;
  /** The factor of a category at a moment, in hundredths. */
  multiplierAt(category: Category, at: Date): bigint;
  /** Prices an amount by what held when it occurred. */
  price(category: Category, subject: string | undefined, occurredAt: Date, amount: bigint): Price;
};

export function createPriceList(rates: readonly Rate[], multipliers: readonly Multiplier[]): PriceList {
  const latestFirst = rates.toSorted((a, b) => b.startsAt.getTime() - a.startsAt.getTime());
  const bySubject = Map.groupBy(latestFirst, (rate) => slot(rate.categoryId, rate.subject));
  // Of equal ones, the one that lasts longer.
  const highestFirst = multipliers.toSorted(
    (a, b) => Number(b.factor - a.factor) || b.endsAt.getTime() - a.endsAt.getTime(),
  );
  const find = (categoryId: number, subject: string | undefined, at: Date) =>
    bySubject.get(slot(categoryId, subject))?.find((rate) => rate.startsAt <= at)?.rate;

  function rateAt(category: Category, subject: string | undefined, at: Date): bigint {
    const own = subject === undefined ? undefined : find(category.id, subject, at);
    return own ?? find(category.id, undefined, at) ?? 0n;
  }

  function eventAt(category: Category, at: Date): Multiplier | undefined {
    return highestFirst.find(
      ({ startsAt, endsAt, categoryIds }) =>
        startsAt <= at && at < endsAt && (categoryIds === undefined || categoryIds.includes(category.id)),
    );
  }

  const multiplierAt = (category: Category, at: Date) => eventAt(category, at)?.factor ?? NO_MULTIPLIER;

  return {
    rateAt,
    eventAt,
    multiplierAt,
    price(category, subject, occurredAt, amount) {
      const rate = rateAt(category, subject, occurredAt);
      const multiplier = multiplierAt(category, occurredAt);
      return {
        rate,
        multiplier,
        reward: rewardOf(amount, rate, multiplier),
        reputation: reputationOf(amount, category.reputation),
      };
    },
  };
}

/** No subject is empty, so the category's own rate has a slot of its own. */
function slot(categoryId: number, subject = ''): string {
  return `${categoryId} ${subject}`;
}
