import { DomainError } from '../errors.ts';
import type { Calendar, Window, WindowKind } from './calendar.ts';

/** How far a window has come. `archive`: over before the community began, open to history for good. */
export type WindowStatus = 'open' | 'closing' | 'provisional' | 'final' | 'archive';

/**
 * The window that a period names: `current`, `previous` or a key.
 *
 * @throws DomainError `invalid-parameter` for a malformed key, `window-not-begun`, or `no-earlier-window`
 */
export function windowOfPeriod(calendar: Calendar, kind: WindowKind, period: string, now: Date): Window {
  if (period === 'current') return calendar.windowAt(kind, now);
  if (period === 'previous') {
    const previous = calendar.before(calendar.windowAt(kind, now));
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

/** The status of a window that has begun. */
export function statusOf(window: Window, communityCreatedAt: Date, now: Date): WindowStatus {
  if (window.kind === 'all' || now < window.endsAt) return 'open';
  return window.endsAt <= communityCreatedAt ? 'archive' : 'closing';
}
