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
  /** Windows that keep the boundaries they ended with when the zone was changed later, in order. */
  kept: readonly Window[];
  /** The seasons that the community defined, in order and without overlaps: there are quarters until the first begins. */
  seasons?: readonly CustomSeason[];
};

/** A season that a community defined. Local dates, as `2027-01-01`: from the midnight of the first to that of the second. */
export type CustomSeason = { key: string; startsOn: string; endsOn: string };

/**
 * The windows of one community. Every instant lies in exactly one window of each kind, save that there may be time
 * between two seasons that a community defined. A calendar is a pure function of its settings and may be kept as long as
 * they hold.
 */
export type Calendar = {
  /** The window of a kind that holds an instant; undefined between two seasons. */
  windowAt(kind: WindowKind, instant: Date): Window | undefined;
  /** The window of a kind that holds an instant, or between two seasons the last one ended. */
  currentAt(kind: WindowKind, instant: Date): Window;
  /** The windows of a kind that have any of a stretch of time in them, both ends included, in order. */
  windowsBetween(kind: WindowKind, first: Date, last: Date): Window[];
  /**
   * The window with a key such as `2026-W34`, `2026-08`, `2026-Q3`, that of a season of the community's own, or `all`.
   * @throws DomainError `invalid-parameter` for a key that is malformed or of another kind, or `unknown-season`
   */
  windowByKey(kind: WindowKind, key: string): Window;
  /** The window of the same kind before one, or undefined for `all`. */
  before(window: Window): Window | undefined;
  /** The same calendar with other seasons of the community's own. */
  withSeasons(seasons: readonly CustomSeason[]): Calendar;
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
  /** What keys look like, also those that name none. */
  shape: RegExp;
  example: string;
};

/** What the key of a season of a community's own may be. */
export const CUSTOM_KEY = /^[a-z0-9-]{1,32}$/;

const CYCLES: Record<Exclude<WindowKind, 'all'>, Cycle> = {
  week: {
    startOf: (date) => date.subtract({ days: date.dayOfWeek - 1 }),
    length: { days: 7 },
    // Temporal gives ISO weeks for the ISO calendar, and dates here have no other.
    write: (start) => `${pad(start.yearOfWeek ?? 0, 4)}-W${pad(start.weekOfYear ?? 0, 2)}`,
    read: (key) => {
      const [year, week] = numbersIn(CYCLES.week.shape, key) ?? [];
      if (year === undefined || week === undefined || week < 1) return undefined;
      // The week that holds 4 January is the first of an ISO year (ISO 8601, 3.1.1.23).
      const monday = CYCLES.week.startOf(new Temporal.PlainDate(year, 1, 4)).add({ weeks: week - 1 });
      return monday.yearOfWeek === year ? monday : undefined;
    },
    shape: /^(\d{4})-W(\d{2})$/,
    example: '2026-W34',
  },
  month: {
    startOf: (date) => date.with({ day: 1 }),
    length: { months: 1 },
    write: (start) => `${pad(start.year, 4)}-${pad(start.month, 2)}`,
    read: (key) => {
      const [year, month] = numbersIn(CYCLES.month.shape, key) ?? [];
      if (year === undefined || month === undefined || month < 1 || month > 12) return undefined;
      return new Temporal.PlainDate(year, month, 1);
    },
    shape: /^(\d{4})-(\d{2})$/,
    example: '2026-08',
  },
  season: {
    startOf: (date) => date.with({ month: date.month - ((date.month - 1) % 3), day: 1 }),
    length: { months: 3 },
    write: (start) => `${pad(start.year, 4)}-Q${(start.month + 2) / 3}`,
    read: (key) => {
      const [year, quarter] = numbersIn(CYCLES.season.shape, key) ?? [];
      if (year === undefined || quarter === undefined || quarter < 1 || quarter > 4) return undefined;
      return new Temporal.PlainDate(year, quarter * 3 - 2, 1);
    },
    shape: /^(\d{4})-Q(\d)$/,
    example: '2026-Q3',
  },
};

/**
 * Builds the calendar of a community.
 *
 * @throws RangeError when the time zone does not exist; zones are checked where they come in.
 */
export function createCalendar({ timeZone, kept, seasons = [] }: CalendarSettings): Calendar {
  // Those of a cycle follow one another; seasons of the community's own are none of them.
  const keptOf = (kind: keyof typeof CYCLES) =>
    kept.filter((window) => window.kind === kind && CYCLES[kind].shape.test(window.key));
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

  /** The regular window of a kind that holds an instant. */
  function cycleAt(kind: keyof typeof CYCLES, instant: Date): Window {
    const slot = `${kind}${Math.floor(instant.getTime() / DAY_MS)}`;
    const known = reckoned.get(slot)?.find((window) => holds(window, instant));
    if (known) return known;

    const cycle = CYCLES[kind];
    let start = cycle.startOf(localDate(instant, timeZone));
    let window = windowFrom(kind, start);
    // The local date can mislead by one window: where clocks fall back across midnight a date comes twice, and beside
    // a kept window the boundary is that of another zone. The instants decide.
    while (instant < window.startsAt) window = windowFrom(kind, (start = start.subtract(cycle.length)));
    while (instant >= window.endsAt) window = windowFrom(kind, (start = start.add(cycle.length)));

    reckoned.set(slot, [...(reckoned.get(slot) ?? []), window]);
    return window;
  }

  const keptSeasons = kept.filter(({ kind }) => kind === 'season');
  const own = placeSeasons(seasons, keptSeasons, timeZone, (date) => windowFrom('season', CYCLES.season.startOf(date)));
  const firstOwn = own.at(0);

  /** A quarter, which ends at the latest when the first season of the community's own begins. */
  const asQuarter = (window: Window): Window =>
    firstOwn && window.endsAt > firstOwn.startsAt ? { ...window, endsAt: firstOwn.startsAt } : window;

  function windowAt(kind: WindowKind, instant: Date): Window | undefined {
    if (kind === 'all') return ALL;
    if (kind !== 'season') return cycleAt(kind, instant);
    if (firstOwn && instant >= firstOwn.startsAt) return own.find((window) => holds(window, instant));
    return asQuarter(cycleAt('season', instant));
  }

  function currentAt(kind: WindowKind, instant: Date): Window {
    const window = windowAt(kind, instant) ?? own.findLast(({ endsAt }) => endsAt <= instant);
    if (!window) throw new Error('There is no time between seasons before the first.');
    return window;
  }

  return {
    windowAt,
    currentAt,
    windowsBetween(kind, first, last) {
      const windows: Window[] = [];
      for (let at: Date | undefined = first; at && at <= last;) {
        const moment: Date = at;
        const window = windowAt(kind, moment) ?? own.find(({ startsAt }) => startsAt > moment);
        if (!window || window.startsAt > last) break;
        windows.push(window);
        at = window.kind === 'all' ? undefined : window.endsAt;
      }
      return windows;
    },
    windowByKey(kind, key) {
      if (kind === 'all') {
        if (key !== ALL.key)
          throw new DomainError('invalid-parameter', `The only period of the window \`all\` is \`all\`, not "${key}".`);
        return ALL;
      }
      const ownSeason = kind === 'season' ? own.find((window) => window.key === key) : undefined;
      if (ownSeason) return ownSeason;
      const start = CYCLES[kind].read(key);
      if (!start) throw noPeriod(kind, key, own);
      const window = windowFrom(kind, start);
      if (kind !== 'season' || runs.season.includes(window)) return window;
      if (firstOwn && window.startsAt >= firstOwn.startsAt) throw noPeriod(kind, key, own);
      return asQuarter(window);
    },
    before(window) {
      if (window.kind === 'all') return undefined;
      const position = window.kind === 'season' ? own.findIndex(({ key }) => key === window.key) : -1;
      return position > 0 ? own[position - 1] : windowAt(window.kind, new Date(window.startsAt.getTime() - 1));
    },
    withSeasons: (others) => createCalendar({ timeZone, kept, seasons: others }),
  };
}

/** Whether a key looks like that of a regular window, real or not and in whatever case, or has a meaning of its own. */
export function isReservedKey(key: string): boolean {
  return (
    ['current', 'previous', ALL.key].includes(key) ||
    Object.values(CYCLES).some(({ shape }) => shape.test(key.toUpperCase()))
  );
}

/**
 * Where the community's own seasons lie. One that is over keeps its boundaries; one that follows it begins where it
 * ended, whatever the time zone is by now. However far midnights move, none begins before the one ahead of it.
 */
function placeSeasons(
  seasons: readonly CustomSeason[],
  kept: readonly Window[],
  timeZone: string,
  quarterOf: (date: Temporal.PlainDate) => Window,
): Window[] {
  const windows: Window[] = [];
  let endedOn: string | undefined;
  for (const { key, startsOn, endsOn } of seasons) {
    const start = Temporal.PlainDate.from(startsOn);
    const midnight = startOfDay(start, timeZone);
    const before = windows.at(-1);
    const startsAt = before
      ? endedOn === startsOn
        ? before.endsAt
        : later(midnight, before.endsAt)
      : afterQuarter(quarterOf(start.subtract({ days: 1 })), midnight);
    const same = kept.find((window) => window.key === key);
    const endsAt = later(startOfDay(Temporal.PlainDate.from(endsOn), timeZone), minuteAfter(startsAt));
    windows.push(same ?? { kind: 'season', key, startsAt, endsAt });
    endedOn = endsOn;
  }
  return windows;

  /** The quarter that is cut short by the first season, or that it follows. */
  function afterQuarter(quarter: Window, midnight: Date): Date {
    const isKept = kept.some((window) => window.key === quarter.key);
    return isKept ? quarter.endsAt : later(midnight, minuteAfter(quarter.startsAt));
  }
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function minuteAfter(instant: Date): Date {
  return new Date(instant.getTime() + 60_000);
}

function noPeriod(kind: Exclude<WindowKind, 'all'>, key: string, own: readonly Window[]): DomainError {
  // A key of another kind of window is none of a season, whatever seasons there are.
  const couldBe = CYCLES.season.read(key) !== undefined || (CUSTOM_KEY.test(key) && !isReservedKey(key));
  if (kind === 'season' && own.length > 0 && couldBe) {
    const keys = own.map((window) => window.key).join(', ');
    return new DomainError('unknown-season', `There is no season "${key}". The community has its own: ${keys}.`);
  }
  return new DomainError(
    'invalid-parameter',
    `"${key}" is no period of the window \`${kind}\`. One looks like ${CYCLES[kind].example}.`,
  );
}

/** Whether an instant lies in a window: the start belongs to it, the end does not. */
export function holds(window: Window, instant: Date): boolean {
  return window.kind === 'all' || (instant >= window.startsAt && instant < window.endsAt);
}

function localDate(instant: Date, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone).toPlainDate();
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
