import { sql, type Transaction } from 'kysely';
import type { Actor } from '../audit/audit-log.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';

/** A version of a table in which some members stand, or ever stood. `names`: they stand in this one. */
type TouchedVersion = { windowId: number; categoryId: number; version: number; isPending: boolean; names: boolean };

/** A version, and the one that is read in its place from now on. */
type Replaced = TouchedVersion & { by: number };

/**
 * Makes new versions, with reason `privacy`, of the final tables in which some members stand: their names have changed.
 * Versions that name them are superseded, and answer with their old hash from then on. What stands in the tables, and
 * what was granted, stays; hashes follow by `finishVersions`. The same few statements for one table and for a thousand.
 *
 * For the transaction that changes the names, under the community's lock; `touchConfig` is the caller's.
 */
export async function replaceFinalTables(
  trx: Transaction<Database>,
  communityId: number,
  memberIds: readonly number[],
  actor: Actor,
  now: Date,
): Promise<void> {
  const revised: Replaced[] = [];
  const renewed: Replaced[] = [];
  const superseded: Replaced[] = [];
  const versions = await readTouched(trx, communityId, memberIds);
  for (const ofTable of Map.groupBy(versions, ({ windowId, categoryId }) => `${windowId} ${categoryId}`).values()) {
    const newest = ofTable.at(-1);
    if (!newest) continue;
    const isRenewed = newest.names && !newest.isPending;
    const by = isRenewed ? newest.version + 1 : newest.version;
    if (newest.isPending) revised.push({ ...newest, by });
    if (isRenewed) renewed.push({ ...newest, by });
    superseded.push(...ofTable.flatMap((one) => (one.names && one.version < by ? [{ ...one, by }] : [])));
  }
  const own = sql`v.community_id = ${communityId} and (v.window_id, v.category_id, v.version) = (d.window_id, d.category_id, d.version)`;
  // Nobody has seen them yet: their documents are read with the new names, whoever is reading them now.
  await sql`
    update final_versions v set revision = revision + 1 from ${unnest(revised)} where ${own}`.execute(trx);
  await sql`
    insert into final_versions (community_id, window_id, category_id, version, cut_seq, reason, actor, made_at, excluded)
    select v.community_id, v.window_id, v.category_id, d.replaced_by, v.cut_seq, 'privacy', ${actor.name}::text, ${now}::timestamptz, v.excluded
    from ${unnest(renewed)} join final_versions v on ${own}`.execute(trx);
  await sql`
    update final_versions v set replaced_by = d.replaced_by from ${unnest(superseded)} where ${own}`.execute(trx);
}

/** All versions of the tables in which any of some members stands or ever stood, by table, the oldest first. */
async function readTouched(
  trx: Transaction<Database>,
  communityId: number,
  memberIds: readonly number[],
): Promise<TouchedVersion[]> {
  const ids = sql`${numbers(memberIds)}::int[]`;
  const { rows } = await sql<TouchedVersion>`
    with touched as materialized (
      select b.board_id, b.window_id, b.category_id
      from boards b join windows w on w.community_id = b.community_id and w.window_id = b.window_id
      where b.community_id = ${communityId} and w.frozen_at is not null and (
        exists (
          select from standings s
          where s.community_id = b.community_id and s.board_id = b.board_id and s.member_id = any(${ids}))
        or exists (
          select from final_changes c
          where c.community_id = b.community_id and c.board_id = b.board_id and c.member_id = any(${ids})))
    )
    select v.window_id as "windowId", v.category_id as "categoryId", v.version, v.sha256 is null as "isPending",
      exists (
        select from unnest(${ids}) as m(member_id) cross join lateral (
          (select c.neg_score from final_changes c
           where c.community_id = ${communityId} and c.board_id = t.board_id and c.version >= v.version and c.member_id = m.member_id
           order by c.version limit 1)
          union all
          (select s.neg_score from standings s
           where s.community_id = ${communityId} and s.board_id = t.board_id and s.member_id = m.member_id)
          limit 1
        ) line
        where line.neg_score is not null
      ) as names
    from touched t
    join final_versions v on v.community_id = ${communityId} and v.window_id = t.window_id and v.category_id = t.category_id
    order by v.window_id, v.category_id, v.version`.execute(trx);
  return rows;
}

/** Versions as a table `d (window_id, category_id, version, replaced_by)`. */
function unnest(versions: readonly Replaced[]) {
  return sql`unnest(
    ${numbers(versions.map(({ windowId }) => windowId))}::int[], ${numbers(versions.map(({ categoryId }) => categoryId))}::int[],
    ${numbers(versions.map(({ version }) => version))}::int[], ${numbers(versions.map(({ by }) => by))}::int[]
  ) as d(window_id, category_id, version, replaced_by)`;
}
