import fc from 'fast-check';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { changeCounting } from '../../src/contributions/void.ts';
import { exclude, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { previewPrizes } from '../../src/rewards/preview.ts';
import { removePrize, type Band } from '../../src/rewards/prizes.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { takeSteps } from '../../src/seasons/close-windows.ts';
import { readPending } from '../../src/seasons/final-versions.ts';
import { finishVersions } from '../../src/seasons/finish-versions.ts';
import { setUpClosing, type Prizes } from '../support/closing.ts';
import { recording, TESTER } from '../support/communities.ts';
import { beforeTransactions, cutOffAfterTransactions } from '../support/cut-off.ts';
import { useDatabase } from '../support/database.ts';

const database = useDatabase();
const SENT = '2026-08-20T12:00:00Z';
const CLOSED = '2026-08-24T01:00:00Z';
const LATER = new Date('2026-08-26T00:00:00Z');
const EVERYBODY: Prizes[number] = { band: { topPercent: 100 }, rewards: [{ kind: 'tokens', amount: 5_000n }] };

async function setUp(prizes: Prizes = [EVERYBODY]) {
  const living = await setUpClosing(database.db, { prizes });
  const granted = async () => (await living.granted()).toSorted();
  return { ...living, granted };
}
type Living = Awaited<ReturnType<typeof setUp>>;

/** Another process, which gives a few rewards at a time. */
function inPages(db: RankingContext['db'], awardsAtOnce: number): RankingContext {
  return { ...recording(db), awardsAtOnce };
}

/** Takes the steps of a community alone, and makes its tables final. */
async function closeIn({ community, context }: Living, finishing: RankingContext, at: string): Promise<void> {
  while (await takeSteps({ ...finishing, db: context.db }, community.id, new Date(at)));
  await finishVersions(finishing, new Date(at), { communityId: community.id });
}

/** `m1` contributes most, and so on. */
function sendOf({ send }: Living, members: number, at = SENT, week = ''): Promise<unknown> {
  return send(
    at,
    ...Array.from({ length: members }, (_, n) => ({
      id: `${week}${n + 1}`,
      contributor: `m${n + 1}`,
      amount: `${members - n}`,
      occurredAt: new Date(Date.parse(at) - 7_200_000).toISOString(),
    })),
  );
}

/** How many grants each transaction wrote, as far as they stand as they were written. */
async function grantsByTransaction({ community }: Living): Promise<number[]> {
  const { rows } = await sql<{ written: number }>`
    select count(*)::int as written from grants where community_id = ${community.id} group by xmin order by min(grant_id)`.execute(
    database.db,
  );
  return rows.map(({ written }) => written);
}

const winners = (numbers: readonly number[]) => numbers.map((n) => `m${n}: tokens 5000`).toSorted();
const upTo = (last: number) => Array.from({ length: last }, (_, n) => n + 1);

async function week({ known }: Living) {
  return (await known()).calendar.windowByKey('week', '2026-W34');
}

async function amend(living: Living, context: RankingContext, dryRun = false) {
  const request = { window: await week(living), category: undefined, reason: 'A mistake', dryRun };
  const [amendment] = await amendFinalTables(context, await living.known(), request, TESTER, LATER);
  return amendment && { given: amendment.given, takenBack: amendment.takenBack };
}

async function voidOf({ context, community }: Living, numbers: readonly number[], kind: 'void' | 'unvoid' = 'void') {
  for (const n of numbers) {
    const target = { source: 'test', id: `${n}` };
    await changeCounting(context, community.id, { kind, target, reason: 'fraud' }, TESTER, LATER);
  }
}

/** What was told of amendments. */
async function amendmentsTold({ told }: Living) {
  return (await told()).flatMap(({ kind, content }) => (kind === 'window-amended' ? [content] : []));
}

describe('prizes with many winners', () => {
  it('CS-41 are given in pages, each a transaction of its own, and told with the last', async () => {
    const living = await setUp();
    await sendOf(living, 10);
    await closeIn(living, inPages(database.db, 3), CLOSED);
    expect(await grantsByTransaction(living)).toEqual([3, 3, 3, 1]);
    expect(await living.granted()).toEqual(winners(upTo(10)));
    expect((await living.told()).map(({ kind }) => kind)).toEqual(['window-final']);
    expect((await living.told())[0]?.content).toMatchObject({
      tables: [{ members: 10, alsoWin: 7, top: [{ rank: 1 }, { rank: 2 }, { rank: 3 }] }],
    });
    expect(await living.differences()).toEqual([]);
  });

  it('CS-41 a few winners are recorded with hash and announcement in one transaction', async () => {
    const living = await setUp();
    await sendOf(living, 10);
    const broken = { ...living.context, db: cutOffAfterTransactions(database.db, 3) };
    // One a category.
    await closeIn(living, broken, CLOSED);
    expect(await grantsByTransaction(living)).toEqual([10]);
    expect((await living.told()).map(({ kind }) => kind)).toEqual(['window-final']);
  });

  it('CS-42 after a crash between two pages the rest is given, once, with somebody hidden and a prize removed meanwhile', async () => {
    const living = await setUp();
    const { community, context, granted, told, differences, known, close } = living;
    await sendOf(living, 10);
    // Two pages.
    const broken = inPages(cutOffAfterTransactions(database.db, 2), 3);
    await expect(closeIn(living, broken, CLOSED)).rejects.toThrow('Some final tables could not be made');
    expect(await granted()).toEqual(winners(upTo(6)));
    expect(await told()).toEqual([]);
    expect(await differences()).toEqual([]);
    const { budget } = await previewPrizes(database.db, await known(), {}, new Date(CLOSED), acceptAnyRole);
    expect(budget.prizes).toMatchObject({ granted: 0n, standing: 50_000n });

    await changePrivacy(context, community.id, { handle: 'm9' }, { hidden: true }, TESTER, new Date(CLOSED));
    await removePrize(context, await known(), await prizeId(living), TESTER, new Date(CLOSED));
    await close(CLOSED);
    expect((await granted()).length).toBe(10);
    expect((await told()).map(({ kind }) => kind)).toEqual(['window-final']);
    const after = await previewPrizes(database.db, await known(), {}, new Date(CLOSED), acceptAnyRole);
    expect(after.budget.prizes).toMatchObject({ granted: 50_000n, standing: 0n });
    expect(await differences()).toEqual([]);
  });

  it('CS-42 a merge between two pages leaves each prize given once, whichever of the two was given already', async () => {
    const living = await setUp([{ ...EVERYBODY, band: { ranks: { from: 1, to: 8 } } }]);
    const { community, context, granted, differences } = living;
    await sendOf(living, 10);
    const merge = (from: string, into: string) =>
      mergeMembers(context, community.id, { from, into }, TESTER, new Date(CLOSED));
    // A page of m1 and m2, and then another one.
    const db = beforeTransactions(database.db, async (number) => {
      if (number !== 2) return;
      await merge('m1', 'm7');
      await merge('m8', 'm2');
      await merge('m5', 'm6');
      await merge('m4', 'm10');
      await merge('m10', 'm9');
    });
    await closeIn(living, inPages(db, 2), CLOSED);
    expect(await granted()).toEqual(winners([2, 3, 6, 7, 9]));
    expect(await differences()).toEqual([]);
    expect(await amend(living, inPages(database.db, 2))).toEqual({ given: 0, takenBack: 0 });
    expect(await granted()).toEqual(winners([2, 3, 6, 7, 9]));
    expect(await differences()).toEqual([]);
  });

  it('CS-42 several workers at once give each prize once, and tell it once', async () => {
    const living = await setUp();
    await sendOf(living, 20);
    await Promise.all([3, 4, 5, 6].map((atOnce) => closeIn(living, inPages(database.db, atOnce), CLOSED)));
    expect(await living.granted()).toEqual(winners(upTo(20)));
    expect((await living.told()).map(({ kind }) => kind)).toEqual(['window-final']);
    expect(await living.differences()).toEqual([]);
  });

  it('CS-42 a worker that was left behind gives nothing of a version that was amended since', async () => {
    const living = await setUp([{ ...EVERYBODY, band: { ranks: { from: 1, to: 6 } } }]);
    await sendOf(living, 10);
    const db = beforeTransactions(database.db, async (number) => {
      if (number !== 2) return;
      // Another one makes it final, and it is amended, before this one goes on.
      await living.close(CLOSED);
      await voidOf(living, [3, 4, 5]);
      await amend(living, living.context);
    });
    await closeIn(living, inPages(db, 2), CLOSED);
    expect(await living.granted()).toEqual(winners([1, 2, 6, 7, 8, 9]));
    expect(await living.differences()).toEqual([]);
  });

  it('CS-43 amending gives and takes back in pages, also after a crash, and tells how much', async () => {
    const living = await setUp([{ ...EVERYBODY, band: { ranks: { from: 1, to: 10 } } }]);
    const { granted, differences, close, context, community } = living;
    await sendOf(living, 20);
    await close(CLOSED);
    await voidOf(living, [2, 3, 5, 7, 9]);
    expect(await amend(living, context, true)).toEqual({ given: 5, takenBack: 5 });
    // One for each category, and four pages, of which two give something.
    const broken = inPages(cutOffAfterTransactions(database.db, 7), 2);
    await expect(amend(living, broken)).rejects.toThrow('Some final tables could not be made');
    const meanwhile = await granted();
    expect(meanwhile).toHaveLength(13);
    expect(await differences()).toEqual([]);
    await finishVersions(inPages(database.db, 2), LATER, { communityId: community.id });
    expect(await granted()).toEqual(winners([1, 4, 6, 8, 10, 11, 12, 13, 14, 15]));
    expect(await differences()).toEqual([]);

    await voidOf(living, [2, 3, 5, 7, 9], 'unvoid');
    const wanted = { target: { member: 'm6' }, scope: 'prizes', reason: 'own', endsAt: undefined } as const;
    const { id } = await exclude(context, community.id, wanted, TESTER, LATER);
    expect(await amend(living, inPages(database.db, 2))).toEqual({ given: 5, takenBack: 5 });
    expect(await granted()).toEqual(winners([1, 2, 3, 4, 5, 7, 8, 9, 10, 11]));
    await liftExclusion(context, community.id, id, TESTER, LATER);
    expect(await amend(living, inPages(database.db, 2))).toEqual({ given: 1, takenBack: 1 });
    expect(await granted()).toEqual(winners(upTo(10)));
    expect(await differences()).toEqual([]);
    expect(await amendmentsTold(living)).toMatchObject([
      { given: 5, takenBack: 5 },
      { given: 5, takenBack: 5 },
      { given: 1, takenBack: 1 },
    ]);
  });

  it('CS-43 who comes to be kept from prizes below all winners changes nothing', async () => {
    const living = await setUp([{ ...EVERYBODY, band: { ranks: { from: 1, to: 3 } } }]);
    await sendOf(living, 5);
    await living.close(CLOSED);
    const wanted = { target: { member: 'm5' }, scope: 'prizes', reason: 'own', endsAt: undefined } as const;
    await exclude(living.context, living.community.id, wanted, TESTER, LATER);
    await expect(amend(living, living.context)).rejects.toThrow('Nothing has changed since 2026-W34 became final');
  });
});

async function prizeId({ community }: Living): Promise<number> {
  const { prize_id: id } = await database.db
    .selectFrom('prizes')
    .select('prize_id')
    .where('community_id', '=', community.id)
    .executeTakeFirstOrThrow();
  return id;
}

describe('roles with many holders', () => {
  const ROLE: Prizes[number] = { band: { topPercent: 100 }, rewards: [{ kind: 'role', roleId: '77' }] };
  const holders = (numbers: readonly number[]) => numbers.map((n) => `m${n}: 77 1`).toSorted();

  it('CS-44 end in pages with the next close, and are given to none of windows that have closed by then', async () => {
    const living = await setUp([ROLE, EVERYBODY]);
    const { granted, differences, close, told, community } = living;
    await sendOf(living, 7);
    await close(CLOSED);
    expect(await granted()).toEqual([...holders(upTo(7)), ...winners(upTo(7))].toSorted());
    await sendOf(living, 4, '2026-08-27T12:00:00Z', 'next ');
    // Two pages: four roles are over.
    const next = '2026-08-31T01:00:00Z';
    const broken = inPages(cutOffAfterTransactions(database.db, 2), 2);
    await expect(closeIn(living, broken, next)).rejects.toThrow('could not be made');
    expect((await granted()).filter((line) => line.includes('77'))).toHaveLength(3);
    expect(await differences()).toEqual([]);
    // What is amended now gives no role of that week again.
    await voidOf(living, [1]);
    expect(await amend(living, inPages(database.db, 2))).toEqual({ given: 0, takenBack: 1 });
    await closeIn(living, inPages(database.db, 2), next);
    expect((await granted()).filter((line) => line.includes('77'))).toEqual(holders(upTo(4)));
    expect(await differences()).toEqual([]);

    // A week in which nobody contributes ends more than a page of them, and the one after that is frozen before.
    await sendOf(living, 3, '2026-09-08T12:00:00Z', 'last ');
    const last = '2026-09-14T01:00:00Z';
    await takeSteps(inPages(database.db, 2), community.id, new Date(last));
    expect((await readPending(database.db, community.id)).map(({ window }) => window.key)).toEqual([
      '2026-08',
      '2026-W36',
      '2026-W37',
    ]);
    expect(await differences()).toEqual([]);
    await closeIn(living, inPages(database.db, 2), last);
    expect((await granted()).filter((line) => line.includes('77'))).toEqual(holders(upTo(3)));
    expect(await differences()).toEqual([]);
    const finals = (await told()).flatMap(({ kind, content }) => (kind === 'window-final' ? [content] : []));
    expect(finals).toMatchObject(['2026-W34', '2026-W35', '2026-08', '2026-W37'].map((period) => ({ period })));
  });

  it('CS-44 of windows that close together only the last gives them', async () => {
    const living = await setUp([ROLE]);
    await sendOf(living, 3);
    await sendOf(living, 2, '2026-08-27T12:00:00Z', 'next ');
    await closeIn(living, inPages(database.db, 2), '2026-08-31T01:00:00Z');
    expect(await living.granted()).toEqual(holders([1, 2]));
    const { rows } = await sql<{ entries: number }>`
      select count(*)::int as entries from grants where community_id = ${living.community.id}`.execute(database.db);
    expect(rows).toEqual([{ entries: 2 }]);
    expect(await living.differences()).toEqual([]);
  });
});

/** A member of the model: what was contributed, by id, and what becomes of the member. */
type Contributor = { amount: number; excluded: boolean; isVoided: boolean; mergedInto: number | undefined };

/** Who is meant by a member, after merges. */
function heirOf(members: readonly Contributor[], n: number): number {
  const into = members[n]?.mergedInto;
  return into === undefined ? n : heirOf(members, into);
}

/** Who wins which prize, by the plain rules. `lines`: the scores of those who stand there, in thousandths, by member. */
function planned(lines: ReadonlyMap<number, number>, excluded: ReadonlySet<number>, bands: readonly Band[]): string[] {
  const ranking = [...lines].toSorted(([a, x], [b, y]) => y - x || a - b);
  const eligible = ranking.filter(([n]) => !excluded.has(n));
  return bands.flatMap((band, prize) =>
    eligible.flatMap(([n, score], index) => {
      const place = index + 1;
      const isWon =
        'ranks' in band
          ? place >= band.ranks.from && place <= band.ranks.to
          : 'topPercent' in band
            ? place <= Math.max(1, Math.ceil((lines.size * band.topPercent) / 100))
            : BigInt(score) >= band.minScore;
      return isWon ? [`${n} P${prize}`] : [];
    }),
  );
}

const toHeirs = (won: readonly string[], members: readonly Contributor[]) =>
  [
    ...new Set(
      won.map((line) => {
        const [n = '', prize = ''] = line.split(' ');
        return `m${heirOf(members, Number(n))}: ${prize} 1`;
      }),
    ),
  ].toSorted();

/** What a contribution of the preset is worth, in thousandths, a unit. */
const RATE = 6_250;

const bandOf = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 6 }))
    .map(([from, more]): Band => ({ ranks: { from, to: from + more } })),
  fc.integer({ min: 1, max: 100 }).map((topPercent): Band => ({ topPercent })),
  fc.integer({ min: 1, max: 5 }).map((units): Band => ({ minScore: BigInt(units * RATE) })),
);

const contributor = (n: number) =>
  fc.record({
    amount: fc.integer({ min: 1, max: 5 }),
    excluded: fc.boolean().map((one) => one && n % 2 === 0),
    isVoided: fc.boolean().map((one) => one && n % 3 === 0),
    // Into somebody who was a member before, so that nobody is merged in a circle.
    mergedInto: fc.option(fc.integer({ min: 0, max: Math.max(0, n - 1) }), { nil: undefined, freq: 3 }),
  });

describe('whatever the bands', () => {
  it('CS-45 pages give, and amending changes, what a plain model says, with ties, exclusions and merges', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(bandOf, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2, max: 14 }).chain((size) => fc.tuple(...upTo(size).map((n) => contributor(n - 1)))),
        fc.integer({ min: 1, max: 9 }),
        async (bands, drawn, atOnce) => {
          const members: Contributor[] = drawn.map((one, n) => (n === 0 ? { ...one, mergedInto: undefined } : one));
          const living = await setUp(
            bands.map((band, prize) => ({ band, rewards: [{ kind: 'badge', name: `P${prize}` }] })),
          );
          const { community, context, send, granted, differences } = living;
          const small = inPages(database.db, atOnce);
          await send(
            SENT,
            ...members.map(({ amount }, n) => ({ id: `${n}`, contributor: `m${n}`, amount: `${amount}` })),
          );
          for (const [n, { excluded }] of members.entries()) {
            const wanted = { target: { member: `m${n}` }, scope: 'prizes', reason: 'own', endsAt: undefined } as const;
            if (excluded) await exclude(context, community.id, wanted, TESTER, new Date(SENT));
          }
          await takeSteps(small, community.id, new Date(CLOSED));
          // The last first: nobody is merged who was merged into.
          for (const [n, { mergedInto }] of [...members.entries()].toReversed()) {
            const handles = { from: `m${n}`, into: `m${mergedInto}` };
            if (mergedInto !== undefined) await mergeMembers(context, community.id, handles, TESTER, new Date(CLOSED));
          }
          await closeIn(living, small, CLOSED);
          const lines = new Map(members.map(({ amount }, n) => [n, amount * RATE]));
          const excluded = new Set(members.flatMap((one, n) => (one.excluded ? [n] : [])));
          const before = toHeirs(planned(lines, excluded, bands), members);
          expect(await granted()).toEqual(before);
          expect(await differences()).toEqual([]);

          await voidOf(
            living,
            members.flatMap(({ isVoided }, n) => (isVoided ? [n] : [])),
          );
          const now = new Map<number, number>();
          for (const [n, { amount, isVoided }] of members.entries()) {
            const heir = heirOf(members, n);
            if (!isVoided) now.set(heir, (now.get(heir) ?? 0) + amount * RATE);
          }
          const excludedNow = new Set([...excluded].map((n) => heirOf(members, n)));
          const after = toHeirs(planned(now, excludedNow, bands), members);
          const expected = {
            given: after.filter((line) => !before.includes(line)).length,
            takenBack: before.filter((line) => !after.includes(line)).length,
          };
          const isSame = members.every(({ isVoided, mergedInto }) => !isVoided && mergedInto === undefined);
          if (isSame) return;
          expect(await amend(living, small, true)).toEqual(expected);
          expect(await amend(living, small)).toEqual(expected);
          expect(await granted()).toEqual(after);
          expect(await differences()).toEqual([]);
        },
      ),
      { numRuns: 25, interruptAfterTimeLimit: 60_000 },
    );
  }, 240_000);
});
