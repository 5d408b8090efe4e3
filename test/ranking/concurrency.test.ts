import type { Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { Intake } from '../../src/contributions/intake.ts';
import { connect } from '../../src/db/connect.ts';
import type { Database } from '../../src/db/database.ts';
import { readLeaderboard, type Leaderboard } from '../../src/ranking/read-leaderboard.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { verify } from '../../src/ranking/verify.ts';
import { contribution, makeCommunity, NOW, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { PlainRanking } from '../support/plain-ranking.ts';

const WRITERS = 6;
const READERS = 3;
const EVENTS = 1500;
const MEMBERS = 300;
const BATCH = 50;
const SEGMENTS = { membersInSegment: 16, segmentsInBlock: 4 };

const database = useDatabase();

/** Connections and memory of its own, as another process has. */
function process(): RankingContext {
  const db = connect(database.url, { maxConnections: 4 });
  onTestFinished(() => db.destroy());
  return recording(db, SEGMENTS);
}

/** Events whose order of members is settled by their scores: every member ends at another one. */
const events: Contribution[] = Array.from({ length: EVENTS }, (_, index) =>
  contribution({
    id: `e${index}`,
    contributor: `m${(index * 7919) % MEMBERS}`,
    amount: `${1 + ((index * 7919) % MEMBERS)}`,
    occurredAt: new Date(NOW.getTime() - (index % 500) * 60_000).toISOString(),
  }),
);

/** A stretch of the list that begins elsewhere for each writer, so that all send the same and no two alike. */
function* batchesFrom(start: number): Generator<Contribution[]> {
  for (let at = 0; at < EVENTS; at += BATCH) {
    yield Array.from({ length: BATCH }, (_, index) => events[(start + at + index) % EVENTS]).filter((event) => !!event);
  }
}

async function read(db: Kysely<Database>, context: RankingContext, slug: string, offset: number, limit = 100) {
  const asked = { category: 'gpu-contributors', window: 'all', period: 'current', limit, offset } as const;
  return readLeaderboard(db, await context.directory.bySlug(slug), asked, NOW);
}

/** What must hold of every page at every moment. */
function expectConsistent({ entries, total }: Leaderboard, offset: number, limit: number): void {
  expect(entries).toHaveLength(Math.max(0, Math.min(limit, total - offset)));
  expect(entries.map(({ rank }) => rank)).toEqual(entries.map((_, index) => offset + 1 + index));
  expect(new Set(entries.map(({ memberId }) => memberId)).size).toBe(entries.length);
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1];
    if (!before) continue;
    expect(before.score > entry.score || (before.score === entry.score && before.reachedAt <= entry.reachedAt)).toBe(
      true,
    );
  }
}

it('RK-7 many writers of the same contributions at once: each counts once, and every page on the way is of one moment', async () => {
  const community = await makeCommunity(database.db);
  const tallies = { accepted: 0, duplicate: 0, rejected: 0 };
  const progress = { writing: WRITERS, pages: 0 };

  const write = async (writer: number) => {
    const own = process();
    for (const batch of batchesFrom(Math.floor((writer * EVENTS) / WRITERS))) {
      for (const { status } of await record(own, community, batch)) tallies[status] += 1;
    }
    progress.writing -= 1;
  };
  const watch = async (reader: number) => {
    const own = process();
    for (let step = reader; progress.writing > 0; step += 1) {
      const [offset, limit] = [(step * 37) % MEMBERS, 1 + ((step * 13) % 100)];
      expectConsistent(await read(own.db, own, community.slug, offset, limit), offset, limit);
      progress.pages += 1;
    }
  };
  await Promise.all([
    ...Array.from({ length: WRITERS }, (_, writer) => write(writer)),
    ...Array.from({ length: READERS }, (_, reader) => watch(reader)),
  ]);

  expect(tallies).toEqual({ accepted: EVENTS, duplicate: EVENTS * (WRITERS - 1), rejected: 0 });
  expect(progress.pages).toBeGreaterThan(READERS);
  const plain = new PlainRanking('UTC', { 'gpu-contributors': { rate: 6250n } });
  for (const event of events) plain.add(event);
  const board = plain.boards.get('all all gpu-contributors');
  const expected = board ? plain.ranked(board) : [];
  const fresh = process();
  for (let offset = 0; offset < MEMBERS; offset += 100) {
    const { entries } = await read(fresh.db, fresh, community.slug, offset);
    expect(entries).toMatchObject(expected.slice(offset, offset + 100));
  }
  for await (const difference of verify(fresh.db, await fresh.directory.bySlug(community.slug)))
    expect.fail(difference);
}, 60_000);

it('RK-7 several communities are written to at once and do not disturb each other', async () => {
  const communities = await Promise.all(Array.from({ length: 4 }, () => makeCommunity(database.db)));
  const shared = process();
  const intake = new Intake(shared);
  const some = events.slice(0, 400);
  await Promise.all(
    communities.flatMap(({ id, sourceId }) =>
      some.map((contribution) => intake.record(id, [{ sourceId, contribution }], NOW)),
    ),
  );
  const boards = await Promise.all(communities.map(({ slug }) => read(shared.db, shared, slug, 0)));
  const shown = boards.map(({ entries }) => entries.map(({ rank, handle, score }) => ({ rank, handle, score })));
  expect(
    new Set(
      shown.map((entries) =>
        JSON.stringify(entries, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
      ),
    ).size,
  ).toBe(1);
  for (const { slug } of communities) {
    for await (const difference of verify(shared.db, await shared.directory.bySlug(slug))) expect.fail(difference);
  }
});
