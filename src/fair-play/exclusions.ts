/** Keeping members and roles from prizes or boards for a time. */
import type { Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { requireMember } from '../members/members.ts';
import { changeStandings, type LockedRanking, type RankingContext } from '../ranking/context.ts';
import { findExclusion, findSame, type Exclusion, type ExclusionTarget, type NewExclusion } from './exclusion-store.ts';
import { settleOffBoards } from './off-boards.ts';

/** Who lifts what has ended. */
const TIME: Actor = { name: 'the end date' };

/**
 * Excludes a member or a role. Contributions and balances stay, and go on growing. From boards, a member's standings go
 * in the same transaction; those of the members with a role are taken away after it, by pages
 * ({@link settleAllOffBoards}). All come back when it ends.
 *
 * @throws DomainError `unknown-member`, `invalid-parameter`, or `state-conflict` when it is so already
 */
export async function exclude(
  context: RankingContext,
  communityId: number,
  { target, scope, reason, endsAt }: NewExclusion,
  actor: Actor,
  now: Date,
): Promise<Exclusion> {
  if (endsAt && endsAt <= now) {
    throw new DomainError('invalid-parameter', `The end, ${endsAt.toISOString()}, is past. Choose a later one.`);
  }
  return changeStandings(context, communityId, async (trx, ranking) => {
    // Read before anything is changed: what is remembered of a version must be what was committed with it.
    const community = await context.directory.at(trx, communityId, ranking.lock.configVersion);
    // The role of everyone has the server's id.
    if ('roleId' in target && target.roleId === community.discordGuildId) {
      throw new DomainError('invalid-parameter', 'Everybody has @everyone. Choose another role.');
    }
    const memberId = 'member' in target ? (await requireMember(trx, communityId, target.member)).id : undefined;
    const who = { member_id: memberId ?? null, role_id: 'roleId' in target ? target.roleId : null };
    const same = await findSame(trx, communityId, who, scope);
    if (same !== undefined) {
      throw new DomainError(
        'state-conflict',
        `That is so already: exclusion ${same}. Lift it first to give another reason or end.`,
      );
    }
    const { exclusion_id: id } = await trx
      .insertInto('exclusions')
      .values({ community_id: communityId, ...who, scope, reason, starts_at: now, ends_at: endsAt ?? null })
      .returning('exclusion_id')
      .executeTakeFirstOrThrow();
    if (memberId !== undefined) await settleOffBoards(context, trx, ranking, communityId, [memberId]);
    await touchConfig(trx, communityId);
    const { exclusion } = await requireExclusion(trx, communityId, id);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'exclusion.create',
      target: nameOf(exclusion.target),
      after: { id, scope, reason, endsAt },
    });
    return exclusion;
  });
}

/**
 * Ends an exclusion now. Whom no other one keeps away comes back: a member in the same transaction, those with a role
 * after it, by pages ({@link settleAllOffBoards}).
 *
 * @throws DomainError `unknown-exclusion` when there is none of that id, or it has ended
 */
export async function liftExclusion(
  context: RankingContext,
  communityId: number,
  exclusionId: number,
  actor: Actor,
  now: Date,
): Promise<Exclusion> {
  return changeStandings(context, communityId, (trx, ranking) =>
    liftUnderLock(context, trx, ranking, communityId, exclusionId, actor, now),
  );
}

/**
 * Ends the exclusions whose end date has passed, each in a transaction of its own. Safe to repeat, and from several
 * processes at once.
 *
 * @returns how many were ended
 */
export async function liftEndedExclusions(context: RankingContext, now: Date): Promise<number> {
  const due = await context.db
    .selectFrom('exclusions')
    .select(['community_id', 'exclusion_id'])
    .where('lifted_at', 'is', null)
    .where('ends_at', '<=', now)
    .orderBy('ends_at')
    .execute();
  let lifted = 0;
  for (const { community_id, exclusion_id } of due) {
    try {
      await liftExclusion(context, community_id, exclusion_id, TIME, now);
      lifted += 1;
    } catch (error) {
      // Somebody else was faster.
      if (!(error instanceof DomainError && error.code === 'unknown-exclusion')) throw error;
    }
  }
  return lifted;
}

async function liftUnderLock(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  exclusionId: number,
  actor: Actor,
  now: Date,
): Promise<Exclusion> {
  await context.directory.at(trx, communityId, ranking.lock.configVersion);
  const { exclusion, memberId } = await requireExclusion(trx, communityId, exclusionId);
  await trx
    .updateTable('exclusions')
    .set({ lifted_at: now })
    .where('community_id', '=', communityId)
    .where('exclusion_id', '=', exclusionId)
    .execute();
  if (memberId !== undefined) await settleOffBoards(context, trx, ranking, communityId, [memberId]);
  await touchConfig(trx, communityId);
  const { target, scope, reason, endsAt } = exclusion;
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'exclusion.lift',
    target: nameOf(target),
    before: { id: exclusionId, scope, reason, endsAt },
  });
  return exclusion;
}

async function requireExclusion(trx: Transaction<Database>, communityId: number, exclusionId: number) {
  const found = await findExclusion(trx, communityId, exclusionId);
  if (found) return found;
  throw new DomainError('unknown-exclusion', `There is no exclusion ${exclusionId} in force. It may have ended.`);
}

function nameOf(target: ExclusionTarget): string {
  return 'member' in target ? target.member : `role ${target.roleId}`;
}
