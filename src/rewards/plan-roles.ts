import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { decideRole } from './role-decision.ts';
import {
  readExcessRoles,
  readNamedRoles,
  readOwedRoles,
  START,
  type ExcessRole,
  type NamedRole,
  type OwedRole,
  type Place,
} from './role-differences.ts';
import type { GuildRoles } from './role-giver.ts';

/** How long a role is kept for whoever has left the server. */
export const KEPT_FOR_DAYS = 30;
/** Why a role waits, and what it waits for. */
export const NOT_LINKED = 'No Discord account is linked yet. It is given once one is.';
export const NOT_THERE = `Not in the server. It is given on return, within ${KEPT_FOR_DAYS} days.`;

const PAGE = 1_000;

/** What the bot would do about a role of somebody. */
export type PlannedRole = {
  /** `keep`: the user had it before the bot would have given it. `cannot`: it is owed, or has to go, and does not. */
  action: 'give' | 'take' | 'keep' | 'cannot';
  /** Undefined for whom no member is any more. */
  member: { id: number; handle: string; displayName: string } | undefined;
  userId: string | undefined;
  /** By its id, or by its name where it has not been found yet. */
  role: { id: string } | { name: string };
  /** Why it cannot be done, and what to do. */
  why: string | undefined;
};

/** What planning has to know of the server. */
export type PlannedGuild = Pick<GuildRoles, 'whyNot' | 'whyNotTake' | 'named'>;

/**
 * Plans what is to be done so that everybody has the roles that the ledger says: where it differs from the records, in
 * pages. What is done shows when the users are looked at: one who has the role already keeps it, one who has left gets
 * it later.
 *
 * @param askable those alone about which Discord can be asked at all
 * @param from leaves out what comes before
 */
export async function* planRoles(
  db: Kysely<Database>,
  communityId: number,
  guild: PlannedGuild,
  { pageSize = PAGE, askable = false, from = START }: { pageSize?: number; askable?: boolean; from?: Place } = {},
): AsyncGenerator<PlannedRole[]> {
  for await (const page of readOwedRoles(db, communityId, { pageSize, askable, from })) {
    yield page.map((owed) => planOwed(owed, guild));
  }
  for await (const page of readExcessRoles(db, communityId, { pageSize, from })) {
    yield page.map((excess) => planExcess(excess, guild));
  }
  if (askable) return;
  for await (const page of readNamedRoles(db, communityId, { pageSize })) {
    yield page.map((named) => planNamed(named, guild));
  }
}

/** How much there is to do, and the first of it. */
export type RolePlan = Record<PlannedRole['action'], number> & { first: PlannedRole[] };

/** Plans, and counts what is planned. Changes nothing, here or on Discord. */
export async function sumUpPlan(
  db: Kysely<Database>,
  communityId: number,
  guild: PlannedGuild,
  { limit }: { limit: number },
): Promise<RolePlan> {
  const plan: RolePlan = { give: 0, take: 0, keep: 0, cannot: 0, first: [] };
  for await (const page of planRoles(db, communityId, guild)) {
    for (const one of page) plan[one.action] += 1;
    plan.first.push(...page.slice(0, limit - plan.first.length));
  }
  return plan;
}

/** Whether nothing is to be done on Discord, and no role is to be looked for. */
export async function isSettled(db: Kysely<Database>, communityId: number): Promise<boolean> {
  const one = { pageSize: 1 };
  const differences = [
    () => readOwedRoles(db, communityId, { ...one, askable: true }),
    () => readExcessRoles(db, communityId, one),
    () => readNamedRoles(db, communityId, one),
  ];
  for (const read of differences) {
    if (!(await read().next()).done) return false;
  }
  return true;
}

function planOwed({ roleId, reason, ...owed }: OwedRole, guild: PlannedGuild): PlannedRole {
  return planGift(owed, { id: roleId }, reason ?? guild.whyNot(roleId));
}

function planNamed({ name, ...owed }: NamedRole, guild: PlannedGuild): PlannedRole {
  const found = guild.named(name);
  return 'problem' in found
    ? planGift(owed, { name }, found.problem)
    : planGift(owed, { id: found.roleId }, guild.whyNot(found.roleId));
}

function planGift(
  { userId, leftAt, ...who }: Omit<NamedRole, 'name'>,
  role: PlannedRole['role'],
  problem: string | undefined,
): PlannedRole {
  const why = userId === null ? NOT_LINKED : (problem ?? (leftAt ? NOT_THERE : undefined));
  return { ...toPlanned(who, userId, role), action: why === undefined ? 'give' : 'cannot', why };
}

function planExcess({ userId, roleId, holding, ...who }: ExcessRole, guild: PlannedGuild): PlannedRole {
  const step = decideRole({ wanted: false, holding, has: undefined, rejoined: false });
  const why = step.do === 'take' ? guild.whyNotTake(roleId) : undefined;
  const action = step.do !== 'take' ? 'keep' : why === undefined ? 'take' : 'cannot';
  return { ...toPlanned(who, userId, { id: roleId }), action, why };
}

function toPlanned(
  { memberId, handle, displayName }: Pick<ExcessRole, 'memberId' | 'handle' | 'displayName'>,
  userId: string | null,
  role: PlannedRole['role'],
): Pick<PlannedRole, 'member' | 'userId' | 'role'> {
  const member =
    memberId === null || handle === null ? undefined : { id: memberId, handle, displayName: displayName ?? handle };
  return { member, userId: userId ?? undefined, role };
}
