import { sql } from 'kysely';
import type { BatchEntry } from '../../src/contributions/batch.ts';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { insertContributions, type StoredContribution } from '../../src/contributions/contribution-store.ts';
import { recordBatch } from '../../src/contributions/record-batch.ts';
import { connect } from '../../src/db/connect.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { makeCommunity, recording } from '../support/communities.ts';
import { withDatabase } from './bench-database.ts';
import { MEMBER_MIXES } from './contributions.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { median, randomNumbers, timed } from './measure.ts';

const MEMBERS = 100_000;
const BATCH = 1_000;
const PLAIN_ROWS_BEFORE = 500_000;
const ROUNDS = 12;
const BATCHES_IN_ROUND = 20;
const NOW = new Date('2026-08-22T12:00:00Z');

type Mix = keyof typeof MEMBER_MIXES;
type Rates = { events: number; ratio: number };

export const intakeFigures: FigureGroup = {
  names: ['intake_vs_insert', 'intake_uniform_vs_insert', 'intake_events_per_s'],
  async measure(context) {
    const heavy = context.isWanted('intake_vs_insert') || context.isWanted('intake_events_per_s');
    const heavyTailed = heavy ? await measureMix(context, 'heavyTailed') : undefined;
    const uniform = context.isWanted('intake_uniform_vs_insert') ? await measureMix(context, 'uniform') : undefined;
    const figures: Figure[] = [];
    const against = `batches of ${BATCH} into four windows by one connection, against the plain insert of the same into contributions`;
    if (heavyTailed) {
      figures.push(
        {
          name: 'intake_vs_insert',
          value: heavyTailed.ratio,
          unit: 'x',
          goal: { atLeast: 0.2 },
          measured: `${against}; ${MEMBERS} members, heavy-tailed`,
        },
        {
          name: 'intake_events_per_s',
          value: heavyTailed.events,
          unit: '1/s',
          goal: undefined,
          measured: 'the same, in contributions a second',
        },
      );
    }
    if (uniform) {
      figures.push({
        name: 'intake_uniform_vs_insert',
        value: uniform.ratio,
        unit: 'x',
        goal: { atLeast: 0.13 },
        measured: `${against}; ${MEMBERS} members, uniform`,
      });
    }
    return figures;
  },
};

async function measureMix(context: BenchContext, mix: Mix): Promise<Rates> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const db = connect(url, { maxConnections: 1 });
    try {
      const community = await makeCommunity(db);
      const intake = new IntakeBench(recording(db), community, mix);
      context.progress(`intake, ${mix}: filling`);
      await intake.fill();
      context.progress(`intake, ${mix}: measuring`);
      const events: number[] = [];
      const ratios: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        const plain = await intake.insertRound();
        const product = await intake.recordRound();
        events.push((BATCHES_IN_ROUND * BATCH * 1_000) / product);
        ratios.push(plain / product);
      }
      return { events: median(events), ratio: median(ratios) };
    } finally {
      await db.destroy();
    }
  });
}

/** A community that is filled, and the two ways of taking contributions in. */
class IntakeBench {
  readonly #context: RankingContext;
  readonly #community: { id: number; sourceId: number };
  readonly #random = randomNumbers(3);
  readonly #mix: Mix;
  #sent = 0;

  constructor(context: RankingContext, community: { id: number; sourceId: number }, mix: Mix) {
    this.#context = context;
    this.#community = community;
    this.#mix = mix;
  }

  /** Gives every member a standing, and the table of contributions some size. */
  async fill(): Promise<void> {
    for (let first = 0; first < MEMBERS; first += BATCH) await this.#record(this.#batch((n) => first + n));
    await this.insertRound(PLAIN_ROWS_BEFORE / BATCH);
    await sql`vacuum analyze`.execute(this.#context.db);
  }

  /** Milliseconds of recording a round of batches. */
  async recordRound(): Promise<number> {
    const batches = this.#batches(BATCHES_IN_ROUND);
    return timed(async () => {
      for (const batch of batches) await this.#record(batch);
    });
  }

  /** Milliseconds of inserting a round of batches into contributions and nowhere else, each in a transaction. */
  async insertRound(count = BATCHES_IN_ROUND): Promise<number> {
    const batches = this.#batches(count).map((batch) => batch.map((entry) => this.#toStored(entry)));
    const { db } = this.#context;
    return timed(async () => {
      for (const rows of batches) {
        await db.transaction().execute((trx) => insertContributions(trx, this.#community.id, rows, 1n, NOW));
      }
    });
  }

  async #record(batch: readonly BatchEntry[]): Promise<void> {
    const outcomes = await recordBatch(this.#context, this.#community.id, batch, NOW);
    if (outcomes.some(({ status }) => status !== 'accepted'))
      throw new Error('A contribution of the benchmark was not accepted.');
  }

  #batches(count: number): BatchEntry[][] {
    return Array.from({ length: count }, () => this.#batch(() => MEMBER_MIXES[this.#mix](MEMBERS, this.#random())));
  }

  #batch(memberOf: (n: number) => number): BatchEntry[] {
    return Array.from({ length: BATCH }, (_, n) => ({
      sourceId: this.#community.sourceId,
      contribution: this.#contribution(memberOf(n)),
    }));
  }

  /** As recording would price and store it; the ids of members and the category are as good as any. */
  #toStored({ sourceId, contribution }: BatchEntry): StoredContribution {
    const { id, contributor, amount, occurredAt } = contribution;
    const memberId = 1 + Number(contributor.slice(contributor.indexOf('-') + 1));
    const reward = (amount * 25n) / 4n;
    return {
      sourceId,
      id,
      memberId,
      categoryId: 1,
      subject: undefined,
      amount,
      occurredAt,
      rate: 6_250n,
      multiplier: 100n,
      reward,
      reputation: 0n,
    };
  }

  #contribution(member: number): Contribution {
    const n = (this.#sent += 1);
    return {
      id: `job-${String(n).padStart(9, '0')}`,
      contributor: `member-${member}`,
      category: 'gpu-contributors',
      amount: BigInt(1 + Math.floor(this.#random() * 24_000)),
      // A millisecond after the one before, in the week of NOW.
      occurredAt: new Date(NOW.getTime() - 4 * 86_400_000 + n),
    };
  }
}
