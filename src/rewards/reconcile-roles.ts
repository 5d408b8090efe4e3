import { sql, type Kysely } from 'kysely';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { isSettled, planRoles } from './plan-roles.ts';
import { reconcileUser, type RolePass } from './reconcile-user.ts';
import { START, type Place } from './role-differences.ts';
import { PutOff, type RoleGiver } from './role-giver.ts';
import {
  beginPass,
  endPass,
  findNextPass,
  listDuePasses,
  putOffPass,
  readLastGrantId,
  type DuePass,
} from './role-passes.ts';
import { readRefusals, renewRefusals, withRefusals } from './role-refusals.ts';
import { readDueUsers } from './role-store.ts';
import { takeRolesLeftBehind } from './roles-left-behind.ts';
import { settleRoleGrants } from './settle-grants.ts';

/** How many communities are served at once: each waits for Discord. */
const AT_ONCE = 4;
/** How long a pass may take before others have their turn. It is gone on with at once. */
const PASS_MS = 10_000;
/** How many users are planned for, or looked at, between two questions to the database. */
const PAGE = 100;
const GRANTS_AT_ONCE = 500;

export type ReconcileOptions = {
  clock: () => Date;
  /** Once it is aborted nothing new is begun. */
  stopping: AbortSignal;
};

/**
 * Brings the roles on Discord in line with the ledger, where anything may differ: gives what is owed, takes what the bot
 * gave and nobody is entitled to any more or what it gave in servers that the community has left, and looks after those
 * who left. Each community is in one worker's hands at a
 * time. Safe to break off and to repeat.
 *
 * @returns when to go on, where Discord asked to wait
 */
export async function reconcileRoles(
  db: Kysely<Database>,
  giver: RoleGiver,
  options: ReconcileOptions,
): Promise<Date | undefined> {
  const due = (await listDuePasses(db, options.clock())).values();
  const moments: Date[] = [];
  const failures: unknown[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      // One iterator: each takes the next.
      for (const one of due) {
        if (options.stopping.aborted) return;
        try {
          const resumeAt = await reconcileCommunity(db, giver, one, options);
          if (resumeAt) moments.push(resumeAt);
        } catch (error) {
          // What ails one community must not keep the others from being served.
          failures.push(error);
        }
      }
    }),
  );
  if (failures.length > 0) {
    throw failures.length === 1 ? failures[0] : new AggregateError(failures, 'Comparing roles failed');
  }
  const next = await findNextPass(db, options.clock());
  if (next) moments.push(next);
  return moments.toSorted((a, b) => a.getTime() - b.getTime()).at(0);
}

/** @returns when to go on, where it was put off */
async function reconcileCommunity(
  db: Kysely<Database>,
  giver: RoleGiver,
  due: DuePass,
  { clock, stopping }: ReconcileOptions,
): Promise<Date | undefined> {
  const { communityId } = due;
  const began = clock();
  if (!(await beginPass(db, communityId, began))) return undefined;
  const lastGrantId = await readLastGrantId(db, communityId);
  const goOn = () => {
    if (stopping.aborted || clock().getTime() - began.getTime() > PASS_MS) throw new PutOff('', 0);
  };
  const pass: Pass = { db, giver, due, clock, goOn, place: due.from };
  try {
    // Each server has limits of its own: one that is waited for does not hold up the others.
    const putOff = await untilPutOff(() => makePass(pass));
    await takeRolesLeftBehind({ db, giver, communityId, clock, goOn });
    if (putOff) throw putOff;
  } catch (error) {
    const isPutOff = error instanceof PutOff;
    const resumeAt = new Date(clock().getTime() + (isPutOff ? error.afterMs : 0));
    await putOffPass(db, communityId, resumeAt, isPutOff ? pass.place : START);
    if (isPutOff) return resumeAt;
    throw error;
  }
  await endPass(db, due, { lastGrantId, now: began });
  return undefined;
}

type Pass = Pick<RolePass, 'db' | 'giver' | 'clock' | 'goOn'> & {
  due: DuePass;
  /** How far it has come. */
  place: Place;
};

/**
 * Compares all roles of a community. A pass that was broken off is gone on with, so that each user costs the same however
 * many there are, and is then made once more from the start: what has changed meanwhile is found.
 *
 * @throws PutOff where it could not be made whole
 */
async function makePass(pass: Pass): Promise<void> {
  const { db, giver, due, clock, goOn } = pass;
  const { communityId, guildId } = due;
  if (guildId === undefined) return;
  if (!due.looksAtServer && (await isNothingToAsk(db, communityId, clock()))) {
    return settleNew(db, due, await readRefusals(db, communityId));
  }
  const isWhole = pass.place === START;
  const read = await giver.readGuild(guildId);
  const refused = isWhole ? await renewRefusals(db, communityId, read) : await readRefusals(db, communityId, read);
  const guild = withRefusals(read, refused);
  await reconcileAll(pass, { db, giver, communityId, guildId, guild, refused, clock, goOn });
  if (isWhole) return settleNew(db, due, refused);
  pass.place = START;
  await makePass(pass);
}

async function reconcileAll(pass: Pass, rolePass: RolePass): Promise<void> {
  await lookAtDueUsers(rolePass);
  const { db, communityId, guild } = rolePass;
  const options = { pageSize: PAGE, askable: true, from: pass.place };
  for await (const page of planRoles(db, communityId, guild, options)) {
    const compared = new Set<string>();
    for (const { action, userId, member } of page) {
      if (action === 'cannot' || userId === undefined || compared.has(userId)) continue;
      compared.add(userId);
      pass.place = action === 'give' && member ? { ...pass.place, member: member.id } : { ...pass.place, user: userId };
      rolePass.goOn();
      await reconcileUser(rolePass, userId, { look: false });
    }
  }
}

async function untilPutOff(work: () => Promise<void>): Promise<PutOff | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof PutOff) return error;
    throw error;
  }
}

async function isNothingToAsk(db: Kysely<Database>, communityId: number, now: Date): Promise<boolean> {
  return (await readDueUsers(db, communityId, now, 1)).length === 0 && isSettled(db, communityId);
}

async function lookAtDueUsers(pass: RolePass): Promise<void> {
  const now = pass.clock();
  for (;;) {
    const users = await readDueUsers(pass.db, pass.communityId, now, PAGE);
    if (users.length === 0) return;
    for (const userId of users) {
      pass.goOn();
      await reconcileUser(pass, userId, { look: true });
    }
  }
}

/**
 * Brings the states of grants in line with the records, where Discord was not asked: of what was granted since the last
 * pass, and of what cannot be given.
 */
async function settleNew(
  db: Kysely<Database>,
  { communityId, sinceGrantId }: DuePass,
  refused: ReadonlyMap<string, string>,
): Promise<void> {
  let after = refused.size > 0 ? 0n : sinceGrantId;
  for (;;) {
    const { rows } = await sql<{ grantId: bigint; memberId: number }>`
      select grant_id as "grantId", member_id as "memberId" from grants
      where community_id = ${communityId} and grant_id > ${after} and kind = 'role' and state in ('made', 'delivering')
        and (grant_id > ${sinceGrantId} or coalesce(role_id, '@' || name) = any(${[...refused.keys()]}::text[]))
      order by grant_id limit ${GRANTS_AT_ONCE}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    await db.transaction().execute(async (trx) => {
      await lockCommunity(trx, communityId);
      await settleRoleGrants(trx, communityId, [...new Set(rows.map(({ memberId }) => memberId))], refused);
    });
    after = last.grantId;
  }
}
