/** Caps: how much of a category counts a member and day of the community. What exceeds one is held. */
import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { RankingContext } from '../ranking/context.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { formatDecimal } from '../ranking/score.ts';

/** The highest cap: 1,000,000,000 units, above what anybody does in a day. */
const MAX_CAP = 1_000_000_000_000n;

/**
 * Sets the cap of a category, in thousandths, for what is recorded from now on. What counts already stays. Safe to repeat.
 *
 * @throws DomainError `unknown-category` or `invalid-parameter`
 */
export async function setCap(
  context: RankingContext,
  communityId: number,
  { category: slug, amount }: { category: string; amount: bigint },
  actor: Actor,
  now: Date,
): Promise<void> {
  if (amount <= 0n || amount > MAX_CAP) {
    throw new DomainError('invalid-parameter', `A cap is more than 0 and at most ${formatDecimal(MAX_CAP)} units.`);
  }
  await changeCap(context, communityId, async (trx, community) => {
    const { id } = requireCategory(community, slug);
    const before = community.caps.get(id);
    if (before === amount) return;
    await trx
      .insertInto('caps')
      .values({ community_id: communityId, category_id: id, amount })
      .onConflict((conflict) => conflict.columns(['community_id', 'category_id']).doUpdateSet({ amount }))
      .execute();
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'cap.set',
      target: slug,
      ...(before === undefined ? {} : { before: { amount: before } }),
      after: { amount },
    });
  });
}

/**
 * Takes the cap of a category away. What is held stays held until somebody decides.
 *
 * @throws DomainError `unknown-category`, or `unknown-cap` when it has none
 */
export async function removeCap(
  context: RankingContext,
  communityId: number,
  slug: string,
  actor: Actor,
  now: Date,
): Promise<void> {
  await changeCap(context, communityId, async (trx, community) => {
    const { id } = requireCategory(community, slug);
    const before = community.caps.get(id);
    if (before === undefined) throw new DomainError('unknown-cap', `The category "${slug}" has no cap.`);
    await trx.deleteFrom('caps').where('community_id', '=', communityId).where('category_id', '=', id).execute();
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'cap.remove',
      target: slug,
      before: { amount: before },
    });
  });
}

async function changeCap(
  { db, directory }: RankingContext,
  communityId: number,
  work: (trx: Transaction<Database>, community: KnownCommunity) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    await work(trx, await directory.at(trx, communityId, configVersion));
    await touchConfig(trx, communityId);
  });
}
