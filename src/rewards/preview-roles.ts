import type { Kysely } from 'kysely';
import type { Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { sumUpPlan, type RolePlan } from './plan-roles.ts';
import type { ReadGuildRoles } from './role-giver.ts';
import { readRefusals, withRefusals } from './role-refusals.ts';

/**
 * Tells what the next run would give and take on Discord, and what cannot be given and why. Changes nothing.
 *
 * @param limit how many changes are named; all are counted
 * @throws DomainError `state-conflict` where the community has no server or the bot is not in it, `unavailable` where
 *   Discord cannot be asked now
 */
export async function previewRoles(
  { db, readGuildRoles }: { db: Kysely<Database>; readGuildRoles: ReadGuildRoles },
  { id, discordGuildId }: Pick<Community, 'id' | 'discordGuildId'>,
  { limit }: { limit: number },
): Promise<RolePlan> {
  if (discordGuildId === undefined) {
    throw new DomainError('state-conflict', 'This community has no Discord server, so there are no roles to give.');
  }
  const guild = await readGuildRoles(discordGuildId);
  if (!guild) {
    throw new DomainError('state-conflict', 'The bot is not in the server of this community. Invite it again.');
  }
  return sumUpPlan(db, id, withRefusals(guild, await readRefusals(db, id, guild)), { limit });
}
