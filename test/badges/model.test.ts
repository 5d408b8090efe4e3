import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BadgeKind } from '../../src/badges/badge.ts';
import { ruleSchema, writeRule, type Rule } from '../../src/badges/rule.ts';
import type { Contribution } from '../../src/contributions/contribution.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { award, badgeDifferencesOf, badgesOf, forgetBadges, makeBadge } from '../support/badges.ts';
import { useDatabase } from '../support/database.ts';
import { PlainBadges } from '../support/plain-badges.ts';

const database = useDatabase();
const DAY_MS = 86_400_000;
const CATEGORIES = ['gpu-contributors', 'data-validators', 'model-testers'];
const MEMBERS = 6;
const ZONES = [
  ['UTC', 0],
  ['Asia/Kolkata', 5.5],
  ['Etc/GMT+11', -11],
] as const;

const ALL_RULES: readonly (readonly [Rule, BadgeKind])[] = (
  [
    [{ kind: 'contributions', atLeast: 1, category: 'model-testers' }, 'once'],
    [{ kind: 'contributions', atLeast: 5 }, 'once'],
    [{ kind: 'amount', category: 'gpu-contributors', atLeast: '6' }, 'once'],
    [{ kind: 'streak', weeks: 2 }, 'once'],
    [{ kind: 'streak', weeks: 4 }, 'once'],
    [{ kind: 'comeback', weeks: 3 }, 'once'],
    [{ kind: 'categories', categories: CATEGORIES, window: 'season' }, 'once'],
    [{ kind: 'categories', categories: CATEGORIES.slice(0, 2), window: 'month' }, 'counted'],
  ] as const
).map(([rule, kind]) => [ruleSchema.parse(rule), kind]);

const drawnEvent = fc.record({
  member: fc.nat(MEMBERS - 1),
  category: fc.constantFrom(...CATEGORIES),
  // Days are close to one another or far apart, at every hour.
  day: fc.oneof(fc.nat(30), fc.nat(400)),
  hour: fc.nat(23),
  amount: fc.constantFrom(1_000n, 2_500n, 999n),
});

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      does: fc.constant('record' as const),
      events: fc.array(drawnEvent, { minLength: 1, maxLength: 25 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('void', 'unvoid'), of: fc.nat(1_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('merge' as const), from: fc.nat(MEMBERS - 1), into: fc.nat(MEMBERS - 1) }),
  },
  { weight: 3, arbitrary: fc.constant({ does: 'award' as const }) },
  { weight: 2, arbitrary: fc.constant({ does: 'add' as const }) },
);

it('BA-19 what members have is what a plain model makes of what counts, whatever came between whatever runs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ZONES),
      fc.array(step, { minLength: 5, maxLength: 30 }),
      async ([timeZone, offset], steps) => {
        const contexts = [recording(database.db), recording(database.db)] as const;
        const [context, other] = contexts;
        const community = await makeCommunity(database.db, { timeZone }, NOW);
        await forgetBadges(context, community);
        const plain = new PlainBadges(offset);
        const rules: (readonly [name: string, Rule, BadgeKind])[] = [];
        const addRule = async () => {
          const [rule, kind] = ALL_RULES[rules.length] ?? [];
          if (!rule || !kind) return;
          const name = `badge ${rules.length}`;
          await makeBadge(context, community, { name, rule: writeRule(rule), kind });
          rules.push([name, rule, kind]);
        };
        for (const one of steps) {
          if (one.does === 'record') {
            const made = one.events.map(({ member, category, day, hour, amount }, index): Contribution => ({
              id: `e${plain.sent.length + index}`,
              contributor: `m${member}`,
              category,
              amount,
              occurredAt: new Date(NOW.getTime() - day * DAY_MS - hour * 3_600_000),
            }));
            await record(context, community, made);
            plain.sent.push(...made);
          } else if (one.does === 'void' || one.does === 'unvoid') {
            const meant = plain.sent.filter(({ id }) => one.does === 'void' || plain.voided.has(id));
            const { id } = meant[one.of % meant.length] ?? {};
            if (id === undefined) continue;
            const request = { kind: one.does, target: { source: 'test', id }, reason: 'drawn' } as const;
            await changeCounting(other, community.id, request, TESTER, NOW);
            if (one.does === 'void') plain.voided.add(id);
            else plain.voided.delete(id);
          } else if (one.does === 'merge') {
            const [from, into] = [plain.survivor(`m${one.from}`), plain.survivor(`m${one.into}`)];
            const isKnown = (handle: string) => plain.sent.some(({ contributor }) => contributor === handle);
            if (from === into || !isKnown(from) || !isKnown(into)) continue;
            await mergeMembers(other, community.id, { from, into }, TESTER, NOW);
            plain.merge(from, into);
          } else if (one.does === 'award') await award(other, community);
          else await addRule();
        }
        while (rules.length < ALL_RULES.length) await addRule();
        await Promise.all(contexts.map((each) => award(each, community)));
        const expected: Record<string, Record<string, number>> = {};
        for (const [name, rule, kind] of rules) {
          for (const [handle, count] of plain.earned(rule, kind)) (expected[handle] ??= {})[name] = count;
        }
        expect(await badgesOf(context, community)).toEqual(expected);
        expect(await badgeDifferencesOf(context, community)).toEqual([]);
      },
    ),
    { numRuns: 40, interruptAfterTimeLimit: 60_000 },
  );
}, 120_000);
