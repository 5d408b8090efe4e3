/** What `/season` does with windows that are over: closing them before their time, and amending their final tables. */
import { DomainError } from '../errors.ts';
import type { Window } from '../ranking/calendar.ts';
import { windowOfPeriod } from '../ranking/periods.ts';
import { requireCategory } from '../ranking/read-leaderboard.ts';
import { amendFinalTables } from '../seasons/amend.ts';
import { closeNow, requireClosable } from '../seasons/close-windows.ts';
import { checkText, REASON } from '../text.ts';
import type { Answer, Call } from './command.ts';
import { readKeptText } from './kept-text.ts';
import { COLOURS, note } from './messages.ts';
import type { ChosenWindow, SeasonChoice } from './season-view.ts';
import {
  confirmAmending,
  confirmClosing,
  renderAmended,
  renderClosed,
  type ClosableWindow,
} from './season-window-message.ts';
import { requireManager } from './setup.ts';
import { kindOfPeriod } from './show-leaderboard.ts';
import { code } from './text.ts';

/** Asks whether a window that is over is to become final before its time. @throws DomainError as closing it would */
export function proposeClosing(call: Call, period: string): Answer {
  requireManager(call);
  const window = requireWindow(call, period);
  requireClosable(call.community, window, call.now);
  return confirmClosing(call, window, { action: 'close', kind: window.kind, period: window.key });
}

/** Closes what was to be closed. @throws DomainError as `closeNow` does, as when somebody was faster */
export async function closeConfirmed(call: Call, chosen: ChosenWindow): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const window = windowOfPeriod(community.calendar, chosen.kind, chosen.period, now);
  await closeNow(services, community.id, window, actor, now);
  services.nudge();
  return renderClosed(call, window);
}

/**
 * Shows what amending final tables would change, and asks whether to do it. Nothing is changed yet.
 *
 * @throws DomainError `forbidden`, `invalid-parameter`, `unknown-category`, or as amending would
 */
export async function proposeAmending(
  call: Call,
  typed: { period: string; category: string | undefined; reason: string },
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const window = requireWindow(call, typed.period);
  const category = typed.category === undefined ? undefined : requireCategory(community, typed.category);
  const reason = requireReason(typed.reason);
  const request = { window, category, reason, dryRun: true };
  const amendments = await amendFinalTables(services, community, request, actor, now);
  const choice = { action: 'amend', kind: window.kind, period: window.key, categoryId: category?.id ?? 0 } as const;
  return confirmAmending(call, { window, amendments }, reason, choice);
}

/** Amends what was proposed, for the reason that stands in the message. Pressed again, nothing is left to amend. */
export async function amendConfirmed(
  call: Call,
  { kind, period, categoryId }: Extract<SeasonChoice, { action: 'amend' }>,
  message: Parameters<typeof readKeptText>[0],
): Promise<Answer> {
  requireManager(call);
  const { services, community, actor, now } = call;
  const reason = readKeptText(message);
  const category = community.categories.find(({ id }) => id === categoryId);
  if (reason === undefined || (categoryId !== 0 && !category)) {
    return note(`What this was about is not here any more. Run ${code('/season amend')} again.`, COLOURS.waiting);
  }
  const window = windowOfPeriod(community.calendar, kind, period, now);
  const request = { window, category, reason: requireReason(reason) };
  const amendments = await amendFinalTables(services, community, request, actor, now);
  services.nudge();
  return renderAmended(call, { window, amendments });
}

/** A window that closes, by `previous` or its key; a word such as `previous` means the season. */
function requireWindow({ community, now }: Call, period: string): ClosableWindow {
  const kind = kindOfPeriod(community, period) ?? 'season';
  const window: Window = windowOfPeriod(community.calendar, kind, period, now);
  if (isClosable(window)) return window;
  throw new DomainError('state-conflict', '`all` is open for good: it never closes, and has no final table.');
}

function isClosable(window: Window): window is ClosableWindow {
  return window.kind !== 'all';
}

function requireReason(typed: string): string {
  const checked = checkText(typed, REASON);
  if ('text' in checked) return checked.text;
  throw new DomainError('invalid-parameter', `The reason ${checked.problem}.`);
}
