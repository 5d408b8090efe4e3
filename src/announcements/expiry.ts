import type { Announcement, AnnouncementKind } from './announcement.ts';

const DAY_MS = 24 * 3_600_000;

/** Of use as long as what they tell of is not over. */
type Timed = Extract<Announcement, { endsAt: string }>['kind'];

/** For how long it is news that a season has begun. */
const OPENING_DAYS = 2;

/** For how many days the others are of use. */
const DAYS: Record<Exclude<AnnouncementKind, Timed>, number> = {
  'multiplier-cancelled': 2,
  'quest-cancelled': 2,
  'multiplier-ended': 3,
  'quest-completed': 3,
  'quest-settled': 14,
  'window-final': 90,
  'window-amended': 90,
  'achievements-earned': 3,
  'badge-created': 7,
  'proof-reviewed': 14,
  'proof-submitted': 90,
};

/** From when an announcement is of no use any more: what could not be said until then is dropped. */
export function expiryOf(announcement: Announcement, dueAt: Date): Date {
  if (announcement.kind === 'multiplier-ahead') return new Date(announcement.startsAt);
  if (announcement.kind === 'season-opened') {
    return new Date(Math.min(Date.parse(announcement.endsAt), dueAt.getTime() + OPENING_DAYS * DAY_MS));
  }
  if ('endsAt' in announcement) return new Date(announcement.endsAt);
  return new Date(dueAt.getTime() + DAYS[announcement.kind] * DAY_MS);
}
