/** Generated histories of contributions, made so that boards hold what is hard: ties, clusters, empty stretches. */
import fc from 'fast-check';
import type { Kysely } from 'kysely';
import { addCategory } from '../../src/communities/communities.ts';
import type { Contribution } from '../../src/contributions/contribution.ts';
import type { Database } from '../../src/db/database.ts';
import type { SegmentLimits } from '../../src/ranking/segments.ts';
import { makeCommunity, NOW, TESTER } from './communities.ts';
import type { PlainMeasures } from './plain-ranking.ts';

const DAY_MS = 86_400_000;

/** Small ones, so that a few dozen members fill several blocks. */
export const SMALL_SEGMENTS: readonly SegmentLimits[] = [
  { membersInSegment: 2, segmentsInBlock: 2 },
  { membersInSegment: 8, segmentsInBlock: 4 },
  { membersInSegment: 4, segmentsInBlock: 16 },
  { membersInSegment: 24, segmentsInBlock: 4 },
];

/** One that measures rewards, one that measures amounts and pays nothing, and one whose measure is always 0. */
export const MEASURES: PlainMeasures = {
  'gpu-contributors': { rate: 6250n },
  volunteers: 'amount',
  attendance: { rate: 0n },
};
const CATEGORIES = Object.keys(MEASURES);

/** A community with the categories of {@link MEASURES}. */
export async function makeHistoryCommunity(db: Kysely<Database>, timeZone: string) {
  const community = await makeCommunity(db, { timeZone });
  const unpaid = { unit: 'day', rate: 0n };
  const volunteers = { slug: 'volunteers', title: 'Volunteers', measure: 'amount', ...unpaid } as const;
  const attendance = { slug: 'attendance', title: 'Attendance', measure: 'reward', ...unpaid } as const;
  await addCategory(db, community.id, volunteers, TESTER, NOW);
  await addCategory(db, community.id, attendance, TESTER, NOW);
  return community;
}

/** What the contributions of one batch have in common. */
const shape = fc.record({
  members: fc.constantFrom(1, 5, 40, 120),
  /** Whether each member comes in turn, so that all move on and leave empty segments behind. */
  inTurn: fc.boolean(),
  /** In thousandths: one amount ties all, many spread them; 1 earns 0.006 and is the least that counts. */
  amounts: fc.constantFrom(
    [1000n],
    [1000n, 2000n],
    [1n, 10n, 100n, 1000n, 10_000n],
    [999_999n, 1_000_000n, 1_000_001n],
  ),
  /** How many moments, and how far apart. */
  moments: fc.constantFrom([1, 0], [20, 60_000], [40, DAY_MS], [4, 700 * DAY_MS]),
  categories: fc.constantFrom(1, CATEGORIES.length),
});

const event = fc.record({
  member: fc.nat(119),
  amount: fc.nat(4),
  moment: fc.nat(39),
  category: fc.nat(CATEGORIES.length - 1),
});

/** Batches of contributions, each with an id of its own. */
export const history: fc.Arbitrary<Contribution[][]> = fc
  .array(fc.tuple(shape, fc.array(event, { minLength: 1, maxLength: 120, size: 'max' })), {
    minLength: 1,
    maxLength: 20,
    size: 'max',
  })
  .map((batches) =>
    batches.map(([{ members, inTurn, amounts, moments, categories }, events], batch) =>
      events.map((drawn, index) => {
        const [count = 1, apart = 0] = moments;
        return {
          id: `e${batch}-${index}`,
          contributor: `m${(inTurn ? index : drawn.member) % members}`,
          category: CATEGORIES[drawn.category % categories] ?? '',
          amount: amounts[drawn.amount % amounts.length] ?? 1000n,
          occurredAt: new Date(NOW.getTime() - (drawn.moment % count) * apart),
          subject: undefined,
          displayName: undefined,
        };
      }),
    ),
  );
