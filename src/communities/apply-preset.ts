import type { Kysely } from 'kysely';
import type { Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { addPreset } from './communities.ts';
import { lockCommunity } from './lock.ts';
import type { PresetName } from './presets.ts';

/**
 * Gives a community that is there already the categories, badges and prizes of a preset, leaving out those it has. Safe to repeat.
 *
 * @throws DomainError `unknown-community`
 */
export async function applyPreset(
  db: Kysely<Database>,
  communityId: number,
  preset: PresetName,
  actor: Actor,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    await addPreset(trx, communityId, preset, actor, now);
  });
}
