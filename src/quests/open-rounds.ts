/** Rounds that begin without anybody contributing. */
import { sql, type Kysely } from 'kysely';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import type { RankingContext } from '../ranking/context.ts';
import { insertRounds, readQuest, readRounds } from './quest-store.ts';
import { roundsUntil } from './rounds.ts';

/** Makes the rounds that have begun and do not exist yet, of all communities. Safe to repeat, and from several processes at once. */
export async function openDueRounds(context: RankingContext, now: Date): Promise<void> {
  const { rows } = await sql<{ communityId: number; questId: number }>`
    select q.community_id as "communityId", q.quest_id as "questId" from quests q ${lastRound()}
    where q.cancelled_at is null and coalesce(last.ends_at, q.starts_at) <= ${now} and coalesce(last.ends_at, q.starts_at) < q.ends_at
    order by 1, 2`.execute(context.db);
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
  const { rows } = await sql<{ at: Date | null }>`
    select min(coalesce(last.ends_at, q.starts_at)) as at from quests q ${lastRound()}
    where q.cancelled_at is null and coalesce(last.ends_at, q.starts_at) < q.ends_at`.execute(db);
  return rows[0]?.at ?? undefined;
}

function lastRound() {
  return sql`cross join lateral (
    select max(r.ends_at) as ends_at from quest_rounds r where r.community_id = q.community_id and r.quest_id = q.quest_id
  ) last`;
}
