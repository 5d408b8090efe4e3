/** What a page of `/why` shows, and how its buttons carry that along. */
import { readCursor, writeCursor, type Cursor } from '../ledger/cursor.ts';
import type { WindowKind } from '../ranking/calendar.ts';
import { windowKindOf } from './leaderboard-view.ts';

/** A leaderboard. The period is a key, or `current` or `previous`. */
export type WhyBoard = { categoryId: number; kind: WindowKind; period: string };

/** Whose lines: those that count on a board, or the whole ledger; and which page: the newest, or one before or after a line. */
export type WhyView = {
  memberId: number;
  of: WhyBoard | 'everything';
  page: 'newest' | { before: Cursor } | { after: Cursor };
};

const PREFIX = 'why:1:';
const BODY = /^(\d{1,10}):(?:(\d{1,10}):([a-z]+):([A-Za-z0-9-]{1,32})|everything):([nba])([a-z0-9.]*)$/;

/** At most 96 characters; Discord allows 100. */
export function encodeWhy({ memberId, of, page }: WhyView): string {
  const lines = of === 'everything' ? of : `${of.categoryId}:${of.kind}:${of.period}`;
  const written =
    page === 'newest' ? 'n' : 'before' in page ? `b${writeCursor(page.before)}` : `a${writeCursor(page.after)}`;
  return `${PREFIX}${memberId}:${lines}:${written}`;
}

/** Reads a custom id. Undefined for anything that {@link encodeWhy} did not write. */
export function decodeWhy(customId: string): WhyView | undefined {
  if (!customId.startsWith(PREFIX)) return undefined;
  const [, member, category, kind, period, which, text = ''] = BODY.exec(customId.slice(PREFIX.length)) ?? [];
  const of = category === undefined ? 'everything' : boardOf(Number(category), windowKindOf(kind), period);
  const memberId = Number(member);
  if (!which || !of || memberId >= 2 ** 31) return undefined;
  if (which === 'n') return text === '' ? { memberId, of, page: 'newest' } : undefined;
  const cursor = readCursor(text);
  return cursor && { memberId, of, page: which === 'b' ? { before: cursor } : { after: cursor } };
}

function boardOf(categoryId: number, kind: WindowKind | undefined, period: string | undefined): WhyBoard | undefined {
  return kind && period && categoryId < 2 ** 31 ? { categoryId, kind, period } : undefined;
}
