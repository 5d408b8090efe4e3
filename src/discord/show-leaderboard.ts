import type { Category, Community } from '../communities/community.ts';
import { DomainError } from '../errors.ts';
import { findDiscordMember } from '../members/members.ts';
import { WINDOW_KINDS, type WindowKind } from '../ranking/calendar.ts';
import { readLeaderboard, type Leaderboard, type LeaderboardRequest } from '../ranking/read-leaderboard.ts';
import type { Answer, Call } from './command.ts';
import { lastOffset, PAGE_SIZE, renderLeaderboard } from './leaderboard-message.ts';
import type { LeaderboardView } from './leaderboard-view.ts';
import { COLOURS, note } from './messages.ts';
import { code } from './text.ts';

/** Where the page begins: below so many ranks (behind the end: with the last page), or so that the reader is in its middle. */
export type PageStart = number | 'around-reader';

/**
 * Reads a page of a leaderboard and shows it, with the reader's own place.
 *
 * @throws DomainError when the period does not exist or has not begun
 */
export async function showLeaderboard(
  call: Call,
  wanted: Omit<LeaderboardView, 'offset'>,
  start: PageStart,
): Promise<Answer> {
  const { community, services, reader } = call;
  const category = community.categories.find((category) => category.id === wanted.categoryId);
  if (!category) {
    return community.categories.length === 0
      ? nothingCounted(community)
      : note('What this button showed is not counted here any more. Run /leaderboard again.', COLOURS.waiting);
  }
  const member = await findDiscordMember(services.db, community.id, reader.userId);
  const request = { category: category.slug, window: wanted.kind, period: wanted.period, limit: PAGE_SIZE };
  const { board, offset } =
    start === 'around-reader'
      ? await readAround(call, request, member?.id)
      : await readFrom(call, { ...request, memberId: member?.id }, start);
  return renderLeaderboard(call, board, { ...wanted, period: board.window.key, offset }, member);
}

type Request = Omit<LeaderboardRequest, 'offset' | 'around'>;
type PlacedBoard = { board: Leaderboard; offset: number };

async function readFrom(call: Call, request: Request, offset: number): Promise<PlacedBoard> {
  const board = await readLeaderboard(call.services.db, call.community, { ...request, offset }, call.now);
  const last = lastOffset(board.total);
  // Boards also shrink, and "Last" asks for what lies behind every end.
  return offset <= last ? { board, offset } : readFrom(call, request, last);
}

/** In one statement, so that the reader is on the page whatever happens meanwhile; on no board: the first page. */
async function readAround(call: Call, request: Request, memberId: number | undefined): Promise<PlacedBoard> {
  const { services, community, now } = call;
  if (memberId === undefined) return readFrom(call, request, 0);
  try {
    const board = await readLeaderboard(services.db, community, { ...request, around: memberId }, now);
    return { board, offset: (board.entries[0]?.rank ?? 1) - 1 };
  } catch (error) {
    if (error instanceof DomainError && error.code === 'no-standing') return readFrom(call, request, 0);
    throw error;
  }
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
