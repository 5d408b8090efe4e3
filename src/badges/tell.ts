/** Telling what was earned: quietly, once a day. */
import type { Transaction } from 'kysely';
import type { ToldBadge, ToldIcon, ToldMember } from '../announcements/announcement.ts';
import { amendAnnouncements, announce, withdrawAnnouncement } from '../announcements/outbox.ts';
import type { Community } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import { tellMembers } from '../privacy/told-members.ts';
import type { Badge } from './badge.ts';
import { countHoldersOf } from './holders.ts';
import type { Settled } from './settle.ts';

/** At what hour of the community's day it is told what was earned since the day before. */
const HOUR = 18;
/** How many members are named a badge. */
const MAX_NAMED = 3;
/** What the keys of what was earned begin with. */
const EARNED_KEY = 'achievements until ';

/**
 * Adds to what is told next: who has earned what. Who is named and loses it again before that is not told. For the
 * transaction that grants it.
 */
export async function tellEarned(
  trx: Transaction<Database>,
  { id, timeZone }: Pick<Community, 'id' | 'timeZone'>,
  settled: readonly Settled[],
  now: Date,
): Promise<void> {
  const changes = settled.filter(({ given, takenBack }) => given.length > 0 || takenBack.length > 0);
  if (changes.length === 0) return;
  const dueAt = nextTelling(timeZone, now);
  const key = `${EARNED_KEY}${dueAt.toISOString()}`;
  if (changes.some(({ given }) => given.length > 0)) {
    await announce(trx, id, [{ key, announcement: { kind: 'achievements-earned', badges: [] }, dueAt }]);
  }
  const first = changes.flatMap(({ given }) => earners(given).slice(0, MAX_NAMED));
  const named = new Map((await tellMembers(trx, id, first)).map((member) => [member.memberId, member]));
  let isEmpty = false;
  await amendAnnouncements(trx, id, key, (told) => {
    if (told.kind !== 'achievements-earned') return told;
    const badges = changes.reduce((badges, change) => addChange(badges, change, named), told.badges);
    isEmpty = badges.length === 0;
    return { ...told, badges };
  });
  if (isEmpty) await withdrawAnnouncement(trx, id, key);
}

/** Tells of a new badge, and how many have earned it already. */
export async function tellNewBadge(
  trx: Transaction<Database>,
  communityId: number,
  badge: Badge,
  now: Date,
): Promise<void> {
  const { id, name, description } = badge;
  const { holders, orMore } = await countHoldersOf(trx, communityId, name);
  await announce(trx, communityId, [
    {
      key: createdKey(id),
      announcement: { kind: 'badge-created', badgeId: id, name, description, icon: tellIcon(badge), holders, orMore },
      dueAt: now,
      group: 'badges created',
    },
  ]);
}

/** Has what waits to be told of a badge say what is said of it now, and show it as it looks now. Safe to repeat. */
export async function tellEdited(trx: Transaction<Database>, communityId: number, badge: Badge): Promise<void> {
  const { id, description } = badge;
  const icon = tellIcon(badge);
  await amendAnnouncements(trx, communityId, createdKey(id), (told) =>
    told.kind === 'badge-created' ? { ...told, description, icon } : told,
  );
  await amendAnnouncements(trx, communityId, EARNED_KEY, (told) =>
    told.kind === 'achievements-earned'
      ? { ...told, badges: told.badges.map((one) => (one.badgeId === id ? { ...one, icon } : one)) }
      : told,
  );
}

/** What a badge looks like, as announcements tell it. */
function tellIcon({ icon, picture }: Badge): ToldIcon {
  const { emojiId, animated = false } = picture ?? {};
  return { character: icon, emoji: emojiId === undefined ? undefined : { id: emojiId, animated } };
}

function addChange(
  badges: readonly ToldBadge[],
  { achievement, given, takenBack }: Settled,
  named: ReadonlyMap<number, ToldMember>,
): ToldBadge[] {
  const { id, name } = achievement;
  const told = badges.find(({ badgeId }) => badgeId === id) ?? {
    badgeId: id,
    name,
    icon: tellIcon(achievement),
    members: 0,
    named: [],
  };
  const lost = new Set(takenBack);
  const kept = told.named.filter(({ memberId }) => !lost.has(memberId));
  const memberIds = earners(given);
  const more = memberIds.flatMap((memberId) => named.get(memberId) ?? []);
  const members = told.members - (told.named.length - kept.length) + memberIds.length;
  const others = badges.filter(({ badgeId }) => badgeId !== id);
  return members === 0 ? others : [...others, { ...told, members, named: [...kept, ...more].slice(0, MAX_NAMED) }];
}

function createdKey(badgeId: number): string {
  return `badge ${badgeId} created`;
}

function earners(given: Settled['given']): number[] {
  return [...new Set(given.map(({ memberId }) => memberId))];
}

/** The next time at which the clock shows the hour of telling in the community's zone. */
function nextTelling(timeZone: string, now: Date): Date {
  const local = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone);
  const today = local.with({ hour: HOUR, minute: 0, second: 0, millisecond: 0, microsecond: 0, nanosecond: 0 });
  const next = today.epochMilliseconds > now.getTime() ? today : today.add({ days: 1 });
  return new Date(next.epochMilliseconds);
}
