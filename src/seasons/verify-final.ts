/** Proving final tables: the table and its hash are recomputed from the contributions at the cut, and what it granted too. */
import { sql, type Kysely } from 'kysely';
import type { Category } from '../communities/community.ts';
import type { Database } from '../db/database.ts';
import type { Place } from '../ranking/place.ts';
import { formatDecimal } from '../ranking/score.ts';
import { findExcess, findLacking, type Excess } from '../rewards/award.ts';
import { prizesOf } from '../rewards/prizes.ts';
import { findStretches, nextLines, TOP, type Cursor, type Lines } from '../rewards/winners.ts';
import { compareAtCut, type LineDifference } from './at-cut.ts';
import { sumFinalTable, type TableSum } from './final-table.ts';
import { readNewestVersions, readVersions, type FinalVersion } from './final-versions.ts';
import { awardedTable } from './grant-final.ts';

/** The most differences that are told of one table. */
const TOLD = 20;

/** How many lines of a table, or entitlements, one statement compares. */
const LINES = 2_000;

/** What proving a version came to. No differences: it is what the contributions make it. */
export type Proof = { version: FinalVersion; recomputed: TableSum; differences: string[] };

/**
 * Recomputes a version of a final table line by line from the contributions at its cut, its hash from its document, and
 * for the newest one what it grants, and says each difference in a sentence. Reads only, in short statements.
 */
export async function proveVersion(
  db: Kysely<Database>,
  communityId: number,
  version: FinalVersion,
  category: Category,
  onCompared: (rows: number) => void = () => {},
): Promise<Proof> {
  const recomputed = await sumFinalTable(db, communityId, version, onCompared);
  const differences: string[] = [];
  const board = { window: version.window, category, cutSeq: version.cutSeq };
  let founded = 0;
  for (let after: number | undefined = 0; after !== undefined;) {
    const page = await compareAtCut(db, communityId, board, version, after);
    differences.push(...page.differences.map(describe));
    founded += page.founded;
    after = page.next;
  }
  if (differences.length === 0 && founded !== recomputed.members) {
    differences.push(`${recomputed.members} members stand in the table, and ${founded} by the contributions.`);
  }
  if (version.sha256 !== recomputed.sha256) {
    differences.push(`The hash of its document is ${recomputed.sha256}, and ${version.sha256 ?? 'none'} is recorded.`);
  }
  return { version, recomputed, differences: differences.slice(0, TOLD) };
}

/**
 * Says where what was granted is not what the newest version of a table entitles to. Each page is a statement of its own,
 * which sees the table and what was granted at one moment.
 */
export async function compareGrants(
  db: Kysely<Database>,
  communityId: number,
  version: FinalVersion,
): Promise<string[]> {
  const table = awardedTable(communityId, version, version.members ?? 0);
  const prizes = await prizesOf(db, communityId, version.categoryId, version.window);
  const stretches = await findStretches(db, table, prizes);
  const found: string[] = [];
  for (let cursor: Cursor | undefined = TOP; cursor && found.length < TOLD;) {
    const lines: Lines = await nextLines(db, table, stretches, cursor, LINES);
    const lacking = await findLacking(db, table, stretches, lines);
    found.push(...lacking.map(({ key }) => `"${key}" is won and was not granted.`));
    cursor = lines.next;
  }
  for (let after: string | undefined = ''; after !== undefined && found.length < TOLD;) {
    const { keys, next }: Excess = await findExcess(db, table, stretches, after, LINES);
    found.push(...keys.map((key) => `"${key}" was granted and is not won.`));
    after = next;
  }
  if (found.length === 0) return [];
  // Amended meanwhile: then what was compared is of another one.
  const [newest] = (await readVersions(db, communityId, version.window, version.categoryId)).slice(-1);
  return newest?.version === version.version ? found.slice(0, TOLD) : [];
}

/** Proves the newest version of every final table of a community, and says each difference in a sentence. */
export async function* verifyFinalTables(
  db: Kysely<Database>,
  community: { id: number; categories: readonly Category[] },
  onCompared: (rows: number) => void = () => {},
): AsyncGenerator<string> {
  for (const version of await readNewestVersions(db, community.id)) {
    const category = community.categories.find(({ id }) => id === version.categoryId);
    if (!category || version.sha256 === undefined) continue;
    const { differences } = await proveVersion(db, community.id, version, category, onCompared);
    const grants = await compareGrants(db, community.id, version);
    for (const difference of [...differences, ...grants]) {
      yield `${category.slug}, ${version.window.key}, version ${version.version}: ${difference}`;
    }
    if (version.isSuperseded)
      yield `${category.slug}, ${version.window.key}: the newest version is superseded by none.`;
  }
}

/** How many lines all newest final tables of a community have. */
export async function countFinalLines(db: Kysely<Database>, communityId: number): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    select coalesce(sum(members), 0)::float8 as total from final_versions where community_id = ${communityId}`.execute(
    db,
  );
  return rows[0]?.total ?? 0;
}

function describe({ memberId, expected, actual }: LineDifference): string {
  const say = (place: Place | undefined) =>
    place ? `${formatDecimal(-place.negScore)}, reached ${place.reachedAt.toISOString()}` : 'no line';
  return `Member ${memberId}: ${say(actual)}, and by the contributions ${say(expected)}.`;
}
