/** Roles that winners would not get, and why. */
import { sql, type Kysely } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { Award } from './award.ts';
import { NOT_LINKED, NOT_THERE } from './plan-roles.ts';
import { tellReward, type ToldReward } from './reward.ts';
import type { RoleChecker } from './role-checker.ts';
import { userOfMember } from './role-differences.ts';

/** How many members one statement looks at. */
const MEMBERS_AT_ONCE = 5_000;

/** A role that members win and would not get as things are. */
export type Undeliverable = {
  reward: ToldReward;
  /** What is in the way, and what to do. */
  why: string;
  /** Whom it is about. */
  memberIds: number[];
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

/** Finds the roles among what would be won that could not be given, with whom it concerns. */
export async function findUndeliverable(
  db: Kysely<Database>,
  communityId: number,
  awards: readonly Award[],
  whatIsWrong: (role: string) => Promise<string | undefined>,
): Promise<Undeliverable[]> {
  const roles = awards.flatMap(({ reward, memberId }) => (reward.kind === 'role' ? [{ reward, memberId }] : []));
  const reach = await readReach(db, communityId, [...new Set(roles.map(({ memberId }) => memberId))]);
  const found = new Map<string, { reward: ToldReward; why: string; members: Set<number> }>();
  for (const { reward, memberId } of roles) {
    const why = (await whatIsWrong(reward.roleId ?? `@${reward.name ?? ''}`)) ?? reach.get(memberId);
    if (why === undefined) continue;
    const told = tellReward(reward);
    const slot = `${JSON.stringify(told)} ${why}`;
    const one = found.get(slot) ?? { reward: told, why, members: new Set() };
    found.set(slot, one);
    one.members.add(memberId);
  }
  return [...found.values()].map(({ members, ...one }) => ({ ...one, memberIds: [...members] }));
}

/** Why members cannot be given any role now: those of whom no Discord account is known, and those who have left. */
async function readReach(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Map<number, string>> {
  const reach = new Map<number, string>();
  for (let from = 0; from < memberIds.length; from += MEMBERS_AT_ONCE) {
    const { rows } = await sql<{ memberId: number; isLinked: boolean }>`
      select m.member_id as "memberId", u.user_id is not null as "isLinked"
      from members m cross join lateral ${userOfMember()} u
      left join role_holders k on k.community_id = m.community_id and k.discord_user_id = u.user_id
      where m.community_id = ${communityId}
        and m.member_id = any(${numbers(memberIds.slice(from, from + MEMBERS_AT_ONCE))}::int[])
        and (u.user_id is null or k.left_at is not null)`.execute(db);
    for (const { memberId, isLinked } of rows) reach.set(memberId, isLinked ? NOT_THERE : NOT_LINKED);
  }
  return reach;
}
