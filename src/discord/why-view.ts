/** What a page of `/why` shows, and how its buttons carry that along. */
import { readCursor, writeCursor, type Cursor } from '../ledger/cursor.ts';
import type { WindowKind } from '../ranking/calendar.ts';
import { windowKindOf } from './leaderboard-view.ts';

/** Whose lines, on which board, and which page: the newest, or one before or after a line. */
export type WhyView = {
  memberId: number;
  categoryId: number;
  kind: WindowKind;
  /** A key, or `current` or `previous`. */
  period: string;
  page: 'newest' | { before: Cursor } | { after: Cursor };
};

const PREFIX = 'why:1:';
const BODY = /^(\d{1,10}):(\d{1,10}):([a-z]+):([A-Za-z0-9-]{1,32}):([nba])([a-z0-9.]*)$/;

/** At most 96 characters; Discord allows 100. */
export function encodeWhy({ memberId, categoryId, kind, period, page }: WhyView): string {
  const written =
    page === 'newest' ? 'n' : 'before' in page ? `b${writeCursor(page.before)}` : `a${writeCursor(page.after)}`;
  return `${PREFIX}${memberId}:${categoryId}:${kind}:${period}:${written}`;
}

/** Reads a custom id. Undefined for anything that {@link encodeWhy} did not write. */
export function decodeWhy(customId: string): WhyView | undefined {
  if (!customId.startsWith(PREFIX)) return undefined;
  const [, member, category, kindText, period, which, text = ''] = BODY.exec(customId.slice(PREFIX.length)) ?? [];
  const [memberId, categoryId, kind] = [Number(member), Number(category), windowKindOf(kindText)];
  if (!kind || !period || Math.max(memberId, categoryId) >= 2 ** 31) return undefined;
  const view = { memberId, categoryId, kind, period };
  if (which === 'n') return text === '' ? { ...view, page: 'newest' } : undefined;
  const cursor = readCursor(text);
  return cursor && { ...view, page: which === 'b' ? { before: cursor } : { after: cursor } };
}
