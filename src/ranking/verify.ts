/**
 * Recomputing standings from the contributions, to compare. Everything goes page by page, each page a statement of its
 * own and so of one moment: it can run beside writers, holds nothing open, and needs the same memory for any size.
 */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Category } from '../communities/community.ts';
import type { Calendar, WindowKind } from './calendar.ts';
import { FIRST_PLACE, LAST_PLACE, type Place } from './place.ts';
import { formatDecimal } from './score.ts';

/** How many members, or standings, a page compares. */
const PAGE = 500;

/** A standing that is not what the contributions make it. */
export type StandingDifference = {
  memberId: number;
  categoryId: number;
  kind: WindowKind;
  key: string;
  /** Undefined when the board is missing. */
  boardId: number | undefined;
  expected: Place | undefined;
  actual: Place | undefined;
};

/** A member's running totals that are not the sums of the contributions. In thousandths. */
export type TotalsDifference = {
  memberId: number;
  expectedOmnit: bigint;
  actualOmnit: bigint;
  expectedReputation: bigint;
  actualReputation: bigint;
};

/** A page of members that was compared, and how to go on: undefined at the end. */
export type MemberPage = {
  standings: StandingDifference[];
  totals: TotalsDifference[];
  next: number | undefined;
  compared: number;
};

/**
 * Compares the standings and totals of the members after one with what their contributions make them. Frozen windows are
 * left out: what stands there is a function of what happened up to their cut.
 */
export async function compareMembers(
  db: Kysely<Database>,
  communityId: number,
  after: number,
  count = PAGE,
): Promise<MemberPage> {
  const members = await db
    .selectFrom('members')
    .select('member_id')
    .where('community_id', '=', communityId)
    .where('member_id', '>', after)
    .orderBy('member_id')
    .limit(count)
    .execute();
  const ids = members.map((member) => member.member_id);
  const last = ids.at(-1);
  if (last === undefined) return { standings: [], totals: [], next: undefined, compared: 0 };
  const page = sql`c.community_id = ${communityId} and c.member_id > ${after} and c.member_id <= ${last}`;

  const standings = await sql<DifferenceRow & PlaceRow<'expected'> & PlaceRow<'actual'>>`
    with expected as (
      select c.member_id, c.category_id, kinds.kind, w.window_id, -sum(c.gain)::bigint as neg_score, max(c.occurred_at) as reached_at
      from (
        select c.member_id, c.category_id, c.occurred_at, case g.measure when 'reward' then c.reward else c.amount end as gain
        from contributions c join categories g on g.community_id = c.community_id and g.category_id = c.category_id
        where ${page} and c.counted and not ${isOffBoards(communityId, 'c')}
      ) c
      cross join (values ('week'), ('month'), ('season'), ('all')) kinds(kind)
      left join lateral (
        select w.window_id, w.ends_at, w.frozen_at from windows w
        where w.community_id = ${communityId} and w.kind = kinds.kind and w.starts_at <= c.occurred_at
        order by w.starts_at desc limit 1
      ) w on c.occurred_at < w.ends_at
      where c.gain > 0 and w.frozen_at is null and (w.window_id is not null or kinds.kind <> 'season' or not ${hasOwnSeasons(communityId)})
      group by c.member_id, c.category_id, kinds.kind, w.window_id
    )
    select e.member_id as "memberId", e.category_id as "categoryId", e.kind, coalesce(w.key, 'a window that is missing') as key, b.board_id as "boardId",
      e.neg_score as "expectedNegScore", e.reached_at as "expectedReachedAt", s.neg_score as "actualNegScore", s.reached_at as "actualReachedAt"
    from expected e
    left join windows w on w.community_id = ${communityId} and w.window_id = e.window_id
    left join boards b on b.community_id = ${communityId} and b.window_id = e.window_id and b.category_id = e.category_id
    left join standings s on s.community_id = ${communityId} and s.board_id = b.board_id and s.member_id = e.member_id
    where (s.neg_score, s.reached_at) is distinct from (e.neg_score, e.reached_at)`.execute(db);

  const totals = await sql<TotalsDifference>`
    select m.member_id as "memberId", m.earned_omnit as "actualOmnit", m.earned_reputation as "actualReputation",
      coalesce(e.omnit, 0)::bigint as "expectedOmnit", coalesce(e.reputation, 0)::bigint as "expectedReputation"
    from members m cross join lateral (
      select sum(c.reward) as omnit, sum(c.reputation) as reputation from contributions c
      where c.community_id = m.community_id and c.member_id = m.member_id and c.counted
    ) e
    where m.community_id = ${communityId} and m.member_id > ${after} and m.member_id <= ${last}
      and (m.earned_omnit, m.earned_reputation) is distinct from (coalesce(e.omnit, 0), coalesce(e.reputation, 0))`.execute(
    db,
  );

  return { standings: standings.rows.map(toDifference), totals: totals.rows, next: last, compared: ids.length };
}

/** A page of a board's standings that was looked through, and how to go on: undefined at the end. */
export type StandingPage = { unfounded: StandingDifference[]; next: number | undefined; compared: number };

/** Finds standings of a board, after one member's, that no contribution makes. */
export async function findUnfounded(
  db: Kysely<Database>,
  communityId: number,
  boardId: number,
  after: number,
): Promise<StandingPage> {
  return lookThrough(db, communityId, sql`s.board_id = ${boardId} and s.member_id > ${after}`);
}

/** Finds standings of one member, on any board, that no contribution makes. */
export async function findUnfoundedOf(
  db: Kysely<Database>,
  communityId: number,
  memberId: number,
): Promise<StandingDifference[]> {
  // By board: a member's standings are found by board and member.
  const boards = sql`select board_id from boards where community_id = ${communityId}`;
  const own = sql`s.board_id in (${boards}) and s.member_id = ${memberId}`;
  return (await lookThrough(db, communityId, own, sql``)).unfounded;
}

async function lookThrough(
  db: Kysely<Database>,
  communityId: number,
  which: RawBuilder<unknown>,
  limit: RawBuilder<unknown> = sql`limit ${PAGE}`,
): Promise<StandingPage> {
  // `+ 0`: the member's contributions are read, and never those of the whole category, whatever the planner believes.
  const { rows } = await sql<DifferenceRow & PlaceRow<'actual'> & { founded: boolean }>`
    select s.member_id as "memberId", b.category_id as "categoryId", w.kind, w.key, s.board_id as "boardId",
      s.neg_score as "actualNegScore", s.reached_at as "actualReachedAt",
      exists (
        select from contributions c
        where c.community_id = s.community_id and c.member_id = s.member_id and c.counted and not ${isOffBoards(communityId, 'c')} and c.occurred_at >= w.starts_at and c.occurred_at < w.ends_at
          and c.category_id + 0 = b.category_id and case g.measure when 'reward' then c.reward else c.amount end > 0
      ) as founded
    from standings s
    join boards b on b.community_id = s.community_id and b.board_id = s.board_id
    join windows w on w.community_id = b.community_id and w.window_id = b.window_id
    join categories g on g.community_id = b.community_id and g.category_id = b.category_id
    where s.community_id = ${communityId} and ${which} and w.frozen_at is null
    order by s.member_id ${limit}`.execute(db);
  return {
    unfounded: rows.filter((row) => !row.founded).map(toDifference),
    next: rows.at(-1)?.memberId,
    compared: rows.length,
  };
}

/** Whether a board's segments and blocks are what they must be: bounds in place, and counts as the standings have them. */
export async function areSegmentsRight(db: Kysely<Database>, communityId: number, boardId: number): Promise<boolean> {
  const bound = (place: Place) =>
    sql`(${place.negScore}::bigint, ${place.reachedAt}::timestamptz, ${place.memberId}::int)`;
  const ofLevel = (level: 1 | 2) => sql`(
    select neg_score, reached_at, member_id, members,
      lead(neg_score, 1, ${LAST_PLACE.negScore}::bigint) over ranking as end_neg_score,
      lead(reached_at, 1, ${LAST_PLACE.reachedAt}::timestamptz) over ranking as end_reached_at,
      lead(member_id, 1, ${LAST_PLACE.memberId}::int) over ranking as end_member_id
    from segments where community_id = ${communityId} and board_id = ${boardId} and level = ${sql.lit(level)}
    window ranking as (order by neg_score, reached_at, member_id))`;
  const within = (table: string) => sql`
    (${sql.ref(`${table}.neg_score`)}, ${sql.ref(`${table}.reached_at`)}, ${sql.ref(`${table}.member_id`)}) >= (span.neg_score, span.reached_at, span.member_id)
    and (${sql.ref(`${table}.neg_score`)}, ${sql.ref(`${table}.reached_at`)}, ${sql.ref(`${table}.member_id`)}) < (span.end_neg_score, span.end_reached_at, span.end_member_id)`;
  const { rows } = await sql<{ right: boolean }>`
    select coalesce((select bool_and(span.members = (
        select count(*) from standings s where s.community_id = ${communityId} and s.board_id = ${boardId} and ${within('s')}
      )) from ${ofLevel(1)} span), false)
      and coalesce((select bool_and(span.members = (
        select coalesce(sum(s.members), 0) from segments s where s.community_id = ${communityId} and s.board_id = ${boardId} and s.level = 1 and ${within('s')}
      )) from ${ofLevel(2)} span), false)
      and not exists (
        select from segments block where block.community_id = ${communityId} and block.board_id = ${boardId} and block.level = 2 and not exists (
          select from segments s where s.community_id = ${communityId} and s.board_id = ${boardId} and s.level = 1
            and s.neg_score = block.neg_score and s.reached_at = block.reached_at and s.member_id = block.member_id))
      and 2 = (select count(*) from segments where community_id = ${communityId} and board_id = ${boardId} and (neg_score, reached_at, member_id) = ${bound(FIRST_PLACE)})
      as "right"`.execute(db);
  return rows[0]?.right === true;
}

/** The boards of a community. */
export async function listBoards(
  db: Kysely<Database>,
  communityId: number,
): Promise<{ boardId: number; categoryId: number; kind: WindowKind; key: string }[]> {
  return db
    .selectFrom('boards as b')
    .innerJoin('windows as w', (join) =>
      join.onRef('w.community_id', '=', 'b.community_id').onRef('w.window_id', '=', 'b.window_id'),
    )
    .select(['b.board_id as boardId', 'b.category_id as categoryId', 'w.kind', 'w.key'])
    .where('b.community_id', '=', communityId)
    .orderBy('b.board_id')
    .execute();
}

/** The windows whose stored boundaries are not those of the calendar. */
async function findMisplacedWindows(db: Kysely<Database>, communityId: number, calendar: Calendar): Promise<string[]> {
  const rows = await db
    .selectFrom('windows')
    .select(['kind', 'key', 'starts_at', 'ends_at'])
    .where('community_id', '=', communityId)
    .execute();
  return rows.flatMap(({ kind, key, starts_at, ends_at }) => {
    const { startsAt, endsAt } = calendar.windowByKey(kind, key);
    return startsAt.getTime() === starts_at.getTime() && endsAt.getTime() === ends_at.getTime() ? [] : [key];
  });
}

/** How much {@link verify} and `rebuild` have to compare: members, and standings by what the segments say. */
export async function countToCompare(db: Kysely<Database>, communityId: number): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select (select count(*) from members where community_id = ${communityId})::float8
      + (select coalesce(sum(s.members), 0) from boards b
         join segments s on s.community_id = b.community_id and s.board_id = b.board_id and s.level = 2
         where b.community_id = ${communityId})::float8 as total`.execute(db);
  return rows[0]?.total ?? 0;
}

/** Compares everything of a community and says each difference in a sentence. Reads only; can run beside writers. */
export async function* verify(
  db: Kysely<Database>,
  community: { id: number; calendar: Calendar; categories: readonly Category[] },
  onCompared: (rows: number) => void = () => {},
): AsyncGenerator<string> {
  for (const key of await findMisplacedWindows(db, community.id, community.calendar)) {
    yield `The boundaries of the window ${key} are not those of the calendar.`;
  }
  const categories = new Map(community.categories.map((category) => [category.id, category.slug]));
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: MemberPage = await compareMembers(db, community.id, after);
    yield* page.standings.map((difference) => describe(difference, categories));
    yield* page.totals.map(describeTotals);
    onCompared(page.compared);
    after = page.next;
  }
  for (const board of await listBoards(db, community.id)) {
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: StandingPage = await findUnfounded(db, community.id, board.boardId, after);
      yield* page.unfounded.map((difference) => describe(difference, categories));
      onCompared(page.compared);
      after = page.next;
    }
    if (!(await areSegmentsRight(db, community.id, board.boardId))) {
      yield `${categories.get(board.categoryId)}, ${board.key}: the segments do not hold the standings.`;
    }
  }
}

/** Between seasons of a community's own there is time that no window of the kind holds. */
function hasOwnSeasons(communityId: number) {
  return sql`exists (select from seasons where community_id = ${communityId})`;
}

/** Whether the member of a row is kept from boards. */
function isOffBoards(communityId: number, table: string) {
  return sql`exists (
    select from off_boards o where o.community_id = ${communityId} and o.member_id = ${sql.ref(`${table}.member_id`)}
      and o.until_seq is null)`;
}

type DifferenceRow = Omit<StandingDifference, 'boardId' | 'expected' | 'actual'> & { boardId: number | null };
type PlaceRow<Name extends string> = { [Field in `${Name}NegScore`]: bigint | null } & {
  [Field in `${Name}ReachedAt`]: Date | null;
};

function toDifference(row: DifferenceRow & Partial<PlaceRow<'expected'>> & PlaceRow<'actual'>): StandingDifference {
  const { memberId, categoryId, kind, key, boardId } = row;
  const place = (negScore: bigint | null | undefined, reachedAt: Date | null | undefined): Place | undefined =>
    typeof negScore === 'bigint' && reachedAt ? { negScore, reachedAt, memberId } : undefined;
  return {
    memberId,
    categoryId,
    kind,
    key,
    boardId: boardId ?? undefined,
    expected: place(row.expectedNegScore, row.expectedReachedAt),
    actual: place(row.actualNegScore, row.actualReachedAt),
  };
}

function describe(
  { memberId, categoryId, key, expected, actual }: StandingDifference,
  categories: ReadonlyMap<number, string>,
): string {
  const say = (place: Place | undefined) =>
    place ? `${formatDecimal(-place.negScore)}, reached ${place.reachedAt.toISOString()}` : 'no standing';
  return `${categories.get(categoryId)}, ${key}, member ${memberId}: ${say(actual)}, and by the contributions ${say(expected)}.`;
}

function describeTotals(totals: TotalsDifference): string {
  const say = (omnit: bigint, reputation: bigint) =>
    `${formatDecimal(omnit)} OMNIT and ${formatDecimal(reputation)} reputation`;
  return `Member ${totals.memberId}: ${say(totals.actualOmnit, totals.actualReputation)}, and by the contributions ${say(totals.expectedOmnit, totals.expectedReputation)}.`;
}
