import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { connect } from '../../src/db/connect.ts';
import { readStandingsOf } from '../../src/ranking/leaderboard.ts';
import { withDatabase } from './bench-database.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { fillLargeBoard, makeLargeBoard } from './large-board.ts';
import { interleave, randomNumbers } from './measure.ts';

const MEMBERS = 1_000_000;
const ROUNDS = 3_000;
const CHUNK = 10_000;
/** The last of the databases that Redis has unless told otherwise. */
const REDIS_DATABASE = 15;

/** The rank of a random member of a million, against what Redis's sorted sets take for it. */
export const redisFigures: FigureGroup = {
  names: ['rank_vs_redis_1m'],
  async measure(context) {
    const redis = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', {
      db: REDIS_DATABASE,
      lazyConnect: true,
      retryStrategy: () => null,
    });
    // Said by what `connect` rejects with.
    redis.on('error', () => undefined);
    const key = `omnitensor-bench-${randomBytes(6).toString('hex')}`;
    try {
      await redis.connect();
    } catch {
      return [figure(null, 'no Redis at REDIS_URL or 127.0.0.1:6379')];
    }
    try {
      return [await compare(context, redis, key)];
    } finally {
      await redis.unlink(key);
      redis.disconnect();
    }
  },
};

async function compare(context: BenchContext, redis: Redis, key: string): Promise<Figure> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const db = connect(url, { maxConnections: 1, unlimited: true });
    try {
      context.progress(`Redis: filling both with ${MEMBERS} members`);
      const board = await makeLargeBoard(db, MEMBERS);
      await fillLargeBoard(db, board, 'log-uniform', MEMBERS);
      for (let from = 1; from <= MEMBERS; from += CHUNK) {
        const { rows } = await sql<{ member_id: number; score: string }>`
          select member_id, (-neg_score)::text as score from standings
          where community_id = ${board.communityId} and board_id = ${board.boardId} and member_id between ${from} and ${from + CHUNK - 1}`.execute(
          db,
        );
        await redis.zadd(key, ...rows.flatMap((row) => [row.score, `member-${row.member_id}`]));
      }
      context.progress('Redis: measuring');
      const random = randomNumbers(7);
      const anyone = () => 1 + Math.floor(random() * MEMBERS);
      const { ours, theirs } = await interleave(
        {
          ours: () => readStandingsOf(db, board.communityId, [board.boardId], anyone()),
          theirs: () => redis.zrevrank(key, `member-${anyone()}`),
        },
        ROUNDS,
      );
      return figure(
        ours / theirs,
        `rank of a random member of ${MEMBERS} (${ours.toFixed(2)} ms) against Redis ZREVRANK over loopback (${theirs.toFixed(2)} ms); log-uniform`,
      );
    } finally {
      await db.destroy();
    }
  });
}

function figure(value: number | null, measured: string): Figure {
  return { name: 'rank_vs_redis_1m', value, unit: 'x', goal: undefined, measured };
}
