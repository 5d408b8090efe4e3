/** How much amending a table gives and takes back, by who comes to win and who does no more: however many win, those are few. */
import { sql, type Kysely } from 'kysely';
import { numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { comparePlaces, type Place } from '../ranking/place.ts';
import { haveRolesEnded, rewardPrefix, type AwardedTable } from './award.ts';
import { lastEntry } from './grants.ts';
import type { Prize } from './prizes.ts';
import { findStretches, readLines, readLinesBetween, wins, type AwardedBoard, type Stretch } from './winners.ts';

/** How many entitlements one statement looks at. */
const KEYS_AT_ONCE = 5_000;

/** Who wins the prizes of a table at a moment. */
export type Winners = { table: AwardedTable; stretches: Stretch[] };

/** Finds who wins the prizes of a table as it stands. */
export async function findWinners(
  db: Kysely<Database>,
  table: AwardedTable,
  prizes: readonly Prize[],
): Promise<Winners> {
  return { table, stretches: await findStretches(db, table, prizes) };
}

/** A line of a table as it was and as it is. */
export type ChangedLine = { memberId: number; before: Place | undefined; after: Place | undefined };

/**
 * Counts what is to be given and taken back once lines of a table have changed, or other members are kept from prizes,
 * where what is in effect is what was won before.
 *
 * Looks at the members concerned, and at those whom the end of a stretch passed by: about as many at most.
 *
 * @param db the table stands as it does after the change
 * @param changes the lines that changed
 */
export async function countAwardChanges(
  db: Kysely<Database>,
  before: Winners,
  after: Winners,
  changes: readonly ChangedLine[],
): Promise<{ given: number; takenBack: number }> {
  const { table } = after;
  const changed = [...(await readExcludedChanges(db, before.table, table)), ...changes];
  const total = { given: 0, takenBack: 0 };
  const ended = await haveRolesEnded(db, table);
  for (const [index, was] of before.stretches.entries()) {
    const is = after.stretches[index];
    if (!is) continue;
    const rewards = was.prize.rewards.flatMap(({ kind }, n) => (kind === 'role' && ended ? [] : [n]));
    if (rewards.length === 0) continue;
    const due = await findConcerned(db, before.table, after.table, { was, is }, changed);
    for (const rewardIndex of rewards) {
      const prefix = rewardPrefix(table, { prize: was.prize, rewardIndex });
      const change = await compare(db, table.communityId, prefix, due);
      total.given += change.given;
      total.takenBack += change.takenBack;
    }
  }
  return total;
}

/** Whom a change may give a prize, or take it from, and whether each of them is to have it. */
async function findConcerned(
  db: Kysely<Database>,
  before: AwardedTable,
  after: AwardedTable,
  { was, is }: { was: Stretch; is: Stretch },
  changed: readonly ChangedLine[],
): Promise<Map<number, boolean>> {
  const lines = [...(await readPassed(db, after, was, is)), ...changed];
  const concerned = lines.filter((line) => isWon(before, was, line.before) || isWon(after, is, line.after));
  // What a merged member won is the heir's, to keep or to lose. An amended table has a line for the heir alone.
  const heirs = await readHeirs(db, after.communityId, new Set(concerned.map(({ memberId }) => memberId)));
  const standing = new Map((await readLines(db, after, heirs)).map((line) => [line.memberId, line]));
  return new Map(heirs.map((heir) => [heir, isWon(after, is, standing.get(heir))]));
}

/** The lines of those who are kept from prizes now and were not before, or the other way round. */
async function readExcludedChanges(
  db: Kysely<Database>,
  before: AwardedTable,
  after: AwardedTable,
): Promise<ChangedLine[]> {
  const lines = await readLines(db, after, before.excluded.symmetricDifference(after.excluded));
  return lines.map((line) => ({ memberId: line.memberId, before: line, after: line }));
}

function isWon(board: AwardedBoard, stretch: Stretch, line: Place | undefined): boolean {
  return line !== undefined && wins(board, stretch, line);
}

/** The lines between where a stretch began and ended, and where it does now. */
async function readPassed(
  db: Kysely<Database>,
  board: AwardedBoard,
  was: Stretch,
  is: Stretch,
): Promise<ChangedLine[]> {
  const passed: Place[] = [];
  for (const end of ['first', 'last'] as const) {
    const [a, b] = [was[end], is[end]].toSorted(comparePlaces);
    if (a && b && comparePlaces(a, b) < 0) passed.push(...(await readLinesBetween(db, board, a, b)));
  }
  return passed.map((line) => ({ memberId: line.memberId, before: line, after: line }));
}

/** Who some members are by now: they, or whom they were merged into. */
async function readHeirs(db: Kysely<Database>, communityId: number, memberIds: ReadonlySet<number>): Promise<number[]> {
  const { rows } = await sql<{ heir: number }>`
    with recursive heirs as (
      select heir from unnest(${numbers([...memberIds])}::int[]) as d(heir)
      union
      select m.into_member_id from heirs h
      join member_merges m on m.community_id = ${communityId} and m.member_id = h.heir
    )
    select heir from heirs h
    where not exists (select from member_merges m where m.community_id = ${communityId} and m.member_id = h.heir)`.execute(
    db,
  );
  return rows.map(({ heir }) => heir);
}

/** How many members are to win and have not got it, and how many the other way round. */
async function compare(
  db: Kysely<Database>,
  communityId: number,
  prefix: string,
  due: ReadonlyMap<number, boolean>,
): Promise<{ given: number; takenBack: number }> {
  const change = { given: 0, takenBack: 0 };
  const members = [...due.keys()];
  for (let from = 0; from < members.length; from += KEYS_AT_ONCE) {
    const { rows } = await sql<{ memberId: number; isInEffect: boolean }>`
      select d.member_id as "memberId", coalesce(known.amount > 0, false) as "isInEffect"
      from unnest(${numbers(members.slice(from, from + KEYS_AT_ONCE))}::int[]) as d(member_id)
      left join lateral ${lastEntry(communityId, sql`${prefix}::text || d.member_id`)} known on true`.execute(db);
    for (const { memberId, isInEffect } of rows) {
      if (due.get(memberId) && !isInEffect) change.given += 1;
      if (!due.get(memberId) && isInEffect) change.takenBack += 1;
    }
  }
  return change;
}
