import { sql, type Transaction } from 'kysely';
import type { Actor } from '../audit/audit-log.ts';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { insertVersion, readVersions, type FinalVersion } from './final-versions.ts';

/**
 * Makes new versions, with reason `privacy`, of the final tables in which some members stand: their names have changed.
 * Versions that name them are superseded, and answer with their old hash from then on. What stands in the tables, and
 * what was granted, stays; hashes follow by `finishVersions`.
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
  const { rows } = await sql<{
    kind: FinalVersion['window']['kind'];
    key: string;
    categoryId: number;
    boardId: number;
  }>`
    select w.kind, w.key, b.category_id as "categoryId", b.board_id as "boardId"
    from boards b join windows w on w.community_id = b.community_id and w.window_id = b.window_id
    where b.community_id = ${communityId} and w.frozen_at is not null and (
      exists (
        select from standings s
        where s.community_id = b.community_id and s.board_id = b.board_id and s.member_id = any(${numbers(memberIds)}::int[]))
      or exists (
        select from final_changes c
        where c.community_id = b.community_id and c.board_id = b.board_id and c.member_id = any(${numbers(memberIds)}::int[])))
    order by b.board_id`.execute(trx);
  for (const { kind, key, categoryId, boardId } of rows) {
    const versions = await readVersions(trx, communityId, { kind, key }, categoryId);
    const naming = await versionsNaming(trx, communityId, boardId, versions, memberIds);
    await replace(trx, communityId, versions, naming, actor, now);
  }
}

/** The versions in which any of some members stands. */
async function versionsNaming(
  trx: Transaction<Database>,
  communityId: number,
  boardId: number,
  versions: readonly FinalVersion[],
  memberIds: readonly number[],
): Promise<Set<number>> {
  const { rows } = await sql<{ version: number }>`
    select v.version from unnest(${numbers(versions.map(({ version }) => version))}::int[]) as v(version)
    where exists (
      select from unnest(${numbers(memberIds)}::int[]) as m(member_id) cross join lateral (
        (select c.neg_score from final_changes c
         where c.community_id = ${communityId} and c.board_id = ${boardId} and c.version >= v.version and c.member_id = m.member_id
         order by c.version limit 1)
        union all
        (select s.neg_score from standings s
         where s.community_id = ${communityId} and s.board_id = ${boardId} and s.member_id = m.member_id)
        limit 1
      ) line
      where line.neg_score is not null)`.execute(trx);
  return new Set(rows.map(({ version }) => version));
}

async function replace(
  trx: Transaction<Database>,
  communityId: number,
  versions: readonly FinalVersion[],
  naming: ReadonlySet<number>,
  actor: Actor,
  now: Date,
): Promise<void> {
  const newest = versions.at(-1);
  if (!newest) return;
  const { windowId, categoryId, cutSeq, excluded } = newest;
  const ofTable = sql`community_id = ${communityId} and window_id = ${windowId} and category_id = ${categoryId}`;
  let replacement = newest.version;
  if (newest.sha256 === undefined) {
    // Nobody has seen it yet: its document is read with the new names, whoever is reading it now.
    await sql`update final_versions set revision = revision + 1 where ${ofTable} and version = ${newest.version}`.execute(
      trx,
    );
  } else if (naming.has(newest.version)) {
    replacement = newest.version + 1;
    await insertVersion(
      trx,
      communityId,
      { windowId, categoryId, version: replacement, cutSeq, reason: 'privacy', actor: actor.name, excluded },
      now,
    );
  }
  await sql`
    update final_versions set replaced_by = ${replacement}
    where ${ofTable} and version < ${replacement} and version = any(${numbers([...naming])}::int[])`.execute(trx);
}
