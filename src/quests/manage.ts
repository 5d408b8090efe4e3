/** Changing and cancelling quests. */
import type { Transaction } from 'kysely';
import { amendAnnouncements, announce, dropAnnouncements } from '../announcements/outbox.ts';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import type { RankingContext } from '../ranking/context.ts';
import { closeProofs } from './close-proofs.ts';
import { examineRounds } from './examine.ts';
import { statusOf, type Quest, type QuestChanges } from './quest.ts';
import { noteNextRound, readQuest, readRounds } from './quest-store.ts';

/**
 * Changes what nobody has worked for: name, description, and a later deadline. Goal, rewards and winners stay: for
 * others cancel the quest and make a new one. Safe to repeat.
 *
 * @throws DomainError `unknown-quest`, `invalid-parameter`, or `state-conflict` for a quest that is over or cancelled
 */
export async function editQuest(
  context: RankingContext,
  communityId: number,
  questId: number,
  changes: QuestChanges,
  actor: Actor,
  now: Date,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const quest = await requireQuest(trx, communityId, questId);
    const { name = quest.name, description = quest.description, endsAt = quest.endsAt } = changes;
    requireGoingOn(quest, now);
    if (endsAt < quest.endsAt) {
      throw new DomainError(
        'invalid-parameter',
        `The deadline of this quest is ${quest.endsAt.toISOString()} and can only become later. To end it now, cancel it.`,
      );
    }
    const [before, after] = [
      { name: quest.name, description: quest.description, endsAt: quest.endsAt },
      { name, description, endsAt },
    ];
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    await trx
      .updateTable('quests')
      .set({ name, description, ends_at: endsAt })
      .where('community_id', '=', communityId)
      .where('quest_id', '=', questId)
      .execute();
    if (endsAt > quest.endsAt && quest.recurrence === 'once')
      await prolongRound(trx, communityId, { ...quest, endsAt });
    await noteNextRound(trx, communityId, questId);
    await touchConfig(trx, communityId);
    await amendAnnouncements(trx, communityId, `quest ${questId} opened`, (told) =>
      told.kind === 'quest-opened' ? { ...told, name, description, endsAt: endsAt.toISOString() } : told,
    );
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'quest.edit',
      target: String(questId),
      before,
      after,
    });
  });
  await examineRounds(context, now, communityId);
}

/**
 * Cancels a quest: from now on nobody completes it, and winners that were not settled yet are never picked. What was
 * granted stays. Safe to repeat.
 *
 * @throws DomainError `unknown-quest`, or `state-conflict` for a quest that is over
 */
export async function cancelQuest(
  context: RankingContext,
  communityId: number,
  questId: number,
  actor: Actor,
  now: Date,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    await lockCommunity(trx, communityId);
    const quest = await requireQuest(trx, communityId, questId);
    if (quest.cancelledAt) return;
    if (statusOf(quest, now) === 'ended') {
      throw new DomainError('state-conflict', `The quest "${quest.name}" is over: there is nothing left to cancel.`);
    }
    await trx
      .updateTable('quests')
      .set({ cancelled_at: now })
      .where('community_id', '=', communityId)
      .where('quest_id', '=', questId)
      .execute();
    await touchConfig(trx, communityId);
    for (const kind of ['opened', 'reminder']) {
      await dropAnnouncements(trx, communityId, `quest ${questId} ${kind}`, 'The quest was cancelled');
    }
    await closeProofs(trx, communityId, { questId }, 'The quest was cancelled.', now);
    if (quest.startsAt <= now) {
      await announce(trx, communityId, [
        {
          key: `quest ${questId} cancelled`,
          announcement: { kind: 'quest-cancelled', quest: quest.name },
          dueAt: now,
        },
      ]);
    }
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'quest.cancel',
      target: String(questId),
      before: { name: quest.name },
      after: { cancelledAt: now },
    });
  });
}

/** @throws DomainError `unknown-quest` */
export async function requireQuest(
  db: Parameters<typeof readQuest>[0],
  communityId: number,
  questId: number,
): Promise<Quest> {
  const quest = await readQuest(db, communityId, questId);
  if (quest) return quest;
  throw new DomainError('unknown-quest', `There is no quest ${questId} in this community.`);
}

/** @throws DomainError `state-conflict` for a quest that is cancelled or whose deadline has passed */
export function requireGoingOn(quest: Quest, now: Date): void {
  const status = statusOf(quest, now);
  if (status === 'scheduled' || status === 'running') return;
  const why = status === 'cancelled' ? 'was cancelled' : `ended at ${quest.endsAt.toISOString()}`;
  throw new DomainError('state-conflict', `The quest "${quest.name}" ${why}.`);
}

/** Moves the end of the only round, if it has begun. What occurred after the old end may have been recorded already. */
async function prolongRound(trx: Transaction<Database>, communityId: number, quest: Quest): Promise<void> {
  const [round] = await readRounds(trx, communityId, [quest], new Date(0));
  if (!round) return;
  await trx
    .updateTable('quest_rounds')
    .set({
      ends_at: quest.endsAt,
      settles_at: new Date(quest.endsAt.getTime() + quest.settleAfterMs),
      examined_to: 0,
      reminded_at: null,
    })
    .where('community_id', '=', communityId)
    .where('round_id', '=', round.id)
    .execute();
}
