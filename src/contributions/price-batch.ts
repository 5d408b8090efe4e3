import type { KnownCommunity } from '../communities/directory.ts';
import { unreachable, type BatchEntry, type BatchMembers, type Candidate, type Outcome } from './batch.ts';

/**
 * Prices the contributions of a batch, and says what each adds to which boards. Pure.
 *
 * @param refused contributors whose totals would outgrow what can be counted, and names that stand for who is hidden or deleted
 * @param outcomes is given the refusals, by position
 */
export function priceBatch(
  community: KnownCommunity,
  batch: readonly BatchEntry[],
  members: BatchMembers,
  refused: { outgrown: ReadonlySet<string>; pseudonyms: ReadonlySet<string> },
  outcomes: Map<number, Outcome>,
): Candidate[] {
  const { outgrown, pseudonyms } = refused;
  const candidates: Candidate[] = [];
  for (const [position, entry] of batch.entries()) {
    const { contribution } = entry;
    const category = community.categoryBySlug.get(contribution.category);
    if (!category) {
      const slugs = [...community.categoryBySlug.keys()].map((slug) => `"${slug}"`).join(', ') || 'none yet';
      outcomes.set(position, {
        status: 'rejected',
        reason: 'unknown_category',
        detail: `There is no category "${contribution.category}" in this community. It has: ${slugs}.`,
      });
    } else if (pseudonyms.has(contribution.contributor)) {
      outcomes.set(position, {
        status: 'rejected',
        reason: 'invalid_contributor',
        detail: `"${contribution.contributor}" stands for somebody who is hidden or deleted, and nobody contributes under it. Give the contributor's own handle.`,
      });
    } else if (contribution.displayName !== undefined && pseudonyms.has(contribution.displayName)) {
      outcomes.set(position, {
        status: 'rejected',
        reason: 'invalid_display_name',
        detail: `"${contribution.displayName}" stands for somebody who is hidden or deleted, and nobody else is shown by it. Send another display name, or none.`,
      });
    } else if (outgrown.has(contribution.contributor)) {
      outcomes.set(position, {
        status: 'rejected',
        reason: 'total_too_large',
        detail: 'With this, the total of its contributor would be larger than can be counted.',
      });
    } else {
      const { memberId } = members.get(contribution.contributor) ?? unreachable(position);
      const { subject, occurredAt, amount } = contribution;
      const full = community.prices.price(category, subject, occurredAt, amount);
      const price = entry.unpaid ? { ...full, rate: 0n, reward: 0n } : full;
      const gain = category.measure === 'reward' ? price.reward : amount;
      // What measures nothing makes no standing and moves no `reachedAt`.
      const at = community.boardsAt(category.id, occurredAt);
      const boards = gain === 0n ? [] : at.boards;
      const isOff = community.offBoards.has(memberId);
      candidates.push({ ...entry, position, category, memberId, price, gain, boards, isOff, late: at.late });
    }
  }
  return candidates;
}
