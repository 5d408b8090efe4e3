import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { isAchievement, entitlementOf, type Achievement } from './badge.ts';
import { readBadges } from './badge-store.ts';
import { reckon, type BadgeCommunity } from './reckon.ts';
import { readInEffect } from './settle.ts';
import { countTallies, readTallies, type Tally } from './tallies.ts';

const PAGE = 500;

/**
 * Recomputes from the contributions what members have contributed in all and which achievements they have earned, as far
 * as awarding has come, and says each difference in a sentence. Reads only, page by page; beside writers a page may see a
 * batch between two of its statements.
 */
export async function* verifyBadges(db: Kysely<Database>, community: BadgeCommunity, now: Date): AsyncGenerator<string> {
  const achievements = (await readBadges(db, community.id))
    .filter(isAchievement)
    .filter(({ removedAt, examinedTo }) => removedAt === undefined && examinedTo === undefined);
  const state = await db
    .selectFrom('award_states')
    .select('seq')
    .where('community_id', '=', community.id)
    .executeTakeFirst();
  if (achievements.length === 0 || !state) return;
  for (let after = 0; ;) {
    const { rows } = await sql<{ memberId: number }>`
      select member_id as "memberId" from members where community_id = ${community.id} and member_id > ${after}
      order by member_id limit ${PAGE}`.execute(db);
    const memberIds = rows.map(({ memberId }) => memberId);
    yield* verifyTallies(db, community.id, memberIds, state.seq);
    yield* verifyGrants(db, community, achievements, memberIds, now);
    const last = memberIds.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function* verifyTallies(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
  upTo: bigint,
): AsyncGenerator<string> {
  const expected = bySlot(await countTallies(db, communityId, memberIds, upTo));
  const actual = bySlot(await readTallies(db, communityId, memberIds));
  for (const slot of new Set([...expected.keys(), ...actual.keys()])) {
    const [is, ought] = [say(actual.get(slot)), say(expected.get(slot))];
    if (is !== ought) yield `Member ${slot}: ${is}, and by the contributions ${ought}.`;
  }
}

async function* verifyGrants(
  db: Kysely<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  memberIds: readonly number[],
  now: Date,
): AsyncGenerator<string> {
  const inEffect = await readInEffect(db, community.id, achievements, memberIds);
  for (const { achievement, earned } of await reckon(db, community, achievements, memberIds, now)) {
    const held = inEffect.get(achievement.id) ?? new Map<string, number>();
    const due = new Set(earned.map((one) => entitlementOf(achievement, one)));
    for (const key of due) if (!held.has(key)) yield `Badge "${achievement.name}": earned and not granted: ${key}.`;
    for (const key of held.keys()) if (!due.has(key)) yield `Badge "${achievement.name}": granted and not earned: ${key}.`;
  }
}

function bySlot(tallies: readonly Tally[]): Map<string, Tally> {
  return new Map(
    tallies.map((tally) => [`${tally.memberId}, category ${tally.categoryId}, source ${tally.sourceId}`, tally]),
  );
}

function say(tally: Tally | undefined): string {
  return tally ? `${tally.contributions} contributions, ${tally.amount} thousandths` : 'nothing';
}
