import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { rewardSchema, writeReward } from '../rewards/reward.ts';
import { goalSchema, writeGoal } from './goal.ts';
import { prerequisiteSchema, writePrerequisite, type Quest, type Round } from './quest.ts';
import type { NewRound } from './rounds.ts';
import { GoalReckoner } from './tally.ts';

/** A round with the quest that it is of. */
export type QuestRound = Round & { quest: Quest };

/** Inserts a quest, in a transaction that holds the community's lock. Returns its id. */
export async function insertQuest(
  trx: Transaction<Database>,
  communityId: number,
  quest: Omit<Quest, 'id' | 'cancelledAt' | 'reckoner'>,
): Promise<number> {
  const { quest_id } = await trx
    .insertInto('quests')
    .values({
      community_id: communityId,
      name: quest.name,
      description: quest.description,
      goal: JSON.stringify(writeGoal(quest.goal)),
      rewards: JSON.stringify(quest.rewards.map(writeReward)),
      recurrence: quest.recurrence,
      starts_at: quest.startsAt,
      ends_at: quest.endsAt,
      max_winners: quest.maxWinners ?? null,
      join_required: quest.joinRequired,
      count_earlier: quest.countEarlier,
      prerequisites: JSON.stringify(quest.prerequisites.map(writePrerequisite)),
      settle_after_ms: quest.settleAfterMs,
      created_at: quest.createdAt,
      next_round_at: quest.startsAt,
    })
    .returning('quest_id')
    .executeTakeFirstOrThrow();
  return quest_id;
}

/** Finds a quest by its id. */
export async function readQuest(db: Kysely<Database>, communityId: number, id: number): Promise<Quest | undefined> {
  const row = await db
    .selectFrom('quests')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('quest_id', '=', id)
    .executeTakeFirst();
  return row && toQuest(row);
}

/** A page of the quests: running ones, then scheduled ones, then those that are over or cancelled; of each, the first to end first. */
export async function readQuests(
  db: Kysely<Database>,
  communityId: number,
  { limit, offset }: { limit: number; offset: number },
  now: Date,
): Promise<{ total: number; quests: Quest[] }> {
  const ofCommunity = db.selectFrom('quests').where('community_id', '=', communityId);
  const { total } = await ofCommunity.select((eb) => eb.fn.countAll<bigint>().as('total')).executeTakeFirstOrThrow();
  const over = sql`(cancelled_at is not null or ends_at <= ${now})`;
  const rows = await ofCommunity
    .selectAll()
    .orderBy(sql`case when ${over} then 3 when starts_at > ${now} then 2 else 1 end`)
    .orderBy(sql`case when ${over} then -extract(epoch from ends_at) else extract(epoch from ends_at) end`)
    .orderBy('quest_id')
    .limit(limit)
    .offset(offset)
    .execute();
  return { total: Number(total), quests: rows.map(toQuest) };
}

/** The quests that are not cancelled and whose deadline is later than a moment, oldest first. */
export async function readQuestsEndingAfter(db: Kysely<Database>, communityId: number, moment: Date): Promise<Quest[]> {
  const rows = await db
    .selectFrom('quests')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('cancelled_at', 'is', null)
    .where('ends_at', '>', moment)
    .orderBy('quest_id')
    .execute();
  return rows.map(toQuest);
}

/** Every quest with these ids. */
export async function readQuestsById(
  db: Kysely<Database>,
  communityId: number,
  ids: readonly number[],
): Promise<Map<number, Quest>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('quests')
    .selectAll()
    .where('community_id', '=', communityId)
    .where(sql<boolean>`quest_id = any(${numbers(ids)}::int[])`)
    .execute();
  return new Map(rows.map((row) => [row.quest_id, toQuest(row)]));
}

/** The rounds of some quests that end at a moment or later, and the last one made of each. */
export async function readRounds(
  db: Kysely<Database>,
  communityId: number,
  quests: readonly Quest[],
  endingFrom: Date,
): Promise<QuestRound[]> {
  if (quests.length === 0) return [];
  const { rows } = await sql<Selectable<Database['quest_rounds']>>`
    select r.* from unnest(${numbers(quests.map(({ id }) => id))}::int[]) as d(quest_id)
    cross join lateral (select max(ends_at) as ends_at from quest_rounds where community_id = ${communityId} and quest_id = d.quest_id) last
    join quest_rounds r on r.community_id = ${communityId} and r.quest_id = d.quest_id
      and r.ends_at >= least(last.ends_at, ${endingFrom}::timestamptz)
    order by r.quest_id, r.starts_at`.execute(db);
  const byId = new Map(quests.map((quest) => [quest.id, quest]));
  return rows.flatMap((row) => {
    const quest = byId.get(row.quest_id);
    return quest ? [{ ...toRound(row), quest }] : [];
  });
}

/** Rounds by their ids, with their quests. */
export async function readRoundsById(
  db: Kysely<Database>,
  communityId: number,
  ids: readonly number[],
): Promise<QuestRound[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('quest_rounds')
    .selectAll()
    .where('community_id', '=', communityId)
    .where(sql<boolean>`round_id = any(${numbers(ids)}::int[])`)
    .orderBy('quest_id')
    .orderBy('starts_at')
    .execute();
  const quests = await readQuestsById(db, communityId, [...new Set(rows.map((row) => row.quest_id))]);
  return rows.flatMap((row) => {
    const quest = quests.get(row.quest_id);
    return quest ? [{ ...toRound(row), quest }] : [];
  });
}

/** The round of a quest with a key; without one the last that has begun. */
export async function readRoundOf(
  db: Kysely<Database>,
  communityId: number,
  quest: Quest,
  key: string | undefined,
  now: Date,
): Promise<QuestRound | undefined> {
  const ofQuest = db
    .selectFrom('quest_rounds')
    .selectAll()
    .where('community_id', '=', communityId)
    .where('quest_id', '=', quest.id);
  const row = await // They lie end to end: the last to begin is the last to end.
  (
    key === undefined
      ? ofQuest.where('starts_at', '<=', now).orderBy('ends_at', 'desc').limit(1)
      : ofQuest.where('key', '=', key)
  ).executeTakeFirst();
  return row && { ...toRound(row), quest };
}

/**
 * Makes rounds of a quest, for a transaction that holds the community's lock.
 *
 * @param examinedTo 0 where somebody may have contributed already; undefined where nobody can have
 */
export async function insertRounds(
  trx: Transaction<Database>,
  communityId: number,
  quest: Quest,
  rounds: readonly NewRound[],
  examinedTo: 0 | undefined,
): Promise<QuestRound[]> {
  if (rounds.length === 0) return [];
  const { rows } = await sql<Selectable<Database['quest_rounds']>>`
    insert into quest_rounds (community_id, quest_id, key, starts_at, ends_at, settles_at, examined_to)
    select ${communityId}::int, ${quest.id}::int, key, starts_at, ends_at, settles_at, ${examinedTo ?? null}::int
    from unnest(
      ${rounds.map(({ key }) => key)}::text[], ${instants(rounds.map(({ startsAt }) => startsAt))}::timestamptz[],
      ${instants(rounds.map(({ endsAt }) => endsAt))}::timestamptz[], ${instants(rounds.map(({ settlesAt }) => settlesAt))}::timestamptz[]
    ) as d(key, starts_at, ends_at, settles_at)
    order by starts_at
    returning *`.execute(trx);
  await noteNextRound(trx, communityId, quest.id);
  return rows.map((row) => ({ ...toRound(row), quest }));
}

/** Notes when the next round of a quest begins, after its rounds or its deadline changed. Safe to repeat. */
export async function noteNextRound(trx: Transaction<Database>, communityId: number, questId: number): Promise<void> {
  await sql`
    update quests q set next_round_at = case when last.ends_at < q.ends_at then last.ends_at end
    from (
      select coalesce(
        (select max(ends_at) from quest_rounds where community_id = ${communityId} and quest_id = ${questId}),
        (select starts_at from quests where community_id = ${communityId} and quest_id = ${questId})
      ) as ends_at
    ) last
    where q.community_id = ${communityId} and q.quest_id = ${questId}`.execute(trx);
}

/** Who of some members joined some quests, and when: by {@link joinSlot}. */
export async function readJoins(
  db: Kysely<Database>,
  communityId: number,
  questIds: readonly number[],
  memberIds: readonly number[],
): Promise<Map<string, Date>> {
  if (questIds.length === 0 || memberIds.length === 0) return new Map();
  const { rows } = await sql<{ questId: number; memberId: number; joinedAt: Date }>`
    select j.quest_id as "questId", j.member_id as "memberId", j.joined_at as "joinedAt"
    from unnest(${numbers(questIds)}::int[]) as q(quest_id) cross join unnest(${numbers(memberIds)}::int[]) as m(member_id)
    cross join lateral (
      select quest_id, member_id, joined_at from quest_joins
      where community_id = ${communityId} and quest_id = q.quest_id and member_id = m.member_id offset 0
    ) j`.execute(db);
  return new Map(rows.map(({ questId, memberId, joinedAt }) => [joinSlot(questId, memberId), joinedAt]));
}

export function joinSlot(questId: number, memberId: number): string {
  return `${questId} ${memberId}`;
}

function toRound(row: Selectable<Database['quest_rounds']>): Round {
  return {
    id: row.round_id,
    questId: row.quest_id,
    key: row.key,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    settlesAt: row.settles_at,
    settledAt: row.settled_at ?? undefined,
    examinedTo: row.examined_to ?? undefined,
  };
}

function toQuest(row: Selectable<Database['quests']>): Quest {
  // What is kept is the JSON that the schemas let in, and they read it again.
  const goal = goalSchema.parse(row.goal);
  return {
    id: row.quest_id,
    name: row.name,
    description: row.description,
    goal,
    rewards: rewardSchema.array().parse(row.rewards),
    recurrence: row.recurrence,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    maxWinners: row.max_winners ?? undefined,
    joinRequired: row.join_required,
    countEarlier: row.count_earlier,
    prerequisites: prerequisiteSchema.array().parse(row.prerequisites),
    settleAfterMs: row.settle_after_ms,
    createdAt: row.created_at,
    cancelledAt: row.cancelled_at ?? undefined,
    reckoner: new GoalReckoner(goal),
  };
}
