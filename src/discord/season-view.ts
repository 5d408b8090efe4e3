/** What the buttons of `/season` confirm. */
import { CUSTOM_KEY } from '../ranking/calendar.ts';
import { CLOSING_KINDS } from '../seasons/steps.ts';
import type { PrizeWindow } from '../rewards/prizes.ts';

/** A window that is closed, or whose tables are amended, by its kind and key. */
export type ChosenWindow = { kind: PrizeWindow; period: string };

/** What is done once somebody has said yes. `lastDay` belongs to the season; `categoryId` 0: every category. */
export type SeasonChoice =
  | { action: 'create'; key: string; firstDay: string; lastDay: string }
  | { action: 'remove'; key: string }
  | ({ action: 'close' } & ChosenWindow)
  | ({ action: 'amend'; categoryId: number } & ChosenWindow);

const PREFIX = 'season:1:';
const CREATE = /^create:([a-z0-9-]{1,32}):(\d{4}-\d\d-\d\d):(\d{4}-\d\d-\d\d)$/;
const REMOVE = /^remove:([a-z0-9-]{1,32})$/;
const CLOSE = /^close:([a-z]+):([A-Za-z0-9-]{1,32})$/;
const AMEND = /^amend:([a-z]+):([A-Za-z0-9-]{1,32}):(\d{1,9})$/;

/** At most 71 characters; Discord allows 100. */
export function encodeChoice(choice: SeasonChoice): string {
  switch (choice.action) {
    case 'create':
      return `${PREFIX}create:${choice.key}:${choice.firstDay}:${choice.lastDay}`;
    case 'remove':
      return `${PREFIX}remove:${choice.key}`;
    case 'close':
      return `${PREFIX}close:${choice.kind}:${choice.period}`;
    case 'amend':
      return `${PREFIX}amend:${choice.kind}:${choice.period}:${choice.categoryId}`;
  }
}

/** Reads a custom id. Undefined for anything that {@link encodeChoice} did not write. */
export function decodeChoice(customId: string): SeasonChoice | undefined {
  if (!customId.startsWith(PREFIX)) return undefined;
  const body = customId.slice(PREFIX.length);
  const [, key, firstDay, lastDay] = CREATE.exec(body) ?? [];
  if (key !== undefined && firstDay !== undefined && lastDay !== undefined) {
    return { action: 'create', key, firstDay, lastDay };
  }
  const [, removed] = REMOVE.exec(body) ?? [];
  if (removed !== undefined) return { action: 'remove', key: removed };
  const [, closedKind, closed] = CLOSE.exec(body) ?? [];
  const toClose = windowOf(closedKind, closed);
  if (toClose) return { action: 'close', ...toClose };
  const [, amendedKind, amended, categoryId] = AMEND.exec(body) ?? [];
  const toAmend = windowOf(amendedKind, amended);
  return toAmend && { action: 'amend', ...toAmend, categoryId: Number(categoryId) };
}

function windowOf(kindText: string | undefined, period: string | undefined): ChosenWindow | undefined {
  const kind = CLOSING_KINDS.find((one) => one === kindText);
  return kind && period !== undefined ? { kind, period } : undefined;
}

/** A key made from a name: `Spring 2027` is `spring-2027`. Undefined where nothing of it could stand in one. */
export function keyFromName(name: string): string | undefined {
  const key = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 32)
    .replaceAll(/^-+|-+$/g, '');
  return CUSTOM_KEY.test(key) ? key : undefined;
}
