import type { Kysely, Transaction } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { END_OF_TIME } from '../ranking/calendar.ts';
import { lockCommunity, touchConfig } from './lock.ts';
import { requireRate } from './settings.ts';
import { refusingTakenNames } from './taken-names.ts';

export type RateRequest = { category: string; subject: string | undefined; rate: bigint; from: Date };

/**
 * Sets what a unit of a category, or of one subject in it, earns from a moment on. Rates are dated and never edited: a
 * new one may price nothing that was recorded. That is sure where it begins more than 5 minutes ahead, later than
 * anything that can have occurred.
 *
 * @returns its id
 * @throws DomainError `invalid-parameter`, `unknown-category`, or `state-conflict` when it would change what was paid
 */
export async function addRate(
  db: Kysely<Database>,
  communityId: number,
  wanted: RateRequest,
  actor: Actor,
  now: Date,
): Promise<number> {
  const rate = requireRate('rate', wanted.rate);
  const subject = wanted.subject ?? '';
  return refusingTakenNames(
    'There is a rate from that very moment already. Rates are never edited: choose a later moment.',
    () =>
      db.transaction().execute(async (trx) => {
        // Under the lock: no contribution can be recorded between the check and the rate.
        await lockCommunity(trx, communityId);
        const category = await trx
          .selectFrom('categories')
          .select('category_id')
          .where('community_id', '=', communityId)
          .where('slug', '=', wanted.category)
          .executeTakeFirst();
        if (!category) throw new DomainError('unknown-category', `There is no category "${wanted.category}".`);
        await refuseIfPriced(trx, communityId, category.category_id, subject, wanted.from);
        const { rate_id } = await trx
          .insertInto('rates')
          .values({
            community_id: communityId,
            category_id: category.category_id,
            subject,
            starts_at: wanted.from,
            rate,
          })
          .returning('rate_id')
          .executeTakeFirstOrThrow();
        await touchConfig(trx, communityId);
        await writeAudit(trx, {
          communityId,
          at: now,
          actor,
          action: 'rate.create',
          target: `${wanted.category} ${subject}`.trim(),
          after: { rate, from: wanted.from },
        });
        return rate_id;
      }),
  );
}

/** Refuses a rate that would price a contribution already recorded, voided ones included. */
async function refuseIfPriced(
  trx: Transaction<Database>,
  communityId: number,
  categoryId: number,
  subject: string,
  from: Date,
): Promise<void> {
  const slot = { community_id: communityId, category_id: categoryId, subject };
  const next = await trx
    .selectFrom('rates')
    .select('starts_at')
    .where((eb) => eb.and(slot))
    .where('starts_at', '>', from)
    .orderBy('starts_at')
    .limit(1)
    .executeTakeFirst();
  const first = await trx
    .selectFrom('contributions as c')
    .select('c.occurred_at')
    .where('c.community_id', '=', communityId)
    .where('c.category_id', '=', categoryId)
    .where('c.occurred_at', '>=', from)
    .where('c.occurred_at', '<', next?.starts_at ?? END_OF_TIME)
    .where((eb) =>
      subject
        ? eb('c.subject', '=', subject)
        : // The category's rate does not price what has a rate of its own.
          eb.not(
            eb.exists(
              eb
                .selectFrom('rates as own')
                .select('own.rate_id')
                .whereRef('own.community_id', '=', 'c.community_id')
                .whereRef('own.category_id', '=', 'c.category_id')
                .whereRef('own.subject', '=', 'c.subject')
                .whereRef('own.starts_at', '<=', 'c.occurred_at'),
            ),
          ),
    )
    .orderBy('c.occurred_at')
    .limit(1)
    .executeTakeFirst();
  if (!first) return;
  throw new DomainError(
    'state-conflict',
    `The rate cannot begin at ${from.toISOString()}: it would change what a contribution of ${first.occurred_at.toISOString()} earned. Let it begin at least 5 minutes from now.`,
  );
}
