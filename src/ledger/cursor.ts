import { END_OF_TIME } from '../ranking/calendar.ts';

/**
 * A place in a ledger, newest first: by time, on equal times grants before contributions, then the one recorded later.
 * It stays good whatever is recorded meanwhile.
 */
export type Cursor = { at: Date; kind: 'contribution' | 'grant'; number: bigint };

const WRITTEN = /^([0-9a-z]{1,10})\.([cg])\.([0-9a-z]{1,13})$/;
/** Writes a cursor as at most 26 lower-case letters, digits and dots. */
export function writeCursor({ at, kind, number }: Cursor): string {
  return `${at.getTime().toString(36)}.${kind === 'grant' ? 'g' : 'c'}.${number.toString(36)}`;
}

/** Reads a cursor; undefined for anything that {@link writeCursor} did not write. */
export function readCursor(text: string): Cursor | undefined {
  const [, time = '', kind, digits = ''] = WRITTEN.exec(text) ?? [];
  const ms = Number.parseInt(time, 36);
  if (!kind || ms > END_OF_TIME.getTime()) return undefined;
  const number = Array.from(digits).reduce((sum, digit) => sum * 36n + BigInt(Number.parseInt(digit, 36)), 0n);
  // Rows are numbered with 63 bits, and something has to come behind the last one.
  if (number >= 2n ** 62n) return undefined;
  return { at: new Date(ms), kind: kind === 'g' ? 'grant' : 'contribution', number };
}
