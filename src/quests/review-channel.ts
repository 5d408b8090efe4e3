import { redirectAnnouncements } from '../announcements/outbox.ts';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { RankingContext } from '../ranking/context.ts';
import { proofGoal } from './goal.ts';
import { announceProofs, PROOF_KEYS } from './proof-announcements.ts';
import { readProofs } from './proof-store.ts';
import { readQuestsById } from './quest-store.ts';

/** How many that wait already are shown in a new channel; the others are listed where proofs are reviewed. */
const MOST_SHOWN = 100;

/**
 * Sets where proofs of a community are reviewed. Those that wait and were told nowhere yet are told there. The channel's
 * id is trusted: whoever calls has seen that it is the guild's. Safe to repeat.
 */
export async function setReviewChannel(
  { db }: Pick<RankingContext, 'db'>,
  communityId: number,
  channelId: string,
  actor: Actor,
  now: Date,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const { slug, discord_review_channel_id: before } = await trx
      .selectFrom('communities')
      .select(['slug', 'discord_review_channel_id'])
      .where('community_id', '=', communityId)
      .executeTakeFirstOrThrow();
    const waiting = await readProofs(trx, communityId, 'waiting', { limit: MOST_SHOWN });
    const quests = await readQuestsById(
      trx,
      communityId,
      waiting.map(({ questId }) => questId),
    );
    await redirectAnnouncements(trx, communityId, PROOF_KEYS, channelId, now);
    const told = waiting.map((proof) => {
      const quest = quests.get(proof.questId);
      return { ...proof, show: (quest && proofGoal(quest.goal)?.show) ?? '' };
    });
    await announceProofs(trx, communityId, channelId, told, now);
    if (before === channelId) return;
    await trx
      .updateTable('communities')
      .set({ discord_review_channel_id: channelId })
      .where('community_id', '=', communityId)
      .execute();
    await touchConfig(trx, communityId);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'community.review-channel',
      target: slug,
      before: { channelId: before },
      after: { channelId },
    });
  });
}
