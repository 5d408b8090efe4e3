/** When what is said of seasons is due. Pure. */
import type { Community } from '../communities/community.ts';
import type { Window } from '../ranking/calendar.ts';

const DAY_MS = 24 * 3_600_000;

/** What is due is written down this long ahead, so that it is said at its moment. */
export const LEAD_MS = 60_000;
/** How long before the last day of a season begins people see it coming. */
const LAST_DAY_AHEAD_MS = 7 * DAY_MS;
/** No look at a community's seasons lies further ahead, whatever the clock was when it was reckoned. */
export const LONGEST_PAUSE_MS = DAY_MS;

type Seasons = Pick<Community, 'calendar' | 'createdAt' | 'timeZone' | 'countdownMs'>;

/** The seasons that something may be due of: the one that runs, and those whose last day is near. */
export function seasonsInView({ calendar }: Pick<Seasons, 'calendar'>, now: Date): Window[] {
  return calendar.windowsBetween('season', now, new Date(now.getTime() + LAST_DAY_AHEAD_MS));
}

/**
 * How long before its end the end of a season was, or is in a moment, last told. After downtime that is all there is to
 * say: what should have been told before is out of date.
 *
 * @returns undefined before the first
 */
export function newestCountdown({ countdownMs, createdAt }: Seasons, season: Window, now: Date): number | undefined {
  return countdownMs.findLast((ms) => {
    const at = toldAt(season, ms);
    return at > season.startsAt && at > createdAt && at.getTime() <= now.getTime() + LEAD_MS;
  });
}

/** When it is told that a season ends in so long. */
export function toldAt({ endsAt }: Window, ms: number): Date {
  return new Date(endsAt.getTime() - ms);
}

/** The last day of a season in the community's zone: from its last local midnight to its end. */
export function lastDayOf({ timeZone }: Pick<Seasons, 'timeZone'>, { startsAt, endsAt }: Window): { startsAt: Date } {
  const lastMoment = Temporal.Instant.fromEpochMilliseconds(endsAt.getTime() - 1);
  const midnight = new Date(lastMoment.toZonedDateTimeISO(timeZone).startOfDay().epochMilliseconds);
  return { startsAt: midnight > startsAt ? midnight : startsAt };
}

/** Whether the last day of a season is near enough to be shown, and not over. */
export function isLastDayNear(community: Seasons, season: Window, now: Date): boolean {
  const { startsAt } = lastDayOf(community, season);
  return startsAt.getTime() - LAST_DAY_AHEAD_MS <= now.getTime() && now < season.endsAt;
}

/** When to look again at what is due: at the next moment at which anything of a season is, and once a day. */
export function nextLook(community: Seasons, now: Date): Date {
  const until = now.getTime() + LONGEST_PAUSE_MS;
  const moments = seasonsInView(community, now).flatMap((season) => [
    season.startsAt.getTime() - LEAD_MS,
    season.endsAt.getTime(),
    lastDayOf(community, season).startsAt.getTime() - LAST_DAY_AHEAD_MS,
    ...community.countdownMs.map((ms) => toldAt(season, ms).getTime() - LEAD_MS),
  ]);
  return new Date(Math.min(until, ...moments.filter((at) => at > now.getTime())));
}
