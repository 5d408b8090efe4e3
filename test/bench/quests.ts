import { sql, type Kysely } from 'kysely';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { recordBatch } from '../../src/contributions/record-batch.ts';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { createQuest } from '../../src/quests/create-quest.ts';
import { newQuestSchema } from '../../src/quests/quest.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { makeCommunity, recording, TESTER } from '../support/communities.ts';
import { withDatabase } from './bench-database.ts';
import { MEMBER_MIXES } from './contributions.ts';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';
import { median, randomNumbers, timed } from './measure.ts';

const MEMBERS = 100_000;
const BATCH = 1_000;
const QUESTS = 50;
const ROUNDS = 12;
const BATCHES_IN_ROUND = 10;
const SETTLED_EACH = 5;
const NOW = new Date('2026-08-22T12:00:00Z');
const DAY_MS = 86_400_000;
const START = NOW.getTime() - 4 * DAY_MS;

type Community = { id: number; slug: string; sourceId: number };

/** What open quests cost intake, and how settling grows with those who take part. */
export const questFigures: FigureGroup = {
  names: ['intake_quests_vs_none', 'quest_settle_100k_vs_10k'],
  async measure(context) {
    const figures: Figure[] = [];
    if (context.isWanted('intake_quests_vs_none')) figures.push(await measureIntake(context));
    if (context.isWanted('quest_settle_100k_vs_10k')) figures.push(await measureSettling(context));
    return figures;
  },
};

async function measureIntake(context: BenchContext): Promise<Figure> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const db = connect(url, { maxConnections: 1 });
    try {
      const [none, quests] = [new Intake(db), new Intake(db)];
      context.progress('quests: filling');
      for (const intake of [none, quests]) await intake.fill();
      await quests.makeQuests();
      await sql`vacuum analyze`.execute(db);
      context.progress('quests: measuring intake');
      const ratios: number[] = [];
      let events = 0;
      for (let round = -2; round < ROUNDS; round += 1) {
        const without = await none.recordRound();
        const withQuests = await quests.recordRound();
        if (round < 0) continue;
        ratios.push(without / withQuests);
        events = (BATCHES_IN_ROUND * BATCH * 1_000) / withQuests;
      }
      return {
        name: 'intake_quests_vs_none',
        value: median(ratios),
        unit: 'x',
        goal: { atLeast: 0.5 },
        measured: `batches of ${BATCH} of ${MEMBERS} members, heavy-tailed, with ${QUESTS} open quests that all of it counts for (${Math.round(events)}/s), against the same without quests`,
      };
    } finally {
      await db.destroy();
    }
  });
}

/** A community that contributions of many members go to. */
class Intake {
  readonly #context: RankingContext;
  readonly #community: Promise<Community>;
  readonly #random = randomNumbers(3);
  #sent = 0;

  constructor(db: Kysely<Database>) {
    this.#context = recording(db);
    this.#community = makeCommunity(db);
  }

  /** Makes every member. */
  async fill(): Promise<void> {
    for (let first = 0; first < MEMBERS; first += BATCH) await this.#record(this.#batch((n) => first + n));
  }

  /** Quests that begin with what is recorded next: amounts from some days' work to what nobody reaches, days, subjects, and several of these. */
  async makeQuests(): Promise<void> {
    const { id, slug } = await this.#community;
    const category = 'gpu-contributors';
    const goals = [
      (n: number) => ({ category, amount: 100 * 3 ** (n / 5) }),
      (n: number) => ({ days: 3 + (n % 3) }),
      (n: number) => ({ category, subjects: ['A', 'B', 'C', 'D'], each: 1 + n }),
      (n: number) => ({ all: [{ category, amount: 500 * (n + 1) }, { days: 3 }] }),
      (n: number) => ({ category, amount: 500 * (n + 1), subjects: ['A', 'B'] }),
    ];
    for (let n = 0; n < QUESTS; n += 1) {
      const goal = goals[n % goals.length]?.(n);
      await makeQuest(this.#context, { id, slug }, { goal: JSON.parse(JSON.stringify(goal, rounded)) as unknown });
    }
  }

  /** Milliseconds of recording a round of batches. */
  async recordRound(): Promise<number> {
    const batches = Array.from({ length: BATCHES_IN_ROUND }, () =>
      this.#batch(() => MEMBER_MIXES.heavyTailed(MEMBERS, this.#random())),
    );
    return timed(async () => {
      for (const batch of batches) await this.#record(batch);
    });
  }

  async #record(batch: readonly Contribution[]): Promise<void> {
    const { id, sourceId } = await this.#community;
    const entries = batch.map((contribution) => ({ sourceId, contribution }));
    const outcomes = await recordBatch(this.#context, id, entries, NOW);
    if (outcomes.some(({ status }) => status !== 'accepted')) {
      throw new Error('A contribution of the benchmark was not accepted.');
    }
  }

  #batch(memberOf: (n: number) => number): Contribution[] {
    return Array.from({ length: BATCH }, (_, n) => {
      const sent = (this.#sent += 1);
      return {
        id: `job-${sent}`,
        contributor: `member-${memberOf(n)}`,
        category: 'gpu-contributors',
        amount: BigInt(1 + Math.floor(this.#random() * 24_000)),
        subject: 'ABCDEFGH'[Math.floor(this.#random() * 8)],
        // What members are made by lies before the quests, and the rest within the three days after.
        occurredAt: new Date(sent <= MEMBERS ? START - DAY_MS + sent : START + (sent - MEMBERS) * 1_000),
      };
    });
  }
}

async function measureSettling(context: BenchContext): Promise<Figure> {
  return withDatabase(await context.serverUrl(), async (url) => {
    const db = connect(url, { maxConnections: 1 });
    try {
      context.progress('quests: making participants');
      const community = await makeCommunity(db);
      await makeMembers(db, community.id, 100_000);
      const times = { small: [] as number[], large: [] as number[] };
      context.progress('quests: settling');
      for (let round = 0; round < SETTLED_EACH; round += 1) {
        times.small.push(await settleWith(db, community, 10_000));
        times.large.push(await settleWith(db, community, 100_000));
      }
      const [small, large] = [median(times.small), median(times.large)];
      return {
        name: 'quest_settle_100k_vs_10k',
        value: large / small,
        unit: 'x',
        goal: { atMost: 12 },
        measured: `settling a quest that 100,000 completed and a tenth of them won (${large.toFixed(0)} ms), against one of 10,000 (${small.toFixed(0)} ms)`,
      };
    } finally {
      await db.destroy();
    }
  });
}

/** Milliseconds of settling a quest that so many members completed, of whom a tenth win tokens and a badge. */
async function settleWith(db: Kysely<Database>, community: Community, participants: number): Promise<number> {
  const context = recording(db);
  const quest = await makeQuest(context, community, { maxWinners: participants / 10 });
  await sql`
    insert into quest_completions (community_id, round_id, member_id, completed_at, recorded_at)
    select r.community_id, r.round_id, m.member_id, r.starts_at + (m.member_id * 7919 % 100000) * interval '1 second', r.starts_at
    from quest_rounds r join members m on m.community_id = r.community_id and m.member_id <= ${participants}
    where r.community_id = ${community.id} and r.quest_id = ${quest}`.execute(db);
  await sql`vacuum analyze quest_completions`.execute(db);
  return timed(() => settleDueRounds(context, new Date(NOW.getTime() + 2 * DAY_MS)));
}

async function makeMembers(db: Kysely<Database>, communityId: number, count: number): Promise<void> {
  await sql`
    insert into members (community_id, member_id, handle, display_name, display_name_at, created_at)
    select ${communityId}::int, n, 'member-' || n, 'member-' || n, 'epoch', 'epoch' from generate_series(1, ${count}::int) n`.execute(
    db,
  );
  await sql`update communities set last_member_id = ${count} where community_id = ${communityId}`.execute(db);
}

async function makeQuest(
  context: RankingContext,
  { slug }: Pick<Community, 'slug' | 'id'>,
  fields: Record<string, unknown>,
): Promise<number> {
  const wanted = newQuestSchema.parse({
    name: 'Quest',
    startsAt: new Date(START).toISOString(),
    endsAt: new Date(NOW.getTime() + DAY_MS).toISOString(),
    goal: { category: 'gpu-contributors', amount: '10' },
    rewards: [
      { kind: 'tokens', amount: '5' },
      { kind: 'badge', name: 'Done' },
    ],
    ...fields,
  });
  const community = await context.directory.bySlug(slug);
  return createQuest({ ...context, checkRole: acceptAnyRole }, community, wanted, TESTER, NOW);
}

/** Whole numbers, where a goal takes no more than 3 places. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value) : value;
}
