import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockAwards } from '../badges/award-state.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { violatedCheck } from '../db/errors.ts';
import { DomainError } from '../errors.ts';
import { settleOffBoards } from '../fair-play/off-boards.ts';
import { deletedAlready, mergePrivacy } from '../privacy/settings.ts';
import { mergeQuestRecords } from '../quests/reconsider.ts';
import { changeStandings, type LockedRanking, type RankingContext } from '../ranking/context.ts';
import { recomputeMember } from '../ranking/recompute.ts';
import { moveGrants } from '../rewards/grants.ts';
import { discordUserOf, readMember, requireMember, type Member } from './members.ts';

/**
 * Merges a member into another, for good: contributions, grants, quest records and exclusions become the survivor's,
 * standings and totals follow in the same transaction, and the merged handle stays an alias. Of two completions of a
 * quest one remains. Safe to repeat.
 *
 * @param handles the one that is to become an alias, and the one that survives
 * @returns the survivor
 * @throws DomainError `unknown-member`, `invalid-parameter` for a member and itself, or `state-conflict` when the two
 *   are different people on Discord, or the handle was merged into somebody else
 */
export async function mergeMembers(
  context: RankingContext,
  communityId: number,
  handles: { from: string; into: string },
  actor: Actor,
  now: Date,
): Promise<Member> {
  return changeStandings(context, communityId, async (trx, ranking) => {
    const from = await requireMember(trx, communityId, handles.from);
    const into = await requireMember(trx, communityId, handles.into);
    if (from.handle !== handles.from) {
      // It was merged before, and `from` is its survivor.
      if (from.id === into.id && handles.from !== handles.into) return into;
      throw new DomainError('state-conflict', `"${handles.from}" was merged into "${from.handle}" already.`);
    }
    if (from.id === into.id) {
      throw new DomainError('invalid-parameter', `"${handles.from}" and "${handles.into}" are one member already.`);
    }
    await mergeUnderLock(context, trx, ranking, communityId, { from, into }, actor, now);
    return readMember(trx, communityId, into.id);
  });
}

/**
 * Merges two members that were read under the community's lock. The survivor keeps its id, its handle and its place
 * among equal scores, and takes the name that is newer.
 *
 * @throws DomainError `state-conflict`
 */
export async function mergeUnderLock(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  { from, into }: { from: Member; into: Member },
  actor: Actor,
  now: Date,
): Promise<void> {
  for (const member of [from, into]) if (member.isDeleted) throw deletedAlready(member);
  const discordUserId = requireOnePerson(from, into);
  // Read before anything is changed: what is remembered of a version must be what was committed with it.
  const community = await context.directory.at(trx, communityId, ranking.lock.configVersion);
  const { firstSeq: seq } = await lockCommunity(trx, communityId, 1);

  await sql`
    update contributions set member_id = ${into.id}, recorded_member_id = coalesce(recorded_member_id, member_id)
    where community_id = ${communityId} and member_id = ${from.id}`.execute(trx);
  await lockAwards(trx, communityId);
  await moveGrants(trx, communityId, from.id, into.id, `"${from.handle}" was merged into "${into.handle}"`, now);
  await mergeQuestRecords(trx, community, from.id, into.id, now);
  const toSurvivor = { member_id: into.id };
  for (const table of ['exclusions', 'member_aliases'] as const) {
    await trx
      .updateTable(table)
      .set(toSurvivor)
      .where('community_id', '=', communityId)
      .where('member_id', '=', from.id)
      .execute();
  }
  // A code proves a handle that is nobody's own any more.
  await trx.deleteFrom('link_codes').where('community_id', '=', communityId).where('member_id', '=', from.id).execute();
  await sql`
    insert into member_aliases (community_id, handle, member_id, seq, merged_at)
    values (${communityId}, ${from.handle}, ${into.id}, ${seq}, ${now})`.execute(trx);
  await trx
    .insertInto('member_merges')
    .values({ community_id: communityId, member_id: from.id, into_member_id: into.id, seq })
    .execute();
  await moveIdentity(trx, communityId, from.id, into.id, discordUserId);
  await mergePrivacy(trx, communityId, from.id, into.id, now);

  try {
    await recomputeMember(context, trx, ranking, communityId, from.id);
    await recomputeMember(context, trx, ranking, communityId, into.id);
    await settleOffBoards(context, trx, ranking, communityId, [from.id, into.id]);
  } catch (error) {
    if (violatedCheck(error) !== 'members_totals') throw error;
    const problem = 'Together the two have more than can be counted. They stay two members.';
    throw new DomainError('state-conflict', problem, { cause: error });
  }
  await touchConfig(trx, communityId);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'member.merge',
    target: into.handle,
    before: { merged: from.handle, survivor: into.handle },
    after: { survivor: into.handle, seq: String(seq) },
  });
}

/** The Discord user that the two are together. */
function requireOnePerson(from: Member, into: Member): string | undefined {
  const [one, other] = [discordUserOf(from), discordUserOf(into)];
  if (one === undefined || other === undefined || one === other) return other ?? one;
  throw new DomainError(
    'state-conflict',
    `"${from.handle}" and "${into.handle}" belong to different Discord users. Unlink one of them first.`,
  );
}

/** The Discord account and the newer name go over; totals follow when they are recomputed. */
async function moveIdentity(
  trx: Transaction<Database>,
  communityId: number,
  from: number,
  into: number,
  discordUserId: string | undefined,
): Promise<void> {
  await trx
    .updateTable('members')
    .set({ discord_user_id: null })
    .where('community_id', '=', communityId)
    .where('member_id', '=', from)
    .execute();
  await sql`
    update members m set discord_user_id = ${discordUserId ?? null},
      display_name = case when merged.display_name_at > m.display_name_at then merged.display_name else m.display_name end,
      display_name_at = greatest(merged.display_name_at, m.display_name_at)
    from members merged
    where m.community_id = ${communityId} and m.member_id = ${into}
      and merged.community_id = ${communityId} and merged.member_id = ${from}`.execute(trx);
}
