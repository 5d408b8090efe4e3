/** What a cap holds back, until an admin releases or refuses it. */
import { sql, type Kysely } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { violatedCheck } from '../db/errors.ts';
import { DomainError } from '../errors.ts';
import { reconsiderMember } from '../quests/reconsider.ts';
import { changeStandings, type RankingContext } from '../ranking/context.ts';
import { recomputeMember } from '../ranking/recompute.ts';

/** A contribution that waits. The number names it; amount and reward are in thousandths. */
export type HeldContribution = {
  number: bigint;
  source: string;
  id: string;
  handle: string;
  displayName: string;
  categoryId: number;
  amount: bigint;
  reward: bigint;
  occurredAt: Date;
  heldAt: Date;
  reason: string;
};

/** `release`: it counts from now on. `refuse`: it never counts. */
export type Decision = 'release' | 'refuse';

/** A page of what waits, oldest first, from the one after a number on. */
export async function listHeld(
  db: Kysely<Database>,
  communityId: number,
  { after = 0n, limit }: { after?: bigint | undefined; limit: number },
): Promise<HeldContribution[]> {
  const { rows } = await sql<HeldContribution>`
    select h.seq as number, s.name as source, c.external_id as id, m.handle, m.display_name as "displayName", c.category_id as "categoryId",
      c.amount, c.reward, c.occurred_at as "occurredAt", ch.at as "heldAt", ch.reason
    from held_contributions h
    join contribution_changes ch on ch.community_id = h.community_id and ch.seq = h.seq
    join contributions c on c.community_id = h.community_id and c.source_id = h.source_id and c.external_id = h.external_id
    join sources s on s.community_id = h.community_id and s.source_id = h.source_id
    join members m on m.community_id = h.community_id and m.member_id = c.member_id
    where h.community_id = ${communityId} and h.seq > ${after}::bigint order by h.seq limit ${limit}`.execute(db);
  return rows;
}

/**
 * Decides about a held contribution, once: released, it counts from now on, in the windows that its time falls in; refused,
 * it stays uncounted. Takes a sequence number.
 *
 * @throws DomainError `unknown-contribution`, or `state-conflict` when it was decided before
 */
export async function decideHeld(
  context: RankingContext,
  communityId: number,
  { number, decision, reason }: { number: bigint; decision: Decision; reason: string },
  actor: Actor,
  now: Date,
): Promise<{ source: string; id: string; handle: string }> {
  try {
    return await changeStandings(context, communityId, async (trx, ranking) => {
      const { rows } = await sql<{ sourceId: number; source: string; id: string; memberId: number; handle: string }>`
        with waiting as (
          delete from held_contributions where community_id = ${communityId} and seq = ${number}::bigint
          returning community_id, source_id, external_id
        )
        select c.source_id as "sourceId", s.name as source, c.external_id as id, c.member_id as "memberId", m.handle
        from waiting w
        join contributions c on c.community_id = w.community_id and c.source_id = w.source_id and c.external_id = w.external_id
        join sources s on s.community_id = c.community_id and s.source_id = c.source_id
        join members m on m.community_id = c.community_id and m.member_id = c.member_id`.execute(trx);
      const [held] = rows;
      if (!held) throw await whyNot(trx, communityId, number);
      const { firstSeq: seq } = await lockCommunity(trx, communityId, 1);
      await sql`
        insert into contribution_changes (community_id, seq, source_id, external_id, kind, reason, actor, at)
        values (${communityId}, ${seq}, ${held.sourceId}, ${held.id}, ${decision}, ${reason}, ${actor.name}, ${now})`.execute(
        trx,
      );
      if (decision === 'release') {
        await sql`
          update contributions set counted = true
          where community_id = ${communityId} and source_id = ${held.sourceId} and external_id = ${held.id}`.execute(
          trx,
        );
        await recomputeMember(context, trx, ranking, communityId, held.memberId);
        const community = await context.directory.at(trx, communityId, ranking.lock.configVersion);
        await reconsiderMember(trx, community, held.memberId, now);
      }
      const { source, id, handle } = held;
      await writeAudit(trx, {
        communityId,
        at: now,
        actor,
        action: `contribution.${decision}`,
        target: `${source} ${id}`,
        after: { member: handle, reason },
      });
      return { source, id, handle };
    });
  } catch (error) {
    if (violatedCheck(error) !== 'members_totals') throw error;
    const problem = 'With it, the total of the member would be larger than can be counted. It stays held.';
    throw new DomainError('state-conflict', problem, { cause: error });
  }
}

/** Tells what was decided before from what was never held. */
async function whyNot(db: Kysely<Database>, communityId: number, number: bigint): Promise<DomainError> {
  const { rows } = await sql<{ kind: string; actor: string }>`
    select later.kind, later.actor from contribution_changes ch
    join contribution_changes later on later.community_id = ch.community_id and later.source_id = ch.source_id
      and later.external_id = ch.external_id and later.seq > ch.seq and later.kind in ('release', 'refuse')
    where ch.community_id = ${communityId} and ch.seq = ${number}::bigint and ch.kind = 'hold'
    order by later.seq limit 1`.execute(db);
  const [decided] = rows;
  if (!decided) return new DomainError('unknown-contribution', `No contribution is held under the number ${number}.`);
  const done = decided.kind === 'release' ? 'released' : 'refused';
  return new DomainError('state-conflict', `It was ${done} already, by ${decided.actor}. Nothing was changed now.`);
}
