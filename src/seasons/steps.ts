/** When each step of a window is due. Pure. */
import type { ClosingTimes } from '../communities/community.ts';
import { WINDOW_KINDS, type Calendar, type Window } from '../ranking/calendar.ts';
import { closingSlot, type Closings } from '../ranking/periods.ts';

/** `provisional`: the table is posted and may still change. `frozen`: nothing but amending changes it any more. */
type StepKind = 'provisional' | 'frozen';

/** A step of a window that is not recorded yet. */
export type Step = { window: Window; kind: StepKind; dueAt: Date };

/** Windows that close: `all` is open for good. */
export const CLOSING_KINDS = WINDOW_KINDS.filter((kind) => kind !== 'all');

/** A window of each kind ends within this time, save a season; so looking as far ahead as this misses none. */
const LOOK_AHEAD_MS = 9 * 86_400_000;

/** What the steps of a community's windows follow from. */
export type StepSettings = {
  createdAt: Date;
  calendar: Calendar;
  closings: Closings;
  closingTimes: ClosingTimes;
};

/**
 * The steps that remain of all windows that have begun, or begin in the next days, in the order in which they are due.
 * Their times are reckoned from the end of the window, never from when the step before was recorded. Windows that had
 * ended before the community was created have no steps.
 */
export function remainingSteps(community: StepSettings, now: Date): Step[] {
  const until = new Date(now.getTime() + LOOK_AHEAD_MS);
  return CLOSING_KINDS.flatMap((kind) => {
    const from = lastFrozenEnd(community, kind) ?? community.createdAt;
    return community.calendar
      .windowsBetween(kind, from, until)
      .filter(({ endsAt }) => endsAt > community.createdAt)
      .flatMap((window) => stepsOf(community, window));
  }).toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
}

function stepsOf({ closings, closingTimes }: StepSettings, window: Window): Step[] {
  if (window.kind === 'all') return [];
  const closing = closings.get(closingSlot(window));
  if (closing?.frozenAt) return [];
  const provisionalMs = closingTimes.provisionalMs[window.kind];
  const steps: Step[] = [{ window, kind: 'frozen', dueAt: frozenDueAt(closingTimes, window) }];
  if (provisionalMs > 0 && !closing?.provisionalAt) {
    steps.unshift({ window, kind: 'provisional', dueAt: provisionalDueAt(closingTimes, window) });
  }
  return steps;
}

/** When the table of a window is posted as provisional. */
function provisionalDueAt({ lateMs }: ClosingTimes, { endsAt }: Window): Date {
  return new Date(endsAt.getTime() + lateMs);
}

/** When a window is frozen. */
export function frozenDueAt({ lateMs, provisionalMs }: ClosingTimes, { kind, endsAt }: Window): Date {
  return new Date(endsAt.getTime() + lateMs + (kind === 'all' ? 0 : provisionalMs[kind]));
}

/** Up to when windows of a kind are frozen: they are frozen in order. */
function lastFrozenEnd({ calendar, closings }: StepSettings, kind: Window['kind']): Date | undefined {
  let last: Date | undefined;
  for (const [slot, { frozenAt }] of closings) {
    const key = slot.slice(kind.length + 1);
    if (!frozenAt || slot !== closingSlot({ kind, key })) continue;
    const { endsAt } = calendar.windowByKey(kind, key);
    if (!last || endsAt > last) last = endsAt;
  }
  return last;
}
