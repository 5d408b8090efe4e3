import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { changeCounting, type VoidTarget } from '../../src/contributions/void.ts';
import { requireMember } from '../../src/members/members.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { readLeaderboard } from '../../src/ranking/read-leaderboard.ts';
import { verify } from '../../src/ranking/verify.ts';
import { contribution, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { history, makeHistoryCommunity, MEASURES, SMALL_SEGMENTS } from '../support/histories.ts';
import { PlainRanking } from '../support/plain-ranking.ts';

const database = useDatabase();
const TIME_LIMIT = { interruptAfterTimeLimit: 60_000 };

type Community = Awaited<ReturnType<typeof makeHistoryCommunity>>;

/** What is done after a batch: to one contribution, or to those of its member up to, or from, its time. */
const step = fc.record({
  kind: fc.constantFrom('void', 'void', 'unvoid'),
  target: fc.constantFrom('one', 'one', 'until', 'since'),
  of: fc.nat(10_000),
});
const limits = fc.constantFrom(...SMALL_SEGMENTS);

/** Which contributions do not count, by the book. */
class PlainVoids {
  readonly sent: Contribution[] = [];
  readonly voided = new Set<string>();

  apply(kind: 'void' | 'unvoid', meant: readonly Contribution[]): number {
    const changed = meant.filter(({ id }) => this.voided.has(id) === (kind === 'unvoid'));
    for (const { id } of changed) {
      if (kind === 'void') this.voided.add(id);
      else this.voided.delete(id);
    }
    return changed.length;
  }

  ranking(): PlainRanking {
    const plain = new PlainRanking('UTC', MEASURES);
    // Whoever was ever recorded is a member from then on; what measures nothing makes no standing.
    for (const one of this.sent) plain.add(this.voided.has(one.id) ? { ...one, category: 'attendance' } : one);
    return plain;
  }
}

async function change(context: RankingContext, { id }: Community, kind: 'void' | 'unvoid', target: VoidTarget) {
  return changeCounting(context, id, { kind, target, reason: 'drawn' }, TESTER, NOW);
}

async function differences(context: RankingContext, slug: string): Promise<string[]> {
  const found: string[] = [];
  for await (const difference of verify(context.db, await context.directory.bySlug(slug))) found.push(difference);
  return found;
}

/** Every board's first hundred places, by name. */
async function boardsOf(context: RankingContext, slug: string, plain: PlainRanking) {
  const community = await context.directory.bySlug(slug);
  const boards = [...plain.boards].toSorted(([a], [b]) => a.localeCompare(b)).slice(0, 20);
  return Promise.all(
    boards.map(async ([name, { kind: window, key: period, category }]) => {
      const asked = { category, window, period, limit: 100, offset: 0 };
      const { total, entries } = await readLeaderboard(context.db, community, asked, NOW);
      const shown = entries.map(({ rank, handle, score, reachedAt }) => ({ rank, handle, score, reachedAt }));
      return [name, total, shown] as const;
    }),
  );
}

it('VO-11 standings are those of what counts, whatever was voided and un-voided between whatever came', async () => {
  const { db } = database;
  const script = fc.tuple(history, fc.array(fc.array(step, { maxLength: 3 }), { minLength: 1, maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(script, limits, async ([batches, steps], segments) => {
      const community = await makeHistoryCommunity(db, 'UTC');
      const processes = [recording(db, segments), recording(db, segments)] as const;
      const plain = new PlainVoids();
      for (const [index, batch] of batches.slice(0, 8).entries()) {
        const again = plain.sent.filter((_, position) => position % 13 === index);
        const outcomes = await record(processes[0], community, [...again, ...batch]);
        expect(outcomes.filter(({ status }) => status === 'duplicate')).toHaveLength(again.length);
        plain.sent.push(...batch);
        for (const { kind, target, of } of steps[index % steps.length] ?? []) {
          const drawn = plain.sent[of % plain.sent.length];
          if (!drawn) continue;
          const { contributor, id, occurredAt } = drawn;
          const after = new Date(occurredAt.getTime() + 1);
          const [from, to] = target === 'until' ? [new Date(0), after] : [occurredAt, new Date(NOW.getTime() + 1)];
          const asked = target === 'one' ? { source: 'test', id } : { member: contributor, from, to };
          const meant =
            target === 'one'
              ? [drawn]
              : plain.sent.filter(
                  (one) => one.contributor === contributor && one.occurredAt >= from && one.occurredAt < to,
                );
          const changed = plain.apply(kind, meant);
          expect(await change(processes[1], community, kind, asked)).toMatchObject({ changed });
        }
      }
      const ranking = plain.ranking();
      const expected = [...ranking.boards]
        .toSorted(([a], [b]) => a.localeCompare(b))
        .slice(0, 20)
        .map(([name, board]) => {
          const ranked = ranking.ranked(board);
          return [name, ranked.length, ranked.slice(0, 100)];
        });
      expect(await boardsOf(processes[0], community.slug, ranking)).toEqual(expected);
      expect(await differences(processes[0], community.slug)).toEqual([]);
    }),
    { numRuns: 30, ...TIME_LIMIT },
  );
}, 120_000);

it('VO-12 whether something is voided before or after other things arrive never matters', async () => {
  const { db } = database;
  await fc.assert(
    fc.asyncProperty(history, fc.integer({ min: 2, max: 5 }), limits, async (batches, every, segments) => {
      const given = batches.slice(0, 6);
      const doomed = (position: number) => position % every === 0;
      const all = given.flat();
      const outcome = async (atOnce: boolean) => {
        const community = await makeHistoryCommunity(db, 'UTC');
        const context = recording(db, segments);
        const everybody = [...new Set(all.map(({ contributor }) => contributor))];
        const hello = everybody.map((contributor) =>
          contribution({ id: `hello-${contributor}`, contributor, category: 'attendance' }),
        );
        await record(context, community, hello);
        const voidOne = ({ id }: Contribution) => change(context, community, 'void', { source: 'test', id });
        for (const batch of atOnce ? given : given.toReversed()) {
          await record(context, community, batch);
          if (atOnce) for (const one of batch.filter((_, position) => doomed(position))) await voidOne(one);
        }
        if (!atOnce) {
          for (const batch of given) {
            for (const one of batch.filter((_, position) => doomed(position))) await voidOne(one);
          }
        }
        const plain = new PlainRanking('UTC', MEASURES);
        for (const one of all) plain.add(one);
        const totals = await Promise.all(
          everybody.map(async (handle) => {
            const { earnedOmnit, earnedReputation } = await requireMember(db, community.id, handle);
            return [handle, earnedOmnit, earnedReputation] as const;
          }),
        );
        return { boards: await boardsOf(context, community.slug, plain), totals };
      };
      expect(await outcome(true)).toEqual(await outcome(false));
    }),
    { numRuns: 6, ...TIME_LIMIT },
  );
}, 120_000);
