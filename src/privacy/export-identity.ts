/** For the export of a member's data: accounts, keys, and what the audit log says. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { readAuditAbout } from './audit-about.ts';
import type { KnownNames } from './person.ts';

type Db = Kysely<Database>;

/** The keys that are bound to the member, without their secrets, which nobody keeps. */
export async function readKeys(db: Db, communityId: number, { handles }: KnownNames) {
  return db
    .selectFrom('api_keys')
    .select(['name', 'scopes', 'contributor', 'created_at as createdAt', 'revoked_at as revokedAt'])
    .where('community_id', '=', communityId)
    .where('contributor', 'in', handles)
    .orderBy('key_id')
    .execute();
}

/** When the member came, which codes were made to link it, and what is known of its Discord accounts. */
export async function readAccounts(db: Db, communityId: number, memberId: number, { discordUserIds }: KnownNames) {
  const since = await db
    .selectFrom('members')
    .select(['created_at', 'display_name_at'])
    .where('community_id', '=', communityId)
    .where('member_id', '=', memberId)
    .executeTakeFirstOrThrow();
  const linkCodes = await db
    .selectFrom('link_codes')
    .select(['expires_at as expiresAt', 'used_at as usedAt'])
    .where('community_id', '=', communityId)
    .where('member_id', '=', memberId)
    .orderBy('expires_at')
    .orderBy('used_at')
    .execute();
  const accounts = sql`${discordUserIds}::text[]`;
  const { rows: wrongCodes } = await sql`
    select discord_user_id as "discordUserId", since, failures from link_failures
    where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(db);
  const { rows: rolesSeen } = await sql`
    select discord_user_id as "discordUserId", role_ids as "roleIds", seen_at as "seenAt" from discord_roles
    where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(db);
  const { rows: rolesHeld } = await sql`
    select discord_user_id as "discordUserId", role_id as "roleId", state, reason from role_holdings
    where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(db);
  const { rows: rolesLeftBehind } = await sql`
    select guild_id as "guildId", discord_user_id as "discordUserId", role_id as "roleId" from roles_left_behind
    where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(db);
  const { rows: stays } = await sql`
    select discord_user_id as "discordUserId", joined_at as "joinedAt", left_at as "leftAt" from role_holders
    where community_id = ${communityId} and discord_user_id = any(${accounts})`.execute(db);
  return {
    memberSince: since.created_at,
    displayNameOf: since.display_name_at,
    discordUserIds,
    linkCodes,
    wrongCodes,
    rolesSeen,
    rolesHeld,
    rolesLeftBehind,
    stays,
  };
}

/** What the audit log says of the member and of what the member did. Who else did something is left out. */
export async function readAuditTrail(db: Db, communityId: number, person: KnownNames & { keys: readonly string[] }) {
  const entries = await readAuditAbout(db, communityId, person);
  return entries.map(({ at, action, target, before, after, isActor, isAbout }) => ({
    at,
    by: isActor ? 'you' : 'somebody else',
    action,
    target,
    // Of what somebody did to others no more is theirs than that they did it.
    ...(isAbout ? { before, after } : {}),
  }));
}
