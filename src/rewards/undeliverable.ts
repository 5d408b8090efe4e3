/** Roles that winners would not get, and why. */
import { sql, type Kysely } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { NOT_LINKED, NOT_THERE } from './plan-roles.ts';
import { tellReward, type ToldReward } from './reward.ts';
import type { RoleChecker } from './role-checker.ts';
import { userOfMember } from './role-differences.ts';
import type { Award } from './winners.ts';

/** A role that members win and would not get as things are. */
export type Undeliverable = {
  reward: ToldReward;
  /** What is in the way, and what to do. */
  why: string;
  /** How many it is about, and the first of them. */
  members: number;
  first: number[];
};

/** Says what is in the way of each role: asks once a role, also where it is won on several boards. */
export function rememberingChecker(
  { discordGuildId }: Pick<KnownCommunity, 'discordGuildId'>,
  checkRole: RoleChecker,
): (role: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<string | undefined>>();
  const ask = async (role: string) => {
    if (discordGuildId === undefined) return 'This community has no Discord server, so there are no roles to give.';
    try {
      return await checkRole(discordGuildId, role);
    } catch (error) {
      // Everything else about the prizes can be told all the same.
      if (error instanceof DomainError && error.code === 'unavailable') return error.message;
      throw error;
    }
  };
  return (role) => {
    const answer = known.get(role) ?? ask(role);
    known.set(role, answer);
    return answer;
  };
}

/**
 * Finds the roles among what would be won that could not be given, with whom it concerns. Needs the same memory for any
 * number of winners.
 *
 * @param pages what would be won, page by page, each member on one page
 * @param named how many of those concerned are named
 */
export async function findUndeliverable(
  db: Kysely<Database>,
  communityId: number,
  pages: AsyncIterable<readonly Award[]>,
  whatIsWrong: (role: string) => Promise<string | undefined>,
  named: number,
): Promise<Undeliverable[]> {
  const found = new Map<string, Undeliverable>();
  for await (const page of pages) {
    const roles = page.flatMap(({ reward, memberId }) => (reward.kind === 'role' ? [{ reward, memberId }] : []));
    const reach = await readReach(db, communityId, [...new Set(roles.map(({ memberId }) => memberId))]);
    const seen = new Set<string>();
    for (const { reward, memberId } of roles) {
      const why = (await whatIsWrong(reward.roleId ?? `@${reward.name ?? ''}`)) ?? reach.get(memberId);
      if (why === undefined) continue;
      const told = tellReward(reward);
      const slot = `${JSON.stringify(told)} ${why}`;
      // Whoever wins a role twice lacks it once.
      if (seen.has(`${memberId} ${slot}`)) continue;
      seen.add(`${memberId} ${slot}`);
      const one = found.get(slot) ?? { reward: told, why, members: 0, first: [] };
      found.set(slot, one);
      one.members += 1;
      if (one.first.length < named) one.first.push(memberId);
    }
  }
  return [...found.values()];
}

/** Why members cannot be given any role now: those of whom no Discord account is known, and those who have left. */
async function readReach(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Map<number, string>> {
  if (memberIds.length === 0) return new Map();
  const { rows } = await sql<{ memberId: number; isLinked: boolean }>`
    select m.member_id as "memberId", u.user_id is not null as "isLinked"
    from members m cross join lateral ${userOfMember()} u
    left join role_holders k on k.community_id = m.community_id and k.discord_user_id = u.user_id
    where m.community_id = ${communityId} and m.member_id = any(${numbers(memberIds)}::int[])
      and (u.user_id is null or k.left_at is not null)`.execute(db);
  return new Map(rows.map(({ memberId, isLinked }) => [memberId, isLinked ? NOT_THERE : NOT_LINKED]));
}
