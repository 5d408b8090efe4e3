/** What stood on a board at a cut, recomputed from the contributions: a final table is a function of what happened up to it. */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import type { Category } from '../communities/community.ts';
import type { Window } from '../ranking/calendar.ts';
import type { Place } from '../ranking/place.ts';
import type { TableVersion } from './final-table.ts';

/** A board at a cut: the contributions of a category within a window, up to a sequence number. */
export type BoardAtCut = { window: Window; category: Category; cutSeq: bigint };

/**
 * The standings at a cut that the contributions of some members make, where `chosen` is a condition on the contribution
 * `c` by whose it is now. Whoever was merged since stands by the member that a contribution was of at the cut.
 */
function standingsAtCut(
  communityId: number,
  { window, category, cutSeq }: BoardAtCut,
  chosen: RawBuilder<boolean>,
): RawBuilder<unknown> {
  const gain = category.measure === 'reward' ? sql`c.reward` : sql`c.amount`;
  const inWindow =
    window.kind === 'all'
      ? sql`true`
      : sql`c.occurred_at >= ${window.startsAt}::timestamptz and c.occurred_at < ${window.endsAt}::timestamptz`;
  // Only what a merge has moved can have been somebody else's.
  const owner = sql`case when c.recorded_member_id is null then c.member_id else (
    with recursive owners as (
      select c.recorded_member_id as owner, 0 as merges
      union all
      select m.into_member_id, merges + 1 from owners
      join member_merges m on m.community_id = ${communityId} and m.member_id = owners.owner and m.seq <= ${cutSeq}
    )
    select owner from owners order by merges desc limit 1
  ) end`;
  return sql`(
    select owned.member_id, -sum(owned.gain)::bigint as neg_score, max(owned.occurred_at) as reached_at
    from (
      select ${owner} as member_id, ${gain} as gain, c.occurred_at
      from contributions c
      where c.community_id = ${communityId} and ${chosen} and c.category_id = ${category.id} and ${inWindow} and c.seq <= ${cutSeq}
        and coalesce((
          select ch.kind in ('unvoid', 'release') from contribution_changes ch
          where ch.community_id = c.community_id and ch.source_id = c.source_id and ch.external_id = c.external_id and ch.seq <= ${cutSeq}
          order by ch.seq desc limit 1
        ), true)
    ) owned
    where owned.gain > 0 and not exists (
      select from off_boards o
      where o.community_id = ${communityId} and o.member_id = owned.member_id and o.from_seq <= ${cutSeq} and coalesce(o.until_seq > ${cutSeq}, true))
    group by owned.member_id
  )`;
}

/** The standings at a cut of members who are not merged at it. Who has none is left out. */
export async function readStandingsAtCut(
  db: Kysely<Database>,
  communityId: number,
  board: BoardAtCut,
  memberIds: readonly number[],
): Promise<Place[]> {
  const chosen = sql<boolean>`c.member_id = any(${numbers(memberIds)}::int[])`;
  const { rows } = await sql<Place>`
    select s.member_id as "memberId", s.neg_score as "negScore", s.reached_at as "reachedAt"
    from ${standingsAtCut(communityId, board, chosen)} s order by 1`.execute(db);
  return rows;
}

/** A line of a final table that is not what the contributions at the cut make it. */
export type LineDifference = { memberId: number; expected: Place | undefined; actual: Place | undefined };

/** A page of members whose contributions were looked at; `founded`: how many lines they make. `next`: undefined at the end. */
export type CutPage = { differences: LineDifference[]; founded: number; next: number | undefined };

/** How many members a page compares. */
const PAGE = 500;

/** Compares the lines of a version that the contributions of the members after one make with those that it has. */
export async function compareAtCut(
  db: Kysely<Database>,
  communityId: number,
  board: BoardAtCut,
  { boardId, version }: TableVersion,
  after: number,
): Promise<CutPage> {
  const { rows: members } = await sql<{ last: number | null }>`
    select max(member_id) as last from (
      select member_id from members where community_id = ${communityId} and member_id > ${after} order by member_id limit ${PAGE}
    ) page`.execute(db);
  const last = members[0]?.last;
  if (last === undefined || last === null) return { differences: [], founded: 0, next: undefined };
  const chosen = sql<boolean>`c.member_id > ${after} and c.member_id <= ${last}`;
  const { rows } = await sql<{
    memberId: number;
    negScore: bigint;
    reachedAt: Date;
    actualNegScore: bigint | null;
    actualReachedAt: Date | null;
  }>`
    select e.member_id as "memberId", e.neg_score as "negScore", e.reached_at as "reachedAt",
      a.neg_score as "actualNegScore", a.reached_at as "actualReachedAt"
    from ${standingsAtCut(communityId, board, chosen)} e
    left join lateral ${lineOf(communityId, { boardId, version }, sql`e.member_id`)} a on true`.execute(db);
  const differences = rows
    .filter((row) => row.actualNegScore !== row.negScore || row.actualReachedAt?.getTime() !== row.reachedAt.getTime())
    .map(({ memberId, negScore, reachedAt, actualNegScore, actualReachedAt }) => ({
      memberId,
      expected: { memberId, negScore, reachedAt },
      actual:
        actualNegScore === null || !actualReachedAt
          ? undefined
          : { memberId, negScore: actualNegScore, reachedAt: actualReachedAt },
    }));
  return { differences, founded: rows.length, next: last };
}

/** What a member has in a version, as a table of one row, or none where the member is not in it. */
function lineOf(
  communityId: number,
  { boardId, version }: TableVersion,
  memberId: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const own = sql`community_id = ${communityId} and board_id = ${boardId ?? 0} and member_id = ${memberId}`;
  return sql`(
    select line.neg_score, line.reached_at from (
      (select neg_score, reached_at from final_changes where ${own} and version >= ${version} order by version limit 1)
      union all
      (select neg_score, reached_at from standings where ${own})
      limit 1
    ) line where line.neg_score is not null
  )`;
}

/**
 * The members whose lines on a board may be others at a sequence number than at an earlier one: whose contributions were
 * recorded or changed in between, who merged, went off boards or came back. Looks at the events of a stretch of numbers.
 */
export async function membersTouched(
  db: Kysely<Database>,
  communityId: number,
  { window, category }: Pick<BoardAtCut, 'window' | 'category'>,
  { after, until }: { after: bigint; until: bigint },
): Promise<number[]> {
  const within = (column: string) => sql`${sql.ref(column)} > ${after} and ${sql.ref(column)} <= ${until}`;
  const onBoard = sql`c.category_id = ${category.id} and c.occurred_at >= ${window.startsAt}::timestamptz and c.occurred_at < ${window.endsAt}::timestamptz`;
  // Fenced: by its window, the planner would read all of it at each stretch.
  const { rows } = await sql<{ memberId: number }>`
    select c.member_id as "memberId" from (
      select member_id, category_id, occurred_at from contributions
      where community_id = ${communityId} and ${within('seq')} offset 0
    ) c where ${onBoard}
    union
    select c.member_id from contribution_changes ch
    join contributions c on c.community_id = ch.community_id and c.source_id = ch.source_id and c.external_id = ch.external_id
    where ch.community_id = ${communityId} and ${within('ch.seq')} and ${onBoard}
    union
    select unnest(array[m.member_id, m.into_member_id]) from member_merges m
    where m.community_id = ${communityId} and ${within('m.seq')}
    union
    select o.member_id from off_boards o
    where o.community_id = ${communityId} and (${within('o.from_seq')} or ${within('o.until_seq')})`.execute(db);
  return rows.map(({ memberId }) => memberId);
}
