/** Rounds that begin without anybody contributing. */
import type { Kysely } from 'kysely';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { insertRounds, readQuest, readRounds } from './quest-store.ts';
import { roundsUntil } from './rounds.ts';

/** Makes the rounds that have begun and do not exist yet, of all communities. Safe to repeat, and from several processes at once. */
export async function openDueRounds(context: RankingContext, now: Date): Promise<void> {
  const rows = await context.db
    .selectFrom('quests')
    .select(['community_id as communityId', 'quest_id as questId'])
    .where('cancelled_at', 'is', null)
    .where('next_round_at', '<=', now)
    .orderBy('community_id')
    .orderBy('quest_id')
    .execute();
  for (const { communityId, questId } of rows) {
    await context.db.transaction().execute(async (trx) => {
      const { configVersion } = await lockCommunity(trx, communityId);
      const community = await context.directory.at(trx, communityId, configVersion);
      const quest = await readQuest(trx, communityId, questId);
      if (!quest || quest.cancelledAt) return;
      const last = (await readRounds(trx, communityId, [quest], quest.endsAt)).at(-1);
      // Nobody can have contributed: recording makes the rounds that it falls in.
      const made = await insertRounds(trx, communityId, quest, roundsUntil(quest, last, community, now), undefined);
      if (made.length > 0) await touchConfig(trx, communityId);
    });
  }
}

/** When the next round of any quest begins that does not exist yet. */
export async function nextOpening(db: Kysely<Database>): Promise<Date | undefined> {
  const next = await db
    .selectFrom('quests')
    .select((eb) => eb.fn.min('next_round_at').as('at'))
    .where('cancelled_at', 'is', null)
    .where('next_round_at', 'is not', null)
    .executeTakeFirst();
  return next?.at ?? undefined;
}
