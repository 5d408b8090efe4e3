/** What is said of multiplier events: ahead, at the start, at the end with what it brought, or that it is off. */
import type { Transaction } from 'kysely';
import type { ToldMultiplier } from '../announcements/announcement.ts';
import {
  amendAnnouncements,
  announce,
  dropAnnouncements,
  wasAnnounced,
  type NewAnnouncement,
} from '../announcements/outbox.ts';
import type { Database } from '../db/database.ts';
import { formatDecimal, formatMultiplier } from '../ranking/score.ts';
import type { MultiplierEvent } from './multiplier.ts';

/** Puts down what is to be said of an event until it is over. `categories`: titles of those it is for; none: all. */
export async function announceEvent(
  trx: Transaction<Database>,
  communityId: number,
  event: MultiplierEvent,
  categories: string[],
): Promise<void> {
  const { id, name, factor, startsAt, endsAt, announceAt } = event;
  const told: ToldMultiplier = {
    name,
    factor: formatMultiplier(factor),
    categories,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
  };
  const ahead = announceAt.map((at): NewAnnouncement => ({
    key: `${keysOf(id)}ahead ${at.toISOString()}`,
    announcement: { kind: 'multiplier-ahead', ...told },
    dueAt: at,
  }));
  const start: NewAnnouncement = {
    key: `${keysOf(id)}start`,
    announcement: { kind: 'multiplier-started', ...told },
    dueAt: startsAt,
  };
  await announce(trx, communityId, [...ahead, start]);
}

/** Makes what has yet to be said of an event tell its new end. */
export async function announceEarlierEnd(
  trx: Transaction<Database>,
  communityId: number,
  id: number,
  endsAt: Date,
): Promise<void> {
  await amendAnnouncements(trx, communityId, keysOf(id), (told) =>
    told.kind === 'multiplier-ahead' || told.kind === 'multiplier-started'
      ? { ...told, endsAt: endsAt.toISOString() }
      : told,
  );
}

/** Drops what has yet to be said of an event, and takes back what was said. */
export async function announceCancelled(
  trx: Transaction<Database>,
  communityId: number,
  { id, name, factor }: MultiplierEvent,
  now: Date,
): Promise<void> {
  await dropAnnouncements(trx, communityId, keysOf(id), 'The multiplier event was cancelled.');
  if (!(await wasAnnounced(trx, communityId, keysOf(id)))) return;
  await announce(trx, communityId, [
    {
      key: `${keysOf(id)}cancelled`,
      announcement: { kind: 'multiplier-cancelled', name, factor: formatMultiplier(factor) },
      dueAt: now,
    },
  ]);
}

/** Puts down what an event brought, to be said as of its end. */
export async function announceEnd(
  trx: Transaction<Database>,
  communityId: number,
  { id, name, factor, endsAt }: MultiplierEvent,
  effect: { contributions: number; extra: bigint },
): Promise<void> {
  await announce(trx, communityId, [
    {
      key: `${keysOf(id)}end`,
      announcement: {
        kind: 'multiplier-ended',
        name,
        factor: formatMultiplier(factor),
        contributions: effect.contributions,
        extra: formatDecimal(effect.extra),
      },
      dueAt: endsAt,
    },
  ]);
}

/** What the keys of all that is said of an event begin with. */
function keysOf(id: number): string {
  return `multiplier ${id} `;
}
