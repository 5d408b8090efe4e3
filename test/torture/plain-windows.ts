/** Windows by plain reckoning, day by day: what the calendar under test is held against. */
import { BOUNDED_KINDS, keyOf, localDate } from '../support/plain-ranking.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How long after its end a window is frozen. */
const FROZEN_AFTER = { week: HOUR, month: 3 * HOUR, season: 25 * HOUR };

export type PlainWindow = {
  kind: (typeof BOUNDED_KINDS)[number];
  key: string;
  endsAt: Date;
  /** When it is frozen. */
  frozenDueAt: Date;
};

/** The windows of a time zone that end after one moment and not after another, by when they are frozen. */
export function windowsEnding(timeZone: string, { after, until }: { after: Date; until: Date }): PlainWindow[] {
  const windows: PlainWindow[] = [];
  const last = localDate(timeZone, until);
  for (let date = localDate(timeZone, new Date(after.getTime() - DAY)); date <= last;) {
    const next = Temporal.PlainDate.from(date).add({ days: 1 });
    const endsAt = new Date(next.toZonedDateTime(timeZone).epochMilliseconds);
    for (const kind of BOUNDED_KINDS) {
      const key = keyOf(kind, date);
      if (keyOf(kind, next.toString()) === key || endsAt <= after || endsAt > until) continue;
      windows.push({ kind, key, endsAt, frozenDueAt: new Date(endsAt.getTime() + FROZEN_AFTER[kind]) });
    }
    date = next.toString();
  }
  return windows.toSorted((a, b) => a.frozenDueAt.getTime() - b.frozenDueAt.getTime());
}
