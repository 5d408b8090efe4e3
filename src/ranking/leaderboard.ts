import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import { PUBLIC_HANDLE, PUBLIC_NAME, SHOWN_DISCORD_USER } from '../privacy/public-name.ts';
import type { Place } from './place.ts';

/** Members are numbered by PostgreSQL's `int`, so no board has more. */
const LARGEST_INT = 2_147_483_647;

/** One line of a leaderboard, with the names that everybody may see. The score is in thousandths. */
export type Entry = {
  rank: number;
  memberId: number;
  handle: string;
  displayName: string;
  score: bigint;
  reachedAt: Date;
  /** Only where the member agreed. */
  discordUserId: string | undefined;
};

/** A member's rank and score, and how many stand on the board. */
export type Standing = { boardId: number; rank: number; score: bigint; reachedAt: Date; total: number };

export type Page = {
  total: number;
  entries: Entry[];
  /** Where the member asked about stands, also when not on this page. */
  standing: Omit<Standing, 'boardId' | 'total'> | undefined;
};

/** Which stretch of a board: from an offset, or with a member in the middle as far as the ends allow. */
export type PageRequest = { limit: number; memberId?: number | undefined } & (
  { from: 'offset'; offset: number } | { from: 'member'; memberId: number }
);

/**
 * Reads a stretch of a board: who stands there, how many in all, and the place of one member. A single statement, so
 * all of it is of one moment. Touches a few hundred rows, wherever on the board it is.
 *
 * Around a member, the first rank is max(1, min(rank - floor((limit - 1) / 2), total - limit + 1)); where the member has
 * no standing, `standing` is undefined and the entries mean nothing.
 */
export async function readPage(
  db: Kysely<Database>,
  communityId: number,
  boardId: number,
  request: PageRequest,
): Promise<Page> {
  const { limit, memberId } = request;
  const total = sql`(select coalesce(sum(members), 0) from segments where community_id = ${communityId} and board_id = ${boardId} and level = 2)`;
  const start =
    request.from === 'offset'
      ? sql`${Math.min(request.offset, LARGEST_INT)}::bigint`
      : sql`greatest(0, least(me.rank - 1 - ${Math.floor((limit - 1) / 2)}::int, ${total} - ${limit}::int))`;
  const me = memberId === undefined ? NO_STANDING : standingsOf(communityId, sql`(values (${boardId}::int))`, memberId);
  const { rows } = await sql<PageRow>`
    with page as materialized (
      select ${start} as start, me.rank, me.neg_score, me.reached_at from (values (1)) one left join (${me}) me on true
    )
    select ${total}::int as total, page.start::int, page.rank::int as "ownRank", page.neg_score as "ownNegScore", page.reached_at as "ownReachedAt",
      entry.member_id as "memberId", entry.neg_score as "negScore", entry.reached_at as "reachedAt",
      ${PUBLIC_HANDLE} as handle, ${PUBLIC_NAME} as "displayName", ${SHOWN_DISCORD_USER} as "discordUserId"
    from page left join (
      lateral ${firstBeyond(communityId, boardId, 2, sql`true`, sql`page.start`)} block
      cross join lateral ${firstBeyond(communityId, boardId, 1, sql`(neg_score, reached_at, member_id) >= (block.neg_score, block.reached_at, block.member_id)`, sql`page.start - block.ahead`)} segment
      cross join lateral (
        select s.member_id, s.neg_score, s.reached_at from standings s
        where s.community_id = ${communityId} and s.board_id = ${boardId}
          and (s.neg_score, s.reached_at, s.member_id) >= (segment.neg_score, segment.reached_at, segment.member_id)
        order by s.neg_score, s.reached_at, s.member_id
        offset page.start - block.ahead - segment.ahead limit ${limit}
      ) entry
      left join members m on m.community_id = ${communityId} and m.member_id = entry.member_id
    ) on true
    order by entry.neg_score, entry.reached_at, entry.member_id`.execute(db);

  const [first] = rows;
  return {
    total: first?.total ?? 0,
    standing: first?.ownRank
      ? { rank: first.ownRank, score: -first.ownNegScore, reachedAt: first.ownReachedAt }
      : undefined,
    entries: rows
      .filter((row) => row.memberId !== null)
      .map(({ start, memberId, handle, displayName, negScore, reachedAt, discordUserId }, index) => ({
        rank: start + index + 1,
        memberId,
        handle,
        displayName,
        score: -negScore,
        reachedAt,
        discordUserId: discordUserId ?? undefined,
      })),
  };
}

/** Reads where a member stands on some boards; those without a standing are left out. */
export async function readStandingsOf(
  db: Kysely<Database>,
  communityId: number,
  boardIds: readonly number[],
  memberId: number,
): Promise<Standing[]> {
  const { rows } = await sql<{ boardId: number; rank: number; negScore: bigint; reachedAt: Date; total: number }>`
    select me.board_id as "boardId", me.rank::int, me.neg_score as "negScore", me.reached_at as "reachedAt", (
      select sum(s.members) from segments s where s.community_id = ${communityId} and s.board_id = me.board_id and s.level = 2
    )::int as total
    from (${standingsOf(communityId, sql`unnest(${boardIds}::int[])`, memberId)}) me`.execute(db);
  return rows.map(({ negScore, ...standing }) => ({ ...standing, score: -negScore }));
}

/**
 * The first segment or block whose running sum exceeds a number, and how many are ahead of it. The sums are made in
 * index order, and only as far as needed.
 */
function firstBeyond(
  communityId: number,
  boardId: number,
  level: 1 | 2,
  among: RawBuilder<unknown>,
  number: RawBuilder<unknown>,
): RawBuilder<unknown> {
  return sql`(
    select neg_score, reached_at, member_id, until - members as ahead from (
      select neg_score, reached_at, member_id, members, sum(members) over ranking as until
      from segments where community_id = ${communityId} and board_id = ${boardId} and level = ${sql.lit(level)} and ${among}
      window ranking as (order by neg_score, reached_at, member_id rows unbounded preceding)
    ) running
    where until > ${number} order by neg_score, reached_at, member_id limit 1
  )`;
}

/** In place of {@link standingsOf} where nobody is asked about. */
const NO_STANDING = sql`select null::bigint as rank, null::bigint as neg_score, null::timestamptz as reached_at limit 0`;

type PageRow = {
  total: number;
  /** How many are ahead of the page. */
  start: number;
  // With a standing on the board, all three; else none.
  ownRank: number | null;
  ownNegScore: bigint;
  ownReachedAt: Date;
  // On a row with an entry, all of these; a page without entries is one row without.
  memberId: number;
  negScore: bigint;
  reachedAt: Date;
  handle: string;
  displayName: string;
  discordUserId: string | null;
};

/**
 * The standings of a member on the boards of a one-column table, with ranks: 1, and the blocks ahead, and the segments
 * ahead within the block, and the standings ahead within the segment.
 */
function standingsOf(communityId: number, boards: RawBuilder<unknown>, memberId: number): RawBuilder<unknown> {
  return sql`
    select own.board_id, own.member_id, own.neg_score, own.reached_at, 1 + ${aheadOfOwn(communityId)} as rank
    from ${boards} as board(board_id)
    cross join lateral (
      select board_id, member_id, neg_score, reached_at from standings
      where community_id = ${communityId} and board_id = board.board_id and member_id = ${memberId} offset 0
    ) own
    ${segmentOfOwn(communityId)}`;
}

/** Counts those who stand ahead of a place, whether somebody stands there or not. Touches a few hundred rows. */
export async function countAhead(
  db: Kysely<Database>,
  communityId: number,
  boardId: number,
  { negScore, reachedAt, memberId }: Place,
): Promise<number> {
  const { rows } = await sql<{ ahead: number }>`
    select (${aheadOfOwn(communityId)})::int as ahead
    from (values (${boardId}::int, ${negScore}::bigint, ${reachedAt}::timestamptz, ${memberId}::int))
      as own(board_id, neg_score, reached_at, member_id)
    ${segmentOfOwn(communityId)}`.execute(db);
  return rows[0]?.ahead ?? 0;
}

/** The block and the segment that the place `own` belongs to, joined to it. */
function segmentOfOwn(communityId: number): RawBuilder<unknown> {
  const bound = (level: 1 | 2) => sql`(
    select s.neg_score, s.reached_at, s.member_id from segments s
    where s.community_id = ${communityId} and s.board_id = own.board_id and s.level = ${sql.lit(level)}
      and (s.neg_score, s.reached_at, s.member_id) <= (own.neg_score, own.reached_at, own.member_id)
    order by s.neg_score desc, s.reached_at desc, s.member_id desc limit 1)`;
  return sql`cross join lateral ${bound(2)} block cross join lateral ${bound(1)} segment`;
}

/** How many stand ahead of the place `own`, of {@link segmentOfOwn}. */
function aheadOfOwn(communityId: number): RawBuilder<unknown> {
  return sql`coalesce((
        select sum(s.members) from segments s
        where s.community_id = ${communityId} and s.board_id = own.board_id and s.level = 2
          and (s.neg_score, s.reached_at, s.member_id) < (block.neg_score, block.reached_at, block.member_id)
      ), 0) + coalesce((
        select sum(s.members) from segments s
        where s.community_id = ${communityId} and s.board_id = own.board_id and s.level = 1
          and (s.neg_score, s.reached_at, s.member_id) >= (block.neg_score, block.reached_at, block.member_id)
          and (s.neg_score, s.reached_at, s.member_id) < (segment.neg_score, segment.reached_at, segment.member_id)
      ), 0) + (
        select count(*) from standings s
        where s.community_id = ${communityId} and s.board_id = own.board_id
          and (s.neg_score, s.reached_at, s.member_id) >= (segment.neg_score, segment.reached_at, segment.member_id)
          and (s.neg_score, s.reached_at, s.member_id) < (own.neg_score, own.reached_at, own.member_id)
      )`;
}
