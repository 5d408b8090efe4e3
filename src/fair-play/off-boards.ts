/**
 * Who is off boards. The open rows of `off_boards` say so, and standings follow them in the same transaction; exclusions
 * and roles say who should be. Between the two there may be a while, as when a role of thousands is excluded: then
 * nothing is wrong, only late, and whoever asks what is left to be done carries on.
 */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { findDiscordMember } from '../members/members.ts';
import { changeStandings, type LockedRanking, type RankingContext } from '../ranking/context.ts';
import { recomputeMember } from '../ranking/recompute.ts';
import { keptAway } from './kept-away.ts';

/** How many members are settled in one transaction: others wait for its lock. */
const PAGE = 100;

/** Until it is lifted, which its end date has a job do, an exclusion is in force, whatever the clocks of processes say. */
const IN_FORCE = sql<boolean>`x.lifted_at is null and x.scope = 'boards'`;

/** A member who is to go off boards, or to come back. */
type Unsettled = { memberId: number; goes: boolean };

/**
 * Takes those of some members off boards who should be off, and brings those back who should not, with their standings:
 * one change, which takes one sequence number of the community. Safe to repeat: who is where they should be stays.
 *
 * For a transaction that holds the community's lock, after whatever changed who should be off.
 */
export async function settleOffBoards(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  memberIds: readonly number[],
): Promise<void> {
  const unsettled = await findUnsettled(trx, communityId, memberIds);
  if (unsettled.length === 0) return;
  // Read before it is changed: what is remembered of a version must be what was committed with it.
  await context.directory.at(trx, communityId, ranking.lock.configVersion);
  const { firstSeq: seq } = await lockCommunity(trx, communityId, 1);
  await writeStretches(trx, communityId, seq, unsettled);
  for (const { memberId } of unsettled) await recomputeMember(context, trx, ranking, communityId, memberId);
  await touchConfig(trx, communityId);
}

/** Settles the member that a Discord user is, in a transaction of its own. Costs one read where all is settled. */
export async function settleDiscordUser(
  context: RankingContext,
  communityId: number,
  discordUserId: string,
): Promise<void> {
  const member = await findDiscordMember(context.db, communityId, discordUserId);
  if (!member || (await findUnsettled(context.db, communityId, [member.id])).length === 0) return;
  await changeStandings(context, communityId, (trx, ranking) =>
    settleOffBoards(context, trx, ranking, communityId, [member.id]),
  );
}

/**
 * Settles everybody of every community, by pages of some members, each in a short transaction of its own. Carries on
 * with what a crash broke off. Safe to repeat, and from several processes at once.
 */
export async function settleAllOffBoards(
  context: RankingContext,
  { stopping }: { stopping: AbortSignal },
): Promise<void> {
  for (const communityId of await findCommunities(context.db)) {
    let page = await findUnsettled(context.db, communityId);
    while (page.length > 0 && !stopping.aborted) {
      const memberIds = page.map(({ memberId }) => memberId);
      await changeStandings(context, communityId, (trx, ranking) =>
        settleOffBoards(context, trx, ranking, communityId, memberIds),
      );
      page = await findUnsettled(context.db, communityId);
    }
  }
}

/** The communities in which somebody is, or should be, off boards. */
async function findCommunities(db: Kysely<Database>): Promise<number[]> {
  const { rows } = await sql<{ communityId: number }>`
    select x.community_id as "communityId" from exclusions x where ${IN_FORCE}
    union select community_id from off_boards where until_seq is null`.execute(db);
  return rows.map(({ communityId }) => communityId);
}

/** The members, of some or of all, who are not where they should be: a page of them. */
async function findUnsettled(
  db: Kysely<Database>,
  communityId: number,
  memberIds?: readonly number[],
): Promise<Unsettled[]> {
  const among: RawBuilder<unknown> = memberIds ? sql`and member_id = any(${numbers(memberIds)}::int[])` : sql``;
  const { rows } = await sql<Unsettled>`
    with should as materialized (${keptAway(communityId, IN_FORCE, memberIds)}),
    are as materialized (
      select member_id from off_boards where community_id = ${communityId} and until_seq is null ${among}
    )
    select member_id as "memberId", true as goes from (select * from should except select * from are) going
    union all
    select member_id, false from (select * from are except select * from should) coming
    order by "memberId" limit ${PAGE}`.execute(db);
  return rows;
}

/** Begins the stretch of who goes, and ends that of who comes back. */
async function writeStretches(
  trx: Transaction<Database>,
  communityId: number,
  seq: bigint,
  unsettled: readonly Unsettled[],
): Promise<void> {
  const idsOf = (goes: boolean) =>
    sql`${numbers(unsettled.filter((one) => one.goes === goes).map(({ memberId }) => memberId))}::int[]`;
  await sql`
    insert into off_boards (community_id, member_id, from_seq)
    select ${communityId}::int, member_id, ${seq}::bigint from unnest(${idsOf(true)}) as d(member_id)`.execute(trx);
  await sql`
    update off_boards set until_seq = ${seq}
    where community_id = ${communityId} and member_id = any(${idsOf(false)}) and until_seq is null`.execute(trx);
}
