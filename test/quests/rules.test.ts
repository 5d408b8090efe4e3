import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { lockCommunity } from '../../src/communities/lock.ts';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { DomainError } from '../../src/errors.ts';
import type { Goal } from '../../src/quests/goal.ts';
import { joinQuest } from '../../src/quests/join.ts';
import { createQuest } from '../../src/quests/create-quest.ts';
import { reconsiderMember } from '../../src/quests/reconsider.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { verifyQuests } from '../../src/quests/verify.ts';
import { changeStandings, type RankingContext } from '../../src/ranking/context.ts';
import { recomputeMember } from '../../src/ranking/recompute.ts';
import { acceptAnyRole } from '../../src/rewards/role-checker.ts';
import { makeCommunity, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { PlainQuests, type PlainCompletion } from '../support/plain-quests.ts';

const database = useDatabase();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const CATEGORIES = ['gpu-contributors', 'data-validators'];
const SUBJECTS = ['a', 'b', 'c', undefined];
const MEMBERS = ['ada', 'bob', 'eve'];

/** Zones, each with a day on which its clocks change: by an hour, at midnight, by half an hour, or never. */
const zones = fc.constantFrom(
  { zone: 'America/New_York', day: '2026-03-08' },
  { zone: 'Europe/Berlin', day: '2026-10-25' },
  { zone: 'America/Santiago', day: '2026-09-06' },
  { zone: 'Australia/Lord_Howe', day: '2026-04-05' },
  { zone: 'Asia/Kolkata', day: '2026-06-30' },
);

const category = fc.constantFrom(...CATEGORIES);
const single: fc.Arbitrary<Goal> = fc.oneof(
  fc.record({
    kind: fc.constant('amount' as const),
    category,
    amount: fc.bigInt(1n, 9n).map((units) => units * 500n),
    subjects: fc.constantFrom(undefined, ['a'], ['a', 'b']),
  }),
  fc
    .record({ category, times: fc.integer({ min: 1, max: 2 }), of: fc.integer({ min: 1, max: 3 }) })
    .map((drawn): Goal => ({ kind: 'each', subjects: ['a', 'b', 'c'], ...drawn })),
  fc
    .record({ category: fc.option(category, { nil: undefined }), days: fc.constant(1) })
    .map((drawn): Goal => ({ kind: 'days', ...drawn })),
);
const days: fc.Arbitrary<Goal> = fc
  .integer({ min: 1, max: 4 })
  .map((count): Goal => ({ kind: 'days', days: count, category: undefined }));
const goalOf = (recurrence: string): fc.Arbitrary<Goal> => {
  const part = recurrence === 'daily' ? single : fc.oneof(single, days);
  const several = fc.array(part, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    part,
    several.map((goals): Goal => ({ kind: 'all', goals })),
    several.map((goals): Goal => ({ kind: 'any', goals })),
  );
};

const quest = fc
  .constantFrom('once' as const, 'daily' as const, 'weekly' as const, 'monthly' as const)
  .chain((recurrence) =>
    fc.record({
      kind: fc.constant('create' as const),
      recurrence: fc.constant(recurrence),
      goal: goalOf(recurrence),
      startsIn: fc.integer({ min: -72, max: 48 }),
      endsIn: fc.integer({ min: 49, max: 200 }),
      isShared: fc.boolean(),
      maxWinners: fc.constantFrom(undefined, undefined, 1, 2),
      joinRequired: fc.boolean(),
      countEarlier: fc.boolean(),
    }),
  );
const batch = fc.record({
  kind: fc.constant('record' as const),
  process: fc.nat(1),
  events: fc.array(
    fc.record({
      member: fc.constantFrom(...MEMBERS),
      category,
      subject: fc.constantFrom(...SUBJECTS),
      amount: fc.bigInt(1n, 4n).map((units) => units * 250n),
      // Mostly new, some late; minutes, so that several share a moment, and a little ahead of the clock.
      ago: fc.oneof(
        fc.integer({ min: -5, max: 600 }),
        fc.integer({ min: 0, max: 6 * 24 }).map((hours) => hours * 60),
      ),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  again: fc.nat(30),
});
const other = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), quest: fc.nat(9), member: fc.constantFrom(...MEMBERS) }),
  fc.record({ kind: fc.constant('count' as const), contribution: fc.nat(99) }),
  fc.record({ kind: fc.constant('settle' as const), process: fc.nat(1) }),
);
const history = fc.array(
  fc.tuple(
    fc.oneof({ weight: 2, arbitrary: quest }, { weight: 5, arbitrary: batch }, { weight: 3, arbitrary: other }),
    fc.integer({ min: 0, max: 14 }),
  ),
  { minLength: 4, maxLength: 30, size: 'max' },
);

/** What the database says is completed, and what was granted for it. */
async function actual(communityId: number): Promise<{ completions: PlainCompletion[]; granted: string[] }> {
  const { rows: completions } = await sql<{
    quest: number;
    round: string;
    member: string;
    at: Date;
    won: boolean | null;
  }>`
    select r.quest_id as quest, r.key as round, m.handle as member, q.completed_at as at, coalesce(q.won, case when r.settled_at is not null then false end) as won
    from quest_completions q join quest_rounds r using (community_id, round_id)
    join members m on m.community_id = q.community_id and m.member_id = q.member_id
    where q.community_id = ${communityId}`.execute(database.db);
  const { rows: granted } = await sql<{ entitlement: string; handle: string; total: bigint }>`
    select g.entitlement, m.handle, sum(g.amount)::bigint as total from grants g join members m using (community_id, member_id)
    where g.community_id = ${communityId} group by 1, 2 having sum(g.amount) <> 0`.execute(database.db);
  const rounds = await database.db
    .selectFrom('quest_rounds')
    .select(['round_id', 'key'])
    .where('community_id', '=', communityId)
    .execute();
  const keys = new Map(rounds.map(({ round_id, key }) => [String(round_id), key]));
  return {
    completions: sorted(
      completions.map(({ at, won, ...row }) => ({ ...row, at: at.getTime(), won: won ?? undefined })),
    ),
    granted: granted
      .map(({ entitlement, handle, total }) => {
        const [, questId, roundId] = /^quest (\d+) round (\d+) reward 0 member \d+$/.exec(entitlement) ?? [];
        return `${questId} ${keys.get(roundId ?? '')} ${handle} ${total}`;
      })
      .toSorted(),
  };
}

function sorted(completions: PlainCompletion[]): PlainCompletion[] {
  const name = ({ quest, round, member }: PlainCompletion) => `${quest} ${round} ${member}`;
  return completions.toSorted((a, b) => (name(a) < name(b) ? -1 : 1));
}

/** Lets a contribution count no more, or again, as voiding does. */
async function setCounted(context: RankingContext, communityId: number, id: string, counted: boolean, now: Date) {
  await changeStandings(context, communityId, async (trx, ranking) => {
    const community = await context.directory.at(trx, communityId, ranking.lock.configVersion);
    await lockCommunity(trx, communityId, 1);
    const { member_id } = await trx
      .updateTable('contributions')
      .set({ counted })
      .where('community_id', '=', communityId)
      .where('external_id', '=', id)
      .returning('member_id')
      .executeTakeFirstOrThrow();
    await recomputeMember(context, trx, ranking, communityId, member_id);
    await reconsiderMember(trx, community, member_id, now);
  });
}

/** Makes a quest, unless what was drawn asks for more days than there are. */
async function createPossible(...wanted: Parameters<typeof createQuest>): Promise<number | undefined> {
  try {
    return await createQuest(...wanted);
  } catch (error) {
    if (error instanceof DomainError && error.message.includes('different days')) return undefined;
    throw error;
  }
}

it('QU-1 who has completed what, when and with which grants follows from the set of what counts, after every step', async () => {
  const { db } = database;
  await fc.assert(
    fc.asyncProperty(zones, history, async ({ zone, day }, steps) => {
      const community = await makeCommunity(db, { timeZone: zone });
      const processes = [recording(db), recording(db)] as const;
      const plain = new PlainQuests(zone);
      const sent: Contribution[] = [];
      let clock = Date.parse(`${day}T00:00:00Z`) - 3 * DAY_MS;
      for (const [step, hours] of steps) {
        clock += hours * HOUR_MS;
        const now = new Date(clock);
        const context = processes['process' in step && step.process === 1 ? 1 : 0];
        if (step.kind === 'create') {
          const { goal, recurrence, maxWinners, joinRequired, countEarlier } = step;
          // Some have their time in common with others.
          const shared = Math.floor(clock / (4 * DAY_MS)) * 4 * DAY_MS;
          const [startsAt, endsAt] = step.isShared
            ? [new Date(shared), new Date(shared + 8 * DAY_MS)]
            : [new Date(clock + step.startsIn * HOUR_MS), new Date(clock + step.endsIn * HOUR_MS)];
          const wanted = { goal, recurrence, maxWinners, joinRequired, countEarlier, startsAt, endsAt };
          const id = await createPossible(
            { ...context, checkRole: acceptAnyRole },
            await context.directory.bySlug(community.slug),
            { name: 'Quest', rewards: [{ kind: 'tokens', amount: 5000n }], ...wanted },
            TESTER,
            now,
          );
          if (id === undefined) continue;
          plain.quests.push({ id, ...wanted, startsAt: startsAt.getTime(), endsAt: endsAt.getTime() });
        } else if (step.kind === 'record') {
          const events = step.events.map((event, index): Contribution => ({
            id: `e${sent.length + index}`,
            contributor: event.member,
            category: event.category,
            amount: event.amount,
            subject: event.subject,
            occurredAt: new Date(clock - event.ago * 60_000),
          }));
          const again = sent.filter((_, index) => (index + step.again) % 13 === 0);
          await record(context, community, [...again, ...events], now);
          for (const { id, contributor: member, category, subject, amount, occurredAt } of events) {
            plain.seen(member);
            plain.contributions.push({
              id,
              member,
              category,
              subject,
              amount,
              at: occurredAt.getTime(),
              counted: true,
            });
          }
          sent.push(...events);
        } else if (step.kind === 'join') {
          const chosen = plain.quests[step.quest % (plain.quests.length || 1)];
          if (!chosen || chosen.endsAt <= clock || !sent.some(({ contributor }) => contributor === step.member))
            continue;
          const { joinedAt } = await joinQuest(context, community.id, chosen.id, { handle: step.member }, TESTER, now);
          const slot = `${chosen.id} ${step.member}`;
          expect(joinedAt.getTime()).toBe(plain.joins.get(slot) ?? clock);
          plain.joins.set(slot, joinedAt.getTime());
        } else if (step.kind === 'count') {
          const chosen = plain.contributions[step.contribution % (plain.contributions.length || 1)];
          if (!chosen) continue;
          chosen.counted = !chosen.counted;
          await setCounted(context, community.id, chosen.id, chosen.counted, now);
        } else {
          await settleDueRounds(context, now);
          plain.settle(clock);
        }
        const expected = sorted(plain.completions());
        const { completions, granted } = await actual(community.id);
        expect(completions).toEqual(expected);
        const winners = expected.filter(({ won }) => won);
        expect(granted).toEqual(
          winners.map(({ quest, round, member }) => `${quest} ${round} ${member} 5000`).toSorted(),
        );
      }
      const differences = await Array.fromAsync(verifyQuests(db, await processes[0].directory.bySlug(community.slug)));
      expect(differences).toEqual([]);
      // The next run's settling has nothing to do with this community.
      await db
        .updateTable('quests')
        .set({ cancelled_at: new Date(clock) })
        .where('community_id', '=', community.id)
        .execute();
    }),
    { numRuns: 150, interruptAfterTimeLimit: 90_000 },
  );
}, 180_000);
