/** Reckoning who has earned what. What the answer says depends on what counts alone, in whatever order it came. */
import { sql, type Kysely } from 'kysely';
import type { Community } from '../communities/community.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { findStretches, readAwards } from '../rewards/winners.ts';
import { readNewestVersions, type FinalVersion } from '../seasons/final-versions.ts';
import { countCategories, cutTime, hasGap, keyOfPiece, longestRun, readActivePieces } from './active-time.ts';
import type { Achievement, Earned } from './badge.ts';
import { isTotal, type Rule } from './rule.ts';
import { findFeedbackSource, readTallies, sumByMember, totalOf, type Tally } from './tallies.ts';

/** A community as far as badges go. */
export type BadgeCommunity = Pick<Community, 'id' | 'timeZone' | 'calendar' | 'categories'>;

type RuleOf<Kind extends Rule['kind']> = Extract<Rule, { kind: Kind }>;

/**
 * Reckons who of some members has earned which of some achievements, by all that counts. Of an achievement that was
 * removed nobody has earned anything.
 *
 * @returns a list an achievement, in order
 */
export async function reckon(
  db: Kysely<Database>,
  community: BadgeCommunity,
  achievements: readonly Achievement[],
  memberIds: readonly number[],
  now: Date,
): Promise<{ achievement: Achievement; earned: Earned[] }[]> {
  const facts = new Facts(db, community, memberIds, now);
  const answers: { achievement: Achievement; earned: Earned[] }[] = [];
  for (const achievement of achievements) {
    const earned = achievement.removedAt ? [] : await reckonOne(facts, achievement);
    answers.push({ achievement, earned: achievement.kind === 'once' ? onceEach(earned) : earned });
  }
  return answers;
}

async function reckonOne(facts: Facts, { rule }: Achievement): Promise<Earned[]> {
  if (isTotal(rule)) {
    const { of, wanted } = totalOf(rule, facts.community, await facts.feedbackSource());
    return whoReached(sumByMember(await facts.tallies(), of), wanted);
  }
  switch (rule.kind) {
    case 'streak':
      return whoHas(await facts.activeWeeks(), (weeks) => longestRun(weeks) >= rule.weeks);
    case 'comeback':
      return whoHas(await facts.activeWeeks(), (weeks) => hasGap(weeks, rule.weeks));
    case 'categories':
      return reckonCategories(facts, rule);
    case 'quests':
      return whoReached(await readCompleted(facts.db, facts.community.id, facts.memberIds), BigInt(rule.atLeast));
    case 'rank':
      return reckonRanks(facts, rule);
  }
}

/** What rules are reckoned from, each thing read when it is first asked for. */
class Facts {
  readonly db: Kysely<Database>;
  readonly community: BadgeCommunity;
  readonly memberIds: readonly number[];
  readonly now: Date;
  #tallies: Promise<Tally[]> | undefined;
  #feedbackSource: Promise<number | undefined> | undefined;
  #activeWeeks: Promise<Map<number, number[]>> | undefined;
  #finalVersions: Promise<FinalVersion[]> | undefined;

  constructor(db: Kysely<Database>, community: BadgeCommunity, memberIds: readonly number[], now: Date) {
    this.db = db;
    this.community = community;
    this.memberIds = memberIds;
    this.now = now;
  }

  tallies(): Promise<Tally[]> {
    return (this.#tallies ??= readTallies(this.db, this.community.id, this.memberIds));
  }

  feedbackSource(): Promise<number | undefined> {
    return (this.#feedbackSource ??= findFeedbackSource(this.db, this.community.id));
  }

  activeWeeks(): Promise<Map<number, number[]>> {
    return (this.#activeWeeks ??= cutTime(this.db, this.community, 'week', this.now).then((weeks) =>
      readActivePieces(this.db, this.community, weeks, this.memberIds),
    ));
  }

  finalVersions(): Promise<FinalVersion[]> {
    return (this.#finalVersions ??= readNewestVersions(this.db, this.community.id));
  }
}

async function reckonCategories(facts: Facts, rule: RuleOf<'categories'>): Promise<Earned[]> {
  const { db, community, now } = facts;
  const slugs = new Set(rule.categories);
  const categoryIds = community.categories.flatMap(({ id, slug }) => (slugs.has(slug) ? [id] : []));
  const candidates = whoContributedToAll(await facts.tallies(), categoryIds);
  const pieces = await cutTime(db, community, rule.window, now);
  const counted = await countCategories(db, community, pieces, categoryIds, candidates);
  return counted.flatMap(({ memberId, piece, categories }) => {
    const period = keyOfPiece(pieces, piece);
    return period !== undefined && categories === slugs.size ? [{ memberId, period }] : [];
  });
}

/** Who contributed to each of some categories at any time: of others, no window need be looked at. */
function whoContributedToAll(tallies: readonly Tally[], categoryIds: readonly number[]): number[] {
  const ofMembers = Map.groupBy(tallies, ({ memberId }) => memberId);
  return [...ofMembers].flatMap(([memberId, own]) => {
    const contributedTo = new Set(own.map(({ categoryId }) => categoryId));
    return categoryIds.every((id) => contributedTo.has(id)) ? [memberId] : [];
  });
}

/** Whoever won a place, among some members. */
async function reckonRanks(facts: Facts, rule: RuleOf<'rank'>): Promise<Earned[]> {
  const asked = new Set(facts.memberIds);
  const ranked = await readRanked(facts.db, facts.community, rule, await facts.finalVersions());
  return ranked.filter(({ memberId }) => asked.has(memberId));
}

/** Whoever won a place on a final table: counted, and passed on, as prizes are. */
export async function readRanked(
  db: Kysely<Database>,
  community: BadgeCommunity,
  rule: RuleOf<'rank'>,
  versions: readonly FinalVersion[],
): Promise<Earned[]> {
  const slugs = new Map(community.categories.map(({ id, slug }) => [id, slug]));
  const earned = new Map<string, Earned>();
  for (const { window, categoryId, boardId, version, sha256, excluded } of versions) {
    // A table that is being amended was final before.
    const isFinal = sha256 !== undefined || version > 1;
    const slug = slugs.get(categoryId) ?? '';
    if (!isFinal || window.kind !== rule.window || (rule.category !== undefined && rule.category !== slug)) continue;
    const places = {
      id: 0,
      categoryId,
      window: rule.window,
      band: { ranks: { from: 1, to: rule.atMost } },
      rewards: [{ kind: 'badge', name: rule.kind } as const],
      createdAt: window.startsAt,
      removedAt: undefined,
    };
    const board = { communityId: community.id, boardId, total: 0, excluded: new Set(excluded) };
    const period = `${window.key} ${slug}`;
    for await (const awards of readAwards(db, board, await findStretches(db, board, [places]))) {
      // Of a member and one merged into it, both on the table, one is meant.
      for (const { memberId } of awards) earned.set(`${memberId} ${period}`, { memberId, period });
    }
  }
  return [...earned.values()];
}

/** How many quests, and rounds of them, members have completed. */
export async function readCompleted(
  db: Kysely<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<Map<number, bigint>> {
  const { rows } = await sql<{ memberId: number; completed: bigint }>`
    select member_id as "memberId", count(*) as completed from quest_completions
    where community_id = ${communityId} and member_id = any(${numbers(memberIds)}::int[]) group by 1`.execute(db);
  return new Map(rows.map((row) => [row.memberId, row.completed]));
}

function whoReached(sums: ReadonlyMap<number, bigint>, wanted: bigint): Earned[] {
  return whoHas(sums, (sum) => sum >= wanted);
}

function whoHas<Fact>(facts: ReadonlyMap<number, Fact>, isEnough: (fact: Fact) => boolean): Earned[] {
  return [...facts].flatMap(([memberId, fact]) => (isEnough(fact) ? [{ memberId, period: undefined }] : []));
}

function onceEach(earned: readonly Earned[]): Earned[] {
  return [...new Set(earned.map(({ memberId }) => memberId))].map((memberId) => ({ memberId, period: undefined }));
}
