import { sql, type Kysely, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { isDeliveredByHand, readGrant, type GrantState, type ListedGrant } from './grant-list.ts';
import type { RewardKind } from './reward.ts';
import { userOfMember } from './role-differences.ts';
import { demandPass } from './role-passes.ts';

/** Kinds that have to be delivered at all. */
export const DELIVERABLE_KINDS = ['role', 'nft', 'access'] as const satisfies readonly RewardKind[];

const NO_REASON = 'It could not be delivered; no reason was given.';

/**
 * Notes that an NFT or access was delivered, or could not be. Noting the same again changes nothing.
 *
 * @throws DomainError `unknown-grant`, or `state-conflict` for what is not delivered by hand, was delivered, taken back
 *   before, or has lapsed
 */
export async function noteDelivery(
  db: Kysely<Database>,
  communityId: number,
  id: bigint,
  { outcome, reason }: { outcome: 'delivered' | 'failed'; reason: string | undefined },
  actor: Actor,
  now: Date,
): Promise<ListedGrant> {
  return changeGrant(db, communityId, id, async (trx, grant) => {
    if (!isDeliveredByHand(grant.kind)) throw conflict(grant, `is a ${grant.kind}, which ${WHO_DELIVERS[grant.kind]}`);
    const stateReason = outcome === 'failed' ? (reason ?? NO_REASON) : reason;
    if (grant.state === outcome && (outcome === 'delivered' || grant.stateReason === stateReason)) return;
    if (grant.state !== 'made' && grant.state !== 'failed') throw conflict(grant, ABOUT_STATE[grant.state]);
    await setState(trx, communityId, id, outcome, stateReason);
    await audit(trx, communityId, `grant.${outcome}`, grant, { state: outcome, reason: stateReason }, actor, now);
  });
}

/**
 * Has a grant that failed or lapsed delivered after all: a role by the bot, the rest by whoever delivers it. One that
 * waits already is looked at soon.
 *
 * @throws DomainError `unknown-grant`, or `state-conflict` for one that is delivered, in effect or withdrawn
 */
export async function retryGrant(
  db: Kysely<Database>,
  communityId: number,
  id: bigint,
  actor: Actor,
  now: Date,
): Promise<ListedGrant> {
  return changeGrant(db, communityId, id, async (trx, grant) => {
    const waits = grant.state === 'made' || grant.state === 'delivering';
    if (!waits && grant.state !== 'failed' && grant.state !== 'lapsed') throw conflict(grant, ABOUT_STATE[grant.state]);
    if (!waits) {
      await setState(trx, communityId, id, 'made', undefined);
      await audit(trx, communityId, 'grant.retry', grant, { state: 'made' }, actor, now);
    }
    if (grant.kind === 'role') await askAgain(trx, communityId, sql`g.grant_id = ${id}`, now);
  });
}

/** Has all that failed delivered after all, of a kind if one is named. Returns how many. Safe to repeat. */
export async function retryFailedGrants(
  db: Kysely<Database>,
  communityId: number,
  kind: (typeof DELIVERABLE_KINDS)[number] | undefined,
  actor: Actor,
  now: Date,
): Promise<number> {
  return db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const ofKind = kind === undefined ? sql`` : sql`and g.kind = ${kind}`;
    if (kind === undefined || kind === 'role') {
      await askAgain(trx, communityId, sql`g.state = 'failed' and g.kind = 'role'`, now);
    }
    const { rows } = await sql<{ count: number }>`
      with retried as (
        update grants g set state = 'made', state_reason = null
        where g.community_id = ${communityId} and g.state = 'failed' ${ofKind} returning 1
      )
      select count(*)::int as count from retried`.execute(trx);
    const count = rows[0]?.count ?? 0;
    if (count > 0) {
      await writeAudit(trx, {
        communityId,
        at: now,
        actor,
        action: 'grant.retry',
        target: kind === undefined ? 'all that failed' : `all of kind ${kind} that failed`,
        after: { count },
      });
    }
    return count;
  });
}

const WHO_DELIVERS: Record<RewardKind, string> = {
  role: 'the bot gives. Retry it where it failed.',
  tokens: 'is in effect at once.',
  governance: 'is in effect at once.',
  reputation: 'is in effect at once.',
  badge: 'is in effect at once.',
  nft: 'is delivered by hand.',
  access: 'is delivered by hand.',
};

const ABOUT_STATE: Record<GrantState, string> = {
  effective: 'is in effect: there is nothing to deliver.',
  made: 'waits to be delivered already.',
  delivering: 'is being delivered.',
  delivered: 'was delivered already.',
  failed: 'failed. Retry it first.',
  withdrawn: 'was taken back before it was delivered. There is nothing to deliver.',
  lapsed: 'has lapsed. Retry it to give it after all.',
};

function conflict({ id }: ListedGrant, problem: string): DomainError {
  return new DomainError('state-conflict', `Grant ${id} ${problem}`);
}

async function changeGrant(
  db: Kysely<Database>,
  communityId: number,
  id: bigint,
  change: (trx: Transaction<Database>, grant: ListedGrant) => Promise<void>,
): Promise<ListedGrant> {
  return db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    await change(trx, await requireGrant(trx, communityId, id));
    return requireGrant(trx, communityId, id);
  });
}

async function requireGrant(db: Kysely<Database>, communityId: number, id: bigint): Promise<ListedGrant> {
  const grant = await readGrant(db, communityId, id);
  if (grant) return grant;
  throw new DomainError('unknown-grant', `There is no grant ${id}. The list shows their ids.`);
}

async function setState(
  trx: Transaction<Database>,
  communityId: number,
  id: bigint,
  state: GrantState,
  reason: string | undefined,
): Promise<void> {
  await trx
    .updateTable('grants')
    .set({ state, state_reason: reason ?? null })
    .where('community_id', '=', communityId)
    .where('grant_id', '=', id)
    .execute();
}

async function audit(
  trx: Transaction<Database>,
  communityId: number,
  action: string,
  { id, state, stateReason }: ListedGrant,
  after: object,
  actor: Actor,
  now: Date,
): Promise<void> {
  const before = { state, reason: stateReason };
  await writeAudit(trx, { communityId, at: now, actor, action, target: String(id), before, after });
}

/** Lets the bot ask Discord again for the roles of some grants `g`, as if it had never been refused, and soon. */
async function askAgain(
  trx: Transaction<Database>,
  communityId: number,
  which: ReturnType<typeof sql>,
  now: Date,
): Promise<void> {
  const whose = sql`
    from grants g join members m on m.community_id = g.community_id and m.member_id = g.member_id
    cross join lateral ${userOfMember()} u
    where g.community_id = ${communityId} and ${which}`;
  await sql`
    delete from role_refusals r where r.community_id = ${communityId} and r.role in (
      select coalesce(g.role_id, '@' || g.name) ${whose})`.execute(trx);
  await sql`
    delete from role_holdings h
    where h.community_id = ${communityId} and h.state = 'left-alone' and (h.discord_user_id, h.role_id) in (
      select u.user_id, g.role_id ${whose})`.execute(trx);
  await sql`
    update role_holders k set look_at = ${now}
    where k.community_id = ${communityId} and k.left_at is not null and k.discord_user_id in (select u.user_id ${whose})`.execute(
    trx,
  );
  await demandPass(trx, communityId);
}
