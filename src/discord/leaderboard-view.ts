/** What a leaderboard message shows, and how its buttons and selects carry that along. */
import { WINDOW_KINDS, type WindowKind } from '../ranking/calendar.ts';

/**
 * A view: all that is needed to show it again, or another page of it, after a restart or years later. The community is
 * not part of it: it is that of the guild the button is pressed in.
 */
export type LeaderboardView = {
  categoryId: number;
  kind: WindowKind;
  /** A key, so that a message goes on showing the period it was made for; or `current`. */
  period: string;
  /** How many ranks are above the page. */
  offset: number;
};

/** What a component does with the view that it carries. */
const ACTIONS = ['first', 'previous', 'next', 'last', 'mine', 'open', 'window', 'category'] as const;
export type ViewAction = (typeof ACTIONS)[number];

/** The version stands behind the name: what is sent stays in channels for good, and has to be told from what comes later. */
const PREFIX = 'leaderboard:1:';
const BODY = /^([a-z]+):(\d{1,9}):([a-z]+):([A-Za-z0-9-]{1,32}):(\d{1,9})$/;

/** At most 82 characters; Discord allows 100. */
export function encodeView(action: ViewAction, { categoryId, kind, period, offset }: LeaderboardView): string {
  return `${PREFIX}${action}:${categoryId}:${kind}:${period}:${offset}`;
}

/** Reads a custom id. Undefined for anything that {@link encodeView} did not write. */
export function decodeView(customId: string): { action: ViewAction; view: LeaderboardView } | undefined {
  if (!customId.startsWith(PREFIX)) return undefined;
  const [, actionText, categoryId, kindText, period, offset] = BODY.exec(customId.slice(PREFIX.length)) ?? [];
  const action = ACTIONS.find((action) => action === actionText);
  const kind = windowKindOf(kindText);
  if (!action || !kind || !categoryId || !period || !offset) return undefined;
  return { action, view: { categoryId: Number(categoryId), kind, period, offset: Number(offset) } };
}

export function windowKindOf(text: string | null | undefined): WindowKind | undefined {
  return WINDOW_KINDS.find((kind) => kind === text);
}
