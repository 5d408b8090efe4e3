import { readLedger, type LedgerPage } from '../ledger/ledger.ts';
import { readPlace } from '../ledger/read-place.ts';
import { findMember } from '../members/members.ts';
import type { Answer, Call } from './command.ts';
import { COLOURS, note } from './messages.ts';
import { LINES_A_PAGE, renderWhy } from './why-message.ts';
import type { WhyView } from './why-view.ts';

/**
 * Reads a page of what makes a member's score, and shows it with why the member stands there.
 *
 * @throws DomainError when the period does not exist or has not begun
 */
export async function showWhy(call: Call, view: WhyView): Promise<Answer> {
  const { services, community, now } = call;
  const category = community.categories.find(({ id }) => id === view.categoryId);
  const member = await findMember(services.db, community.id, view.memberId);
  if (!category || !member) return note('What this showed is not here any more. Run /why again.', COLOURS.waiting);
  const board = { category: category.slug, window: view.kind, period: view.period };
  const place = await readPlace(services.db, community, board, member.id, now);
  const between = view.kind === 'all' ? undefined : place.window;
  const read = (page: Parameters<typeof readLedger>[4]) =>
    readLedger(services.db, community, member.id, { categoryId: category.id, between }, page);
  const page = await readPageOf(read, view.page);
  return renderWhy(call, member, place, page, { ...view, period: place.window.key });
}

async function readPageOf(
  read: (page: Parameters<typeof readLedger>[4]) => Promise<LedgerPage>,
  page: WhyView['page'],
): Promise<LedgerPage> {
  const newest = () => read({ limit: LINES_A_PAGE });
  if (page === 'newest') return newest();
  const found = await read({ limit: LINES_A_PAGE, ...page });
  // At the top there may be less than a page that is newer.
  return 'after' in page && found.lines.length < LINES_A_PAGE ? newest() : found;
}
