import { DomainError } from '../errors.ts';
import type { Calendar, Window, WindowKind } from './calendar.ts';

/** How far a window has come. `archive`: over before the community began, open to history for good. */
export type WindowStatus = 'open' | 'closing' | 'provisional' | 'final' | 'archive';

/**
 * The window that a period names: `current`, `previous` or a key.
 *
 * @throws DomainError `invalid-parameter` for a malformed key, `unknown-season`, `window-not-begun`, or `no-earlier-window`
 */
export function windowOfPeriod(calendar: Calendar, kind: WindowKind, period: string, now: Date): Window {
  if (period === 'current') return calendar.currentAt(kind, now);
  if (period === 'previous') {
    const previous = calendar.before(calendar.currentAt(kind, now));
    if (previous) return previous;
    throw new DomainError('no-earlier-window', `There is nothing before the window \`${kind}\`.`);
  }
  const window = calendar.windowByKey(kind, period);
  if (window.kind === 'all' || window.startsAt <= now) return window;
  throw new DomainError(
    'window-not-begun',
    `The period ${window.key} has not begun: it starts at ${window.startsAt.toISOString()}.`,
  );
}

/** How far a window has come that is over: what is recorded of it. */
export type Closing = {
  windowId: number;
  provisionalAt: Date | undefined;
  /** From then on nothing changes its tables but amending. */
  frozenAt: Date | undefined;
  /** The last sequence number that counts in it. */
  frozenSeq: bigint | undefined;
  /** By category, the newest version of its final table. */
  tables: ReadonlyMap<number, FinalTableState>;
};

/** Whether a final table stands; and its hash, save while it is reckoned anew since the table was amended, or a name in it changed. */
export type FinalTableState = { isFinal: boolean; sha256: string | undefined };

/** What is recorded of windows that are over, by {@link closingSlot}. */
export type Closings = ReadonlyMap<string, Closing>;

export function closingSlot({ kind, key }: Pick<Window, 'kind' | 'key'>): string {
  return `${kind} ${key}`;
}

/** Whether a window takes no more contributions. */
export function isFrozen(community: { closings: Closings }, window: Window): boolean {
  return community.closings.get(closingSlot(window))?.frozenAt !== undefined;
}

/**
 * The status of a window that has begun, for a category, or for all of them: it is final once each has its hash. Being
 * over shows by the clock; every other step is a recorded fact.
 */
export function statusOf(
  { createdAt, closings }: { createdAt: Date; closings: Closings },
  window: Window,
  now: Date,
  categoryId?: number,
): WindowStatus {
  if (window.kind === 'all' || now < window.endsAt) return 'open';
  if (window.endsAt <= createdAt) return 'archive';
  const closing = closings.get(closingSlot(window));
  if (!closing) return 'closing';
  if (!closing.frozenAt) return 'provisional';
  const { tables } = closing;
  // A category that was added since has no table there, and nothing is awaited.
  const awaited = categoryId === undefined ? [...tables.values()] : [tables.get(categoryId) ?? NO_TABLE];
  return awaited.every(({ isFinal }) => isFinal) ? 'final' : 'provisional';
}

/** SHA-256 of nothing: the table of a category that was added after the window had been frozen. */
const NO_TABLE: FinalTableState = {
  isFinal: true,
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
};

/** The hash of the final table of a category in a window that is final; undefined for a moment after it was amended, or a name in it changed. */
export function hashOf(
  { closings }: { closings: Closings },
  window: Window,
  category: { id: number },
): string | undefined {
  return (closings.get(closingSlot(window))?.tables.get(category.id) ?? NO_TABLE).sha256;
}
