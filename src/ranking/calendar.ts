import { DomainError } from '../errors.ts';

/** The stretches of time that a leaderboard can cover, in the order in which they are shown. */
export const WINDOW_KINDS = ['week', 'month', 'season', 'all'] as const;
export type WindowKind = (typeof WINDOW_KINDS)[number];

/** One window: `2026-W34` from its first millisecond to the first one after it. */
export type Window = { kind: WindowKind; key: string; startsAt: Date; endsAt: Date };

/** What a calendar is made from. */
export type CalendarSettings = {
  /** IANA name. Windows begin at midnights of this zone. */
  timeZone: string;
  /** Windows that keep the boundaries they ended with when the zone was changed later; of a kind, without gaps, in order. */
  kept: readonly Window[];
};

/**
 * The windows of one community. Every instant lies in exactly one window of each kind. A calendar is a pure function
 * of its settings and may be kept as long as they hold.
 */
export type Calendar = {
  /** The window of a kind that holds an instant. */
  windowAt(kind: WindowKind, instant: Date): Window;
  /**
   * The window with a key such as `2026-W34`, `2026-08`, `2026-Q3` or `all`.
   * @throws DomainError `invalid-parameter` for a key that is malformed or of another kind
   */
  windowByKey(kind: WindowKind, key: string): Window;
  /** The window right before one, or undefined for `all`. */
  before(window: Window): Window | undefined;
};

/** The ends of `all`: nothing is recorded before 1970, and RFC 3339 ends with the year 9999. */
export const BEGINNING_OF_TIME = new Date(0);
export const END_OF_TIME = new Date('9999-12-31T23:59:59.999Z');

const ALL: Window = { kind: 'all', key: 'all', startsAt: BEGINNING_OF_TIME, endsAt: END_OF_TIME };
const DAY_MS = 86_400_000;

/** What tells the kinds apart: the local date a window begins on, its length, and how its key is written and read. */
type Cycle = {
  startOf(date: Temporal.PlainDate): Temporal.PlainDate;
  length: Temporal.DurationLike;
  write(start: Temporal.PlainDate): string;
  /** The start that a key names, or undefined when it is malformed or names none, such as week 53 of a short year. */
  read(key: string): Temporal.PlainDate | undefined;
  example: string;
};

const CYCLES: Record<Exclude<WindowKind, 'all'>, Cycle> = {
  week: {
    startOf: (date) => date.subtract({ days: date.dayOfWeek - 1 }),
    length: { days: 7 },
    // Temporal gives ISO weeks for the ISO calendar, and dates here have no other.
    write: (start) => `${pad(start.yearOfWeek ?? 0, 4)}-W${pad(start.weekOfYear ?? 0, 2)}`,
    read: (key) => {
      const [year, week] = numbersIn(/^(\d{4})-W(\d{2})$/, key) ?? [];
      if (year === undefined || week === undefined || week < 1) return undefined;
      // The week that holds 4 January is the first of an ISO year (ISO 8601, 3.1.1.23).
      const monday = CYCLES.week.startOf(new Temporal.PlainDate(year, 1, 4)).add({ weeks: week - 1 });
      return monday.yearOfWeek === year ? monday : undefined;
    },
    example: '2026-W34',
  },
  month: {
    startOf: (date) => date.with({ day: 1 }),
    length: { months: 1 },
    write: (start) => `${pad(start.year, 4)}-${pad(start.month, 2)}`,
    read: (key) => {
      const [year, month] = numbersIn(/^(\d{4})-(\d{2})$/, key) ?? [];
      if (year === undefined || month === undefined || month < 1 || month > 12) return undefined;
      return new Temporal.PlainDate(year, month, 1);
    },
    example: '2026-08',
  },
  season: {
    startOf: (date) => date.with({ month: date.month - ((date.month - 1) % 3), day: 1 }),
    length: { months: 3 },
    write: (start) => `${pad(start.year, 4)}-Q${(start.month + 2) / 3}`,
    read: (key) => {
      const [year, quarter] = numbersIn(/^(\d{4})-Q([1-4])$/, key) ?? [];
      return year === undefined || quarter === undefined ? undefined : new Temporal.PlainDate(year, quarter * 3 - 2, 1);
    },
    example: '2026-Q3',
  },
};

/**
 * Builds the calendar of a community.
 *
 * @throws RangeError when the time zone does not exist; zones are checked where they come in.
 */
export function createCalendar({ timeZone, kept }: CalendarSettings): Calendar {
  const keptOf = (kind: WindowKind) => kept.filter((window) => window.kind === kind);
  const runs = { week: keptOf('week'), month: keptOf('month'), season: keptOf('season') };
  /** Windows already reckoned, by kind and UTC day: Temporal takes microseconds, and events come by the thousand. */
  const reckoned = new Map<string, Window[]>();

  /** The window that begins on a local date, its ends fitted to the kept windows beside it. */
  function windowFrom(kind: keyof typeof CYCLES, start: Temporal.PlainDate): Window {
    const cycle = CYCLES[kind];
    const key = cycle.write(start);
    const next = start.add(cycle.length);
    const run = runs[kind];
    const same = run.find((window) => window.key === key);
    if (same) return same;
    const first = run.at(0);
    const last = run.at(-1);
    const afterKept = last?.key === cycle.write(start.subtract(cycle.length));
    const beforeKept = first?.key === cycle.write(next);
    return {
      kind,
      key,
      startsAt: last && afterKept ? last.endsAt : startOfDay(start, timeZone),
      endsAt: first && beforeKept ? first.startsAt : startOfDay(next, timeZone),
    };
  }

  function windowAt(kind: WindowKind, instant: Date): Window {
    if (kind === 'all') return ALL;
    const slot = `${kind}${Math.floor(instant.getTime() / DAY_MS)}`;
    const known = reckoned.get(slot)?.find((window) => holds(window, instant));
    if (known) return known;

    const cycle = CYCLES[kind];
    const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);
    let start = cycle.startOf(local.toPlainDate());
    let window = windowFrom(kind, start);
    // The local date can mislead by one window: where clocks fall back across midnight a date comes twice, and beside
    // a kept window the boundary is that of another zone. The instants decide.
    while (instant < window.startsAt) window = windowFrom(kind, (start = start.subtract(cycle.length)));
    while (instant >= window.endsAt) window = windowFrom(kind, (start = start.add(cycle.length)));

    reckoned.set(slot, [...(reckoned.get(slot) ?? []), window]);
    return window;
  }

  return {
    windowAt,
    windowByKey(kind, key) {
      if (kind === 'all') {
        if (key !== ALL.key)
          throw new DomainError('invalid-parameter', `The only period of the window \`all\` is \`all\`, not "${key}".`);
        return ALL;
      }
      const start = CYCLES[kind].read(key);
      if (!start) {
        throw new DomainError(
          'invalid-parameter',
          `"${key}" is no period of the window \`${kind}\`. One looks like ${CYCLES[kind].example}.`,
        );
      }
      return windowFrom(kind, start);
    },
    before(window) {
      return window.kind === 'all' ? undefined : windowAt(window.kind, new Date(window.startsAt.getTime() - 1));
    },
  };
}

/** Whether an instant lies in a window: the start belongs to it, the end does not. */
export function holds(window: Window, instant: Date): boolean {
  return window.kind === 'all' || (instant >= window.startsAt && instant < window.endsAt);
}

/** The first instant of a local date, also where its midnight does not exist. */
function startOfDay(date: Temporal.PlainDate, timeZone: string): Date {
  return new Date(date.toZonedDateTime(timeZone).epochMilliseconds);
}

function numbersIn(pattern: RegExp, key: string): number[] | undefined {
  return pattern.exec(key)?.slice(1).map(Number);
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}
