/** What voiding, un-voiding, holding and merging mean for quests. */
import { sql, type Transaction } from 'kysely';
import { dropAnnouncements } from '../announcements/outbox.ts';
import type { Database } from '../db/database.ts';
import { takeBackGrants } from '../rewards/grants.ts';
import { mergeProofs } from './close-proofs.ts';
import { deleteCompletions, readCompletionsOf } from './completion-store.ts';
import { complete, grantKeys, type Reached } from './complete.ts';
import { isFinal, reasonOf } from './quest.ts';
import { readQuestsEndingAfter, readRounds, readRoundsById, type QuestRound } from './quest-store.ts';
import { reckonMembers, type QuestCommunity } from './reckon.ts';

const BEGINNING = new Date(0);

/**
 * Reckons anew, in every round that is not final, what a member has completed, after some of the member's contributions
 * came to count or to count no more. Completions appear, move and go; what they granted is taken back by entries of the
 * opposite amount, or given again. Rounds that are final stay as they are. For a transaction that holds the community's
 * lock and took sequence numbers for the change; safe to repeat.
 */
export async function reconsiderMember(
  trx: Transaction<Database>,
  community: QuestCommunity,
  memberId: number,
  now: Date,
): Promise<void> {
  const completions = await readCompletionsOf(trx, community.id, [memberId]);
  const known = new Map(completions.map((completion) => [completion.roundId, completion]));
  const reached: Reached[] = [];
  const lost: QuestRound[] = [];
  const rounds = await readChangeable(trx, community, [...known.keys()]);
  const questions = rounds.map((round) => ({ round, memberId }));
  for (const { round, reachedAt } of await reckonMembers(trx, community, questions)) {
    const before = known.get(round.id);
    if (reachedAt === undefined) {
      if (before) lost.push(round);
    } else if (before || !round.quest.cancelledAt) reached.push({ round, memberId, reachedAt, known: before });
  }
  await deleteCompletions(
    trx,
    community.id,
    lost.map(({ id }) => ({ roundId: id, memberId })),
  );
  for (const round of lost) {
    const reason = `${reasonOf(round.quest, round)}: what completed it counts no more`;
    await takeBackGrants(trx, community.id, grantKeys(round, memberId), reason, now);
    const key = `quest ${round.quest.id} completed round ${round.id} member ${memberId}`;
    await dropAnnouncements(trx, community.id, key, 'It is completed no more');
  }
  await complete(trx, community.id, reached, now);
}

/**
 * Gives a merged member's joins, completions and proofs to the survivor. Of two completions of a round one stays, with the
 * earlier moment. Then reckons anew what the survivor has completed by all contributions. For the transaction that
 * merges, after it has moved contributions and grants.
 */
export async function mergeQuestRecords(
  trx: Transaction<Database>,
  community: QuestCommunity,
  from: number,
  into: number,
  now: Date,
): Promise<void> {
  const ofBoth = sql`community_id = ${community.id} and member_id`;
  await sql`
    insert into quest_joins (community_id, quest_id, member_id, joined_at)
    select community_id, quest_id, ${into}::int, joined_at from quest_joins where ${ofBoth} = ${from}
    on conflict (community_id, quest_id, member_id)
    do update set joined_at = least(quest_joins.joined_at, excluded.joined_at)`.execute(trx);
  await sql`delete from quest_joins where ${ofBoth} = ${from}`.execute(trx);
  // Who won as one of the two has won; what is provisional stays so.
  await sql`
    insert into quest_completions (community_id, round_id, member_id, completed_at, recorded_at, won)
    select community_id, round_id, ${into}::int, completed_at, recorded_at, won from quest_completions where ${ofBoth} = ${from}
    on conflict (community_id, member_id, round_id) do update set
      completed_at = least(quest_completions.completed_at, excluded.completed_at),
      recorded_at = least(quest_completions.recorded_at, excluded.recorded_at),
      won = quest_completions.won or excluded.won`.execute(trx);
  await sql`delete from quest_completions where ${ofBoth} = ${from}`.execute(trx);
  await mergeProofs(trx, community.id, from, into, now);
  await reconsiderMember(trx, community, into, now);
}

/** The rounds in which completions may still change: those of quests that go on, and those of some ids. */
async function readChangeable(
  trx: Transaction<Database>,
  { id }: QuestCommunity,
  roundIds: readonly number[],
): Promise<QuestRound[]> {
  const quests = await readQuestsEndingAfter(trx, id, BEGINNING);
  const rounds = await readRounds(trx, id, quests, BEGINNING);
  const present = new Set(rounds.map((round) => round.id));
  const others = await readRoundsById(
    trx,
    id,
    roundIds.filter((roundId) => !present.has(roundId)),
  );
  return [...rounds, ...others].filter((round) => !isFinal(round.quest, round));
}
