/** Roles that the bot gave in a server which the community has left since. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { writeAudit } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { NotInGuild, type GuildRoles, type RoleGiver } from './role-giver.ts';
import { restartPass } from './role-passes.ts';
import { IS_LATEST, RECONCILER } from './settle-grants.ts';

/** For the audit log of the server. */
const REASON = 'The community has left this server';
const STAYS = 'Whoever has these roles keeps them. Take them off there, or delete the roles.';
/** How many are read at once. */
const PAGE = 100;

/** A community that has left a server, and what comparing its roles needs. */
type Leaving = {
  db: Kysely<Database>;
  giver: RoleGiver;
  communityId: number;
  clock: () => Date;
  /** Throws `PutOff` when it is time to end. */
  goOn: () => void;
};

/**
 * Parts a community from its server: what the bot gave there is to be taken back, and what was granted is to be given in
 * the next one, where a role that was granted by name is looked for anew. For a transaction that holds the community's
 * lock.
 *
 * @returns how many roles are to be taken back
 */
export async function leaveRolesBehind(
  trx: Transaction<Database>,
  communityId: number,
  guildId: string,
  now: Date,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    insert into roles_left_behind (community_id, guild_id, discord_user_id, role_id)
    select community_id, ${guildId}, discord_user_id, role_id from role_holdings
    where community_id = ${communityId} and state in ('giving', 'ours', 'taking')
    on conflict do nothing`.execute(trx);
  for (const table of ['role_holdings', 'role_holders', 'role_refusals'] as const) {
    await trx.deleteFrom(table).where('community_id', '=', communityId).execute();
  }
  await restartPass(trx, communityId, now);
  await sql`
    update grants set role_id = null
    where community_id = ${communityId} and kind = 'role' and name is not null and role_id is not null`.execute(trx);
  await sql`
    update grants g set state = 'made', state_reason = null
    where community_id = ${communityId} and kind = 'role' and state in ('delivering', 'delivered', 'failed')
      and amount > 0 and ${IS_LATEST}`.execute(trx);
  return Number(numAffectedRows);
}

/** Lets a community that is back in a server have again what has not been taken there. For a transaction that holds its lock. */
export async function findRolesAgain(trx: Transaction<Database>, communityId: number, guildId: string): Promise<void> {
  // Somebody may be asking to take them: whoever looks at the user next sees what came of it.
  await sql`
    with found as (
      delete from roles_left_behind where community_id = ${communityId} and guild_id = ${guildId}
      returning community_id, discord_user_id, role_id
    )
    insert into role_holdings (community_id, discord_user_id, role_id, state)
    select *, 'taking' from found on conflict do nothing`.execute(trx);
}

/**
 * Takes back the roles that the bot gave in servers which a community has left, with one request each. What cannot be
 * taken stays there, and the audit log says so. Safe to break off and to repeat.
 *
 * @throws PutOff where Discord could not be asked
 */
export async function takeRolesLeftBehind(leaving: Leaving): Promise<void> {
  const { db, communityId } = leaving;
  const guilds = await db
    .selectFrom('roles_left_behind')
    .select('guild_id')
    .distinct()
    .where('community_id', '=', communityId)
    .execute();
  for (const { guild_id } of guilds) await takeFromGuild(leaving, guild_id);
}

async function takeFromGuild(leaving: Leaving, guildId: string): Promise<void> {
  const { db, giver, communityId, goOn } = leaving;
  goOn();
  const roleIds = await readRoleIds(db, communityId, guildId);
  let guild: GuildRoles;
  try {
    guild = await giver.readGuild(guildId);
  } catch (error) {
    if (!(error instanceof NotInGuild)) throw error;
    return abandon(leaving, guildId, roleIds, 'The bot is not in that server.');
  }
  for (const roleId of roleIds) {
    const why = guild.whyNotTake(roleId);
    // Of a role that is gone nothing is left.
    if (!guild.has(roleId)) await strike(db, communityId, guildId, roleId);
    else if (why !== undefined) await abandon(leaving, guildId, [roleId], why);
  }
  let left = await readLeft(db, communityId, guildId);
  for (; left.length > 0; left = await readLeft(db, communityId, guildId)) await takeSome(leaving, guildId, left);
}

async function takeSome(leaving: Leaving, guildId: string, left: readonly LeftRole[]): Promise<void> {
  const { db, giver, communityId, goOn } = leaving;
  const refused = new Set<string>();
  for (const { userId, roleId } of left) {
    if (refused.has(roleId)) continue;
    goOn();
    const outcome = await giver.setRole(guildId, userId, roleId, false, REASON);
    if ('refused' in outcome && outcome.refused === 'role') {
      refused.add(roleId);
      await abandon(leaving, guildId, [roleId], outcome.reason);
    } else await strike(db, communityId, guildId, roleId, userId);
  }
}

/** Leaves roles where they are, and says so. */
async function abandon(
  { db, communityId, clock }: Leaving,
  guildId: string,
  roleIds: readonly string[],
  reason: string,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    let members = 0;
    for (const roleId of roleIds) members += await strike(trx, communityId, guildId, roleId);
    if (members === 0) return;
    const after = { roles: roleIds, given: members, reason: `${reason} ${STAYS}` };
    const action = 'roles.left-behind';
    await writeAudit(trx, { communityId, at: clock(), actor: RECONCILER, action, target: guildId, after });
  });
}

type LeftRole = { userId: string; roleId: string };

async function readLeft(db: Kysely<Database>, communityId: number, guildId: string): Promise<LeftRole[]> {
  return db
    .selectFrom('roles_left_behind')
    .select(['discord_user_id as userId', 'role_id as roleId'])
    .where('community_id', '=', communityId)
    .where('guild_id', '=', guildId)
    .orderBy('discord_user_id')
    .limit(PAGE)
    .execute();
}

async function readRoleIds(db: Kysely<Database>, communityId: number, guildId: string): Promise<string[]> {
  const rows = await db
    .selectFrom('roles_left_behind')
    .select('role_id')
    .distinct()
    .where('community_id', '=', communityId)
    .where('guild_id', '=', guildId)
    .execute();
  return rows.map((row) => row.role_id);
}

/** Forgets of a role that it was left, by one user or by all, and returns by how many. */
async function strike(
  db: Kysely<Database>,
  communityId: number,
  guildId: string,
  roleId: string,
  userId?: string,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`
    delete from roles_left_behind
    where community_id = ${communityId} and guild_id = ${guildId} and role_id = ${roleId}
      and discord_user_id = coalesce(${userId ?? null}::text, discord_user_id)`.execute(db);
  return Number(numAffectedRows);
}
