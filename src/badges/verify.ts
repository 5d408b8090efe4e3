/** Achievements held against the contributions they follow from, and put right. */
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { lockAwards } from './award-state.ts';
import { entitlementOf, isAchievement, type Achievement } from './badge.ts';
import { readBadges } from './badge-store.ts';
import { reckon, type BadgeCommunity } from './reckon.ts';
import { readInEffect, settle } from './settle.ts';
import { countFinalTables, findChanged, findCompleters } from './touched.ts';
import { countTallies, readTallies, recountTallies, type Tally } from './tallies.ts';

const PAGE = 500;

/**
 * Recomputes from the contributions what members have contributed in all and which achievements they have earned, and
 * says each difference in a sentence: as far as awarding has come, so that what it has yet to look at is none. Reads
 * only, page by page; beside writers a page may see a batch between two of its statements.
 */
export async function* verifyBadges(
  db: Kysely<Database>,
  community: BadgeCommunity,
  now: Date,
): AsyncGenerator<string> {
  const state = await db
    .selectFrom('award_states as s')
    .innerJoin('communities as c', 'c.community_id', 's.community_id')
    .select(['s.seq', 's.time_zone', 'c.last_seq'])
    .where('s.community_id', '=', community.id)
    .executeTakeFirst();
  if (!state) return;
  const { seq, last_seq: lastSeq } = state;
  const isUpToDate = seq === lastSeq && state.time_zone === community.timeZone;
  const achievements = isUpToDate ? await readSettled(db, community.id) : [];
  const tables = await countFinalTables(db, community.id);
  const ofQuests = achievements.filter(({ rule }) => rule.kind === 'quests');
  const others = achievements.filter(
    ({ rule, tablesSeen }) => rule.kind !== 'quests' && (rule.kind !== 'rank' || tablesSeen === tables),
  );
  // Whoever had something happen since has yet to be looked at.
  const changed = await findChanged(db, community.id, { after: seq, upTo: lastSeq });
  const completers = new Set(await findCompleters(db, community.id, seq));
  for await (const memberIds of pagesOfMembers(db, community.id)) {
    yield* await tallyDifferences(db, community.id, without(changed, memberIds), seq);
    yield* verifyGrants(db, community, others, memberIds, now);
    yield* verifyGrants(db, community, ofQuests, without(completers, memberIds), now);
  }
}

/**
 * Makes tallies and grants what the contributions make them, page by page, each a transaction of its own, while awarding
 * and recording go on. Nothing of it is told. Safe to repeat.
 *
 * @returns how much had to be put right
 */
export async function rebuildBadges(db: Kysely<Database>, community: BadgeCommunity, now: Date): Promise<number> {
  let repaired = 0;
  for await (const memberIds of pagesOfMembers(db, community.id)) {
    repaired += await db.transaction().execute(async (trx) => {
      const { seq } = await lockAwards(trx, community.id);
      const wrong = await tallyDifferences(trx, community.id, memberIds, seq);
      if (wrong.length > 0) await recountTallies(trx, community.id, memberIds, seq);
      const settled = await settle(trx, community, await readSettled(trx, community.id), memberIds, now);
      return settled.reduce((sum, { given, takenBack }) => sum + given.length + takenBack.length, wrong.length);
    });
  }
  return repaired;
}

/** The achievements that everybody has been looked at for. */
async function readSettled(db: Kysely<Database>, communityId: number): Promise<Achievement[]> {
  const achievements = (await readBadges(db, communityId)).filter(isAchievement);
  return achievements.filter(({ removedAt, examinedTo }) => removedAt === undefined && examinedTo === undefined);
}

function without(left: ReadonlySet<number>, memberIds: readonly number[]): number[] {
  return memberIds.filter((memberId) => !left.has(memberId));
}

async function* pagesOfMembers(db: Kysely<Database>, communityId: number): AsyncGenerator<number[]> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const members: { memberId: number }[] = await db
      .selectFrom('members')
      .select('member_id as memberId')
      .where('community_id', '=', communityId)
      .where('member_id', '>', after)
      .orderBy('member_id')
      .limit(PAGE)
      .execute();
    if (members.length > 0) yield members.map(({ memberId }) => memberId);
    after = members.at(-1)?.memberId;
  }
}

async function tallyDifferences(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
  upTo: bigint,
): Promise<string[]> {
  const expected = bySlot(await countTallies(db, communityId, memberIds, upTo));
  const actual = bySlot(await readTallies(db, communityId, memberIds));
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((slot) => {
    const [is, ought] = [say(actual.get(slot)), say(expected.get(slot))];
    return is === ought ? [] : [`Member ${slot}: ${is}, and by the contributions ${ought}.`];
  });
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
    for (const key of held.keys())
      if (!due.has(key)) yield `Badge "${achievement.name}": granted and not earned: ${key}.`;
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
