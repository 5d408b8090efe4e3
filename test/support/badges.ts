import { sql } from 'kysely';
import { awardAchievements } from '../../src/badges/award.ts';
import { newBadgeSchema } from '../../src/badges/badge.ts';
import { createBadge } from '../../src/badges/manage.ts';
import { verifyBadges } from '../../src/badges/verify.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { NOW, TESTER } from './communities.ts';

type Of = { id: number; slug: string };

/** Makes a badge, as an API takes it. Returns its id. */
export async function makeBadge(
  context: RankingContext,
  { slug }: Of,
  fields: Record<string, unknown>,
  now = NOW,
): Promise<number> {
  const community = await context.directory.bySlug(slug);
  return (await createBadge(context, community, newBadgeSchema.parse(fields), TESTER, now)).id;
}

/** Makes an achievement that goes by the name of its rule's kind. */
export async function makeAchievement(
  context: RankingContext,
  community: Of,
  rule: Record<string, unknown>,
  fields: Record<string, unknown> = {},
): Promise<number> {
  return makeBadge(context, community, { name: String(rule['kind']), rule, ...fields });
}

/** Awards what is due in a community. */
export async function award(context: RankingContext, { id }: Of, now = NOW): Promise<void> {
  await awardAchievements(context, now, { communityId: id });
}

/** The achievements of all members, and no prizes: by handle, the names with their counts. */
export async function badgesOf({ db }: RankingContext, { id }: Of): Promise<Record<string, Record<string, number>>> {
  const { rows } = await sql<{ handle: string; name: string; count: number }>`
    select m.handle, g.name, sum(g.amount)::int as count from grants g join members m using (community_id, member_id)
    where g.community_id = ${id} and g.kind = 'badge' and starts_with(g.entitlement, 'achievement ') group by 1, 2 having sum(g.amount) <> 0 order by 1, 2`.execute(
    db,
  );
  const badges: Record<string, Record<string, number>> = {};
  for (const { handle, name, count } of rows) (badges[handle] ??= {})[name] = count;
  return badges;
}

/** What of a community's badges is not what its contributions make it: nothing, where all is well. */
export async function badgeDifferencesOf(context: RankingContext, { slug }: Of, now = NOW): Promise<string[]> {
  const community = await context.directory.bySlug(slug);
  const found: string[] = [];
  for await (const difference of verifyBadges(context.db, community, now)) found.push(difference);
  return found;
}

/** A community without the badges of the preset: none are there but those that a test makes. */
export async function forgetBadges({ db }: RankingContext, { id }: Of): Promise<void> {
  await db.deleteFrom('badges').where('community_id', '=', id).execute();
}
