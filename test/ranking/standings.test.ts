import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { expect, it } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import type { Database } from '../../src/db/database.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { readLeaderboard, type LeaderboardRequest } from '../../src/ranking/read-leaderboard.ts';
import { verify } from '../../src/ranking/verify.ts';
import { contribution, NOW, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { history, makeHistoryCommunity, MEASURES, SMALL_SEGMENTS } from '../support/histories.ts';
import { PlainRanking, type PlainBoard, type PlainStanding } from '../support/plain-ranking.ts';

const database = useDatabase();

/** Ends the search for a smaller failing history in time to report the one found, with its seed. */
const TIME_LIMIT = { interruptAfterTimeLimit: 60_000 };

const limits = fc.constantFrom(...SMALL_SEGMENTS);
const zone = fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Kiritimati');

type Place = { from: 'offset'; offset: number } | { from: 'member'; memberId: number };

/** Reads a stretch of a board in the terms of the plain ranking. */
async function read(context: RankingContext, slug: string, board: PlainBoard, limit: number, place: Place) {
  const { kind: window, key: period, category } = board;
  const asked: LeaderboardRequest = {
    category,
    window,
    period,
    limit,
    ...(place.from === 'offset' ? { offset: place.offset } : { around: place.memberId }),
  };
  const { total, entries, standing } = await readLeaderboard(
    context.db,
    await context.directory.bySlug(slug),
    asked,
    NOW,
  );
  const shown = entries.map(({ rank, handle, score, reachedAt }): PlainStanding => ({
    rank,
    handle,
    score,
    reachedAt,
  }));
  return { total, shown, rank: standing?.rank };
}

async function memberIds(db: Kysely<Database>, communityId: number): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('members')
    .select(['handle', 'member_id'])
    .where('community_id', '=', communityId)
    .execute();
  return new Map(rows.map((row) => [row.handle, row.member_id]));
}

async function differences(context: RankingContext, slug: string): Promise<string[]> {
  const found: string[] = [];
  for await (const difference of verify(context.db, await context.directory.bySlug(slug))) found.push(difference);
  return found;
}

/** Holds a board against the plain one: whole, page by page, around members, and their ranks. */
async function expectBoard(context: RankingContext, slug: string, board: PlainBoard, ranked: PlainStanding[]) {
  const community = await context.directory.bySlug(slug);
  const ids = await memberIds(context.db, community.id);
  const total = ranked.length;
  for (const limit of [7, 100]) {
    for (const offset of [0, 1, Math.floor(total / 2), total - 1, total, total + 50]) {
      const page = await read(context, slug, board, limit, { from: 'offset', offset });
      expect(page).toEqual({ total, shown: ranked.slice(offset, offset + limit), rank: undefined });
    }
  }
  const step = Math.ceil(total / 5);
  for (const { handle, rank } of ranked.filter((_, index) => index % step === 0 || index === total - 1)) {
    for (const limit of [4, 25]) {
      const first = Math.max(1, Math.min(rank - Math.floor((limit - 1) / 2), total - limit + 1));
      const page = await read(context, slug, board, limit, { from: 'member', memberId: ids.get(handle) ?? 0 });
      expect(page).toEqual({ total, shown: ranked.slice(first - 1, first - 1 + limit), rank });
    }
  }
}

it('RK-1 standings are exact after every batch, whatever came, in whatever batches, by whichever process', async () => {
  const { db } = database;
  await fc.assert(
    fc.asyncProperty(history, zone, limits, fc.nat(), async (batches, timeZone, segments, choice) => {
      const community = await makeHistoryCommunity(db, timeZone);
      const processes = [recording(db, segments), recording(db, segments)] as const;
      const plain = new PlainRanking(timeZone, MEASURES);
      const sent: Contribution[] = [];
      for (const [index, batch] of batches.entries()) {
        const process = processes[(choice >> index) % 2] ?? processes[0];
        // Some of what was sent before comes again, among the new.
        const again = sent.filter((_, position) => (position + choice) % 11 === 0).slice(0, 20);
        const outcomes = await record(process, community, [...again, ...batch]);
        expect(outcomes.map(({ status }) => status)).toEqual([
          ...again.map(() => 'duplicate'),
          ...batch.map(() => 'accepted'),
        ]);
        sent.push(...batch);
        for (const contribution of batch) plain.add(contribution);

        const boards = [...plain.boards.values()];
        const board = boards[(choice + index) % boards.length];
        if (!board) continue;
        const ranked = plain.ranked(board);
        const top = await read(processes[0], community.slug, board, 100, { from: 'offset', offset: 0 });
        expect(top).toEqual({ total: ranked.length, shown: ranked.slice(0, 100), rank: undefined });
      }
      const [largest] = [...plain.boards.values()].toSorted((a, b) => b.members.size - a.members.size);
      if (largest) await expectBoard(processes[1], community.slug, largest, plain.ranked(largest));
      expect(await differences(processes[0], community.slug)).toEqual([]);
    }),
    { numRuns: 60, ...TIME_LIMIT },
  );
}, 120_000);

it('RK-2 the order of arrival never matters: the same set gives the same boards', async () => {
  const { db } = database;
  const shuffled = fc.tuple(history, fc.infiniteStream(fc.nat())).map(([batches, keys]) => {
    const given = batches.flat();
    const order = given.map((contribution) => [keys.next().value ?? 0, contribution] as const);
    return { given, other: order.toSorted(([a], [b]) => a - b).map(([, contribution]) => contribution) };
  });
  await fc.assert(
    fc.asyncProperty(shuffled, fc.integer({ min: 1, max: 200 }), limits, async ({ given, other }, size, segments) => {
      const boardsOf = async (contributions: readonly Contribution[], batchSize: number) => {
        const community = await makeHistoryCommunity(db, 'UTC');
        const context = recording(db, segments);
        // The last tie-break is who became a member first, so that all are members before, without a standing.
        const everybody = [...new Set(given.map(({ contributor }) => contributor))];
        await record(
          context,
          community,
          everybody.map((contributor) =>
            contribution({ id: `hello-${contributor}`, contributor, category: 'attendance' }),
          ),
        );
        for (let at = 0; at < contributions.length; at += batchSize) {
          await record(context, community, contributions.slice(at, at + batchSize));
        }
        const plain = new PlainRanking('UTC', MEASURES);
        for (const one of contributions) plain.add(one);
        const boards = [...plain.boards].toSorted(([a], [b]) => a.localeCompare(b)).slice(0, 12);
        const read100 = (board: PlainBoard) => read(context, community.slug, board, 100, { from: 'offset', offset: 0 });
        return Promise.all(boards.map(async ([name, board]) => [name, await read100(board)] as const));
      };
      expect(await boardsOf(other, size)).toEqual(await boardsOf(given, 150));
    }),
    { numRuns: 20, ...TIME_LIMIT },
  );
}, 120_000);
