/** A day of a time zone: 23 to 25 hours, from midnight or, where there is none, from the first moment after it. */
export type LocalDay = { startsAt: Date; endsAt: Date };

/** Makes a function that finds the local day of an instant. It remembers the last one, as events come in runs. */
export function localDays(timeZone: string): (instant: Date) => LocalDay {
  let last: LocalDay | undefined;
  return (instant) => {
    if (last && last.startsAt <= instant && instant < last.endsAt) return last;
    const local = Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(timeZone);
    const start = local.startOfDay();
    const end = start.add({ days: 1 }).startOfDay();
    last = { startsAt: new Date(start.epochMilliseconds), endsAt: new Date(end.epochMilliseconds) };
    return last;
  };
}

/** The local day of an instant. */
export function localDayOf(timeZone: string, instant: Date): LocalDay {
  return localDays(timeZone)(instant);
}
