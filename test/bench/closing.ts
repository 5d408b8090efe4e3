import { sql, type Kysely } from 'kysely';
import { recordBatch } from '../../src/contributions/record-batch.ts';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { readStandingsOf } from '../../src/ranking/leaderboard.ts';
import { createPrize } from '../../src/rewards/prizes.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { takeSteps } from '../../src/seasons/close-windows.ts';
import { readPending } from '../../src/seasons/final-versions.ts';
import { recordFinal } from '../../src/seasons/finish-versions.ts';
import { sumFinalTable } from '../../src/seasons/final-table.ts';
import { contribution, makeCommunity, NOW, recording, TESTER } from '../support/communities.ts';
import { withDatabase } from './bench-database.ts';
import { MEMBER_MIXES } from './contributions.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { fillLargeBoard, makeLargeBoard, type LargeBoard } from './large-board.ts';
import { interleave, median, randomNumbers, timed } from './measure.ts';

const CLOSES = 30;
const CLOSED_AT = new Date('2026-08-24T01:00:00Z');
const EXPORTED = 10_000_000;
const READS = 1_500;
const BATCHES = 30;
const BATCH = 1_000;
/** Contributors of the batches that are recorded meanwhile. */
const CONTRIBUTORS = 100_000;

/** What closing a window costs by how many stand in it, and what reading a final table through costs everybody else. */
export const closingFigures: FigureGroup = {
  names: ['close_1m_vs_10k', 'rank_during_export_vs_idle'],
  async measure(context) {
    const figures: Figure[] = [];
    if (context.isWanted('close_1m_vs_10k')) figures.push(await measureClosing(context));
    if (context.isWanted('rank_during_export_vs_idle')) figures.push(await measureExport(context));
    return figures;
  },
};

async function measureClosing(context: BenchContext): Promise<Figure> {
  const url = await context.serverUrl();
  return withDatabase(url, (largeUrl) =>
    withDatabase(url, async (smallUrl) => {
      context.progress('closing: making members and standings');
      const large = await Closing.make(largeUrl, 1_000_000);
      const small = await Closing.make(smallUrl, 10_000);
      try {
        context.progress('closing: closing');
        const times = await interleave({ large: () => large.close(), small: () => small.close() }, CLOSES, 3);
        // What is prepared between two closes is not part of them.
        const [ofLarge, ofSmall] = [median(large.times.slice(3)), median(small.times.slice(3))];
        return {
          name: 'close_1m_vs_10k',
          value: ofLarge / ofSmall,
          unit: 'x',
          goal: { atMost: 1.5 },
          measured: `freezing a week of 1,000,000 members, granting ten prizes and announcing it (${ofLarge.toFixed(1)} ms; ${times.large.toFixed(0)} ms with what is undone between), against 10,000 (${ofSmall.toFixed(1)} ms)`,
        };
      } finally {
        await large.end();
        await small.end();
      }
    }),
  );
}

/** A community with one week that is over, which can be closed again and again. */
class Closing {
  readonly times: number[] = [];
  readonly #db: Kysely<Database>;
  readonly #communityId: number;

  private constructor(db: Kysely<Database>, communityId: number) {
    this.#db = db;
    this.#communityId = communityId;
  }

  static async make(url: string, members: number): Promise<Closing> {
    const filling = connect(url, { maxConnections: 1, unlimited: true });
    const board = await makeLargeBoard(filling, members);
    // Its one board is that of the week.
    await sql`delete from boards where board_id <> ${board.boardId}`.execute(filling);
    await sql`delete from windows where window_id not in (select window_id from boards)`.execute(filling);
    await sql`update windows set kind = 'week', key = '2026-W34', starts_at = '2026-08-17Z', ends_at = '2026-08-24Z'`.execute(
      filling,
    );
    await sql`update communities set created_at = '2026-08-20Z'`.execute(filling);
    await fillLargeBoard(filling, board, 'log-uniform', members);
    await filling.destroy();
    const db = connect(url, { maxConnections: 1 });
    const context = recording(db);
    const { slug } = await db.selectFrom('communities').select('slug').executeTakeFirstOrThrow();
    await sql`delete from prizes`.execute(db);
    await createPrize(
      { ...context, checkRole: acceptAnyRole },
      await context.directory.bySlug(slug),
      {
        category: 'gpu-contributors',
        window: 'week',
        band: { ranks: { from: 1, to: 10 } },
        rewards: [{ kind: 'tokens', amount: 5_000n }],
      },
      TESTER,
      NOW,
    );
    return new Closing(db, board.communityId);
  }

  /** Freezes, grants and announces; the hash is reckoned outside, and as long as the table is. */
  async close(): Promise<void> {
    const context = recording(this.#db);
    const start = performance.now();
    await takeSteps(context, this.#communityId, CLOSED_AT);
    const pending = await readPending(this.#db, this.#communityId);
    for (const version of pending) {
      await recordFinal(
        context,
        this.#communityId,
        version,
        { sha256: 'ab', members: 10_000, scoreTotal: 1n },
        CLOSED_AT,
      );
    }
    this.times.push(performance.now() - start);
    const { granted } = await this.#db
      .selectFrom('grants')
      .select((eb) => eb.fn.countAll<bigint>().as('granted'))
      .executeTakeFirstOrThrow();
    if (granted !== 10n || pending.length !== 1) throw new Error('The window was not closed as it must be.');
    for (const table of ['grants', 'announcements', 'final_versions'] as const)
      await this.#db.deleteFrom(table).execute();
    await sql`update windows set frozen_at = null, frozen_seq = null`.execute(this.#db);
    await sql`update communities set next_step_at = null, config_version = config_version + 1`.execute(this.#db);
  }

  async end(): Promise<void> {
    await this.#db.destroy();
  }
}

async function measureExport(context: BenchContext): Promise<Figure> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const filling = connect(url, { maxConnections: 1, unlimited: true });
    context.progress(`export: making ${EXPORTED} members and standings`);
    const board = await makeLargeBoard(filling, EXPORTED);
    await fillLargeBoard(filling, board, 'log-uniform', EXPORTED);
    await filling.destroy();
    const db = connect(url, { maxConnections: 3 });
    try {
      const others = new Others(db, board);
      await others.fill();
      context.progress('export: measuring');
      const idle = await others.measure();
      const end = new AbortController();
      const read = { lines: 0 };
      const exporting = readThrough(db, board, end.signal, read);
      const during = await others.measure();
      end.abort();
      await exporting;
      const again = await others.measure();
      const [rank, intake] = [
        during.rank / ((idle.rank + again.rank) / 2),
        during.intake / ((idle.intake + again.intake) / 2),
      ];
      return {
        name: 'rank_during_export_vs_idle',
        value: Math.max(rank, intake),
        unit: 'x',
        goal: { atMost: 2 },
        measured: `a rank (${rank.toFixed(2)}x) and recording ${BATCH} contributions (${intake.toFixed(2)}x) while a final table of ${EXPORTED} lines is read in the same process (${read.lines} lines meanwhile), against idle: the worse of the two`,
      };
    } finally {
      await db.destroy();
    }
  });
}

/** Reads the final table through, again and again, until told to end. */
async function readThrough(
  db: Kysely<Database>,
  { communityId, boardId }: LargeBoard,
  end: AbortSignal,
  read: { lines: number },
): Promise<void> {
  const ended = new Error('Ended');
  try {
    for (;;) {
      await sumFinalTable(db, communityId, { boardId, version: 1 }, (lines) => {
        read.lines += lines;
        if (end.aborted) throw ended;
      });
    }
  } catch (error) {
    if (error !== ended) throw error;
  }
}

/** What everybody else does meanwhile: asks for ranks, and records. */
class Others {
  readonly #db: Kysely<Database>;
  readonly #board: LargeBoard;
  readonly #random = randomNumbers(11);
  readonly #context;
  #community: { id: number; sourceId: number } | undefined;
  #sent = 0;

  constructor(db: Kysely<Database>, board: LargeBoard) {
    this.#db = db;
    this.#board = board;
    this.#context = recording(db);
  }

  async fill(): Promise<void> {
    this.#community = await makeCommunity(this.#db);
    for (let n = 0; n < BATCHES; n += 1) await this.#record();
    await this.#readRanks();
  }

  /** Median milliseconds of a rank and of a batch. */
  async measure(): Promise<{ rank: number; intake: number }> {
    const rank = await this.#readRanks();
    const batches: number[] = [];
    for (let n = 0; n < BATCHES; n += 1) batches.push(await timed(() => this.#record()));
    return { rank, intake: median(batches) };
  }

  async #readRanks(): Promise<number> {
    const { communityId, boardId } = this.#board;
    const times: number[] = [];
    for (let n = 0; n < READS; n += 1) {
      const memberId = 1 + Math.floor(this.#random() * EXPORTED);
      times.push(await timed(() => readStandingsOf(this.#db, communityId, [boardId], memberId)));
    }
    return median(times);
  }

  async #record(): Promise<void> {
    const community = this.#community;
    if (!community) throw new Error('There is no community yet.');
    const batch = Array.from({ length: BATCH }, () => ({
      sourceId: community.sourceId,
      contribution: contribution({
        id: `${(this.#sent += 1)}`,
        contributor: `member-${MEMBER_MIXES.heavyTailed(CONTRIBUTORS, this.#random())}`,
      }),
    }));
    await recordBatch(this.#context, community.id, batch, NOW);
  }
}
