import { DomainError } from '../errors.ts';
import type { Reward } from './reward.ts';

/**
 * Says what stands in the way of giving a role of a guild, as a sentence that says what to change; undefined: nothing.
 * Asked when a reward is set up or previewed, not when it is due. `role` is an id, or `@` and the name of one that is
 * known by name alone.
 *
 * @throws DomainError `unavailable` where Discord cannot be asked now
 */
export type RoleChecker = (guildId: string | undefined, role: string) => Promise<string | undefined>;

/** For where Discord cannot be asked. What cannot be given then fails when it is due, where an admin sees it. */
export const acceptAnyRole: RoleChecker = () => Promise.resolve(undefined);

/**
 * Holds the roles among rewards against what the bot can and may give.
 *
 * @throws DomainError `state-conflict`, with the reason and what to change
 */
export async function requireRoles(
  checkRole: RoleChecker,
  guildId: string | undefined,
  rewards: readonly Reward[],
): Promise<void> {
  for (const reward of rewards) {
    // One that is named alone is looked for when it is due.
    if (reward.kind !== 'role' || reward.roleId === undefined) continue;
    const problem = await checkRole(guildId, reward.roleId);
    if (problem !== undefined) throw new DomainError('state-conflict', problem);
  }
}
