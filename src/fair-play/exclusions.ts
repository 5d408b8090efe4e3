/** Keeping members from prizes or boards for a time. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { requireMember } from '../members/members.ts';
import { changeStandings, type LockedRanking, type RankingContext } from '../ranking/context.ts';
import { recomputeMember } from '../ranking/recompute.ts';

export const EXCLUSION_SCOPES = ['prizes', 'boards'] as const;
/** From what: prizes alone, where the rank stays and the prize passes on; or boards, and with them prizes. */
type ExclusionScope = (typeof EXCLUSION_SCOPES)[number];

/** Who is kept away: a member by handle, or everybody with a Discord role. */
export type ExclusionTarget = { member: string } | { roleId: string };

export type NewExclusion = {
  target: ExclusionTarget;
  scope: ExclusionScope;
  reason: string;
  /** Undefined: until it is lifted. */
  endsAt: Date | undefined;
};

export type Exclusion = NewExclusion & { id: number; startsAt: Date };

/** Who lifts what has ended. */
const TIME: Actor = { name: 'the end date' };

/**
 * Excludes a member or a role. From boards, the member's standings go in the same transaction, and come back when it
 * ends; contributions and balances stay. A role is excluded from prizes alone: who has one is known only as Discord
 * tells it, and standings are a function of contributions.
 *
 * @throws DomainError `unknown-member`, `invalid-parameter`, or `state-conflict` when it is so already
 */
export async function exclude(
  context: RankingContext,
  communityId: number,
  wanted: NewExclusion,
  actor: Actor,
  now: Date,
): Promise<Exclusion> {
  const { target, scope, reason, endsAt } = wanted;
  if (endsAt && endsAt <= now) {
    throw new DomainError('invalid-parameter', `The end, ${endsAt.toISOString()}, is past. Choose a later one.`);
  }
  if ('roleId' in target && scope === 'boards') {
    throw new DomainError(
      'invalid-parameter',
      'A role can be excluded from prizes only. To keep people from boards, exclude each member.',
    );
  }
  return changeStandings(context, communityId, async (trx, ranking) => {
    // Read before anything is changed: what is remembered of a version must be what was committed with it.
    await context.directory.at(trx, communityId, ranking.lock.configVersion);
    const member = 'member' in target ? await requireMember(trx, communityId, target.member) : undefined;
    const who = { member_id: member?.id ?? null, role_id: 'roleId' in target ? target.roleId : null };
    await refuseSecond(trx, communityId, who, scope);
    const { exclusion_id: id } = await trx
      .insertInto('exclusions')
      .values({ community_id: communityId, ...who, scope, reason, starts_at: now, ends_at: endsAt ?? null })
      .returning('exclusion_id')
      .executeTakeFirstOrThrow();
    if (member && scope === 'boards') await recomputeMember(context, trx, ranking, communityId, member.id);
    await touchConfig(trx, communityId);
    const exclusion: Exclusion = {
      id,
      target: member ? { member: member.handle } : target,
      scope,
      reason,
      startsAt: now,
      endsAt,
    };
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
 * Ends an exclusion now.
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

/** The exclusions in force, oldest first. */
export async function listExclusions(db: Kysely<Database>, communityId: number): Promise<Exclusion[]> {
  const rows = await selectExclusions(db, communityId).orderBy('x.exclusion_id').execute();
  return rows.map(toExclusion);
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
  const row = await selectExclusions(trx, communityId).where('x.exclusion_id', '=', exclusionId).executeTakeFirst();
  if (!row) {
    throw new DomainError('unknown-exclusion', `There is no exclusion ${exclusionId} in force. It may have ended.`);
  }
  await trx
    .updateTable('exclusions')
    .set({ lifted_at: now })
    .where('community_id', '=', communityId)
    .where('exclusion_id', '=', exclusionId)
    .execute();
  if (row.member_id !== null && row.scope === 'boards') {
    await recomputeMember(context, trx, ranking, communityId, row.member_id);
  }
  await touchConfig(trx, communityId);
  const exclusion = toExclusion(row);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'exclusion.lift',
    target: nameOf(exclusion.target),
    before: { id: exclusionId, scope: exclusion.scope, reason: exclusion.reason, endsAt: exclusion.endsAt },
  });
  return exclusion;
}

async function refuseSecond(
  trx: Transaction<Database>,
  communityId: number,
  who: { member_id: number | null; role_id: string | null },
  scope: ExclusionScope,
): Promise<void> {
  const same = await selectExclusions(trx, communityId)
    .where(sql<boolean>`(x.member_id, x.role_id) is not distinct from (${who.member_id}::int, ${who.role_id}::text)`)
    .where('x.scope', '=', scope)
    .executeTakeFirst();
  if (!same) return;
  throw new DomainError(
    'state-conflict',
    `That is so already: exclusion ${same.exclusion_id}. Lift it first to give another reason or end.`,
  );
}

function selectExclusions(db: Kysely<Database>, communityId: number) {
  return db
    .selectFrom('exclusions as x')
    .leftJoin('members as m', (join) =>
      join.onRef('m.community_id', '=', 'x.community_id').onRef('m.member_id', '=', 'x.member_id'),
    )
    .select([
      'x.exclusion_id',
      'x.member_id',
      'x.role_id',
      'x.scope',
      'x.reason',
      'x.starts_at',
      'x.ends_at',
      'm.handle',
    ])
    .where('x.community_id', '=', communityId)
    .where('x.lifted_at', 'is', null);
}

type ExclusionRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectExclusions>['executeTakeFirst']>>>;

function toExclusion(row: ExclusionRow): Exclusion {
  return {
    id: row.exclusion_id,
    target: row.handle === null ? { roleId: row.role_id ?? '' } : { member: row.handle },
    scope: row.scope,
    reason: row.reason,
    startsAt: row.starts_at,
    endsAt: row.ends_at ?? undefined,
  };
}

function nameOf(target: ExclusionTarget): string {
  return 'member' in target ? target.member : `role ${target.roleId}`;
}
