/** What a batch of contributions is, on its way in and as the answer. */
import type { Category } from '../communities/community.ts';
import type { BoardName } from '../ranking/boards.ts';
import type { Contribution, Rejection } from './contribution.ts';
import type { Price } from './pricing.ts';

/** A checked contribution and the source whose ids it goes by. `unpaid`: it counts, and earns no OMNIT whatever the rate. */
export type BatchEntry = { sourceId: number; contribution: Contribution; unpaid?: true };

/**
 * What became of a contribution. `late`: the windows that were frozen when it came, by key. `held`: it exceeds a cap, and
 * counts nowhere until an admin releases it.
 */
export type Outcome =
  | { status: 'accepted'; reward: bigint; multiplier: bigint; late: readonly string[]; held?: true }
  | { status: 'duplicate'; reward: bigint; multiplier: bigint; late: readonly string[] }
  | ({ status: 'rejected' } & Rejection);

/** An entry on its way through the transaction: what it is worth, and what it adds to which boards. */
export type Candidate = BatchEntry & {
  position: number;
  category: Category;
  memberId: number;
  price: Price;
  gain: bigint;
  boards: readonly BoardName[];
  /** Whether the member is kept from boards: these are made all the same, for when the member comes back. */
  isOff: boolean;
  late: readonly string[];
};

/** The members of a batch by handle. */
export type BatchMembers = Map<string, { memberId: number; isNew: boolean }>;

/** For what cannot be: every entry has an outcome, every handle an id, every board a row. */
export function unreachable(position: number): never {
  throw new Error(`Recording lost track of entry ${position} of a batch.`);
}
