import { sql, type Kysely } from 'kysely';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { readPage, readStandingsOf } from '../../src/ranking/leaderboard.ts';
import { withDatabase } from './bench-database.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { fillLargeBoard, makeLargeBoard, SCORE_MIXES, type LargeBoard, type ScoreMix } from './large-board.ts';
import { interleave, median, randomNumbers, timed } from './measure.ts';

const MEMBERS = 10_000_000;
const ROUNDS = 1_000;
/** Enough that what is read all the time, such as the upper pages of indexes, is in memory as it is in a server that has run a while. */
const WARM_UPS = 3_000;
const COUNTS = 5;

type Times = { mix: ScoreMix; primaryKey: number; rank: number; page: number; count: number };

/** The rank of a random member and a page at a random offset, of 10 million, against reading a row by its primary key. */
export const rankFigures: FigureGroup = {
  names: ['rank_vs_pk_10m', 'page_vs_pk_10m', 'rank_vs_count_10m'],
  async measure(context) {
    const times = await measureMixes(context);
    const rank = worst(times, (time) => time.rank / time.primaryKey);
    const page = worst(times, (time) => time.page / time.primaryKey);
    const count = worst(times, (time) => -time.count / time.rank);
    const figures: Figure[] = [
      {
        name: 'rank_vs_pk_10m',
        value: rank.value,
        unit: 'x',
        goal: { atMost: 3.5 },
        measured: `rank of a random member (${ms(rank.time.rank)}) against a primary-key read of the same table (${ms(rank.time.primaryKey)}); worst of four mixes: ${rank.time.mix}`,
      },
      {
        name: 'page_vs_pk_10m',
        value: page.value,
        unit: 'x',
        goal: { atMost: 3.5 },
        measured: `10 entries at a random offset (${ms(page.time.page)}) against the same read (${ms(page.time.primaryKey)}); worst of four mixes: ${page.time.mix}`,
      },
      {
        name: 'rank_vs_count_10m',
        value: -count.value,
        unit: 'x',
        goal: { atLeast: 300 },
        measured: `count(*) of those ahead (${ms(count.time.count)}) against the rank (${ms(count.time.rank)}); worst of four mixes: ${count.time.mix}`,
      },
    ];
    return figures;
  },
};

async function measureMixes(context: BenchContext): Promise<Times[]> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const filling = connect(url, { maxConnections: 1, unlimited: true });
    try {
      context.progress(`ranks: making ${MEMBERS} members`);
      const board = await makeLargeBoard(filling, MEMBERS);
      const times: Times[] = [];
      // Object.keys gives the keys of the constant.
      for (const mix of Object.keys(SCORE_MIXES) as ScoreMix[]) {
        context.progress(`ranks, ${mix}: filling`);
        await fillLargeBoard(filling, board, mix, MEMBERS);
        context.progress(`ranks, ${mix}: measuring`);
        times.push({ mix, ...(await measureBoard(url, board)) });
      }
      return times;
    } finally {
      await filling.destroy();
    }
  });
}

async function measureBoard(url: string, board: LargeBoard): Promise<Omit<Times, 'mix'>> {
  const db = connect(url, { maxConnections: 1 });
  try {
    const { communityId, boardId } = board;
    const random = randomNumbers(5);
    const anyone = () => 1 + Math.floor(random() * MEMBERS);
    const medians = await interleave(
      {
        primaryKey: () => readByPrimaryKey(db, board, anyone()),
        rank: () => readStandingsOf(db, communityId, [boardId], anyone()),
        page: () => readPage(db, communityId, boardId, { from: 'offset', offset: anyone() - 10, limit: 10 }),
      },
      ROUNDS,
      WARM_UPS,
    );
    const counts: number[] = [];
    for (let n = 0; n < COUNTS; n += 1) counts.push(await timed(() => countAhead(db, board, anyone())));
    return { ...medians, count: median(counts) };
  } finally {
    await db.destroy();
  }
}

/** What everything is compared with: the least that a question about one member costs. */
async function readByPrimaryKey(db: Kysely<Database>, { communityId, boardId }: LargeBoard, memberId: number) {
  await sql`
    select neg_score, reached_at from standings
    where community_id = ${communityId} and board_id = ${boardId} and member_id = ${memberId}`.execute(db);
}

async function countAhead(db: Kysely<Database>, { communityId, boardId }: LargeBoard, memberId: number) {
  await sql`
    select count(*) + 1 from standings own join standings s on s.community_id = own.community_id and s.board_id = own.board_id
      and (s.neg_score, s.reached_at, s.member_id) < (own.neg_score, own.reached_at, own.member_id)
    where own.community_id = ${communityId} and own.board_id = ${boardId} and own.member_id = ${memberId}`.execute(db);
}

function worst(times: readonly Times[], ratio: (time: Times) => number): { time: Times; value: number } {
  const [first, ...rest] = times.map((time) => ({ time, value: ratio(time) }));
  if (!first) throw new Error('Nothing was measured.');
  return rest.reduce((a, b) => (b.value > a.value ? b : a), first);
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`;
}
