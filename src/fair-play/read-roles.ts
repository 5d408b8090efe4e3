import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { discordHandle } from '../members/members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { excludedSince, noteReadRoles } from './discord-roles.ts';

/** How many users of a community are asked for a run. */
const BATCH = 100;

/**
 * What Discord says of a user. `absent`: there is no such user in the server. `later`: it
 * could not be asked now; after so long it may be, where that is known.
 */
type ReadRoles = { roleIds: string[] } | { absent: true } | { later: true; retryAfterMs: number | undefined };

/** Asks Discord for the roles of a user, `@everyone` apart. Never throws. */
export type RoleReader = (guildId: string, discordUserId: string) => Promise<ReadRoles>;

/**
 * Reads the roles of the members who have not been seen since a role was excluded, those first who were seen longest
 * ago or never: so an excluded role concerns those too who do not use the bot. At most 100 a community; each is noted
 * as it is read. Safe to break off and to repeat, and from several processes at once.
 *
 * @returns when to go on, where more is left to be read; undefined: whenever it runs next
 */
export async function readUnseenRoles(
  context: RankingContext,
  readRoles: RoleReader,
  { clock, stopping }: { clock: () => Date; stopping: AbortSignal },
): Promise<Date | undefined> {
  const moments: number[] = [];
  for (const { communityId, guildId } of await findGuilds(context.db)) {
    const unseen = await findUnseen(context.db, communityId);
    // There may be more.
    let waitMs = unseen.length === BATCH ? 0 : undefined;
    for (const discordUserId of unseen) {
      if (stopping.aborted) return undefined;
      const now = clock();
      const read = await readRoles(guildId, discordUserId);
      if ('later' in read) {
        waitMs = read.retryAfterMs;
        break;
      }
      await noteReadRoles(context, communityId, discordUserId, 'absent' in read ? undefined : read.roleIds, now);
    }
    if (waitMs !== undefined) moments.push(clock().getTime() + waitMs);
  }
  return moments.length === 0 ? undefined : new Date(Math.min(...moments));
}

/** The communities that exclude a role, and have a server to ask. */
async function findGuilds(db: Kysely<Database>): Promise<{ communityId: number; guildId: string }[]> {
  const { rows } = await sql<{ communityId: number; guildId: string }>`
    select c.community_id as "communityId", c.discord_guild_id as "guildId" from communities c
    where c.discord_guild_id is not null and exists (
      select from exclusions x where x.community_id = c.community_id and x.lifted_at is null and x.role_id is not null)
    order by c.community_id`.execute(db);
  return rows;
}

/** The Discord users of members who were never seen, or not since a role was excluded. */
async function findUnseen(db: Kysely<Database>, communityId: number): Promise<string[]> {
  const prefix = discordHandle('');
  const { rows } = await sql<{ discordUserId: string }>`
    with users as (
      select discord_user_id, member_id from members
      where community_id = ${communityId} and discord_user_id is not null
      union
      select substr(own.handle, ${sql.lit(prefix.length + 1)}), own.member_id from members own
      where own.community_id = ${communityId} and own.handle like ${sql.lit(`${prefix}%`)}
        and own.handle ~ ${sql.lit(`^${prefix}[0-9]{1,20}$`)}
        and not exists (
          select from member_aliases merged where merged.community_id = own.community_id and merged.handle = own.handle)
    )
    select u.discord_user_id as "discordUserId" from users u
    left join discord_roles r on r.community_id = ${communityId} and r.discord_user_id = u.discord_user_id
    where coalesce(r.seen_at < ${excludedSince(communityId)}, true)
    order by r.seen_at nulls first, u.member_id limit ${BATCH}`.execute(db);
  return rows.map(({ discordUserId }) => discordUserId);
}
