/** The ledger of a member: every contribution and every grant, with all that made it what it is. */
import type { Kysely } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { KnownCommunity } from '../communities/directory.ts';
import { statusOfContribution, type ContributionStatus } from '../contributions/change-store.ts';
import type { Database } from '../db/database.ts';
import { WINDOW_KINDS, type Window } from '../ranking/calendar.ts';
import type { RewardKind } from '../rewards/reward.ts';
import type { Cursor } from './cursor.ts';
import {
  selectContribution,
  selectContributions,
  selectGrants,
  type ContributionRow,
  type GrantRow,
  type LedgerFilter,
  type Stretch,
} from './ledger-store.ts';
import { eventOf, ruleOf } from './rule.ts';

/** Why a contribution does not count: what was done, when, for which reason. `actor` is for admins alone. */
type Withheld = { reason: string; actor: string; at: Date };

/** A contribution. Amounts in thousandths, the multiplier in hundredths. */
export type ContributionLine = {
  kind: 'contribution';
  cursor: Cursor;
  source: string;
  id: string;
  memberId: number;
  /** The member's own handle, for nobody else to see while the member is hidden. */
  handle: string;
  /** Whether the member is hidden, or was deleted. */
  isHidden: boolean;
  isDeleted: boolean;
  category: Category;
  subject: string | undefined;
  occurredAt: Date;
  recordedAt: Date;
  amount: bigint;
  rate: bigint;
  multiplier: bigint;
  /** The multiplier event that applied. */
  event: string | undefined;
  reward: bigint;
  reputation: bigint;
  /** The rule that priced it, in words. */
  rule: string;
  status: ContributionStatus;
  withheld: Withheld | undefined;
  /** The evidence, where there is one. */
  link: string | undefined;
  /** What it adds to the leaderboards of {@link windows}: 0 where it counts nowhere. */
  score: bigint;
  windows: readonly Window[];
};

/** Something granted, or taken back where the amount is negative. In thousandths where the kind is counted so. */
export type GrantLine = {
  kind: 'grant';
  cursor: Cursor;
  what: RewardKind;
  name: string | undefined;
  /** Of a role: its id on Discord. */
  roleId: string | undefined;
  amount: bigint;
  reason: string;
  state: string;
  madeAt: Date;
};

export type LedgerLine = ContributionLine | GrantLine;

/** A page, newest first. `older` and `newer` tell whether there is more on either side, and from where. */
export type LedgerPage = { lines: LedgerLine[]; older: Cursor | undefined; newer: Cursor | undefined };

/**
 * Reads a page of a member's ledger, newest first: the newest lines, those before a place in it, or those after one.
 * Grants belong to no category: with one, contributions alone are read.
 */
export async function readLedger(
  db: Kysely<Database>,
  community: KnownCommunity,
  memberId: number,
  filter: LedgerFilter,
  { limit, before, after }: { limit: number; before?: Cursor | undefined; after?: Cursor | undefined },
): Promise<LedgerPage> {
  const stretch: Stretch = {
    limit: limit + 1,
    ...(after ? { from: after, direction: 'newer' } : { from: before, direction: 'older' }),
  };
  const [contributions, grants] = await Promise.all([
    selectContributions(db, community.id, memberId, filter, stretch),
    filter.categoryId === undefined ? selectGrants(db, community.id, memberId, filter, stretch) : [],
  ]);
  const found: LedgerLine[] = [...contributions.map((row) => toContribution(community, row)), ...grants.map(toGrant)];
  const newestFirst = found.toSorted((a, b) => compareCursors(b.cursor, a.cursor));
  const hasMore = found.length > limit;
  const lines = after ? newestFirst.slice(-limit) : newestFirst.slice(0, limit);
  return {
    lines,
    older: after || hasMore ? lines.at(-1)?.cursor : undefined,
    newer: after && !hasMore ? undefined : before || after ? lines.at(0)?.cursor : undefined,
  };
}

/** Reads one contribution by the name of its source and its id, or undefined when there is none. */
export async function readContributionLine(
  db: Kysely<Database>,
  community: KnownCommunity,
  source: string,
  id: string,
): Promise<ContributionLine | undefined> {
  const row = await selectContribution(db, community.id, source, id);
  return row && toContribution(community, row);
}

/** Reads the contribution at a place in a member's ledger, or undefined when there is none. */
export async function readContributionAt(
  db: Kysely<Database>,
  community: KnownCommunity,
  memberId: number,
  { at, number }: Cursor,
): Promise<ContributionLine | undefined> {
  const behind: Cursor = { at, kind: 'contribution', number: number + 1n };
  const stretch: Stretch = { from: behind, direction: 'older', limit: 1 };
  const [row] = await selectContributions(db, community.id, memberId, {}, stretch);
  return row?.seq === number && row.occurredAt.getTime() === at.getTime() ? toContribution(community, row) : undefined;
}

/** The unit of a contribution in words, to stand behind its amount: `GPU-hours`, `dataset`. */
export function unitOf({ category, amount }: Pick<ContributionLine, 'category' | 'amount'>): string {
  return amount === 1000n ? category.unit : `${category.unit}s`;
}

function toContribution(community: KnownCommunity, row: ContributionRow): ContributionLine {
  const category = community.categories.find(({ id }) => id === row.categoryId);
  if (!category) throw new Error(`Contribution ${row.seq} is of a category that community ${community.id} has not.`);
  const multiplier = BigInt(row.multiplier);
  const subject = row.subject ?? undefined;
  const gain = category.measure === 'reward' ? row.reward : row.amount;
  const ranks = row.counted && gain > 0n && !community.offBoards.has(row.memberId);
  const priced = { category, subject, occurredAt: row.occurredAt, rate: row.rate, multiplier };
  return {
    kind: 'contribution',
    cursor: { at: row.occurredAt, kind: 'contribution', number: row.seq },
    source: row.source,
    id: row.id,
    memberId: row.memberId,
    handle: row.handle,
    isHidden: row.isHidden,
    isDeleted: row.isDeleted,
    recordedAt: row.recordedAt,
    amount: row.amount,
    ...priced,
    event: eventOf(community, priced),
    reward: row.reward,
    reputation: row.reputation,
    rule: ruleOf(community, priced),
    status: statusOfContribution(row.counted, row.changeKind ?? undefined),
    withheld:
      !row.counted && row.changedAt
        ? { reason: row.reason ?? '', actor: row.actor ?? '', at: row.changedAt }
        : undefined,
    link: row.link ?? undefined,
    score: ranks ? gain : 0n,
    windows: ranks ? windowsAt(community, row.occurredAt) : [],
  };
}

/** The windows that an instant lies in, those included that were frozen before it came. */
function windowsAt({ calendar }: KnownCommunity, instant: Date): Window[] {
  return WINDOW_KINDS.flatMap((kind) => calendar.windowAt(kind, instant) ?? []);
}

function toGrant({ grantId, madeAt, name, roleId, ...grant }: GrantRow): GrantLine {
  return {
    kind: 'grant',
    cursor: { at: madeAt, kind: 'grant', number: grantId },
    name: name ?? undefined,
    roleId: roleId ?? undefined,
    madeAt,
    ...grant,
  };
}

function compareCursors(a: Cursor, b: Cursor): number {
  if (a.at.getTime() !== b.at.getTime()) return a.at.getTime() - b.at.getTime();
  if (a.kind !== b.kind) return a.kind === 'grant' ? 1 : -1;
  return a.number === b.number ? 0 : a.number < b.number ? -1 : 1;
}
