/** For the export of a member's data: contributions, places and grants. */
import { sql, type Kysely } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { readStandingsOf } from '../ranking/leaderboard.ts';
import { formatDecimal, formatMultiplier } from '../ranking/score.ts';
import { AMOUNT_KINDS, type RewardKind } from '../rewards/reward.ts';

type Db = Kysely<Database>;

/** How many contributions one short statement reads. */
const PAGE = 1_000;

type ContributionRow = {
  seq: bigint;
  source: string;
  id: string;
  categoryId: number;
  subject: string | null;
  amount: bigint;
  rate: bigint;
  multiplier: number;
  reward: bigint;
  reputation: bigint;
  occurredAt: Date;
  recordedAt: Date;
  counted: boolean;
  changes: unknown;
};

/** Reads all contributions of a member, oldest first, page by page, each with what was done to it afterwards and why. */
export async function* readContributionPages(db: Db, community: KnownCommunity, memberId: number) {
  const slugs = new Map(community.categories.map(({ id, slug }) => [id, slug]));
  for (let after: { at: Date; seq: bigint } | undefined; ;) {
    const beyond = after ? sql`and (occurred_at, seq) > (${after.at}::timestamptz, ${after.seq}::bigint)` : sql``;
    const { rows } = await sql<ContributionRow>`
      select c.seq, s.name as source, c.external_id as id, c.category_id as "categoryId", c.subject, c.amount, c.rate, c.multiplier,
        c.reward, c.reputation, c.occurred_at as "occurredAt", c.recorded_at as "recordedAt", c.counted, (
          select coalesce(jsonb_agg(jsonb_build_object('what', ch.kind, 'at', ch.at, 'reason', ch.reason) order by ch.seq), '[]')
          from contribution_changes ch
          where ch.community_id = c.community_id and ch.source_id = c.source_id and ch.external_id = c.external_id
        ) as changes
      from (
        select * from contributions where community_id = ${community.id} and member_id = ${memberId} ${beyond}
        order by occurred_at, seq limit ${PAGE}
      ) c join sources s on s.community_id = c.community_id and s.source_id = c.source_id
      order by c.occurred_at, c.seq`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map(({ seq, categoryId, amount, rate, multiplier, reward, reputation, ...row }) => ({
      ...row,
      number: String(seq),
      category: slugs.get(categoryId),
      amount: formatDecimal(amount),
      rate: formatDecimal(rate),
      multiplier: formatMultiplier(BigInt(multiplier)),
      reward: formatDecimal(reward),
      reputation: formatDecimal(reputation),
    }));
    if (rows.length < PAGE) return;
    after = { at: last.occurredAt, seq: last.seq };
  }
}

/** Where the member stands on every board there ever was. */
export async function readPlaces(db: Db, community: KnownCommunity, memberId: number) {
  const boards = await db
    .selectFrom('boards as b')
    .innerJoin('windows as w', (join) =>
      join.onRef('w.community_id', '=', 'b.community_id').onRef('w.window_id', '=', 'b.window_id'),
    )
    .innerJoin('categories as c', (join) =>
      join.onRef('c.community_id', '=', 'b.community_id').onRef('c.category_id', '=', 'b.category_id'),
    )
    .select(['b.board_id as id', 'w.kind as window', 'w.key as period', 'c.slug as category'])
    .where('b.community_id', '=', community.id)
    .orderBy('w.starts_at')
    .orderBy('b.board_id')
    .execute();
  const ids = boards.map(({ id }) => id);
  const standings = await readStandingsOf(db, community.id, ids, memberId);
  const byBoard = new Map(standings.map((standing) => [standing.boardId, standing]));
  return boards.flatMap(({ id, ...board }) => {
    const standing = byBoard.get(id);
    if (!standing) return [];
    const { rank, score, reachedAt, total } = standing;
    return [{ ...board, rank, score: formatDecimal(score), reachedAt, total }];
  });
}

/** What was granted and taken back. */
export async function readGrants(db: Db, communityId: number, memberId: number) {
  const rows = await db
    .selectFrom('grants')
    .select(['kind', 'amount', 'name', 'role_id', 'reason', 'state', 'state_reason', 'made_at'])
    .where('community_id', '=', communityId)
    .where('member_id', '=', memberId)
    .orderBy('made_at')
    .orderBy('grant_id')
    .execute();
  return rows.map(({ kind, amount, name, role_id, reason, state, state_reason, made_at }) => ({
    kind,
    amount: isDecimal(kind) ? formatDecimal(amount) : String(amount),
    name,
    roleId: role_id,
    reason,
    state,
    stateReason: state_reason,
    madeAt: made_at,
  }));
}

function isDecimal(kind: RewardKind): boolean {
  return AMOUNT_KINDS.some((counted) => counted === kind);
}
