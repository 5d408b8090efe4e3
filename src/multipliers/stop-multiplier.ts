import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { announceCancelled, announceEarlierEnd } from './multiplier-announcements.ts';
import { findRecorded, requireMultiplier } from './multiplier-store.ts';
import { earliestEffect, type MultiplierEvent } from './multiplier.ts';

/**
 * Cancels an event that has not started and does not start within 5 minutes. Safe to repeat.
 *
 * @throws DomainError `unknown-multiplier`, or `state-conflict` when it can only be ended
 */
export async function cancelMultiplier(
  db: Kysely<Database>,
  communityId: number,
  id: number,
  actor: Actor,
  now: Date,
): Promise<MultiplierEvent> {
  return db.transaction().execute(async (trx) => {
    // Under the lock nothing can be recorded between a check and what follows.
    await lockCommunity(trx, communityId);
    const event = await requireMultiplier(trx, communityId, id);
    if (event.cancelledAt) return event;
    if (!(await isAhead(trx, communityId, event, now))) {
      throw new DomainError(
        'state-conflict',
        event.endsAt <= now
          ? `${titleOf(event)} is over: it ended at ${event.endsAt.toISOString()}.`
          : `${titleOf(event)} has started or starts within 5 minutes: contributions may have earned by it. End it instead.`,
      );
    }
    await trx
      .updateTable('multipliers')
      .set({ cancelled_at: now })
      .where('community_id', '=', communityId)
      .where('multiplier_id', '=', id)
      .execute();
    await touchConfig(trx, communityId);
    await announceCancelled(trx, communityId, event, now);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'multiplier.cancel',
      target: String(id),
      before: { name: event.name, startsAt: event.startsAt, endsAt: event.endsAt },
    });
    return { ...event, cancelledAt: now };
  });
}

/**
 * Ends an event that has started, or starts within 5 minutes, earlier than it was to end: at a moment at least 5
 * minutes ahead, the earliest one unless given. Safe to repeat: an event that ends by then is left as it is.
 *
 * @throws DomainError `unknown-multiplier`, `invalid-parameter` when the moment is too early or later than its end, or
 *   `state-conflict` when the event is over, cancelled, or has yet to start
 */
export async function endMultiplier(
  db: Kysely<Database>,
  communityId: number,
  id: number,
  wanted: Date | undefined,
  actor: Actor,
  now: Date,
): Promise<MultiplierEvent> {
  return db.transaction().execute(async (trx) => {
    // Under the lock nothing can be recorded between a check and what follows.
    await lockCommunity(trx, communityId);
    const event = await requireMultiplier(trx, communityId, id);
    await requireEndable(trx, communityId, event, now);
    const endsAt = await endOf(trx, communityId, event, wanted, now);
    if (endsAt.getTime() === event.endsAt.getTime()) return event;
    await trx
      .updateTable('multipliers')
      .set({ ends_at: endsAt })
      .where('community_id', '=', communityId)
      .where('multiplier_id', '=', id)
      .execute();
    await touchConfig(trx, communityId);
    await announceEarlierEnd(trx, communityId, id, endsAt);
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'multiplier.end',
      target: String(id),
      before: { endsAt: event.endsAt },
      after: { endsAt },
    });
    return { ...event, endsAt };
  });
}

/** Whether an event can still be made undone: it begins at least 5 minutes ahead, and nothing has been recorded in it. */
async function isAhead(
  trx: Transaction<Database>,
  communityId: number,
  { startsAt, endsAt, categoryIds }: MultiplierEvent,
  now: Date,
): Promise<boolean> {
  if (startsAt < earliestEffect(now)) return false;
  return !(await findRecorded(trx, communityId, { categoryIds, from: startsAt, to: endsAt }, 'first'));
}

async function requireEndable(
  trx: Transaction<Database>,
  communityId: number,
  event: MultiplierEvent,
  now: Date,
): Promise<void> {
  const conflict = (what: string) => new DomainError('state-conflict', `${titleOf(event)} ${what}`);
  if (event.cancelledAt) throw conflict('was cancelled: there is nothing to end.');
  if (event.endsAt <= now) throw conflict(`is over: it ended at ${event.endsAt.toISOString()}.`);
  if (await isAhead(trx, communityId, event, now)) throw conflict('has not started: cancel it instead.');
}

/** The moment at which an event is to end, after everything that is recorded and can have occurred. */
async function endOf(
  trx: Transaction<Database>,
  communityId: number,
  event: MultiplierEvent,
  wanted: Date | undefined,
  now: Date,
): Promise<Date> {
  const { categoryIds, startsAt, endsAt: to } = event;
  const last = await findRecorded(trx, communityId, { categoryIds, from: startsAt, to }, 'last');
  const afterLast = last ? last.getTime() + 1 : 0;
  const earliest = new Date(Math.min(Math.max(earliestEffect(now).getTime(), afterLast), to.getTime()));
  if (wanted === undefined) return earliest;
  if (wanted > to) {
    throw new DomainError(
      'invalid-parameter',
      `${titleOf(event)} ends at ${to.toISOString()}, before ${wanted.toISOString()}. Create another event for the time after.`,
    );
  }
  if (wanted < earliest) {
    throw new DomainError(
      'invalid-parameter',
      `${titleOf(event)} cannot end at ${wanted.toISOString()}: contributions up to then may have earned by it. The earliest moment is ${earliest.toISOString()}.`,
    );
  }
  return wanted;
}

function titleOf({ name }: MultiplierEvent): string {
  return `The multiplier event "${name}"`;
}
