/** Roles that cannot be given or taken. What is refused once is not asked for again until the server's roles change. */
import { sql, type Kysely } from 'kysely';
import { lockCommunity } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { LIVE } from './role-differences.ts';
import type { GuildRoles } from './role-giver.ts';
import { settleRoleGrants } from './settle-grants.ts';

/** Why roles cannot be given: by id, or `@` and the name of one that is known by name alone. */
export type Refusals = Map<string, string>;

/** The roles of a server, with what Discord refused though nothing of them explains why. */
export function withRefusals(guild: GuildRoles, refused: Refusals): GuildRoles {
  const unexplained = (roleId: string) => (guild.whyNot(roleId) === undefined ? refused.get(roleId) : undefined);
  return {
    ...guild,
    whyNot: (roleId) => guild.whyNot(roleId) ?? refused.get(roleId),
    whyNotTake: (roleId) => guild.whyNotTake(roleId) ?? unexplained(roleId),
  };
}

/** How many grants, and how many members, one transaction changes. */
const GRANTS_AT_ONCE = 5_000;
const MEMBERS_AT_ONCE = 500;

/**
 * Holds every role that is granted or recorded against the server's roles as they are: finds those that are known by
 * name, writes down which cannot be given and why, and lets what was granted of them fail, or no longer fail. Records
 * of roles that are gone are struck. Safe to break off and to repeat.
 *
 * @returns what cannot be given now
 */
export async function renewRefusals(db: Kysely<Database>, communityId: number, guild: GuildRoles): Promise<Refusals> {
  const known = await readKnown(db, communityId);
  const refused: Refusals = new Map();
  for (const name of await readNames(db, communityId)) {
    const found = guild.named(name);
    if ('problem' in found) refused.set(`@${name}`, found.problem);
    else await nameById(db, communityId, name, found.roleId);
  }
  const roleIds = await readRoleIds(db, communityId);
  for (const roleId of roleIds) {
    const why = guild.whyNot(roleId) ?? askedInVain(known.get(roleId), guild);
    if (why !== undefined) refused.set(roleId, why);
  }
  await strikeRecords(
    db,
    communityId,
    roleIds.filter((roleId) => !guild.has(roleId)),
  );
  const all = new Set([...known.keys(), ...refused.keys()]);
  const changed = [...all].filter((role) => known.get(role)?.reason !== refused.get(role));
  // Written down last: broken off before, it is all done again.
  await settleMembersOf(db, communityId, changed, refused);
  await write(db, communityId, refused, guild.version);
  await strike(
    db,
    communityId,
    changed.filter((role) => !refused.has(role)),
  );
  return refused;
}

/** Notes that Discord refused a role though nothing of what is known of it explains why. */
export async function noteRefusal(
  db: Kysely<Database>,
  communityId: number,
  { roleId, reason }: { roleId: string; reason: string },
  guild: GuildRoles,
  refused: Refusals,
): Promise<void> {
  refused.set(roleId, reason);
  // Written down first, so that it is not asked for again whatever happens now.
  await write(db, communityId, new Map([[roleId, reason]]), guild.version);
  await settleMembersOf(db, communityId, [roleId], refused);
}

/** Reads what could not be given when it was last looked at; with the server's roles, only what that is still true of. */
export async function readRefusals(
  db: Kysely<Database>,
  communityId: number,
  guild?: Pick<GuildRoles, 'version'>,
): Promise<Refusals> {
  const known = await readKnown(db, communityId);
  const standing = [...known].filter(([, { version }]) => guild === undefined || version === guild.version);
  return new Map(standing.map(([role, { reason }]) => [role, reason]));
}

type Known = Map<string, { reason: string; version: string }>;

async function readKnown(db: Kysely<Database>, communityId: number): Promise<Known> {
  const rows = await db.selectFrom('role_refusals').selectAll().where('community_id', '=', communityId).execute();
  return new Map(rows.map((row) => [row.role, { reason: row.reason, version: row.roles_version }]));
}

/** Why a role is not asked for, though it looks as if it could be given: it was refused when the roles were as they are now. */
function askedInVain(known: { reason: string; version: string } | undefined, guild: GuildRoles): string | undefined {
  return known?.version === guild.version ? known.reason : undefined;
}

async function readNames(db: Kysely<Database>, communityId: number): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select distinct name from grants
    where community_id = ${communityId} and ${LIVE} and role_id is null and name is not null`.execute(db);
  return rows.map((row) => row.name);
}

async function readRoleIds(db: Kysely<Database>, communityId: number): Promise<string[]> {
  const { rows } = await sql<{ roleId: string }>`
    select role_id as "roleId" from grants where community_id = ${communityId} and ${LIVE} and role_id is not null
    union
    select role_id from role_holdings where community_id = ${communityId}`.execute(db);
  return rows.map((row) => row.roleId);
}

/** Gives what was granted by the name of a role the id of it, which stays when the role is renamed. */
async function nameById(db: Kysely<Database>, communityId: number, name: string, roleId: string): Promise<void> {
  let found = GRANTS_AT_ONCE;
  while (found === GRANTS_AT_ONCE) {
    found = await db.transaction().execute(async (trx) => {
      await lockCommunity(trx, communityId);
      // All entries of an entitlement at once: they are one role.
      const { rows } = await sql<{ count: number }>`
        with batch as (
          select distinct entitlement from grants
          where community_id = ${communityId} and ${LIVE} and role_id is null and name = ${name} limit ${GRANTS_AT_ONCE}
        ), named as (
          update grants g set role_id = ${roleId} from batch
          where g.community_id = ${communityId} and g.entitlement = batch.entitlement
        )
        select count(*)::int as count from batch`.execute(trx);
      return rows[0]?.count ?? 0;
    });
  }
}

async function strikeRecords(db: Kysely<Database>, communityId: number, roleIds: readonly string[]): Promise<void> {
  if (roleIds.length === 0) return;
  await sql`delete from role_holdings where community_id = ${communityId} and role_id = any(${roleIds}::text[])`.execute(
    db,
  );
}

async function settleMembersOf(
  db: Kysely<Database>,
  communityId: number,
  roles: readonly string[],
  refused: Refusals,
): Promise<void> {
  if (roles.length === 0) return;
  let after = 0;
  for (;;) {
    const { rows } = await sql<{ memberId: number }>`
      select distinct member_id as "memberId" from grants
      where community_id = ${communityId} and ${LIVE} and member_id > ${after}
        and coalesce(role_id, '@' || name) = any(${roles}::text[])
      order by member_id limit ${MEMBERS_AT_ONCE}`.execute(db);
    const memberIds = rows.map(({ memberId }) => memberId);
    const last = memberIds.at(-1);
    if (last === undefined) return;
    await db.transaction().execute(async (trx) => {
      await lockCommunity(trx, communityId);
      await settleRoleGrants(trx, communityId, memberIds, refused);
    });
    after = last;
  }
}

async function write(db: Kysely<Database>, communityId: number, refused: Refusals, version: string): Promise<void> {
  await sql`
    insert into role_refusals (community_id, role, reason, roles_version)
    select ${communityId}::int, d.role, d.reason, ${version}::text
    from unnest(${[...refused.keys()]}::text[], ${[...refused.values()]}::text[]) as d(role, reason)
    on conflict (community_id, role) do update
      set reason = excluded.reason, roles_version = excluded.roles_version`.execute(db);
}

async function strike(db: Kysely<Database>, communityId: number, roles: readonly string[]): Promise<void> {
  await sql`delete from role_refusals where community_id = ${communityId} and role = any(${roles}::text[])`.execute(db);
}
