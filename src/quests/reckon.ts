import { sql, type Kysely } from 'kysely';
import type { Community } from '../communities/community.ts';
import { instantOf, milliseconds, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { localDays } from '../ranking/local-day.ts';
import { isJudged } from './goal.ts';
import { readApprovals } from './proof-store.ts';
import { countsFrom } from './quest.ts';
import { joinSlot, readJoins, type QuestRound } from './quest-store.ts';
import type { Deed, Reckoning } from './tally.ts';

/** A community as far as quests go. */
export type QuestCommunity = Pick<Community, 'id' | 'timeZone' | 'calendar' | 'categories'>;

/** How far has this member come in this round? `judged`: what boards said, as `GoalReckoner.reckon` takes it. */
export type Question = { round: QuestRound; memberId: number; judged?: ReadonlyMap<number, number> | undefined };

/** The answer. `joinedAt`: where the quest has to be joined, and was. */
export type Answer<Asked extends Question = Question> = Asked &
  Reckoning & { joinedAt: Date | undefined; takesPart: boolean };

/**
 * Reckons from everything that was recorded and counts how far members have come. What the answer says depends on the
 * set of contributions and on joins alone.
 *
 * @returns an answer a question, in order
 */
export async function reckonMembers<Asked extends Question>(
  db: Kysely<Database>,
  community: QuestCommunity,
  questions: readonly Asked[],
): Promise<Answer<Asked>[]> {
  const joins = await readJoinsFor(db, community.id, questions);
  const asked = questions.map((question) => {
    const { round, memberId } = question;
    const { quest } = round;
    const joinedAt = quest.joinRequired ? joins.get(joinSlot(quest.id, memberId)) : undefined;
    return { question, joinedAt, from: countsFrom(quest, round, joinedAt) };
  });
  const spans = new Map<number, Span>();
  for (const { question, from } of asked) {
    const { endsAt } = question.round;
    // What boards and reviewers alone judge needs no contributions.
    const needsDeeds = question.round.quest.reckoner.parts.some((goal) => !isJudged(goal) && goal.kind !== 'proof');
    if (!from || from >= endsAt || !needsDeeds) continue;
    const span = spans.get(question.memberId);
    if (!span) spans.set(question.memberId, { from, to: endsAt });
    else {
      if (from < span.from) span.from = from;
      if (endsAt > span.to) span.to = endsAt;
    }
  }
  const deeds = await readDeeds(db, community, spans);
  const approvals = await readApprovalsFor(db, community.id, questions);
  return asked.map(({ question, joinedAt, from }) => {
    const { round, memberId } = question;
    const { reckoner } = round.quest;
    if (!from) return { ...question, tally: reckoner.begin(), reachedAt: undefined, joinedAt, takesPart: false };
    const [first, end] = [from.getTime(), round.endsAt.getTime()];
    const all = deeds.get(memberId) ?? [];
    const own = all.slice(firstFrom(all, first), firstFrom(all, end));
    return { ...question, ...reckoner.reckon(own, verdictsOn(question, approvals)), joinedAt, takesPart: true };
  });
}

/** Makes deeds of contributions: gives each the number of its local day. */
export function deedMaker(
  timeZone: string,
): (deed: Pick<Deed, 'category' | 'subject'> & { amount: bigint; occurredAt: Date }) => Deed {
  const dayAt = localDays(timeZone);
  return ({ category, subject, amount, occurredAt }) => ({
    category,
    subject,
    amount: Number(amount),
    at: occurredAt.getTime(),
    day: dayAt(occurredAt).startsAt.getTime(),
  });
}

/** From one moment to before another. */
export type Span = { from: Date; to: Date };

/** When what boards and reviewers judge was reached. A proof that was completed after the end counts as of the end. */
function verdictsOn({ round, memberId, judged }: Question, approvals: ReadonlyMap<string, Date>) {
  const handedInAt = approvals.get(`${round.id} ${memberId}`);
  const index = round.quest.reckoner.parts.findIndex(({ kind }) => kind === 'proof');
  if (!handedInAt || index < 0) return judged;
  return new Map([...(judged ?? []), [index, Math.min(handedInAt.getTime(), round.endsAt.getTime())]]);
}

async function readApprovalsFor(
  db: Kysely<Database>,
  communityId: number,
  questions: readonly Question[],
): Promise<ReadonlyMap<string, Date>> {
  const rounds = new Set<number>();
  const members = new Set<number>();
  for (const { round, memberId } of questions) {
    if (!round.quest.reckoner.parts.some(({ kind }) => kind === 'proof')) continue;
    rounds.add(round.id);
    members.add(memberId);
  }
  return readApprovals(db, communityId, [...rounds], [...members]);
}

/** The index of the first deed that is not before a moment. */
function firstFrom(deeds: readonly Deed[], moment: number): number {
  let [low, high] = [0, deeds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((deeds[middle]?.at ?? moment) < moment) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function readJoinsFor(
  db: Kysely<Database>,
  communityId: number,
  questions: readonly Question[],
): Promise<Map<string, Date>> {
  const needed = questions.filter(({ round }) => round.quest.joinRequired);
  const questIds = new Set(needed.map(({ round }) => round.quest.id));
  const memberIds = new Set(needed.map(({ memberId }) => memberId));
  return readJoins(db, communityId, [...questIds], [...memberIds]);
}

/** Reads what counts of each member within a span of time, in the order in which it occurred. */
export async function readDeeds(
  db: Kysely<Database>,
  { id, timeZone, categories }: QuestCommunity,
  spans: ReadonlyMap<number, Span>,
): Promise<Map<number, Deed[]>> {
  const deeds = new Map<number, Deed[]>();
  if (spans.size === 0) return deeds;
  const members = [...spans];
  const { rows } = await sql<{
    memberId: number;
    categoryId: number;
    subject: string | null;
    amount: bigint;
    occurredAt: Date;
  }>`
    select d.member_id as "memberId", c.category_id as "categoryId", c.subject, c.amount, c.occurred_at as "occurredAt"
    from unnest(
      ${numbers(members.map(([memberId]) => memberId))}::int[], ${milliseconds(members.map(([, { from }]) => from))}::bigint[],
      ${milliseconds(members.map(([, { to }]) => to))}::bigint[]
    ) with ordinality as d(member_id, starts_at, ends_at, n)
    cross join lateral (
      select category_id, subject, amount, occurred_at, seq from contributions
      where community_id = ${id} and member_id = d.member_id and counted
        and occurred_at >= ${instantOf('d.starts_at')} and occurred_at < ${instantOf('d.ends_at')}
      order by occurred_at, seq offset 0
    ) c
    order by d.n, c.occurred_at, c.seq`.execute(db);
  const slugs = new Map(categories.map((category) => [category.id, category.slug]));
  const toDeed = deedMaker(timeZone);
  for (const { memberId, categoryId, subject, amount, occurredAt } of rows) {
    const own = deeds.get(memberId);
    const deed = toDeed({ category: slugs.get(categoryId) ?? '', subject: subject ?? undefined, amount, occurredAt });
    if (own) own.push(deed);
    else deeds.set(memberId, [deed]);
  }
  return deeds;
}
