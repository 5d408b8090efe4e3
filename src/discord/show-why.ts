import type { Cursor } from '../ledger/cursor.ts';
import { readLedger, type LedgerPage } from '../ledger/ledger.ts';
import { readPlace } from '../ledger/read-place.ts';
import { findMember, type Member } from '../members/members.ts';
import { readGranted } from '../rewards/grants.ts';
import type { Answer, Call } from './command.ts';
import { maySee } from './member-option.ts';
import { COLOURS, note } from './messages.ts';
import { LINES_A_PAGE, renderEverything, renderPlace } from './why-message.ts';
import { code } from './text.ts';
import type { WhyBoard, WhyView } from './why-view.ts';

/**
 * Reads a page of what makes a member's score, and shows it with why the member stands there; or a page of all that the
 * member has earned.
 *
 * @throws DomainError when the period does not exist or has not begun
 */
export async function showWhy(call: Call, view: WhyView): Promise<Answer> {
  const { services, community } = call;
  const member = await findMember(services.db, community.id, view.memberId);
  // Whose ledger it was may have become private since.
  if (!member || !maySee(call, member)) return gone();
  return view.of === 'everything' ? showEverything(call, member, view) : showPlace(call, member, view, view.of);
}

async function showPlace(call: Call, member: Member, view: WhyView, { categoryId, kind, period }: WhyBoard) {
  const { services, community, now } = call;
  const category = community.categories.find(({ id }) => id === categoryId);
  if (!category) return gone();
  const board = { category: category.slug, window: kind, period };
  const place = await readPlace(services.db, community, board, member.id, now);
  const between = kind === 'all' ? undefined : place.window;
  const page = await readPageOf(call, member, { categoryId, between }, view.page);
  return renderPlace(call, member, place, page, { ...view, of: { categoryId, kind, period: place.window.key } });
}

async function showEverything(call: Call, member: Member, view: WhyView): Promise<Answer> {
  const granted = await readGranted(call.services.db, call.community.id, member.id);
  return renderEverything(call, member, granted, await readPageOf(call, member, {}, view.page), view);
}

async function readPageOf(
  { services, community }: Call,
  { id }: Member,
  filter: Parameters<typeof readLedger>[3],
  page: WhyView['page'],
): Promise<LedgerPage> {
  const read = (place: { before?: Cursor; after?: Cursor }) =>
    readLedger(services.db, community, id, filter, { limit: LINES_A_PAGE, ...place });
  if (page === 'newest') return read({});
  const found = await read(page);
  // At the top there may be less than a page that is newer.
  return 'after' in page && found.lines.length < LINES_A_PAGE ? read({}) : found;
}

function gone(): Answer {
  return note(`What this showed is not here any more. Run ${code('/why')} again.`, COLOURS.waiting);
}
