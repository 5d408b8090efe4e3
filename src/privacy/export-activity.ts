/** For the export of a member's data: quests, proofs, feedback, exclusions, and what was said of and to the member. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { KnownNames } from './person.ts';

type Db = Kysely<Database>;

/** The quests that the member joined and completed, and the proofs handed in with what was decided, by whomever. */
export async function readQuests(db: Db, communityId: number, memberId: number) {
  const ofMember = sql`community_id = ${communityId} and member_id = ${memberId}`;
  const { rows: joined } = await sql`
    select j.quest_id as quest, q.name, j.joined_at as "joinedAt"
    from (select * from quest_joins where ${ofMember}) j
    join quests q on q.community_id = j.community_id and q.quest_id = j.quest_id order by j.joined_at`.execute(db);
  const { rows: completed } = await sql`
    select r.quest_id as quest, q.name, r.key as round, c.completed_at as "completedAt", c.recorded_at as "recordedAt", c.won
    from (select * from quest_completions where ${ofMember}) c
    join quest_rounds r on r.community_id = c.community_id and r.round_id = c.round_id
    join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id order by c.completed_at`.execute(db);
  const { rows: proofs } = await sql`
    select r.quest_id as quest, q.name, r.key as round, p.content, p.state, p.submitted_at as "submittedAt",
      p.reviewed_at as "reviewedAt", p.reason,
      (select coalesce(jsonb_agg(one - '{reviewer,decidedBy}'::text[] order by n), '[]')
       from jsonb_array_elements(p.history) with ordinality as d(one, n)) as history
    from (select * from quest_proofs where ${ofMember}) p
    join quest_rounds r on r.community_id = p.community_id and r.round_id = p.round_id
    join quests q on q.community_id = r.community_id and q.quest_id = r.quest_id order by p.submitted_at`.execute(db);
  return { joined, completed, proofs };
}

/** The messages that were credited to the member, and those that the member credited. */
export async function readFeedback(db: Db, communityId: number, { discordUserIds }: KnownNames) {
  const accounts = sql`any(${discordUserIds}::text[])`;
  const { rows: received } = await sql`
    select message_id as "messageId", message_link as link, at from feedback_credits
    where community_id = ${communityId} and author_id = ${accounts} order by at`.execute(db);
  const { rows: given } = await sql`
    select message_id as "messageId", message_link as link, at from feedback_credits
    where community_id = ${communityId} and giver_id = ${accounts} order by at`.execute(db);
  return { received, given };
}

/** From what the member was kept, and why. */
export async function readExclusions(db: Db, communityId: number, memberId: number) {
  return db
    .selectFrom('exclusions')
    .select(['scope', 'reason', 'starts_at as startsAt', 'ends_at as endsAt', 'lifted_at as liftedAt'])
    .where('community_id', '=', communityId)
    .where('member_id', '=', memberId)
    .orderBy('exclusion_id')
    .execute();
}

/** What is kept of announcements that name the member, and of what was said to it in private. */
export async function readTold(db: Db, communityId: number, memberId: number, { discordUserIds }: KnownNames) {
  const { rows: naming } = await sql`
    select kind, due_at as "dueAt", state from announcements
    where community_id = ${communityId}
      and jsonb_path_exists(content, '$.** ? (@.memberId == $id)', jsonb_build_object('id', ${memberId}::int))
    order by due_at, announcement_id`.execute(db);
  const { rows: inPrivate } = await sql`
    select kind, content, due_at as "dueAt", state from announcements
    where community_id = ${communityId} and recipient_id = any(${discordUserIds}::text[])
    order by due_at, announcement_id`.execute(db);
  return { naming, inPrivate };
}
