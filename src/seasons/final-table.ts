/** Final tables as documents: a line a standing, in the order of ranks. */
import { createHash } from 'node:crypto';
import { sql, type Kysely } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { PUBLIC_HANDLE } from '../privacy/public-name.ts';
import { FIRST_PLACE, type Place } from '../ranking/place.ts';
import { formatDecimal } from '../ranking/score.ts';

/** How many lines short statements read: few enough that a slow disk, or a busy one, finds their members in time. */
const PAGE = 1_000;

/** A version of the final table of a board. Without a board nobody stands in it. */
export type TableVersion = { boardId: number | undefined; version: number };

/** A line of a final table. The handle is the one that everybody may see; the score is in thousandths. */
export type FinalLine = { rank: number; memberId: number; handle: string; score: bigint; reachedAt: Date };

/**
 * Reads a version of a final table page by page, each by short statements: what is frozen does not change meanwhile. An
 * earlier version is the present one with what later ones changed laid over. Needs the same memory for any size.
 */
export async function* readFinalTable(
  db: Kysely<Database>,
  communityId: number,
  { boardId, version }: TableVersion,
): AsyncGenerator<FinalLine[]> {
  if (boardId === undefined) return;
  let after: Place = FIRST_PLACE;
  for (let rank = 1; ;) {
    const { rows } = await sql<Place>`
      (select s.member_id as "memberId", s.neg_score as "negScore", s.reached_at as "reachedAt" from standings s
       where s.community_id = ${communityId} and s.board_id = ${boardId} and ${isAfter('s', after)}
         and not exists (
           select from final_changes c
           where c.community_id = s.community_id and c.board_id = s.board_id and c.version >= ${version} and c.member_id = s.member_id)
       order by s.neg_score, s.reached_at, s.member_id limit ${PAGE})
      union all
      (select l.member_id, l.neg_score, l.reached_at from (
         select distinct on (member_id) member_id, neg_score, reached_at from final_changes
         where community_id = ${communityId} and board_id = ${boardId} and version >= ${version}
         order by member_id, version
       ) l
       where l.neg_score is not null and ${isAfter('l', after)}
       order by l.neg_score, l.reached_at, l.member_id limit ${PAGE})
      order by 2, 3, 1 limit ${PAGE}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    const handles = await readHandles(db, communityId, rows);
    yield rows.map(({ memberId, negScore, reachedAt }, index) => ({
      rank: rank + index,
      memberId,
      handle: requireHandle(handles, memberId),
      score: -negScore,
      reachedAt,
    }));
    if (rows.length < PAGE) return;
    rank += rows.length;
    after = last;
  }
}

/**
 * The handles of some members. A statement of its own, whose many ids have it planned anew: together with the lines it
 * would be planned once a connection, and by any index while there are few members.
 */
async function readHandles(
  db: Kysely<Database>,
  communityId: number,
  lines: readonly Place[],
): Promise<Map<number, string>> {
  const { rows } = await sql<{ memberId: number; handle: string }>`
    select m.member_id as "memberId", ${PUBLIC_HANDLE} as handle from members m
    where m.community_id = ${communityId}
      and m.member_id = any(${numbers(lines.map(({ memberId }) => memberId))}::int[])`.execute(db);
  return new Map(rows.map(({ memberId, handle }) => [memberId, handle]));
}

/** A document with a name left out would have a hash of its own. */
function requireHandle(handles: ReadonlyMap<number, string>, memberId: number): string {
  const handle = handles.get(memberId);
  if (handle === undefined) throw new Error(`Member ${memberId} stands in a final table and is not known.`);
  return handle;
}

function isAfter(table: string, { negScore, reachedAt, memberId }: Place) {
  return sql`(${sql.ref(`${table}.neg_score`)}, ${sql.ref(`${table}.reached_at`)}, ${sql.ref(`${table}.member_id`)})
    > (${negScore}::bigint, ${reachedAt}::timestamptz, ${memberId}::int)`;
}

/** The lines as the document has them: rank, handle, score and time (UTC), with tabs between and a newline after each. */
export function writeLines(lines: readonly FinalLine[]): string {
  return lines
    .map(
      ({ rank, handle, score, reachedAt }) =>
        `${rank}\t${handle}\t${formatDecimal(score)}\t${reachedAt.toISOString()}\n`,
    )
    .join('');
}

/** What a document comes to: its hash, how many stand in it, and the sum of their scores in thousandths. */
export type TableSum = { sha256: string; members: number; scoreTotal: bigint };

/** Reads a document through. */
export async function sumFinalTable(
  db: Kysely<Database>,
  communityId: number,
  table: TableVersion,
  onPage: (lines: number) => void = () => {},
): Promise<TableSum> {
  const hash = createHash('sha256');
  let members = 0;
  let scoreTotal = 0n;
  for await (const lines of readFinalTable(db, communityId, table)) {
    hash.update(writeLines(lines));
    members += lines.length;
    for (const { score } of lines) scoreTotal += score;
    onPage(lines.length);
  }
  return { sha256: hash.digest('hex'), members, scoreTotal };
}
