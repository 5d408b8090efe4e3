import { sql, type Kysely } from 'kysely';

/** Finding what is due of quests without a look at those that are over. Each index names the query it serves. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // When the next round begins that does not exist yet; null: all there will be do.
  await sql`alter table quests add column next_round_at timestamptz`.execute(db);
  await sql`
    update quests q set next_round_at = last.ends_at
    from (
      select q.community_id, q.quest_id, coalesce(max(r.ends_at), q.starts_at) as ends_at
      from quests q left join quest_rounds r on r.community_id = q.community_id and r.quest_id = q.quest_id
      group by q.community_id, q.quest_id
    ) last
    where last.community_id = q.community_id and last.quest_id = q.quest_id and last.ends_at < q.ends_at`.execute(db);
  // Rounds that have begun and do not exist yet.
  await sql`
    create index quests_next_round on quests (community_id, next_round_at)
    where next_round_at is not null and cancelled_at is null`.execute(db);
  // The quests that what is recorded now can move on.
  await sql`create index quests_end on quests (community_id, ends_at) where cancelled_at is null`.execute(db);
  // The rounds of a quest that go on, and its last one.
  await sql`create index quest_rounds_end on quest_rounds (community_id, quest_id, ends_at)`.execute(db);
}
