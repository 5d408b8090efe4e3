import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { contribution, makeCommunity, NOW, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();

const HISTORIES = 2_000;
const BATCH = 1_000;
const MINUTE_MS = 60_000;

type Event = { member: number; amount: number; minute: number };

/** Histories that differ in what is hard about them: ties, all tied at one moment, scores close together or far apart. */
const history = fc
  .record({
    members: fc.integer({ min: 1, max: 30 }),
    amounts: fc.constantFrom(1, 2, 3, 1_000),
    minutes: fc.constantFrom(0, 2, 500),
  })
  .chain(({ members, amounts, minutes }) =>
    fc.array(
      fc.record({
        member: fc.integer({ min: 1, max: members }),
        amount: fc.integer({ min: 1, max: amounts }),
        minute: fc.integer({ min: 0, max: minutes }),
      }),
      { minLength: 1, maxLength: 60 },
    ),
  );

/** By the book: higher score first, then who reached it first, then who became a member first. */
function rankPlainly(
  events: readonly Event[],
  created: ReadonlyMap<number, number>,
): [rank: number, handle: string, score: bigint][] {
  const standings = Map.groupBy(events, ({ member }) => member);
  return [...standings]
    .map(([member, own]) => ({
      member,
      score: own.reduce((sum, { amount }) => sum + BigInt(amount) * 1_000n, 0n),
      reached: Math.max(...own.map(({ minute }) => minute)),
    }))
    .toSorted(
      (a, b) =>
        Number(b.score - a.score) ||
        a.reached - b.reached ||
        (created.get(a.member) ?? 0) - (created.get(b.member) ?? 0),
    )
    .map(({ member, score }, index) => [index + 1, `member-${member}`, score]);
}

it(`RK-1 ${HISTORIES} small histories, mixed into each other, each rank as a plain sort does`, async () => {
  const { db } = database;
  const seed = Math.floor(Math.random() * 2 ** 31);
  const histories = fc.sample(history, { numRuns: HISTORIES, seed });
  const community = await makeCommunity(db, { preset: undefined });
  // Each history has a category of its own. Segments of 4 are cut, joined and left empty all the time.
  await sql`
    insert into categories (community_id, slug, title, unit, measure, reputation)
    select ${community.id}::int, 'history-' || n, 'History', 'unit', 'amount', 0 from generate_series(0, ${HISTORIES - 1}::int) n`.execute(
    db,
  );
  const processes = [
    recording(db, { membersInSegment: 4, segmentsInBlock: 3 }),
    recording(db, { membersInSegment: 4, segmentsInBlock: 3 }),
  ];

  const created = new Map<number, number>();
  const start = Date.UTC(2026, 7, 20);
  const contributions = histories
    .flatMap((events, n) => events.map((event, index) => ({ n, index, ...event })))
    // The first events of all histories, then the second ones: a history comes in as many batches as it has events.
    .toSorted((a, b) => a.index - b.index || a.n - b.n)
    .map(({ n, index, member, amount, minute }): Contribution => {
      if (!created.has(member)) created.set(member, created.size);
      const occurredAt = new Date(start + minute * MINUTE_MS).toISOString();
      return contribution({
        id: `${n}-${index}`,
        contributor: `member-${member}`,
        category: `history-${n}`,
        amount,
        occurredAt,
      });
    });
  for (let at = 0; at < contributions.length; at += BATCH) {
    const process = processes[(at / BATCH) % 2];
    if (process) await record(process, community, contributions.slice(at, at + BATCH));
  }

  const known = await recording(db).directory.bySlug(community.slug);
  for (const [n, events] of histories.entries()) {
    const asked = { category: `history-${n}`, window: 'all', period: 'all', limit: 100, offset: 0 } as const;
    const { entries } = await readLeaderboard(db, known, asked, NOW);
    const ranked = entries.map(({ rank, handle, score }) => [rank, handle, score]);
    expect(ranked, `seed ${seed}, history ${n}`).toEqual(rankPlainly(events, created));
  }
}, 120_000);
