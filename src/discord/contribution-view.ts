/** What a button of `/contribution` confirms. */
import { readCursor, writeCursor, type Cursor } from '../ledger/cursor.ts';
import { END_OF_TIME } from '../ranking/calendar.ts';

/** One contribution by its place in the member's ledger, or those of a stretch of time. */
export type ContributionChoice = {
  kind: 'void' | 'unvoid';
  memberId: number;
  which: { at: Cursor } | { from: Date; to: Date };
};

const PREFIX = 'contribution:1:';
const ONE = /^(void|unvoid):(\d{1,10}):one:([a-z0-9.]+)$/;
const RANGE = /^(void|unvoid):(\d{1,10}):range:([a-z0-9]{1,10}):([a-z0-9]{1,10})$/;

/** At most 62 characters; Discord allows 100. */
export function encodeChoice({ kind, memberId, which }: ContributionChoice): string {
  const written =
    'at' in which
      ? `one:${writeCursor(which.at)}`
      : `range:${which.from.getTime().toString(36)}:${which.to.getTime().toString(36)}`;
  return `${PREFIX}${kind}:${memberId}:${written}`;
}

/** Reads a custom id. Undefined for anything that {@link encodeChoice} did not write. */
export function decodeChoice(customId: string): ContributionChoice | undefined {
  if (!customId.startsWith(PREFIX)) return undefined;
  const body = customId.slice(PREFIX.length);
  const [, kindOfOne, memberOfOne, cursor = ''] = ONE.exec(body) ?? [];
  const at = readCursor(cursor);
  if (kindOfOne) return at && toChoice(kindOfOne, memberOfOne, { at });
  const [, kind, member, from = '', to = ''] = RANGE.exec(body) ?? [];
  const [first, last] = [Number.parseInt(from, 36), Number.parseInt(to, 36)];
  if (!kind || Math.max(first, last) > END_OF_TIME.getTime()) return undefined;
  return toChoice(kind, member, { from: new Date(first), to: new Date(last) });
}

function toChoice(kind: string, member: string | undefined, which: ContributionChoice['which']) {
  const memberId = Number(member);
  if (memberId >= 2 ** 31) return undefined;
  return { kind: kind === 'void' ? 'void' : 'unvoid', memberId, which } as const;
}
