import { sql } from 'kysely';
import { createQuest } from '../../src/quests/create-quest.ts';
import { newQuestSchema } from '../../src/quests/quest.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { NOW, TESTER } from './communities.ts';

const HOUR_MS = 3_600_000;

/** A moment so many hours from NOW. */
export function hours(count: number): Date {
  return new Date(NOW.getTime() + count * HOUR_MS);
}

/** A quest as an API takes it: 10 GPU-hours within a day for 5 OMNIT, unless told otherwise. */
export function questBody(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'Ten hours',
    startsAt: hours(-12).toISOString(),
    endsAt: hours(12).toISOString(),
    goal: { category: 'gpu-contributors', amount: '10' },
    rewards: [{ kind: 'tokens', amount: '5' }],
    ...fields,
  };
}

/** Makes a quest, as an API takes it. Returns its id. */
export async function makeQuest(
  context: RankingContext,
  slug: string,
  fields: Record<string, unknown> = {},
  now = NOW,
): Promise<number> {
  const community = await context.directory.bySlug(slug);
  const wanted = newQuestSchema.parse(questBody(fields));
  return createQuest({ ...context, checkRole: acceptAnyRole }, community, wanted, TESTER, now);
}

/** Who completed what: `quest key handle`, with whether it won. */
export async function completionsOf({ db }: RankingContext, communityId: number) {
  const { rows } = await sql<{ quest: number; key: string; handle: string; at: string; won: boolean | null }>`
    select r.quest_id as quest, r.key, m.handle, q.completed_at as at, coalesce(q.won, case when r.settled_at is not null then false end) as won
    from quest_completions q join quest_rounds r using (community_id, round_id)
    join members m on m.community_id = q.community_id and m.member_id = q.member_id
    where q.community_id = ${communityId} order by r.quest_id, r.starts_at, q.completed_at, q.member_id`.execute(db);
  return rows;
}

/** What was granted in all: by handle, the sum of tokens in thousandths. */
export async function tokensOf({ db }: RankingContext, communityId: number): Promise<Record<string, number>> {
  const { rows } = await sql<{ handle: string; total: number }>`
    select m.handle, sum(g.amount)::int as total from grants g join members m using (community_id, member_id)
    where g.community_id = ${communityId} and g.kind = 'tokens' group by 1 having sum(g.amount) <> 0 order by 1`.execute(
    db,
  );
  return Object.fromEntries(rows.map(({ handle, total }) => [handle, total]));
}

/** The announcements of a community, by key. */
export async function announcementsOf({ db }: RankingContext, communityId: number) {
  return db
    .selectFrom('announcements')
    .select(['key', 'kind', 'content', 'recipient_id', 'state'])
    .where('community_id', '=', communityId)
    .orderBy('announcement_id')
    .execute();
}
