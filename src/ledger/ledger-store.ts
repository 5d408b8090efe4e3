import { sql, type Kysely, type RawBuilder } from 'kysely';
import { lastChange, type ChangeKind } from '../contributions/change-store.ts';
import type { Database } from '../db/database.ts';
import { FEEDBACK_SOURCE } from '../keys/api-keys.ts';
import type { RewardKind } from '../rewards/reward.ts';
import type { Cursor } from './cursor.ts';

/** Which lines: of a category, and of a stretch of time whose end does not belong to it. */
export type LedgerFilter = {
  categoryId?: number | undefined;
  between?: { startsAt: Date; endsAt: Date } | undefined;
};

/** How many lines on which side of a place; without a place, from the newest line on. */
export type Stretch = { from: Cursor | undefined; direction: 'older' | 'newer'; limit: number };

export type ContributionRow = {
  source: string;
  id: string;
  handle: string;
  seq: bigint;
  memberId: number;
  categoryId: number;
  subject: string | null;
  amount: bigint;
  rate: bigint;
  multiplier: number;
  reward: bigint;
  reputation: bigint;
  occurredAt: Date;
  recordedAt: Date;
  counted: boolean;
  /** Whether it is of somebody who is hidden, or was deleted. */
  isHidden: boolean;
  isDeleted: boolean;
  // Of the last change; null where nothing was changed.
  changeKind: ChangeKind | null;
  reason: string | null;
  actor: string | null;
  changedAt: Date | null;
  /** The evidence, where there is one. */
  link: string | null;
};

export type GrantRow = {
  grantId: bigint;
  what: RewardKind;
  name: string | null;
  roleId: string | null;
  amount: bigint;
  reason: string;
  state: string;
  madeAt: Date;
};

/** The link to the message that a contribution of feedback credits. */
const EVIDENCE = sql`
  left join feedback_credits f on f.community_id = c.community_id and f.message_id = c.external_id and s.name = ${FEEDBACK_SOURCE}`;

/** Above every sequence number. */
const LAST_NUMBER = 2n ** 63n - 1n;

const CONTRIBUTION = sql`
  s.name as source, c.external_id as id, m.handle, c.seq, c.member_id as "memberId", c.category_id as "categoryId", c.subject,
  c.amount, c.rate, c.multiplier, c.reward, c.reputation, c.occurred_at as "occurredAt", c.recorded_at as "recordedAt", c.counted,
  m.hidden_as is not null as "isHidden", m.deleted_at is not null as "isDeleted",
  last.kind as "changeKind", last.reason, last.actor, last.at as "changedAt", nullif(f.message_link, '') as link`;

/** Reads contributions of a member, beginning at the place. */
export async function selectContributions(
  db: Kysely<Database>,
  communityId: number,
  memberId: number,
  { categoryId, between }: LedgerFilter,
  { from, direction, limit }: Stretch,
): Promise<ContributionRow[]> {
  // On equal times every grant is newer than every contribution.
  const number = from?.kind === 'grant' ? LAST_NUMBER : from?.number;
  const { rows } = await sql<ContributionRow>`
    select ${CONTRIBUTION}
    from (
      select * from contributions
      where community_id = ${communityId} and member_id = ${memberId}
        ${categoryId === undefined ? sql`` : sql`and category_id = ${categoryId}`}
        ${within(sql`occurred_at`, between)} ${beyond(sql`occurred_at, seq`, direction, from?.at, number)}
      order by ${ordered(sql`occurred_at`, sql`seq`, direction)} limit ${limit}
    ) c
    join members m on m.community_id = c.community_id and m.member_id = c.member_id
    join sources s on s.community_id = c.community_id and s.source_id = c.source_id
    left join lateral ${lastChange()} last on true ${EVIDENCE}`.execute(db);
  return rows;
}

/** Reads one contribution. */
export async function selectContribution(
  db: Kysely<Database>,
  communityId: number,
  source: string,
  id: string,
): Promise<ContributionRow | undefined> {
  const { rows } = await sql<ContributionRow>`
    select ${CONTRIBUTION}
    from sources s
    join contributions c on c.community_id = s.community_id and c.source_id = s.source_id and c.external_id = ${id}
    join members m on m.community_id = c.community_id and m.member_id = c.member_id
    left join lateral ${lastChange()} last on true ${EVIDENCE}
    where s.community_id = ${communityId} and s.name = ${source}`.execute(db);
  return rows[0];
}

/** Reads grants of a member, beginning at the place. */
export async function selectGrants(
  db: Kysely<Database>,
  communityId: number,
  memberId: number,
  { between }: LedgerFilter,
  { from, direction, limit }: Stretch,
): Promise<GrantRow[]> {
  const number = from?.kind === 'contribution' ? -1n : from?.number;
  const { rows } = await sql<GrantRow>`
    select grant_id as "grantId", kind as what, name, role_id as "roleId", amount, reason, state, made_at as "madeAt"
    from grants
    where community_id = ${communityId} and member_id = ${memberId}
      ${within(sql`made_at`, between)} ${beyond(sql`made_at, grant_id`, direction, from?.at, number)}
    order by ${ordered(sql`made_at`, sql`grant_id`, direction)} limit ${limit}`.execute(db);
  return rows;
}

function within(column: RawBuilder<unknown>, between: LedgerFilter['between']): RawBuilder<unknown> {
  if (!between) return sql``;
  return sql`and ${column} >= ${between.startsAt}::timestamptz and ${column} < ${between.endsAt}::timestamptz`;
}

function beyond(
  columns: RawBuilder<unknown>,
  direction: Stretch['direction'],
  at: Date | undefined,
  number: bigint | undefined,
): RawBuilder<unknown> {
  if (!at || number === undefined) return sql``;
  const place = sql`(${at}::timestamptz, ${number}::bigint)`;
  return direction === 'older' ? sql`and (${columns}) < ${place}` : sql`and (${columns}) > ${place}`;
}

function ordered(
  at: RawBuilder<unknown>,
  number: RawBuilder<unknown>,
  direction: Stretch['direction'],
): RawBuilder<unknown> {
  return direction === 'older' ? sql`${at} desc, ${number} desc` : sql`${at}, ${number}`;
}
