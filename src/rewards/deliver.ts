import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';

/** What became of giving or taking a role. `later`: nobody is to blame; it is tried again by itself. */
export type RoleOutcome = { done: true } | { refused: string } | { later: string };

/** Gives and takes roles of a Discord guild. */
export type RoleGiver = {
  /** Makes a member of the guild have a role, or not. Safe to repeat. Never throws. */
  setRole(guildId: string, userId: string, roleId: string, has: boolean, reason: string): Promise<RoleOutcome>;
};

type Undelivered = {
  communityId: number;
  grantId: bigint;
  guildId: string;
  userId: string;
  roleId: string;
  /** Whether the member is entitled to the role now, by all that was granted and taken back. */
  has: boolean;
  reason: string;
};

/** How many roles are given between two looks at what is due. */
const BATCH = 100;

/**
 * Delivers the roles that were granted, and takes those that were taken back. Giving what is there changes nothing, so
 * a delivery that was cut off is simply made again. What Discord refuses rests as failed, with the reason, and is not
 * tried again by itself. Who is not linked to a Discord account waits.
 */
export async function deliverRoles(
  db: Kysely<Database>,
  roles: RoleGiver,
  { stopping }: { stopping: AbortSignal },
): Promise<void> {
  // A guild that cannot be served now is left alone until the next run.
  const left = new Set<string>();
  let after: Pick<Undelivered, 'communityId' | 'grantId'> = { communityId: 0, grantId: 0n };
  for (let batch = await readUndelivered(db, after); batch.length > 0; batch = await readUndelivered(db, after)) {
    for (const one of batch) {
      after = one;
      if (left.has(one.guildId)) continue;
      if (stopping.aborted) return;
      await note(db, one, 'delivering', undefined);
      const outcome = await roles.setRole(one.guildId, one.userId, one.roleId, one.has, one.reason);
      if ('later' in outcome) {
        left.add(one.guildId);
        await note(db, one, 'made', outcome.later);
      } else if ('refused' in outcome) {
        await note(db, one, 'failed', outcome.refused);
      } else {
        await note(db, one, 'delivered', undefined);
      }
    }
  }
}

async function readUndelivered(
  db: Kysely<Database>,
  after: Pick<Undelivered, 'communityId' | 'grantId'>,
): Promise<Undelivered[]> {
  const { rows } = await sql<Undelivered>`
    select g.community_id as "communityId", g.grant_id as "grantId", c.discord_guild_id as "guildId",
      m.discord_user_id as "userId", g.role_id as "roleId", g.reason,
      (select sum(o.amount) > 0 from grants o
       where o.community_id = g.community_id and o.member_id = g.member_id and o.kind = 'role' and o.role_id = g.role_id
      ) as has
    from communities c cross join lateral (
      select * from grants
      where community_id = c.community_id and state in ('made', 'delivering') and kind = 'role'
        and (community_id, grant_id) > (${after.communityId}::int, ${after.grantId}::bigint)
    ) g join members m on m.community_id = g.community_id and m.member_id = g.member_id
    where c.discord_guild_id is not null and m.discord_user_id is not null and g.role_id is not null
    order by g.community_id, g.grant_id limit ${BATCH}`.execute(db);
  return rows;
}

async function note(
  db: Kysely<Database>,
  { communityId, grantId }: Undelivered,
  state: 'made' | 'delivering' | 'delivered' | 'failed',
  reason: string | undefined,
): Promise<void> {
  await db
    .updateTable('grants')
    .set({ state, state_reason: reason ?? null })
    .where('community_id', '=', communityId)
    .where('grant_id', '=', grantId)
    .execute();
}
