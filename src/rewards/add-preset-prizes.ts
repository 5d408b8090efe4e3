import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { insertPrize, type NewPrize } from './prizes.ts';
import { writeReward } from './reward.ts';

/** A prize of a preset, for ranks. */
export type PresetPrize = NewPrize & { band: { ranks: { from: number; to: number } } };

/**
 * Sets up the prizes of a preset, leaving out those for places that have, or had, one: what an admin removed does not
 * come back. For a transaction that holds the community's lock. Safe to repeat.
 *
 * @param categories of the community, by slug
 */
export async function addPresetPrizes(
  trx: Transaction<Database>,
  communityId: number,
  categories: ReadonlyMap<string, number>,
  prizes: readonly PresetPrize[],
  actor: Actor,
  now: Date,
): Promise<void> {
  const rows = await trx
    .selectFrom('prizes')
    .select(['category_id', 'kind', 'rank_from', 'rank_to'])
    .where('community_id', '=', communityId)
    .execute();
  const known = new Set(rows.map((row) => `${row.category_id} ${row.kind} ${row.rank_from}-${row.rank_to}`));
  for (const prize of prizes) {
    const categoryId = categories.get(prize.category);
    const { from, to } = prize.band.ranks;
    if (categoryId === undefined || known.has(`${categoryId} ${prize.window} ${from}-${to}`)) continue;
    const { id } = await insertPrize(trx, communityId, categoryId, prize, now);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'prize.create',
      target: String(id),
      after: { ...prize, rewards: prize.rewards.map(writeReward) },
    });
  }
}
