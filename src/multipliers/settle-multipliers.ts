import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { announceEnd } from './multiplier-announcements.ts';
import { findRecorded, readUnsettled, sumExtra } from './multiplier-store.ts';
import type { MultiplierEvent } from './multiplier.ts';

/** What is added up in one statement. */
const SLICE_MS = 3_600_000;

/**
 * Puts down to be said what each event brought that is over. It tells what had been recorded by then: contributions
 * that come later earn by the event all the same. Safe to repeat, late, and from several processes at once: each event
 * is told of once.
 *
 * @returns how many events were settled.
 */
export async function settleEndedMultipliers({ db }: { db: Kysely<Database> }, now: Date): Promise<number> {
  let settled = 0;
  for (const { communityId, event } of await readUnsettled(db, now)) {
    const effect = await addUp(db, communityId, event);
    settled += await db.transaction().execute(async (trx) => {
      const { numUpdatedRows } = await trx
        .updateTable('multipliers')
        .set({ settled_at: now })
        .where('community_id', '=', communityId)
        .where('multiplier_id', '=', event.id)
        .where('settled_at', 'is', null)
        .where('cancelled_at', 'is', null)
        // What was added up went to this end.
        .where('ends_at', '=', event.endsAt)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return 0;
      await announceEnd(trx, communityId, event, effect);
      return 1;
    });
  }
  return settled;
}

/** When the next event is over that has yet to be settled. */
export async function findNextEnd({ db }: { db: Kysely<Database> }): Promise<Date | undefined> {
  const next = await db
    .selectFrom('multipliers')
    .select((eb) => eb.fn.min('ends_at').as('endsAt'))
    .where('settled_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .executeTakeFirst();
  return next?.endsAt ?? undefined;
}

/** Slice by slice, so that no statement lives long; stretches in which nothing was recorded are skipped. */
async function addUp(
  db: Kysely<Database>,
  communityId: number,
  { categoryIds, startsAt, endsAt, factor }: MultiplierEvent,
): Promise<{ contributions: number; extra: bigint }> {
  let contributions = 0;
  let extra = 0n;
  for (let at: Date | undefined = startsAt; at;) {
    const from: Date | undefined = await findRecorded(db, communityId, { categoryIds, from: at, to: endsAt }, 'first');
    if (!from) break;
    const to = new Date(Math.min(from.getTime() + SLICE_MS, endsAt.getTime()));
    const slice = await sumExtra(db, communityId, { categoryIds, from, to }, factor);
    contributions += Number(slice.contributions);
    extra += slice.extra;
    at = to;
  }
  return { contributions, extra };
}
