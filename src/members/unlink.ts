import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { settleOffBoards } from '../fair-play/off-boards.ts';
import { changeStandings, type LockedRanking, type RankingContext } from '../ranking/context.ts';
import { discordHandle, findDiscordMember, isDiscordHandle, requireMember, type Member } from './members.ts';

/**
 * Parts a Discord user from the handle it is linked with. What was merged stays with the handle.
 *
 * @returns the member it was linked with
 * @throws DomainError `state-conflict` when it is linked with none
 */
export async function unlinkDiscordUser(
  context: RankingContext,
  communityId: number,
  discordUserId: string,
  actor: Actor,
  now: Date,
): Promise<Member> {
  return changeStandings(context, communityId, async (trx, ranking) => {
    const member = await findDiscordMember(trx, communityId, discordUserId);
    if (!member?.discordUserId || isDiscordHandle(member)) {
      throw new DomainError('state-conflict', 'This Discord account is linked with no handle here.');
    }
    await unlink(context, trx, ranking, communityId, member, member.discordUserId, actor, now);
    return member;
  });
}

/**
 * Parts a member from its Discord account, as when that account is lost.
 *
 * @throws DomainError `unknown-member`, or `state-conflict` when it is linked with none
 */
export async function unlinkMember(
  context: RankingContext,
  communityId: number,
  handle: string,
  actor: Actor,
  now: Date,
): Promise<void> {
  await changeStandings(context, communityId, async (trx, ranking) => {
    const member = await requireMember(trx, communityId, handle);
    if (!member.discordUserId || isDiscordHandle(member)) {
      throw new DomainError('state-conflict', `"${member.handle}" is linked with no Discord account.`);
    }
    await unlink(context, trx, ranking, communityId, member, member.discordUserId, actor, now);
  });
}

async function unlink(
  context: RankingContext,
  trx: Transaction<Database>,
  ranking: LockedRanking,
  communityId: number,
  member: Member,
  discordUserId: string,
  actor: Actor,
  now: Date,
): Promise<void> {
  await trx
    .updateTable('members')
    // Whoever is linked next has not agreed to anything.
    .set({ discord_user_id: null, shows_discord: false })
    .where('community_id', '=', communityId)
    .where('member_id', '=', member.id)
    .execute();
  // What was reserved is free again; what was merged stays an alias.
  const reserved = discordHandle(discordUserId);
  await sql`
    delete from member_aliases where community_id = ${communityId} and handle = ${reserved}
      and not exists (select from members where community_id = ${communityId} and handle = ${reserved})`.execute(trx);
  await settleOffBoards(context, trx, ranking, communityId, [member.id]);
  await touchConfig(trx, communityId);
  await writeAudit(trx, {
    communityId,
    at: now,
    actor,
    action: 'member.unlink',
    target: member.handle,
    before: { discordUserId },
  });
}
