import { sql, type Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, type CommunityLock } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { createMembers } from '../members/member-store.ts';
import { discordHandle, findDiscordMember, readMember, requireMember, type Member } from '../members/members.ts';
import type { RankingContext } from '../ranking/context.ts';
import { completeReached } from './examine.ts';
import { requireGoingOn, requireQuest } from './manage.ts';
import { rolesAskedFor } from './prerequisites.ts';
import { joinSlot, readJoins, readRounds } from './quest-store.ts';
import type { Quest } from './quest.ts';

/** Who joins: a member by handle, or a Discord user with the roles that Discord tells, who becomes a member by it. */
export type Joiner = { handle: string } | { discordUserId: string; name: string; roleIds: readonly string[] };

export type Joined = { quest: Quest; member: Member; joinedAt: Date };

/**
 * Joins a quest: whoever joins is reminded before the deadline, and takes part where joining is required. Joining again
 * changes nothing.
 *
 * @throws DomainError `unknown-quest`, `unknown-member`, `forbidden` where a role is asked for and lacks or cannot be
 *   seen, or `state-conflict` when the quest is over or cancelled
 */
export async function joinQuest(
  context: RankingContext,
  communityId: number,
  questId: number,
  joiner: Joiner,
  actor: Actor,
  now: Date,
): Promise<Joined> {
  return context.db.transaction().execute(async (trx) => {
    const lock = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, lock.configVersion);
    const quest = await requireQuest(trx, communityId, questId);
    requireGoingOn(quest, now);
    requireRole(quest, joiner);
    const member =
      'handle' in joiner
        ? await requireMember(trx, communityId, joiner.handle)
        : await findOrMakeMember(trx, communityId, joiner, lock, now);
    const before = (await readJoins(trx, communityId, [questId], [member.id])).get(joinSlot(questId, member.id));
    if (before) return { quest, member, joinedAt: before };
    await trx
      .insertInto('quest_joins')
      .values({ community_id: communityId, quest_id: questId, member_id: member.id, joined_at: now })
      .execute();
    if (quest.joinRequired) {
      // What came earlier may count, and so may what came with a time a little ahead.
      const rounds = await readRounds(trx, communityId, [quest], now);
      await completeReached(
        trx,
        community,
        rounds.map((round) => ({ round, memberId: member.id })),
        now,
      );
    }
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'quest.join',
      target: String(questId),
      after: { member: member.handle },
    });
    return { quest, member, joinedAt: now };
  });
}

function requireRole({ prerequisites, name }: Quest, joiner: Joiner): void {
  const wanted = rolesAskedFor(prerequisites);
  if (wanted.length === 0) return;
  if ('handle' in joiner) {
    throw new DomainError(
      'forbidden',
      `The quest "${name}" asks for a role, which only Discord can tell: join it there, with /quest join.`,
    );
  }
  const lacking = wanted.filter((role) => !joiner.roleIds.includes(role));
  if (lacking.length === 0) return;
  throw new DomainError(
    'forbidden',
    `The quest "${name}" is for those who have a role that you lack: ${lacking.join(', ')}.`,
  );
}

/** The member that a Discord user is. Who is not known becomes one, known from Discord alone. */
export async function findOrMakeMember(
  trx: Transaction<Database>,
  communityId: number,
  { discordUserId, name }: { discordUserId: string; name: string },
  { lastMemberId }: CommunityLock,
  now: Date,
): Promise<Member> {
  const known = await findDiscordMember(trx, communityId, discordUserId);
  if (known) return known;
  const memberId = lastMemberId + 1;
  await createMembers(trx, communityId, [{ memberId, handle: discordHandle(discordUserId) }], now);
  await sql`update members set display_name = ${name} where community_id = ${communityId} and member_id = ${memberId}`.execute(
    trx,
  );
  return readMember(trx, communityId, memberId);
}
