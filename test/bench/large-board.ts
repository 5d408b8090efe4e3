import { sql, type Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { changeStandings } from '../../src/ranking/context.ts';
import { contribution, makeCommunity, record, recording } from '../support/communities.ts';

/** How the scores of a board lie: what a standing has as `neg_score` and `reached_at`, by the number `n` of its member. */
export const SCORE_MIXES = {
  'log-uniform': { negScore: '-(1 + exp(random() * ln(1e12)))::bigint', reachedAt: 'moment' },
  normal: {
    negScore: '-greatest(1, 5e8 + 1e8 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))::bigint',
    reachedAt: 'moment',
  },
  'half tied': {
    negScore: 'case when n % 2 = 0 then -100000 else -(1 + exp(random() * ln(1e12)))::bigint end',
    reachedAt: 'moment',
  },
  'all tied': { negScore: '-100000', reachedAt: `timestamptz '2026-08-01 12:00Z'` },
} as const;
export type ScoreMix = keyof typeof SCORE_MIXES;

export type LargeBoard = { communityId: number; boardId: number };

/** Makes a community with many members, and a board that has no standings yet. */
export async function makeLargeBoard(db: Kysely<Database>, members: number): Promise<LargeBoard> {
  const { id: communityId, sourceId } = await makeCommunity(db);
  await record(recording(db), { id: communityId, sourceId }, [contribution({ id: 'first' })]);
  const { board_id: boardId } = await db
    .selectFrom('boards')
    .innerJoin('windows', 'windows.window_id', 'boards.window_id')
    .select('board_id')
    .where('windows.kind', '=', 'all')
    .executeTakeFirstOrThrow();
  // Indexes made at the end are made many times faster than they grow.
  await withoutIndexes(db, 'members', async () => {
    await sql`delete from members`.execute(db);
    await sql`
      insert into members (community_id, member_id, handle, display_name, display_name_at, created_at)
      select ${communityId}::int, n, 'member-' || n, 'Member ' || n, 'epoch', 'epoch' from generate_series(1, ${members}::int) n`.execute(
      db,
    );
  });
  await sql`vacuum analyze members`.execute(db);
  return { communityId, boardId };
}

/** Gives the first so many members a standing on the board, in place of those that were there, and cuts its segments. */
export async function fillLargeBoard(
  db: Kysely<Database>,
  { communityId, boardId }: LargeBoard,
  mix: ScoreMix,
  members: number,
): Promise<void> {
  const { negScore, reachedAt } = SCORE_MIXES[mix];
  await withoutIndexes(db, 'standings', async () => {
    await sql`truncate standings`.execute(db);
    await sql`select setseed(0.5)`.execute(db);
    await sql`
      insert into standings (community_id, board_id, member_id, neg_score, reached_at)
      select ${communityId}::int, ${boardId}::int, n, ${sql.raw(negScore)}, ${sql.raw(reachedAt)}
      from generate_series(1, ${members}::int) n
      cross join lateral (select timestamptz '2026-01-01Z' + floor(random() * 2e10 + 0 * n) * interval '1 millisecond') d(moment)`.execute(
      db,
    );
  });
  await sql`vacuum analyze standings`.execute(db);
  await changeStandings(recording(db), communityId, (_, { segments }) => segments.recut(boardId));
  await sql`vacuum analyze segments`.execute(db);
}

type Definition = { remove: string; make: string };

/** Does some work on a table while it has no indexes. */
async function withoutIndexes(
  db: Kysely<Database>,
  table: 'members' | 'standings',
  work: () => Promise<void>,
): Promise<void> {
  const { rows: constraints } = await sql<Definition>`
    select format('alter table %I drop constraint %I', ${table}::text, conname) as remove, format('alter table %I add constraint %I %s', ${table}::text, conname, pg_get_constraintdef(oid)) as make
      from pg_constraint c where conrelid = ${table}::regclass and contype in ('p', 'u', 'f')
        and not exists (select from pg_constraint other where other.confrelid = c.conrelid and other.conindid = c.conindid and other.contype = 'f')
      order by oid`.execute(db);
  const { rows: indexes } = await sql<Definition>`
    select format('drop index %I', relname) as remove, pg_get_indexdef(oid) as make from pg_class
      where oid in (select indexrelid from pg_index where indrelid = ${table}::regclass)
        and not exists (select from pg_constraint where conindid = pg_class.oid) order by oid`.execute(db);
  for (const { remove } of [...constraints, ...indexes]) await sql.raw(remove).execute(db);
  await work();
  // The primary key last, as the migration makes it.
  for (const { make } of [...indexes, ...constraints]) await sql.raw(make).execute(db);
}
