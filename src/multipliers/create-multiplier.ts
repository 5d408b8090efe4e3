import type { Kysely } from 'kysely';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { formatMultiplier } from '../ranking/score.ts';
import { announceEvent } from './multiplier-announcements.ts';
import { findRecorded, insertMultiplier, readByRequest, type Stretch } from './multiplier-store.ts';
import { earliestEffect, momentsAhead, type MultiplierEvent, type NewMultiplier } from './multiplier.ts';

/**
 * Creates an event. Rewards are never changed afterwards: it begins at least 5 minutes ahead, later than anything that
 * can have occurred, or it is `backdated` and nothing has been recorded in its stretch and categories.
 *
 * @param requestKey makes it safe to repeat: a request of the same key gives the event that the first one made
 * @throws DomainError `invalid-parameter`, `unknown-category`, or `state-conflict` when it would change what was earned
 */
export async function createMultiplier(
  db: Kysely<Database>,
  communityId: number,
  wanted: NewMultiplier,
  actor: Actor,
  now: Date,
  requestKey?: string,
): Promise<MultiplierEvent> {
  return db.transaction().execute(async (trx) => {
    // Under the lock nothing can be recorded between a check and what follows.
    await lockCommunity(trx, communityId);
    const made = requestKey === undefined ? undefined : await readByRequest(trx, communityId, requestKey);
    if (made) return requireSame(made, wanted, await findCategories(trx, communityId, wanted.categories));
    const { categories, announceAt } = await planMultiplier(trx, communityId, wanted, now);
    const { name, factor, startsAt, endsAt } = wanted;
    const isOver = endsAt <= now;
    const event = { name, factor, categoryIds: idsOf(categories), startsAt, endsAt, announceAt };
    const row = { ...event, requestKey, settledAt: isOver ? now : undefined };
    const id = await insertMultiplier(trx, communityId, row, now);
    await touchConfig(trx, communityId);
    const created: MultiplierEvent = { id, ...event, cancelledAt: undefined };
    if (!isOver) await announceEvent(trx, communityId, created, categories?.map(({ title }) => title) ?? []);
    const slugs = categories?.map(({ slug }) => slug) ?? 'all';
    await writeAudit(trx, {
      communityId,
      at: now,
      actor,
      action: 'multiplier.create',
      target: String(id),
      after: { name, factor: formatMultiplier(factor), startsAt, endsAt, categories: slugs },
    });
    return created;
  });
}

/** What creating an event comes to. */
export type MultiplierPlan = {
  /** Undefined: all. */
  categories: FoundCategory[] | undefined;
  /** When it will be announced ahead of its start. */
  announceAt: Date[];
};

/**
 * Holds an event that is asked for against all rules. What it finds is sure only under the community's lock.
 *
 * @throws DomainError as {@link createMultiplier} does
 */
export async function planMultiplier(
  db: Kysely<Database>,
  communityId: number,
  wanted: NewMultiplier,
  now: Date,
): Promise<MultiplierPlan> {
  const categories = await findCategories(db, communityId, wanted.categories);
  requireTimes(wanted, now);
  const { startsAt, endsAt } = wanted;
  await refuseIfRecorded(db, communityId, { categoryIds: idsOf(categories), from: startsAt, to: endsAt }, now);
  return { categories, announceAt: momentsAhead(startsAt, wanted.announceAt, now) };
}

/** A request that is sent again has to ask for the same. */
function requireSame(
  made: MultiplierEvent,
  wanted: NewMultiplier,
  categories: readonly FoundCategory[] | undefined,
): MultiplierEvent {
  const same =
    made.name === wanted.name &&
    made.factor === wanted.factor &&
    made.startsAt.getTime() === wanted.startsAt.getTime() &&
    String(made.categoryIds) === String(idsOf(categories));
  if (same) return made;
  throw new DomainError(
    'state-conflict',
    `A request of that key made multiplier event ${made.id}, which is another one. Give every request a key of its own.`,
  );
}

type FoundCategory = { id: number; slug: string; title: string };

/** The categories of slugs, each once; undefined: all. */
async function findCategories(
  db: Kysely<Database>,
  communityId: number,
  slugs: readonly string[] | undefined,
): Promise<FoundCategory[] | undefined> {
  if (!slugs) return undefined;
  const known: FoundCategory[] = await db
    .selectFrom('categories')
    .select(['category_id as id', 'slug', 'title'])
    .where('community_id', '=', communityId)
    .orderBy('category_id')
    .execute();
  const unknown = slugs.find((slug) => !known.some((category) => category.slug === slug));
  if (unknown === undefined) return known.filter(({ slug }) => slugs.includes(slug));
  const names = known.map(({ slug }) => slug).join(', ') || 'none yet';
  throw new DomainError('unknown-category', `There is no category "${unknown}". There are: ${names}.`);
}

function idsOf(categories: readonly FoundCategory[] | undefined): number[] | undefined {
  return categories?.map(({ id }) => id);
}

function requireTimes({ startsAt, endsAt, announceAt, backdated }: NewMultiplier, now: Date): void {
  const refuse = (message: string) => new DomainError('invalid-parameter', message);
  if (endsAt <= startsAt) {
    throw refuse(`The end, ${endsAt.toISOString()}, has to be later than the start, ${startsAt.toISOString()}.`);
  }
  const earliest = earliestEffect(now);
  if (startsAt < earliest && !backdated) {
    throw refuse(
      `The start, ${startsAt.toISOString()}, is too early: a multiplier event begins at least 5 minutes ahead, at ${earliest.toISOString()} or later. Where nothing has been recorded yet, an event can be backdated.`,
    );
  }
  const late = announceAt?.find((at) => at >= startsAt);
  if (late) {
    throw refuse(
      `It cannot be announced ahead at ${late.toISOString()}, as it starts at ${startsAt.toISOString()}: the start is announced by itself.`,
    );
  }
}

/**
 * Refuses a stretch from which anything has been recorded. The one check that rewards depend on: it holds whatever the
 * clocks of several processes say.
 */
async function refuseIfRecorded(db: Kysely<Database>, communityId: number, stretch: Stretch, now: Date): Promise<void> {
  const recorded = await findRecorded(db, communityId, stretch, 'first');
  if (!recorded) return;
  throw new DomainError(
    'state-conflict',
    `A contribution of ${recorded.toISOString()} has been recorded already, and what was earned is never changed. Let the event begin at ${earliestEffect(now).toISOString()} or later.`,
  );
}
