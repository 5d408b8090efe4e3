import type { Category, Community } from '../communities/community.ts';
import { findDiscordMember } from '../members/members.ts';
import { WINDOW_KINDS, type WindowKind } from '../ranking/calendar.ts';
import { readLeaderboard, type Leaderboard } from '../ranking/read-leaderboard.ts';
import type { Answer, Call } from './command.ts';
import { PAGE_SIZE, pagesOf, renderLeaderboard } from './leaderboard-message.ts';
import type { LeaderboardView } from './leaderboard-view.ts';
import { COLOURS, note } from './messages.ts';
import { code } from './text.ts';

/** The page to show: a number (behind the end: the last one), or the one that the reader stands on. */
export type WantedPage = number | 'of-reader';

/**
 * Reads a page of a leaderboard and shows it, with the reader's own place.
 *
 * @throws DomainError when the period does not exist or has not begun
 */
export async function showLeaderboard(
  call: Call,
  wanted: Omit<LeaderboardView, 'page'>,
  wantedPage: WantedPage,
): Promise<Answer> {
  const { community, services, reader, now } = call;
  const category = community.categories.find((category) => category.id === wanted.categoryId);
  if (!category) {
    return community.categories.length === 0
      ? nothingCounted(community)
      : note('What this button showed is not counted here any more. Run /leaderboard again.', COLOURS.waiting);
  }
  const member = await findDiscordMember(services.db, community.id, reader.userId);
  const read = async (page: number): Promise<Leaderboard> =>
    readLeaderboard(
      services.db,
      community,
      {
        category: category.slug,
        window: wanted.kind,
        period: wanted.period,
        limit: PAGE_SIZE,
        offset: (page - 1) * PAGE_SIZE,
        memberId: member?.id,
      },
      now,
    );
  let page = wantedPage === 'of-reader' ? 1 : wantedPage;
  let board = await read(page);
  const right = pageToTurnTo(board, page, wantedPage);
  if (right !== page) {
    page = right;
    board = await read(page);
  }
  return renderLeaderboard(call, board, { ...wanted, period: board.window.key, page }, member?.id);
}

/** The first category, or the one of a slug; undefined where there is none. */
export function categoryOf(community: Community, slug: string | null): Category | undefined {
  return slug === null ? community.categories[0] : community.categories.find((category) => category.slug === slug);
}

/** The window that a period is one of, by the shape of its key; undefined for `current`, `previous` and what is no key. */
export function kindOfPeriod({ calendar }: Community, period: string): WindowKind | undefined {
  return WINDOW_KINDS.find((kind) => {
    try {
      return calendar.windowByKey(kind, period).kind === kind;
    } catch {
      return false;
    }
  });
}

/** What to say where there are no categories. */
export function nothingCounted(community: Community): Answer {
  return note(
    [
      `**Nothing is counted in ${code(community.slug)} yet.**`,
      'Whoever may manage this server completes it: `/setup preset:OmniTensor` brings categories to start with.',
    ].join('\n'),
  );
}

/** Boards move between a look and the next: a page asked for may lie behind the end, and the reader on another one. */
function pageToTurnTo(board: Leaderboard, page: number, wanted: WantedPage): number {
  if (wanted === 'of-reader') return board.standing ? Math.ceil(board.standing.rank / PAGE_SIZE) : page;
  return Math.min(page, pagesOf(board.total));
}
