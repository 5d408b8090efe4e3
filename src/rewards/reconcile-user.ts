import type { Kysely, Transaction } from 'kysely';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { KEPT_FOR_DAYS } from './plan-roles.ts';
import { decideRole, type RoleStep } from './role-decision.ts';
import { PutOff, type GuildMember, type GuildRoles, type RoleGiver } from './role-giver.ts';
import { noteRefusal, withRefusals, type Refusals } from './role-refusals.ts';
import {
  forgetHolder,
  noteHolder,
  noteMissing,
  readKnownUser,
  writeHoldings,
  type HoldingChange,
  type KnownRole,
  type KnownUser,
} from './role-store.ts';
import { lapseRoleGrants, markDelivering, settleRoleGrants } from './settle-grants.ts';

const DAY_MS = 24 * 3_600_000;
/** How often to look whether somebody has come back, and whether who is there still has the roles. */
const LOOK_FOR_MISSING_MS = DAY_MS;
const LOOK_MS = 7 * DAY_MS;

const TAKEN_OFF =
  'Somebody took this role off in the server, and the bot does not put it back. Retry to give it again.';
const LAPSED = `Not in the server for ${KEPT_FOR_DAYS} days.`;

/** What comparing a user needs: where, and what cannot be done there. */
export type RolePass = {
  db: Kysely<Database>;
  giver: RoleGiver;
  communityId: number;
  guildId: string;
  guild: GuildRoles;
  refused: Refusals;
  clock: () => Date;
  /** Throws {@link PutOff} when it is time to end. */
  goOn: () => void;
};

type Step = KnownRole & { step: RoleStep };

/**
 * Sees to it that a Discord user has the roles that the ledger says, with at most one look at the user and one request a
 * role. What is about to be asked for is written down before, so that after a crash a role that is found there is known
 * as the bot's. Safe to break off and to repeat.
 *
 * @param look whether to look at the user also where nothing is owed
 * @throws PutOff where Discord could not be asked
 */
export async function reconcileUser(pass: RolePass, userId: string, { look }: { look: boolean }): Promise<void> {
  const user = await readKnownUser(pass.db, pass.communityId, userId);
  const isConcerned = user.roles.some(({ wanted, holding }) => wanted || holding !== undefined);
  const isOwed = user.roles.some((role) => {
    const step = decide(user, role, undefined);
    return step.do === 'give' && isToBeAsked(pass, { ...role, step });
  });
  let seen: GuildMember | undefined;
  if (isConcerned && (look || isOwed)) {
    seen = await pass.giver.readMember(pass.guildId, userId);
    if (!seen) return noteLeft(pass, user);
  }
  const steps = user.roles.map((role): Step => ({ ...role, step: decide(user, role, seen) }));
  const asking = steps.filter((step) => isToBeAsked(pass, step));
  await writeDown(pass, user, seen, steps, asking);
  if (asking.length > 0) await ask(pass, user, asking);
}

function decide(user: KnownUser, { roleId, wanted, holding }: KnownRole, seen: GuildMember | undefined): RoleStep {
  const rejoined =
    user.leftAt !== undefined ||
    (user.joinedAt !== undefined &&
      seen?.joinedAt !== undefined &&
      seen.joinedAt.getTime() !== user.joinedAt.getTime());
  return decideRole({ wanted, holding, has: seen?.roleIds.has(roleId), rejoined });
}

/** Whether Discord is to be asked for a step, and it is of any use. */
function isToBeAsked({ guild }: RolePass, { roleId, step }: Step): boolean {
  if (step.do === 'give') return guild.whyNot(roleId) === undefined;
  return step.do === 'take' && guild.whyNotTake(roleId) === undefined;
}

/** Writes down what was found, and what is about to be asked for. */
async function writeDown(
  pass: RolePass,
  user: KnownUser,
  seen: GuildMember | undefined,
  steps: readonly Step[],
  asking: readonly Step[],
): Promise<void> {
  await inLock(pass, async (trx) => {
    const { communityId } = pass;
    await writeHoldings(trx, communityId, user.userId, [
      ...steps.flatMap(({ roleId, step }): HoldingChange[] => {
        if (step.do === 'forget') return [{ roleId, holding: undefined }];
        if (step.do !== 'note') return [];
        const reason = step.holding === 'left-alone' ? TAKEN_OFF : undefined;
        return [{ roleId, holding: step.holding, reason }];
      }),
      ...asking.map(({ roleId, step }): HoldingChange => ({
        roleId,
        holding: step.do === 'give' ? 'giving' : 'taking',
      })),
    ]);
    await noteSeenUser(trx, pass, user, seen);
    if (asking.length === 0) return settle(trx, pass, user);
    const roleIds = asking.map(({ roleId }) => roleId);
    for (const memberId of membersOf(user)) await markDelivering(trx, communityId, memberId, roleIds);
  });
}

/** Asks Discord role by role, and writes down what came of it. */
async function ask(pass: RolePass, user: KnownUser, asking: readonly Step[]): Promise<void> {
  const done: HoldingChange[] = [];
  let putOff: PutOff | undefined;
  for (const { roleId, step, reason } of asking) {
    const gives = step.do === 'give';
    try {
      const outcome = await pass.giver.setRole(pass.guildId, user.userId, roleId, gives, reason ?? 'No longer linked');
      if ('absent' in outcome) return await noteLeft(pass, user);
      if ('done' in outcome) done.push({ roleId, holding: gives ? 'ours' : undefined });
      else if (outcome.refused === 'user' && gives)
        done.push({ roleId, holding: 'left-alone', reason: outcome.reason });
      else {
        done.push({ roleId, holding: gives ? undefined : 'ours' });
        await noteRefusedRole(pass, roleId, outcome.reason);
      }
    } catch (error) {
      if (!(error instanceof PutOff)) throw error;
      putOff = error;
      break;
    }
  }
  await inLock(pass, async (trx) => {
    await writeHoldings(trx, pass.communityId, user.userId, done);
    if (!wantsAny(user)) await forgetHolder(trx, pass.communityId, user.userId, nextLook(pass));
    await settle(trx, pass, user, putOff?.message || undefined);
  });
  if (putOff) throw putOff;
}

/** Notes why Discord refused a role: as the server's roles are by now, or else as Discord said. */
async function noteRefusedRole(pass: RolePass, roleId: string, reason: string): Promise<void> {
  const { db, giver, communityId, guildId, refused } = pass;
  let guild = pass.guild;
  try {
    guild = await giver.readGuild(guildId);
  } catch (error) {
    // What is known will do: it must not be asked for again.
    if (!(error instanceof PutOff)) throw error;
  }
  await noteRefusal(db, communityId, { roleId, reason: guild.whyNot(roleId) ?? reason }, guild, refused);
  pass.guild = withRefusals(guild, refused);
}

/** Notes when the user was seen, and when to look again; who is of no concern any more is forgotten. */
async function noteSeenUser(
  trx: Transaction<Database>,
  pass: RolePass,
  user: KnownUser,
  seen: GuildMember | undefined,
): Promise<void> {
  const { userId, memberId } = user;
  const lookAt = nextLook(pass);
  if (memberId === undefined || !wantsAny(user)) await forgetHolder(trx, pass.communityId, userId, lookAt);
  else if (seen) {
    await noteHolder(trx, pass.communityId, { userId, memberId }, { joinedAt: seen.joinedAt, lookAt });
  }
}

function nextLook({ clock }: RolePass): Date {
  return new Date(clock().getTime() + LOOK_MS);
}

function wantsAny({ roles }: KnownUser): boolean {
  return roles.some(({ wanted }) => wanted);
}

/** Notes that the user has left. What was granted waits, and lapses after some time. */
async function noteLeft(pass: RolePass, user: KnownUser): Promise<void> {
  const { communityId, clock } = pass;
  const { userId, memberId } = user;
  await inLock(pass, async (trx) => {
    const now = clock();
    if (memberId === undefined || !wantsAny(user)) {
      const holdings = user.roles.map(({ roleId }): HoldingChange => ({ roleId, holding: undefined }));
      await writeHoldings(trx, communityId, userId, holdings);
      await forgetHolder(trx, communityId, userId, now);
    } else {
      const lookAt = new Date(now.getTime() + LOOK_FOR_MISSING_MS);
      const leftAt = await noteMissing(trx, communityId, { userId, memberId }, { now, lookAt });
      const madeBefore = new Date(now.getTime() - KEPT_FOR_DAYS * DAY_MS);
      if (leftAt <= madeBefore) await lapseRoleGrants(trx, communityId, memberId, { madeBefore, reason: LAPSED, now });
    }
    await settle(trx, pass, user);
  });
}

async function settle(trx: Transaction<Database>, pass: RolePass, user: KnownUser, putOff?: string): Promise<void> {
  await settleRoleGrants(trx, pass.communityId, membersOf(user), pass.refused, putOff);
}

/** The member that the user is, and the one that it was. */
function membersOf({ memberId, lastMemberId }: KnownUser): number[] {
  return [...new Set([memberId, lastMemberId])].filter((id) => id !== undefined);
}

/** Writes something down, unless the community has another server by now. */
async function inLock(
  { db, communityId, guildId }: RolePass,
  work: (trx: Transaction<Database>) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const lock = await lockCommunity(trx, communityId);
    if (lock.guildId !== guildId) throw new PutOff('', 0);
    await work(trx);
  });
}
