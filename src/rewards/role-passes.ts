/** Which communities' roles have to be compared, and one worker at a time doing so. */
import { sql, type Kysely, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { LIVE, START, type Place } from './role-differences.ts';

/** However it goes, roles are compared once a day: what was changed in the server shows then. */
const WHOLE_PASS_EVERY_MS = 24 * 3_600_000;
/** A worker that has not ended a pass by then is gone. */
const PASS_LEASE_MS = 30_000;
/** No time to go on lies further ahead, unless a clock was wrong. */
const LONGEST_WAIT_MS = 3_600_000;

/** A community whose roles have to be compared, and what is new since they were compared last. */
export type DuePass = {
  communityId: number;
  /** Undefined: it has no server, and has left roles behind in one. */
  guildId: string | undefined;
  configVersion: bigint;
  /** The last grant that the last whole pass knew. */
  sinceGrantId: bigint;
  /** How often admins have asked for one. */
  demands: number;
  /** Whether the server has to be looked at though nothing differs: it has not been for a day, or a pass was broken off. */
  looksAtServer: boolean;
  /** Where the last one was broken off. */
  from: Place;
};

/** Communities with something that may have to be given or taken in a server, and which nobody has in hand. */
export async function listDuePasses(db: Kysely<Database>, now: Date): Promise<DuePass[]> {
  const { rows } = await sql<
    Omit<DuePass, 'guildId' | 'from'> & { guildId: string | null; member: number | null; user: string | null }
  >`
    select c.community_id as "communityId", c.discord_guild_id as "guildId", c.config_version as "configVersion",
      coalesce(p.grant_id, 0) as "sinceGrantId", coalesce(p.demands, 0) as demands, ${isOld(now)} as "looksAtServer",
      p.from_member as member, p.from_user as user
    from communities c left join role_passes p on p.community_id = c.community_id
    where ${isFree(now)} and (c.discord_guild_id is not null and ${isDue(now)} or exists (
      select from roles_left_behind l where l.community_id = c.community_id))
    order by c.community_id`.execute(db);
  return rows.map(({ guildId, member, user, ...row }) => ({
    ...row,
    guildId: guildId ?? undefined,
    from: member || user ? { member: member ?? START.member, user: user ?? START.user } : START,
  }));
}

/** When the next one may be gone on with that somebody has in hand, or for which Discord asked to wait. */
export async function findNextPass(db: Kysely<Database>, now: Date): Promise<Date | undefined> {
  const { rows } = await sql<{ at: Date | null }>`
    select min(p.resume_at) as at from communities c join role_passes p on p.community_id = c.community_id
    where p.resume_at > ${now}`.execute(db);
  return rows[0]?.at ?? undefined;
}

/** Takes a community in hand; until the pass is made whole, it is due. False where another worker was faster. */
export async function beginPass(db: Kysely<Database>, communityId: number, now: Date): Promise<boolean> {
  const { rows } = await sql`
    insert into role_passes as p (community_id, resume_at) values (${communityId}, ${new Date(now.getTime() + PASS_LEASE_MS)})
    on conflict (community_id) do update set resume_at = excluded.resume_at, passed_at = null where ${isFree(now)}
    returning 1`.execute(db);
  return rows.length > 0;
}

/** Gives a community out of hand, to be gone on with at a time and from a place. */
export async function putOffPass(
  db: Kysely<Database>,
  communityId: number,
  resumeAt: Date,
  from: Place,
): Promise<void> {
  await sql`
    update role_passes set resume_at = ${resumeAt}, from_member = ${from.member}, from_user = ${from.user}
    where community_id = ${communityId}`.execute(db);
}

/**
 * Gives a community out of hand whose roles are all compared, as of what was known when the pass began. Where an admin has
 * asked for something since, it is due again.
 */
export async function endPass(
  db: Kysely<Database>,
  { communityId, configVersion, demands }: DuePass,
  { lastGrantId, now }: { lastGrantId: bigint; now: Date },
): Promise<void> {
  await sql`
    update role_passes set resume_at = null, passed_at = case when demands = ${demands} then ${now}::timestamptz end,
      config_version = ${configVersion}, grant_id = ${lastGrantId}, from_member = default, from_user = default
    where community_id = ${communityId}`.execute(db);
}

/** The last grant of a community; 0 when there is none. */
export async function readLastGrantId(db: Kysely<Database>, communityId: number): Promise<bigint> {
  const { rows } = await sql<{ last: bigint | null }>`
    select max(grant_id) as last from grants where community_id = ${communityId}`.execute(db);
  return rows[0]?.last ?? 0n;
}

/** Has all roles of a community compared again, at once unless Discord asked to wait. */
export async function demandPass(db: Kysely<Database>, communityId: number): Promise<void> {
  await sql`
    update role_passes set passed_at = null, demands = demands + 1 where community_id = ${communityId}`.execute(db);
}

/**
 * Has all roles of a community compared with another server. A worker that has it in hand soon ends. For a transaction
 * that holds the community's lock.
 */
export async function restartPass(trx: Transaction<Database>, communityId: number, now: Date): Promise<void> {
  await sql`
    update role_passes set passed_at = null, config_version = null, grant_id = null, from_member = default, from_user = default,
      resume_at = case when resume_at is not null then least(resume_at, ${new Date(now.getTime() + PASS_LEASE_MS)}::timestamptz) end
    where community_id = ${communityId}`.execute(trx);
}

function isFree(now: Date) {
  return sql`(p.resume_at is null or p.resume_at <= ${now} or p.resume_at > ${new Date(now.getTime() + LONGEST_WAIT_MS)})`;
}

/**
 * Something was granted or taken back, accounts were linked or parted, somebody is to be looked at, or a day has gone by.
 * Each is asked of the community at hand, up to the first that is found, and not gathered of all.
 */
function isDue(now: Date) {
  // The cheapest first: most are due because a pass was broken off.
  return sql`(
    (p.config_version is distinct from c.config_version or ${isOld(now)})
      and (exists (select from grants where community_id = c.community_id and ${LIVE} offset 0)
        or exists (select from role_holdings h where h.community_id = c.community_id offset 0))
    or exists (
      select from role_holders k where k.community_id = c.community_id and k.look_at <= ${now} offset 0)
    or exists (
      select from grants g where g.community_id = c.community_id and g.grant_id > coalesce(p.grant_id, 0)
        and g.state in ('made', 'delivering') and g.kind = 'role' offset 0))`;
}

function isOld(now: Date) {
  return sql<boolean>`(p.passed_at is null or p.passed_at <= ${new Date(now.getTime() - WHOLE_PASS_EVERY_MS)})`;
}
