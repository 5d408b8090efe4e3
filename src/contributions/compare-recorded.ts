import type { Transaction } from 'kysely';
import type { KnownCommunity } from '../communities/directory.ts';
import type { Database } from '../db/database.ts';
import { findDeleted } from '../members/member-store.ts';
import { WINDOW_KINDS } from '../ranking/calendar.ts';
import { closingSlot } from '../ranking/periods.ts';
import { unreachable, type Candidate, type Outcome } from './batch.ts';
import { readContributions, type StoredContribution } from './contribution-store.ts';

/** Tells re-sent contributions from other ones under the same id. Amount and time are compared by value, the name is not. */
export async function compareWithRecorded(
  trx: Transaction<Database>,
  community: KnownCommunity,
  known: readonly Candidate[],
  outcomes: Map<number, Outcome>,
): Promise<void> {
  const recorded = await readContributions(
    trx,
    community.id,
    known.map(({ sourceId, contribution }) => ({ sourceId, id: contribution.id })),
  );
  const byId = new Map(recorded.map((row) => [`${row.sourceId} ${row.id}`, row]));
  // Whose it was is not known any more of what was recorded for somebody who was deleted.
  const deleted = await findDeleted(
    trx,
    community.id,
    known.flatMap(({ sourceId, contribution, memberId }) => {
      const row = byId.get(`${sourceId} ${contribution.id}`);
      return row && row.memberId !== memberId ? [row.memberId] : [];
    }),
  );
  for (const candidate of known) {
    const { sourceId, contribution, position } = candidate;
    const row = byId.get(`${sourceId} ${contribution.id}`) ?? unreachable(position);
    const same =
      (row.memberId === candidate.memberId || deleted.has(row.memberId)) &&
      row.categoryId === candidate.category.id &&
      row.amount === contribution.amount &&
      row.subject === contribution.subject &&
      row.occurredAt.getTime() === contribution.occurredAt.getTime();
    outcomes.set(
      position,
      same
        ? { status: 'duplicate', reward: row.reward, multiplier: row.multiplier, late: lateOf(community, row) }
        : {
            status: 'rejected',
            reason: 'conflict',
            detail: `The id "${contribution.id}" was recorded before with other content. Give a new contribution an id of its own.`,
          },
    );
  }
}

/** The keys of the windows that were frozen before a contribution was recorded. */
function lateOf(
  { calendar, closings }: KnownCommunity,
  { occurredAt, seq }: Pick<StoredContribution, 'occurredAt'> & { seq: bigint },
): string[] {
  return WINDOW_KINDS.flatMap((kind) => {
    const window = calendar.windowAt(kind, occurredAt);
    const cut = window && closings.get(closingSlot(window))?.frozenSeq;
    return window && cut !== undefined && seq > cut ? [window.key] : [];
  });
}
