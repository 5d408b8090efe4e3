/** What happens to contributions after they were recorded. The rows stay; whether they count changes, with who and why. */
import { sql, type Kysely, type RawBuilder, type Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import type { Window } from '../ranking/calendar.ts';

/** Whether a contribution counts, and if not, why. `refused`: it was held, and an admin decided that it never counts. */
export type ContributionStatus = 'counted' | 'voided' | 'held' | 'refused';

export type ChangeKind = 'void' | 'unvoid' | 'hold' | 'release' | 'refuse';

/** The last thing that happened to a contribution. */
export type ContributionChange = { kind: ChangeKind; reason: string; actor: string; at: Date };

/** Which contributions: one, or those of a member that occurred from one moment until before another. */
export type Chosen = { sourceId: number; id: string } | { memberId: number; from: Date; to: Date };

/** What a change comes to: how many contributions, and what they are worth. All between `first` and `last`. */
export type ChangeSum = { count: number; reward: bigint; reputation: bigint; first: Date; last: Date };

/** The status that a row and its last change make. */
export function statusOfContribution(counted: boolean, last: ChangeKind | undefined): ContributionStatus {
  if (counted) return 'counted';
  if (last === 'hold') return 'held';
  return last === 'refuse' ? 'refused' : 'voided';
}

/** The last change of the contribution `c`, as a table to join laterally. */
export function lastChange(): RawBuilder<ContributionChange> {
  return sql`(
    select ch.kind, ch.reason, ch.actor, ch.at from contribution_changes ch
    where ch.community_id = c.community_id and ch.source_id = c.source_id and ch.external_id = c.external_id
    order by ch.seq desc limit 1)`;
}

/** A contribution as far as changing it goes. */
export type ChangeableContribution = {
  memberId: number;
  status: ContributionStatus;
  last: ContributionChange | undefined;
};

/** Finds one contribution by the name of its source and its id. */
export async function findContribution(
  db: Kysely<Database>,
  communityId: number,
  source: string,
  id: string,
): Promise<(ChangeableContribution & { sourceId: number }) | undefined> {
  const { rows } = await sql<{ sourceId: number; memberId: number; counted: boolean } & Nullable<ContributionChange>>`
    select c.source_id as "sourceId", c.member_id as "memberId", c.counted, last.kind, last.reason, last.actor, last.at
    from sources s
    join contributions c on c.community_id = s.community_id and c.source_id = s.source_id and c.external_id = ${id}
    left join lateral ${lastChange()} last on true
    where s.community_id = ${communityId} and s.name = ${source}`.execute(db);
  const [row] = rows;
  if (!row) return undefined;
  const { sourceId, memberId, counted, kind, reason, actor, at } = row;
  const last = kind && at ? { kind, reason: reason ?? '', actor: actor ?? '', at } : undefined;
  return { sourceId, memberId, status: statusOfContribution(counted, last?.kind), last };
}

/** Sums what voiding, or un-voiding, would change. What is so already is left out, and what is held or refused. */
export async function sumChange(
  trx: Transaction<Database>,
  communityId: number,
  kind: 'void' | 'unvoid',
  chosen: Chosen,
): Promise<ChangeSum | undefined> {
  const { rows } = await sql<Nullable<ChangeSum> & { count: number }>`
    select count(*)::int as count, sum(c.reward)::bigint as reward, sum(c.reputation)::bigint as reputation,
      min(c.occurred_at) as first, max(c.occurred_at) as last
    from contributions c where ${isChangeable(communityId, kind, chosen)}`.execute(trx);
  const { count = 0, reward, reputation, first, last } = rows[0] ?? {};
  return first && last ? { count, reward: reward ?? 0n, reputation: reputation ?? 0n, first, last } : undefined;
}

/**
 * Makes contributions count no more, or again, and writes down why: a row each, with the sequence numbers from
 * `firstSeq` on in the order in which they were recorded. For a transaction that holds the community's lock; standings
 * and totals are the caller's to recompute.
 */
export async function writeChange(
  trx: Transaction<Database>,
  communityId: number,
  kind: 'void' | 'unvoid',
  chosen: Chosen,
  firstSeq: bigint,
  { reason, actor, at }: Omit<ContributionChange, 'kind'>,
): Promise<void> {
  await sql`
    with chosen as materialized (
      select c.ctid as tid, c.source_id, c.external_id, row_number() over (order by c.seq) as n
      from contributions c where ${isChangeable(communityId, kind, chosen)}
    ),
    changed as (
      update contributions c set counted = ${kind === 'unvoid'}::boolean from chosen where c.ctid = chosen.tid
    )
    insert into contribution_changes (community_id, seq, source_id, external_id, kind, reason, actor, at)
    select ${communityId}::int, ${firstSeq}::bigint + n - 1, source_id, external_id, ${kind}::text, ${reason}::text, ${actor}::text, ${at}::timestamptz
    from chosen`.execute(trx);
}

/** The windows in which contributions lie that were changed from a sequence number on; all are of one member. */
export async function windowsOfChange(
  trx: Transaction<Database>,
  communityId: number,
  memberId: number,
  firstSeq: bigint,
  { first, last }: Pick<ChangeSum, 'first' | 'last'>,
): Promise<Window[]> {
  const { rows } = await sql<Window>`
    select w.kind, w.key, w.starts_at as "startsAt", w.ends_at as "endsAt" from windows w
    cross join lateral (
      select from contributions c
      where c.community_id = w.community_id and c.member_id = ${memberId}
        and c.occurred_at >= greatest(w.starts_at, ${first}::timestamptz) and c.occurred_at < w.ends_at and c.occurred_at <= ${last}::timestamptz
        and (
          select ch.seq from contribution_changes ch
          where ch.community_id = c.community_id and ch.source_id = c.source_id and ch.external_id = c.external_id
          order by ch.seq desc limit 1
        ) >= ${firstSeq}::bigint
      limit 1
    ) changed
    where w.community_id = ${communityId} and w.starts_at <= ${last}::timestamptz and w.ends_at > ${first}::timestamptz
    order by array_position(array['week', 'month', 'season', 'all'], w.kind), w.starts_at`.execute(trx);
  return rows;
}

function isChangeable(communityId: number, kind: 'void' | 'unvoid', chosen: Chosen): RawBuilder<boolean> {
  const which =
    'memberId' in chosen
      ? sql`c.member_id = ${chosen.memberId} and c.occurred_at >= ${chosen.from}::timestamptz and c.occurred_at < ${chosen.to}::timestamptz`
      : sql`c.source_id = ${chosen.sourceId} and c.external_id = ${chosen.id}`;
  // Held and refused ones do not count either, and are not for un-voiding to release.
  const state =
    kind === 'void' ? sql`c.counted` : sql`not c.counted and (select last.kind from ${lastChange()} last) = 'void'`;
  return sql<boolean>`c.community_id = ${communityId} and ${which} and ${state}`;
}

type Nullable<Row> = { [Field in keyof Row]: Row[Field] | null };
