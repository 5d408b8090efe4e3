import { sql, type Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import { countConcerned } from './kept-away.ts';

export const EXCLUSION_SCOPES = ['prizes', 'boards'] as const;
/** From what: prizes alone, where the rank stays and the prize passes on; or boards, and with them prizes. */
type ExclusionScope = (typeof EXCLUSION_SCOPES)[number];

/** Who is kept away: a member by handle, or everybody with a Discord role. */
export type ExclusionTarget = { member: string } | { roleId: string };

export type NewExclusion = {
  target: ExclusionTarget;
  scope: ExclusionScope;
  reason: string;
  /** Undefined: until it is lifted. */
  endsAt: Date | undefined;
};

/** An exclusion, and how many members it concerns: one, or those who had the role when they were last seen. */
export type Exclusion = NewExclusion & { id: number; startsAt: Date; members: number };

/** An exclusion in force, with the member that it is of. */
export type ExclusionInForce = { exclusion: Exclusion; memberId: number | undefined };

/** The exclusions in force, oldest first. */
export async function listExclusions(db: Kysely<Database>, communityId: number): Promise<Exclusion[]> {
  const rows = await selectExclusions(db, communityId).orderBy('x.exclusion_id').execute();
  return rows.map((row) => toExclusion(row));
}

/** Reads an exclusion; undefined where there is none of that id in force. */
export async function findExclusion(
  db: Kysely<Database>,
  communityId: number,
  exclusionId: number,
): Promise<ExclusionInForce | undefined> {
  const row = await selectExclusions(db, communityId).where('x.exclusion_id', '=', exclusionId).executeTakeFirst();
  return row && { exclusion: toExclusion(row), memberId: row.member_id ?? undefined };
}

/** The id of the exclusion in force of a member or a role from the same; undefined where there is none. */
export async function findSame(
  db: Kysely<Database>,
  communityId: number,
  who: { member_id: number | null; role_id: string | null },
  scope: ExclusionScope,
): Promise<number | undefined> {
  const row = await db
    .selectFrom('exclusions as x')
    .select('x.exclusion_id')
    .where('x.community_id', '=', communityId)
    .where('x.lifted_at', 'is', null)
    .where('x.scope', '=', scope)
    .where(sql<boolean>`(x.member_id, x.role_id) is not distinct from (${who.member_id}::int, ${who.role_id}::text)`)
    .executeTakeFirst();
  return row?.exclusion_id;
}

/** When the next exclusion ends by itself after a moment. */
export async function findNextEnd(db: Kysely<Database>, after: Date): Promise<Date | undefined> {
  const row = await db
    .selectFrom('exclusions')
    .select((eb) => eb.fn.min('ends_at').as('endsAt'))
    .where('lifted_at', 'is', null)
    .where('ends_at', '>', after)
    .executeTakeFirst();
  return row?.endsAt ?? undefined;
}

function selectExclusions(db: Kysely<Database>, communityId: number) {
  return db
    .selectFrom('exclusions as x')
    .leftJoin('members as m', (join) =>
      join.onRef('m.community_id', '=', 'x.community_id').onRef('m.member_id', '=', 'x.member_id'),
    )
    .select([
      'x.exclusion_id',
      'x.member_id',
      'x.role_id',
      'x.scope',
      'x.reason',
      'x.starts_at',
      'x.ends_at',
      'm.handle',
      countConcerned().as('members'),
    ])
    .where('x.community_id', '=', communityId)
    .where('x.lifted_at', 'is', null);
}

type ExclusionRow = NonNullable<Awaited<ReturnType<ReturnType<typeof selectExclusions>['executeTakeFirst']>>>;

function toExclusion(row: ExclusionRow): Exclusion {
  return {
    id: row.exclusion_id,
    target: row.handle === null ? { roleId: row.role_id ?? '' } : { member: row.handle },
    scope: row.scope,
    reason: row.reason,
    startsAt: row.starts_at,
    endsAt: row.ends_at ?? undefined,
    members: row.members,
  };
}
