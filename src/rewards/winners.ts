/**
 * Who wins which prize on a board. A prize is for a stretch of the ranking, less those in it who get none; so winners are
 * read page by page, however many they are.
 */
import { sql, type Kysely, type RawBuilder } from 'kysely';
import { instants, numbers } from '../db/arrays.ts';
import type { Database } from '../db/database.ts';
import { countAhead, readPage } from '../ranking/leaderboard.ts';
import { comparePlaces, FIRST_PLACE, LAST_PLACE, type Place } from '../ranking/place.ts';
import type { Band, Prize } from './prizes.ts';
import type { Reward } from './reward.ts';

/** Up to this place a line is found by counting lines; from there on the counts of segments are quicker. */
const NEAR = 2_000;

/** How many lines one statement looks at where nothing is written. */
const LINES = 2_000;

/** Earlier than anything that counts. */
const BEGINNING = new Date('0001-01-01T00:00:00Z');

/** A board whose prizes are given, or would be. */
export type AwardedBoard = {
  communityId: number;
  /** Undefined: nobody ever stood there. */
  boardId: number | undefined;
  /** How many stand on it. */
  total: number;
  /** Members who get no prize, so that it passes to the next. */
  excluded: ReadonlySet<number>;
};

/** The lines of a board that win a prize, less those who get none: from the first to the last, both included. */
export type Stretch = { prize: Prize; first: Place; last: Place };

/** One of the rewards of a prize, and the lines that win it. */
export type StretchReward = Stretch & { reward: Reward; rewardIndex: number };

/** A reward that a member wins. `rank`: on the board, those included who get no prize. */
export type Award = { prize: Prize; reward: Reward; rewardIndex: number; memberId: number; rank: number };

/**
 * Finds the stretches that win prizes on a board as it stands. Ranks of bands count those alone who may win; the first
 * per cent are of all who stand there, rounded up, and at least one. Touches as many rows for any number of winners.
 */
export async function findStretches(
  db: Kysely<Database>,
  board: AwardedBoard,
  prizes: readonly Prize[],
): Promise<Stretch[]> {
  if (board.boardId === undefined) return [];
  const known = new Map<number, Place>([[1, FIRST_PLACE]]);
  const stretches: Stretch[] = [];
  for (const prize of prizes) {
    const places = placesOf(prize.band, board.total);
    if (places === undefined) {
      stretches.push({ prize, first: FIRST_PLACE, last: lastOfScore(prize.band) });
      continue;
    }
    const first = known.get(places.from) ?? (await findLine(db, board, places.from));
    known.set(places.from, first);
    stretches.push({ prize, first, last: await findLine(db, board, places.to) });
  }
  return stretches;
}

/** The places among those who may win that a band is for; undefined for one that goes by score. */
function placesOf(band: Band, total: number): { from: number; to: number } | undefined {
  if ('ranks' in band) return band.ranks;
  if ('topPercent' in band) return { from: 1, to: Math.max(1, Math.ceil((total * band.topPercent) / 100)) };
  return undefined;
}

/** Behind the last line that has the score of a band, and before the next. */
function lastOfScore(band: Band): Place {
  return 'minScore' in band ? { negScore: 1n - band.minScore, reachedAt: BEGINNING, memberId: 0 } : LAST_PLACE;
}

/** The line at a place among those who may win; behind all, where fewer stand. */
async function findLine(db: Kysely<Database>, board: AwardedBoard, place: number): Promise<Place> {
  const { communityId, boardId = 0 } = board;
  let from = FIRST_PLACE;
  let further: RawBuilder<unknown> = sql`${place - 1}::bigint`;
  if (place > NEAR) {
    // At this rank on the board: as many lines too early as there are ahead of it who get none.
    const request = { from: 'offset', offset: place - 1, limit: 1 } as const;
    const [start] = (await readPage(db, communityId, boardId, request)).entries;
    if (!start) return LAST_PLACE;
    from = { ...start, negScore: -start.score };
    further = sql`(
      select count(*) from unnest(${numbers([...board.excluded])}::int[]) as x(member_id) cross join lateral (
        select neg_score, reached_at, member_id from standings
        where community_id = ${communityId} and board_id = ${boardId} and member_id = x.member_id offset 0
      ) own where ${row('own')} < ${valueOf(from)})`;
  }
  const { rows } = await sql<Place>`
    select neg_score as "negScore", reached_at as "reachedAt", member_id as "memberId" from standings s
    where community_id = ${communityId} and board_id = ${boardId} and ${row('s')} >= ${valueOf(from)} and ${mayWin(board)}
    order by neg_score, reached_at, member_id offset ${further} limit 1`.execute(db);
  return rows[0] ?? LAST_PLACE;
}

function row(table: string): RawBuilder<unknown> {
  return sql`(${sql.ref(`${table}.neg_score`)}, ${sql.ref(`${table}.reached_at`)}, ${sql.ref(`${table}.member_id`)})`;
}

function valueOf({ negScore, reachedAt, memberId }: Place): RawBuilder<unknown> {
  return sql`(${negScore}::bigint, ${reachedAt}::timestamptz, ${memberId}::int)`;
}

/** Whether the standing `s` is of somebody who may win. Whoever was merged into a member who gets none won before that. */
export function mayWin({ excluded }: AwardedBoard): RawBuilder<boolean> {
  return sql`s.member_id <> all(${numbers([...excluded])}::int[])`;
}

/** Whether a line wins. */
export function wins({ excluded }: AwardedBoard, { first, last }: Stretch, line: Place): boolean {
  return !excluded.has(line.memberId) && comparePlaces(first, line) <= 0 && comparePlaces(line, last) <= 0;
}

/** The rewards of some stretches, one by one. */
export function rewardsOf(stretches: readonly Stretch[]): StretchReward[] {
  return stretches.flatMap((stretch) =>
    stretch.prize.rewards.map((reward, rewardIndex) => ({ ...stretch, reward, rewardIndex })),
  );
}

/** Rewards as a table `r`: `n`, from 1 on, and between which lines each is won. Joined with standings `s` that win it. */
export function winning(rewards: readonly StretchReward[]): RawBuilder<unknown> {
  const columns = (places: readonly Place[]) => sql`
    ${numbers(places.map(({ negScore }) => negScore))}::bigint[], ${instants(places.map(({ reachedAt }) => reachedAt))}::timestamptz[],
    ${numbers(places.map(({ memberId }) => memberId))}::int[]`;
  return sql`
    unnest(${columns(rewards.map(({ first }) => first))}, ${columns(rewards.map(({ last }) => last))})
      with ordinality as r(first_score, first_at, first_member, last_score, last_at, last_member, n)
    on ${row('s')} >= (r.first_score, r.first_at, r.first_member) and ${row('s')} <= (r.last_score, r.last_at, r.last_member)`;
}

/** How far winners have been read: the last line, and how many lines there were. */
export type Cursor = { after: Place; ahead: number };
export const TOP: Cursor = { after: FIRST_PLACE, ahead: 0 };

/** Lines that follow each other. `next`: where to go on; undefined, when nobody further down wins anything. */
export type Lines = Cursor & { until: Place; next: Cursor | undefined };

/** Finds the next lines among which there may be winners of some stretches, at most so many. */
export async function nextLines(
  db: Kysely<Database>,
  { communityId, boardId = 0 }: AwardedBoard,
  stretches: readonly Stretch[],
  { after, ahead }: Cursor,
  limit: number,
): Promise<Lines> {
  const end = stretches.map(({ last }) => last).reduce((a, b) => (comparePlaces(a, b) < 0 ? b : a), FIRST_PLACE);
  const { rows } = await sql<Place>`
    select neg_score as "negScore", reached_at as "reachedAt", member_id as "memberId" from standings s
    where community_id = ${communityId} and board_id = ${boardId}
      and ${row('s')} > ${valueOf(after)} and ${row('s')} <= ${valueOf(end)}
    order by neg_score, reached_at, member_id offset ${limit - 1}::bigint limit 1`.execute(db);
  const [last] = rows;
  if (!last) return { after, ahead, until: end, next: undefined };
  return { after, ahead, until: last, next: { after: last, ahead: ahead + limit } };
}

/**
 * What is won by some lines, as a subquery of `n`, the number of the reward, `member_id`, `rank` and `heir`: whoever the
 * member was merged into meanwhile.
 */
export function wonBy(
  board: AwardedBoard,
  rewards: readonly StretchReward[],
  { after, ahead, until }: Lines,
): RawBuilder<unknown> {
  const { communityId, boardId = 0 } = board;
  return sql`(
    with recursive lines as (
      select neg_score, reached_at, member_id, ${ahead}::int + row_number() over (order by neg_score, reached_at, member_id) as rank
      from standings s
      where community_id = ${communityId} and board_id = ${boardId}
        and ${row('s')} > ${valueOf(after)} and ${row('s')} <= ${valueOf(until)}
    ),
    heirs as (
      select lines.*, member_id as heir from lines
      union all
      select h.neg_score, h.reached_at, h.member_id, h.rank, m.into_member_id
      from heirs h join member_merges m on m.community_id = ${communityId} and m.member_id = h.heir
    )
    select r.n, s.member_id, s.rank, s.heir from heirs s join ${winning(rewards)}
    where ${mayWin(board)}
      and not exists (select from member_merges m where m.community_id = ${communityId} and m.member_id = s.heir)
  )`;
}

/**
 * Reads what is won on a board, from the first rank on, in pages. A member in several bands wins each; one into which
 * another was merged that won too comes twice.
 */
export async function* readAwards(
  db: Kysely<Database>,
  board: AwardedBoard,
  stretches: readonly Stretch[],
  linesAtOnce = LINES,
): AsyncGenerator<Award[]> {
  const rewards = rewardsOf(stretches);
  for (let cursor: Cursor | undefined = rewards.length > 0 ? TOP : undefined; cursor;) {
    const lines: Lines = await nextLines(db, board, stretches, cursor, linesAtOnce);
    const { rows } = await sql<WonRow>`
      select n::int, heir as "memberId", rank::int from ${wonBy(board, rewards, lines)} won order by rank, n`.execute(
      db,
    );
    yield rows.flatMap((row) => toAward(rewards, row));
    cursor = lines.next;
  }
}

/** A row of {@link wonBy}. */
export type WonRow = { n: number; memberId: number; rank: number };

export function toAward(rewards: readonly StretchReward[], { n, memberId, rank }: WonRow): Award[] {
  const won = rewards[n - 1];
  return won ? [{ prize: won.prize, reward: won.reward, rewardIndex: won.rewardIndex, memberId, rank }] : [];
}

/** What the first lines of a board win. */
export async function readFirstAwards(
  db: Kysely<Database>,
  board: AwardedBoard,
  stretches: readonly Stretch[],
  lines: number,
): Promise<Award[]> {
  for await (const awards of readAwards(db, board, stretches, lines)) return awards;
  return [];
}

/** Places among those who may win, both included; none, where `to` is less than `from`. */
export type Places = { from: number; to: number };

/** The places that win each of some prizes, as far as somebody stands there. Everybody excluded must stand on the board. */
export async function findPlaces(
  db: Kysely<Database>,
  board: AwardedBoard,
  prizes: readonly Prize[],
): Promise<{ prize: Prize; places: Places }[]> {
  const { communityId, boardId, total, excluded } = board;
  if (boardId === undefined) return prizes.map((prize) => ({ prize, places: { from: 1, to: 0 } }));
  const found: { prize: Prize; places: Places }[] = [];
  let passedOver: Place[] | undefined;
  for (const prize of prizes) {
    const places = placesOf(prize.band, total);
    if (places) {
      found.push({ prize, places: { from: places.from, to: Math.min(places.to, total - excluded.size) } });
      continue;
    }
    const last = lastOfScore(prize.band);
    passedOver ??= await readLines(db, board, excluded);
    const among = passedOver.filter((line) => comparePlaces(line, last) <= 0).length;
    found.push({ prize, places: { from: 1, to: (await countAhead(db, communityId, boardId, last)) - among } });
  }
  return found;
}

/** How many places there are in all, where some may lie over each other. */
export function countPlaces(places: readonly Places[]): number {
  let [count, counted] = [0, 0];
  for (const { from, to } of places.toSorted((a, b) => a.from - b.from)) {
    count += Math.max(0, to - Math.max(from - 1, counted));
    counted = Math.max(counted, to);
  }
  return count;
}

/** The lines of those among some members who stand on a board, in ranking order. */
export async function readLines(
  db: Kysely<Database>,
  { communityId, boardId }: Pick<AwardedBoard, 'communityId' | 'boardId'>,
  memberIds: Iterable<number>,
): Promise<Place[]> {
  const ids = [...memberIds];
  if (boardId === undefined || ids.length === 0) return [];
  const { rows } = await sql<Place>`
    select member_id as "memberId", neg_score as "negScore", reached_at as "reachedAt" from standings
    where community_id = ${communityId} and board_id = ${boardId} and member_id = any(${numbers(ids)}::int[])`.execute(
    db,
  );
  return rows.toSorted(comparePlaces);
}

/** The lines from one place to another, both included. */
export async function readLinesBetween(
  db: Kysely<Database>,
  { communityId, boardId = 0 }: Pick<AwardedBoard, 'communityId' | 'boardId'>,
  first: Place,
  last: Place,
): Promise<Place[]> {
  const { rows } = await sql<Place>`
    select member_id as "memberId", neg_score as "negScore", reached_at as "reachedAt" from standings s
    where community_id = ${communityId} and board_id = ${boardId}
      and ${row('s')} >= ${valueOf(first)} and ${row('s')} <= ${valueOf(last)}
    order by neg_score, reached_at, member_id`.execute(db);
  return rows;
}
