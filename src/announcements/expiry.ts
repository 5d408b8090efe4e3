import type { Announcement } from './announcement.ts';

const DAY_MS = 24 * 3_600_000;

/** From when an announcement is of no use any more: what could not be said until then is dropped. */
export function expiryOf(announcement: Announcement, dueAt: Date): Date {
  const days = (count: number) => new Date(dueAt.getTime() + count * DAY_MS);
  switch (announcement.kind) {
    case 'multiplier-ahead':
      return new Date(announcement.startsAt);
    case 'multiplier-started':
    case 'quest-opened':
    case 'quest-reminder':
      return new Date(announcement.endsAt);
    case 'multiplier-cancelled':
    case 'quest-cancelled':
      return days(2);
    case 'multiplier-ended':
    case 'quest-completed':
      return days(3);
    case 'quest-settled':
    case 'proof-reviewed':
      return days(14);
    case 'proof-submitted':
      return days(90);
  }
}
