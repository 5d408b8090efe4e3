import type { Category, Rate } from '../communities/community.ts';
import { NO_MULTIPLIER, reputationOf, rewardOf } from '../ranking/score.ts';

/** What a contribution is worth, and why: amount x rate x multiplier = reward. Multiplier in hundredths, the rest in thousandths. */
export type Price = { rate: bigint; multiplier: bigint; reward: bigint; reputation: bigint };

/** Prices contributions by what held at their `occurredAt`. */
export type PriceList = (category: Category, subject: string | undefined, occurredAt: Date, amount: bigint) => Price;

/**
 * Prepares the rates of a community for pricing many contributions. A subject's own rate goes before its category's
 * from the moment it first holds.
 */
export function priceList(rates: readonly Rate[]): PriceList {
  const latestFirst = rates.toSorted((a, b) => b.startsAt.getTime() - a.startsAt.getTime());
  const bySubject = Map.groupBy(latestFirst, (rate) => slot(rate.categoryId, rate.subject));

  function rateAt(categoryId: number, subject: string | undefined, at: Date): Rate | undefined {
    return bySubject.get(slot(categoryId, subject))?.find((rate) => rate.startsAt <= at);
  }

  return (category, subject, occurredAt, amount) => {
    const own = subject === undefined ? undefined : rateAt(category.id, subject, occurredAt);
    const rate = (own ?? rateAt(category.id, undefined, occurredAt))?.rate ?? 0n;
    return {
      rate,
      multiplier: NO_MULTIPLIER,
      reward: rewardOf(amount, rate, NO_MULTIPLIER),
      reputation: reputationOf(amount, category.reputation),
    };
  };
}

/** No subject is empty, so the category's own rate has a slot of its own. */
function slot(categoryId: number, subject = ''): string {
  return `${categoryId} ${subject}`;
}
