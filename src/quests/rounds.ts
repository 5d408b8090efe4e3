/** Cutting a quest into rounds at the community's midnights. Pure. */
import type { Calendar } from '../ranking/calendar.ts';
import { localDays } from '../ranking/local-day.ts';
import type { Quest, Recurrence, Round } from './quest.ts';

const DAY_MS = 86_400_000;

/** Where a community's days, weeks and months begin. */
export type Zone = { timeZone: string; calendar: Calendar };

export type NewRound = Pick<Round, 'key' | 'startsAt' | 'endsAt' | 'settlesAt'>;

/**
 * The rounds of a quest that have begun by a moment and follow on one that is known, or on none. They lie end to end
 * from the quest's start to its deadline. What is known keeps its bounds: after a change of time zone the next round
 * begins where the last one ended.
 */
export function roundsUntil(
  quest: Pick<Quest, 'recurrence' | 'startsAt' | 'endsAt' | 'settleAfterMs'>,
  last: Pick<Round, 'key' | 'endsAt'> | undefined,
  zone: Zone,
  until: Date,
): NewRound[] {
  const rounds: NewRound[] = [];
  const end = quest.endsAt;
  let lastKey = last?.key ?? '';
  for (let startsAt = last?.endsAt ?? quest.startsAt; startsAt <= until && startsAt < end;) {
    let period = periodAt(quest.recurrence, zone, startsAt, end);
    // The key of a period is used once: after a change of zone what is left of one joins the next.
    while (quest.recurrence !== 'once' && period.key <= lastKey) {
      period = periodAt(quest.recurrence, zone, period.endsAt, end);
    }
    const endsAt = period.endsAt < end ? period.endsAt : end;
    rounds.push({ key: period.key, startsAt, endsAt, settlesAt: new Date(endsAt.getTime() + quest.settleAfterMs) });
    lastKey = period.key;
    startsAt = endsAt;
  }
  return rounds;
}

/** How many local days the longest round of a quest can touch. */
export function daysInRound(
  { recurrence, startsAt, endsAt }: { recurrence: Recurrence; startsAt: Date; endsAt: Date },
  { timeZone }: Zone,
): number {
  const longest = { once: Infinity, daily: 1, weekly: 7, monthly: 31 }[recurrence];
  const dayAt = localDays(timeZone);
  const first = dayAt(startsAt).startsAt.getTime();
  const last = dayAt(new Date(endsAt.getTime() - 1)).startsAt.getTime();
  // Days have 23 to 25 hours.
  return Math.min(longest, Math.round((last - first) / DAY_MS) + 1);
}

function periodAt(recurrence: Recurrence, zone: Zone, at: Date, end: Date): { key: string; endsAt: Date } {
  switch (recurrence) {
    case 'once':
      return { key: 'once', endsAt: end };
    case 'daily': {
      const dayAt = localDays(zone.timeZone);
      let day = dayAt(at);
      // Where clocks fall back across midnight a date comes twice. The instants decide.
      while (day.endsAt <= at) day = dayAt(day.endsAt);
      const start = Temporal.Instant.fromEpochMilliseconds(day.startsAt.getTime()).toZonedDateTimeISO(zone.timeZone);
      return { key: start.toPlainDate().toString(), endsAt: day.endsAt };
    }
    case 'weekly':
      return zone.calendar.currentAt('week', at);
    case 'monthly':
      return zone.calendar.currentAt('month', at);
  }
}
