import type { Category, Community } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { formatDecimal, formatMultiplier, NO_MULTIPLIER } from '../ranking/score.ts';

/** What priced a contribution, as it was recorded. */
export type Priced = {
  category: Category;
  subject: string | undefined;
  occurredAt: Date;
  rate: bigint;
  multiplier: bigint;
};

/**
 * The rule that priced a contribution, in words: `6.25 OMNIT a GPU-hour`, `9 OMNIT a GPU-hour of "H100", times 2 in
 * "Launch week"`. Names in it are outside text.
 */
export function ruleOf(community: Pick<KnownCommunity, 'rates' | 'prices'>, priced: Priced): string {
  const { category, subject, rate, multiplier } = priced;
  const holds = rateInForce(community, priced);
  // Some contributions count and never pay, such as feedback that was credited.
  if (rate === 0n && holds?.rate !== 0n) return 'counts without OMNIT';
  const of = subject !== undefined && holds?.subject === subject ? ` of "${subject}"` : '';
  const basic = `${formatDecimal(rate)} OMNIT a ${category.unit}${of}`;
  if (multiplier === NO_MULTIPLIER) return basic;
  const event = eventOf(community, priced);
  return `${basic}, times ${formatMultiplier(multiplier)}${event === undefined ? '' : ` in "${event}"`}`;
}

/** The name of the multiplier event that applied to a contribution, if one did. */
export function eventOf({ prices }: Pick<KnownCommunity, 'prices'>, priced: Priced): string | undefined {
  const event = prices.eventAt(priced.category, priced.occurredAt);
  return event?.factor === priced.multiplier ? event.name : undefined;
}

/** The subject's own rate if it had one when the contribution occurred, else the category's. */
function rateInForce({ rates }: Pick<Community, 'rates'>, { category, subject, occurredAt }: Priced) {
  const latest = (of: string | undefined) =>
    rates
      .filter((rate) => rate.categoryId === category.id && rate.subject === of && rate.startsAt <= occurredAt)
      .toSorted((a, b) => b.startsAt.getTime() - a.startsAt.getTime())[0];
  return (subject === undefined ? undefined : latest(subject)) ?? latest(undefined);
}
