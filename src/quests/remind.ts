import { sql } from 'kysely';
import { announce, type NewAnnouncement } from '../announcements/outbox.ts';
import { lockCommunity } from '../communities/lock.ts';
import type { RankingContext } from '../ranking/context.ts';
import { tellProgress } from './goal-text.ts';
import { readProgress } from './progress.ts';
import { readRoundsById } from './quest-store.ts';

/** Which part of a round is left when reminders are due. */
const LEFT_AT_REMINDER = 0.2;
/** Who has come farther than this is reminded. */
const HALF_WAY = 0.5;

/**
 * Reminds those who joined a quest, want reminders, are over half way and have not completed it, once a round, when a fifth of its time
 * is left. A round that was over before it came to that is left alone. Safe to repeat, and from several processes at once.
 *
 * @returns when the next reminders are due
 */
export async function remindSubscribers(context: RankingContext, now: Date): Promise<Date | undefined> {
  const dueAt = sql`(r.ends_at - (r.ends_at - r.starts_at) * ${LEFT_AT_REMINDER}::float8)`;
  const waiting = sql`
    from quest_rounds r join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id
    where r.reminded_at is null and r.settled_at is null and r.ends_at > ${now} and q.cancelled_at is null`;
  const { rows } = await sql<{ communityId: number; roundId: number }>`
    select r.community_id as "communityId", r.round_id as "roundId" ${waiting} and ${dueAt} <= ${now} order by r.ends_at`.execute(
    context.db,
  );
  for (const { communityId, roundId } of rows) await remindOfRound(context, communityId, roundId, now);
  const { rows: next } = await sql<{ at: Date | null }>`select min(${dueAt}) as at ${waiting}`.execute(context.db);
  return next[0]?.at ?? undefined;
}

async function remindOfRound(context: RankingContext, communityId: number, roundId: number, now: Date): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const { configVersion } = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, configVersion);
    const claimed = await trx
      .updateTable('quest_rounds')
      .set({ reminded_at: now })
      .where('community_id', '=', communityId)
      .where('round_id', '=', roundId)
      .where('reminded_at', 'is', null)
      .executeTakeFirst();
    const [round] = await readRoundsById(trx, communityId, [roundId]);
    if (!round || claimed.numUpdatedRows === 0n) return;
    const { quest } = round;
    const { rows } = await sql<{ memberId: number; discordUserId: string }>`
      select m.member_id as "memberId", coalesce(m.discord_user_id, substring(m.handle from '^discord-([0-9]{1,20})$')) as "discordUserId"
      from quest_joins j join members m on m.community_id = j.community_id and m.member_id = j.member_id
      where j.community_id = ${communityId} and j.quest_id = ${quest.id}
        and coalesce(m.discord_user_id, substring(m.handle from '^discord-([0-9]{1,20})$')) is not null and not m.no_reminders
        and not exists (
          select from quest_completions c
          where c.community_id = j.community_id and c.member_id = j.member_id and c.round_id = ${roundId}
        )`.execute(trx);
    const recipients = new Map(rows.map((row) => [row.memberId, row.discordUserId]));
    const reminders: NewAnnouncement[] = [];
    for (const { memberId, parts, share } of await readProgress(trx, community, round, [...recipients.keys()])) {
      const recipientId = recipients.get(memberId);
      if (share <= HALF_WAY || recipientId === undefined) continue;
      reminders.push({
        key: `quest ${quest.id} reminder round ${roundId} member ${memberId}`,
        announcement: {
          kind: 'quest-reminder',
          quest: quest.name,
          ...tellProgress(parts, share, community),
          endsAt: round.endsAt.toISOString(),
        },
        dueAt: now,
        recipientId,
      });
    }
    await announce(trx, communityId, reminders);
  });
}
