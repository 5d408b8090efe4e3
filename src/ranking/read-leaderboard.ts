import type { Kysely } from 'kysely';
import type { Category, Community, Multiplier } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { holds, WINDOW_KINDS, type Window, type WindowKind } from './calendar.ts';
import { readPage, readStandingsOf, type Page, type Standing } from './leaderboard.ts';
import { hashOf, statusOf, windowOfPeriod, type WindowStatus } from './periods.ts';

export type LeaderboardRequest = {
  category: string;
  window: WindowKind;
  /** `current`, `previous` or a key. */
  period: string;
  limit: number;
  /** Also tells where this member stands. */
  memberId?: number | undefined;
} & ({ offset: number } | { around: number });

/** A stretch of a leaderboard, as of one moment. */
export type Leaderboard = Page & {
  category: Category;
  window: Window;
  status: WindowStatus;
  /** Once the status is `final`: the hash of the final table. */
  sha256: string | undefined;
  /** The multiplier event by which what is contributed to it now earns more. */
  event: Multiplier | undefined;
};

/**
 * Reads a stretch of a leaderboard: from an offset, or around a member.
 *
 * @throws DomainError `unknown-category`, `invalid-parameter`, `window-not-begun`, `no-earlier-window`, or
 *   `no-standing` when it is asked for around a member who has none
 */
export async function readLeaderboard(
  db: Kysely<Database>,
  community: KnownCommunity,
  request: LeaderboardRequest,
  now: Date,
): Promise<Leaderboard> {
  const category = requireCategory(community, request.category);
  const window = windowOfPeriod(community.calendar, request.window, request.period, now);
  const boards = await findBoards(db, community.id, [window]);
  const boardId = boards.find((board) => board.categoryId === category.id)?.boardId;
  const { limit, memberId } = request;
  const around = 'around' in request ? request.around : undefined;
  let page: Page = { total: 0, entries: [], standing: undefined };
  if (boardId !== undefined) {
    page = await readPage(
      db,
      community.id,
      boardId,
      'around' in request
        ? { from: 'member', memberId: request.around, limit }
        : { from: 'offset', offset: request.offset, limit, memberId },
    );
  }
  if (around !== undefined && !page.standing) {
    throw new DomainError('no-standing', `This member has no standing in ${category.slug}, ${window.key}.`);
  }
  const event = holds(window, now) ? community.prices.eventAt(category, now) : undefined;
  const status = statusOf(community, window, now, category.id);
  const sha256 = status === 'final' ? hashOf(community, window, category) : undefined;
  return { ...page, category, window, status, sha256, event };
}

/** Where a member stands in each category and each current window. */
export type CurrentStanding = Standing & { category: Category; window: Window };

/** Reads all current standings of a member, in the order of categories and windows; where there is none, none. */
export async function readCurrentStandings(
  db: Kysely<Database>,
  community: Community,
  memberId: number,
  now: Date,
): Promise<CurrentStanding[]> {
  const windows = WINDOW_KINDS.map((kind) => community.calendar.currentAt(kind, now));
  const boards = await findBoards(db, community.id, windows);
  const standings = await readStandingsOf(
    db,
    community.id,
    boards.map((board) => board.boardId),
    memberId,
  );
  return community.categories.flatMap((category) =>
    windows.flatMap((window) => {
      const board = boards.find((board) => board.categoryId === category.id && board.kind === window.kind);
      const standing = standings.find(({ boardId }) => boardId === board?.boardId);
      return standing ? [{ ...standing, category, window }] : [];
    }),
  );
}

/** @throws DomainError `unknown-category` */
export function requireCategory(community: Community, slug: string): Category {
  const category = community.categories.find((category) => category.slug === slug);
  if (category) return category;
  const slugs = community.categories.map((category) => category.slug).join(', ') || 'none yet';
  throw new DomainError('unknown-category', `There is no category "${slug}" in ${community.slug}. It has: ${slugs}.`);
}

/** The boards of windows of different kinds. */
async function findBoards(
  db: Kysely<Database>,
  communityId: number,
  windows: readonly Window[],
): Promise<{ boardId: number; categoryId: number; kind: WindowKind }[]> {
  return db
    .selectFrom('windows as w')
    .innerJoin('boards as b', (join) =>
      join.onRef('b.community_id', '=', 'w.community_id').onRef('b.window_id', '=', 'w.window_id'),
    )
    .select(['b.board_id as boardId', 'b.category_id as categoryId', 'w.kind'])
    .where('w.community_id', '=', communityId)
    .where((eb) => eb.or(windows.map(({ kind, key }) => eb.and({ 'w.kind': kind, 'w.key': key }))))
    .execute();
}
