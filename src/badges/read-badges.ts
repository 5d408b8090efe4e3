/** Badges as they are shown: all of a community, and those of a member with what can still be earned. */
import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { isAchievement, type Achievement, type Badge } from './badge.ts';
import { readBadges } from './badge-store.ts';
import { countHolders, type Holders } from './holders.ts';
import { readProgress, type Progress } from './progress.ts';
import type { BadgeCommunity } from './reckon.ts';

/** A badge that a member has, and when it was granted last. `badge`: what it means, where that is known. */
export type HeldBadge = { name: string; count: number; grantedAt: Date; badge: Badge | undefined };

/** What a member has, the latest first, and what can still be earned, the nearest first. */
export type Collection = {
  held: HeldBadge[];
  open: { badge: Achievement; progress: Progress | undefined }[];
};

/** The badges that have a definition, the oldest first, with how many have each. Those that were removed and kept are among them. */
export async function listBadges(db: Kysely<Database>, communityId: number): Promise<(Badge & Holders)[]> {
  const badges = (await readBadges(db, communityId)).filter((badge) => !isBeingTakenBack(badge));
  const counted = await countHolders(
    db,
    communityId,
    badges.map(({ name }) => name),
  );
  return badges.map((badge) => ({ ...badge, ...(counted.get(badge.name) ?? { holders: 0, orMore: false }) }));
}

/** Whether badges are announced when they are earned. */
export async function areAnnounced(db: Kysely<Database>, communityId: number): Promise<boolean> {
  const state = await db
    .selectFrom('award_states')
    .select('announced')
    .where('community_id', '=', communityId)
    .executeTakeFirst();
  return state?.announced ?? true;
}

/** Reads what a member has, and what can still be earned. */
export async function readCollection(
  db: Kysely<Database>,
  community: BadgeCommunity,
  memberId: number,
  now: Date,
): Promise<Collection> {
  const badges = await readBadges(db, community.id);
  const byName = new Map(badges.filter((badge) => !isBeingTakenBack(badge)).map((badge) => [badge.name, badge]));
  const held = (await readHeld(db, community.id, memberId)).map((one) => ({ ...one, badge: byName.get(one.name) }));
  const names = new Set(held.map(({ name }) => name));
  const achievements = badges.filter(isAchievement).filter(({ name, removedAt }) => !removedAt && !names.has(name));
  const progress = await readProgress(db, community, achievements, memberId, now);
  const open = achievements.map((badge) => ({ badge, progress: progress.get(badge.id) }));
  return { held, open: open.toSorted((a, b) => (b.progress?.share ?? 0) - (a.progress?.share ?? 0)) };
}

/** What there is to earn, for somebody who has not contributed. */
export async function readToEarn(db: Kysely<Database>, communityId: number): Promise<Collection['open']> {
  const achievements = (await readBadges(db, communityId)).filter(isAchievement);
  return achievements.filter(({ removedAt }) => !removedAt).map((badge) => ({ badge, progress: undefined }));
}

async function readHeld(
  db: Kysely<Database>,
  communityId: number,
  memberId: number,
): Promise<Omit<HeldBadge, 'badge'>[]> {
  const { rows } = await sql<{ name: string; count: number; grantedAt: Date }>`
    select name, sum(amount)::int as count, max(made_at) filter (where amount > 0) as "grantedAt" from grants
    where community_id = ${communityId} and member_id = ${memberId} and kind = 'badge' and name is not null
    group by name having sum(amount) > 0 order by 3 desc, 1`.execute(db);
  return rows;
}

/** What is on its way out is shown no more, though some may have it for seconds. */
function isBeingTakenBack({ removedAt, examinedTo }: Badge): boolean {
  return removedAt !== undefined && examinedTo !== undefined;
}
