/** Taking the steps of windows that are due: each a recorded fact, taken once, in order, whatever was down meanwhile. */
import { sql, type Kysely, type Transaction } from 'kysely';
import { announce } from '../announcements/outbox.ts';
import { writeAudit, type Actor } from '../audit/audit-log.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { lockCommunity, touchConfig } from '../communities/lock.ts';
import type { Database } from '../db/database.ts';
import { DomainError } from '../errors.ts';
import { excludedFromPrizes } from '../fair-play/prizes.ts';
import type { Window } from '../ranking/calendar.ts';
import type { RankingContext } from '../ranking/context.ts';
import { statusOf } from '../ranking/periods.ts';
import { amongStandings } from '../rewards/award.ts';
import { EndingRoles } from '../rewards/give-awards.ts';
import { sumFinalTable } from './final-table.ts';
import { insertVersion, recordStep } from './final-versions.ts';
import { finishVersions } from './finish-versions.ts';
import { frozenDueAt, remainingSteps, type Step } from './steps.ts';
import { periodName, tellTables } from './tell-tables.ts';

/** Who closes windows when it is time. */
const TIME: Actor = { name: 'the calendar' };

/** A run can be broken off between two transactions. */
type Run = { stopping?: AbortSignal | undefined };

/**
 * Takes all steps of windows that are due, of all communities: posts provisional tables, freezes, and makes frozen
 * tables final. After downtime what is overdue is taken at once, in the order in which it was due. Each step is one
 * transaction and taken once, whoever calls this how often.
 *
 * @returns when the next step is due
 * @throws AggregateError with what went wrong in some communities, when all others are done
 */
export async function closeDueWindows(context: RankingContext, now: Date, run: Run = {}): Promise<Date | undefined> {
  const { rows } = await sql<{ communityId: number }>`
    select community_id as "communityId" from communities
    where next_step_at is null or next_step_at <= ${now} order by next_step_at nulls first, 1`.execute(context.db);
  const errors: unknown[] = [];
  for (const { communityId } of rows) {
    try {
      while (!run.stopping?.aborted && (await takeSteps(context, communityId, now)));
    } catch (error) {
      errors.push(error);
    }
  }
  try {
    await finishVersions(context, now, run);
  } catch (error) {
    errors.push(error);
  }
  if (errors.length > 0) throw new AggregateError(errors, 'Some windows could not be closed.');
  return findNextStep(context.db);
}

/** When the next step of any window is due. */
async function findNextStep(db: Kysely<Database>): Promise<Date | undefined> {
  const row = await db
    .selectFrom('communities')
    .select((eb) => eb.fn.min('next_step_at').as('at'))
    .executeTakeFirst();
  return row?.at ?? undefined;
}

const BEING_REBUILT = 'The windows are being cut anew for another time zone. Try again once that is done.';

/** Whether standings have yet to follow a change of time zone. */
async function isRebuilding(trx: Transaction<Database>, communityId: number): Promise<boolean> {
  const { rebuild_pending } = await trx
    .selectFrom('communities')
    .select('rebuild_pending')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  return rebuild_pending;
}

/** How many steps one transaction takes: after years of quiet there are hundreds. */
const STEPS_AT_ONCE = 50;

/**
 * Takes the first steps that are due in a community, in order, in one transaction. They wait while its windows are cut
 * anew for another time zone.
 *
 * @returns whether there may be more
 */
export async function takeSteps(context: RankingContext, communityId: number, now: Date): Promise<boolean> {
  return context.db.transaction().execute(async (trx) => {
    const { configVersion, firstSeq } = await lockCommunity(trx, communityId);
    // Until standings follow the calendar again, no table says what counts.
    if (await isRebuilding(trx, communityId)) return false;
    const community = await context.directory.at(trx, communityId, configVersion);
    const steps = remainingSteps(community, now);
    const due = steps.filter(({ dueAt }) => dueAt <= now).slice(0, STEPS_AT_ONCE);
    for (const step of due) await record(context, trx, community, step, firstSeq - 1n, TIME, now);
    // Every process has to know before it records anything more.
    if (due.length > 0) await touchConfig(trx, communityId);
    await trx
      .updateTable('communities')
      .set({ next_step_at: steps[due.length]?.dueAt ?? null })
      .where('community_id', '=', communityId)
      .execute();
    return due.length === STEPS_AT_ONCE;
  });
}

/**
 * Freezes a window that is over before its time, as when nothing is awaited any more; its tables become final.
 *
 * @throws DomainError as {@link requireClosable} does
 */
export async function closeNow(
  context: RankingContext,
  communityId: number,
  { kind, key }: Pick<Window, 'kind' | 'key'>,
  actor: Actor,
  now: Date,
): Promise<void> {
  await context.db.transaction().execute(async (trx) => {
    const { configVersion, firstSeq } = await lockCommunity(trx, communityId);
    const community = await context.directory.at(trx, communityId, configVersion);
    if (await isRebuilding(trx, communityId)) throw new DomainError('state-conflict', BEING_REBUILT);
    // Where it ends now: a time zone may have changed since somebody asked.
    const window = community.calendar.windowByKey(kind, key);
    requireClosable(community, window, now);
    await record(context, trx, community, { window, kind: 'frozen', dueAt: now }, firstSeq - 1n, actor, now);
    await touchConfig(trx, communityId);
    await writeAudit(trx, { communityId, at: now, actor, action: 'window.close', target: window.key });
    await trx.updateTable('communities').set({ next_step_at: null }).where('community_id', '=', communityId).execute();
  });
  await finishVersions(context, now, { communityId });
}

/**
 * Holds a window that is to be closed by hand against what is so. Sure only under the community's lock.
 *
 * @throws DomainError `state-conflict` for one that is not over, is frozen already, or follows one that has yet to close
 */
export function requireClosable(community: KnownCommunity, window: Window, now: Date): void {
  refuseToClose(community, window, now);
  const earlier = remainingSteps(community, now).find(
    (one) => one.window.kind === window.kind && one.window.endsAt < window.endsAt,
  );
  if (earlier) throw new DomainError('state-conflict', `${earlier.window.key} has yet to close. Close it first.`);
}

function refuseToClose(community: KnownCommunity, window: Window, now: Date): void {
  const status = statusOf(community, window, now);
  switch (status) {
    case 'open':
      throw new DomainError(
        'state-conflict',
        window.kind === 'all'
          ? '`all` is open for good and never closes.'
          : `${window.key} is open until ${window.endsAt.toISOString()}. Only a window that is over can be closed.`,
      );
    case 'archive':
      throw new DomainError(
        'state-conflict',
        `${window.key} was over before the community began. It takes history at any time and never closes.`,
      );
    default: {
      const closing = community.closings.get(`${window.kind} ${window.key}`);
      if (closing?.frozenAt) {
        throw new DomainError(
          'state-conflict',
          `${window.key} was closed at ${closing.frozenAt.toISOString()} already.`,
        );
      }
    }
  }
}

/** Records a step with everything that follows from it. `lastSeq`: the last sequence number of the community. */
async function record(
  context: RankingContext,
  trx: Transaction<Database>,
  community: KnownCommunity,
  { window, kind }: Step,
  lastSeq: bigint,
  actor: Actor,
  now: Date,
): Promise<void> {
  if (kind === 'frozen') await freeze(context, trx, community, window, lastSeq, actor, now);
  else await postProvisional(trx, community, window, lastSeq, now);
}

async function freeze(
  { awardsAtOnce }: RankingContext,
  trx: Transaction<Database>,
  community: KnownCommunity,
  window: Window,
  cutSeq: bigint,
  actor: Actor,
  now: Date,
): Promise<void> {
  const windowId = await recordStep(trx, community.id, window, { frozenAt: now, frozenSeq: cutSeq });
  const boards = await boardsOf(trx, community.id, windowId);
  const excluded = boards.size > 0 ? await excludedFromPrizes(trx, community.id, now) : [];
  for (const { id: categoryId } of community.categories) {
    const boardId = boards.get(categoryId);
    // Where nobody ever stood there is nothing to read or give: it is final at once, if few roles end with it.
    const ending = new EndingRoles(community.id, window, categoryId, awardsAtOnce);
    const isFinal = boardId === undefined && !(await ending.takePage(trx, now));
    await insertVersion(
      trx,
      community.id,
      {
        windowId,
        categoryId,
        version: 1,
        cutSeq,
        reason: 'closed',
        actor: actor.name,
        excluded: await amongStandings(trx, community.id, boardId, excluded),
        ...(isFinal ? { sum: await sumFinalTable(trx, community.id, { boardId, version: 1 }) } : {}),
      },
      now,
    );
  }
}

/** Says how the window stands, unless it is so late that it is frozen at once. */
async function postProvisional(
  trx: Transaction<Database>,
  community: KnownCommunity,
  window: Window,
  lastSeq: bigint,
  now: Date,
): Promise<void> {
  const windowId = await recordStep(trx, community.id, window, { provisionalAt: now, provisionalSeq: lastSeq });
  if (window.kind === 'all') return;
  const finalAt = frozenDueAt(community.closingTimes, window);
  if (finalAt <= now) return;
  const tables = await tellTables(trx, community, await boardsOf(trx, community.id, windowId));
  if (tables.length === 0) return;
  await announce(trx, community.id, [
    {
      key: `window ${windowId} provisional`,
      announcement: {
        kind: 'window-provisional',
        window: window.kind,
        period: window.key,
        name: periodName(community, window),
        endsAt: finalAt.toISOString(),
        tables,
      },
      dueAt: now,
    },
  ]);
}

/** The boards of a window, by category. */
export async function boardsOf(
  db: Kysely<Database>,
  communityId: number,
  windowId: number,
): Promise<Map<number, number>> {
  const rows = await db
    .selectFrom('boards')
    .select(['category_id', 'board_id'])
    .where('community_id', '=', communityId)
    .where('window_id', '=', windowId)
    .execute();
  return new Map(rows.map((row) => [row.category_id, row.board_id]));
}
