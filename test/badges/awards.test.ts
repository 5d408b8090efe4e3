import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { awardAchievements } from '../../src/badges/award.ts';
import { removeBadge } from '../../src/badges/manage.ts';
import { listBadges } from '../../src/badges/read-badges.ts';
import { rebuildBadges } from '../../src/badges/verify.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { creditFeedback } from '../../src/feedback/credit-feedback.ts';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { setCap } from '../../src/fair-play/caps.ts';
import { decideHeld, listHeld } from '../../src/fair-play/held.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { amendFinalTables } from '../../src/seasons/amend.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { updateCommunity } from '../../src/communities/update-community.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { award, badgeDifferencesOf, badgesOf, forgetBadges, makeAchievement, makeBadge } from '../support/badges.ts';
import { makeQuest } from '../support/quests.ts';

const database = useDatabase();
const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** A moment so many weeks before NOW. */
const weeksAgo = (weeks: number) => new Date(NOW.getTime() - weeks * WEEK_MS).toISOString();

let events = 0;

async function open({
  createdAt = new Date('2026-06-01T00:00:00Z'),
  ...wanted
}: { createdAt?: Date; timeZone?: string } = {}) {
  const context = recording(database.db);
  const community = await makeCommunity(database.db, wanted, createdAt);
  await forgetBadges(context, community);
  return {
    context,
    community,
    achieve: (rule: Record<string, unknown>, fields = {}) => makeAchievement(context, community, rule, fields),
    award: (now = NOW) => award(context, community, now),
    badges: () => badgesOf(context, community),
    differences: () => badgeDifferencesOf(context, community),
    /** Records contributions, a list each: whose, when, and what else. Returns their ids. */
    contribute: async (...all: readonly (readonly [contributor: string, occurredAt?: string, fields?: object])[]) => {
      const made = all.map(([contributor, occurredAt = weeksAgo(0), fields = {}]) =>
        contribution({ id: `b${(events += 1)}`, contributor, occurredAt, ...fields }),
      );
      const outcomes = await record(context, community, made);
      expect(outcomes.map(({ status }) => status)).toEqual(made.map(() => 'accepted'));
      return made.map(({ id }) => id);
    },
    void: (id: string, kind: 'void' | 'unvoid' = 'void') =>
      changeCounting(context, community.id, { kind, target: { source: 'test', id }, reason: 'Test' }, TESTER, NOW),
    merge: (from: string, into: string) => mergeMembers(context, community.id, { from, into }, TESTER, NOW),
  };
}

const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item);

describe('what achievements ask for', () => {
  it('BA-1 so many contributions in all, or in a category', async () => {
    const { achieve, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'contributions', atLeast: 1 }, { name: 'First' });
    await achieve({ kind: 'contributions', atLeast: 3 }, { name: 'Three' });
    await achieve({ kind: 'contributions', atLeast: 2, category: 'model-testers' }, { name: 'Two tests' });
    const test = { category: 'model-testers' };
    await contribute(...times(2, ['ada'] as const), ['bob', weeksAgo(9), test]);
    await award();
    expect(await badges()).toEqual({ ada: { First: 1 }, bob: { First: 1 } });
    await contribute(['ada'], ['bob', weeksAgo(1), test]);
    await award();
    expect(await badges()).toEqual({ ada: { First: 1, Three: 1 }, bob: { First: 1, 'Two tests': 1 } });
    await award();
    expect(await badges()).toEqual({ ada: { First: 1, Three: 1 }, bob: { First: 1, 'Two tests': 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-2 an amount in a category, to the thousandth', async () => {
    const { achieve, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'amount', category: 'gpu-contributors', atLeast: '2.5' });
    await contribute(['ada', weeksAgo(0), { amount: '2.499' }], ['bob', weeksAgo(0), { amount: '2.5' }]);
    await contribute(['eve', weeksAgo(0), { amount: '9', category: 'data-validators' }]);
    await award();
    expect(await badges()).toEqual({ bob: { amount: 1 } });
    await contribute(['ada', weeksAgo(0), { amount: '0.001' }]);
    await award();
    expect(await badges()).toEqual({ ada: { amount: 1 }, bob: { amount: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-3 weeks in a row, by the weeks of the community, in whatever order they come', async () => {
    const { achieve, contribute, award, badges, differences } = await open({ timeZone: 'Pacific/Auckland' });
    await achieve({ kind: 'streak', weeks: 3 });
    // In Auckland it is Monday by then.
    await contribute(['ada', '2026-08-16T12:30:00Z'], ['bob', '2026-08-16T11:30:00Z']);
    await contribute(['ada', '2026-08-09T11:00:00Z'], ['bob', '2026-08-09T11:00:00Z']);
    await award();
    expect(await badges()).toEqual({});
    await contribute(['ada', '2026-08-09T13:00:00Z'], ['bob', '2026-08-05T00:00:00Z']);
    await award();
    expect(await badges()).toEqual({ ada: { streak: 1 } });
    await contribute(['bob', '2026-07-30T00:00:00Z']);
    await award();
    expect(await badges()).toEqual({ ada: { streak: 1 }, bob: { streak: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-4 several categories within one window, once or counted', async () => {
    const { achieve, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'categories', window: 'season' }, { name: 'All' });
    await achieve({ kind: 'categories', window: 'season' }, { name: 'Each season', kind: 'counted' });
    const pair = ['gpu-contributors', 'model-testers'];
    await achieve({ kind: 'categories', window: 'month', categories: pair }, { name: 'Two' });
    const each = ['gpu-contributors', 'data-validators', 'model-testers'].map((category) => ({ category }));
    await contribute(...each.map((fields) => ['ada', '2026-05-10T00:00:00Z', fields] as const));
    await contribute(...each.map((fields) => ['ada', '2026-08-10T00:00:00Z', fields] as const));
    // The last one is in the next season.
    const [, , models = {}] = each;
    const before = each.slice(0, 2).map((fields) => ['bob', '2026-06-30T23:00:00Z', fields] as const);
    await contribute(...before, ['bob', '2026-07-01T00:00:00Z', models]);
    await award();
    expect(await badges()).toEqual({ ada: { All: 1, 'Each season': 2, Two: 1 } });
    await contribute(['bob', '2026-04-01T00:00:00Z', models]);
    await award();
    expect(await badges()).toMatchObject({ bob: { All: 1, 'Each season': 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-5 a contribution after so many whole weeks without any', async () => {
    const { achieve, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'comeback', weeks: 4 });
    await contribute(['ada', weeksAgo(5)], ['bob', weeksAgo(4)], ['eve', weeksAgo(12)]);
    await award();
    expect(await badges()).toEqual({});
    await contribute(['ada'], ['bob']);
    await award();
    expect(await badges()).toEqual({ ada: { comeback: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-6 so many quests completed, rounds counted one by one', async () => {
    const { achieve, context, community, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'quests', atLeast: 3 });
    const day = (days: number) => new Date(NOW.getTime() - days * DAY_MS).toISOString();
    await makeQuest(context, community.slug, {
      goal: { category: 'gpu-contributors', amount: '1' },
      startsAt: day(3),
      recurrence: 'daily',
    });
    await contribute(['ada', day(2)], ['ada', day(1)], ['bob', day(2)]);
    await award();
    expect(await badges()).toEqual({});
    // A quest that starts in the past is completed without anything being recorded.
    await makeQuest(context, community.slug, { goal: { category: 'gpu-contributors', amount: '1' }, startsAt: day(3) });
    await award();
    expect(await badges()).toEqual({ ada: { quests: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-7 so many messages credited as feedback', async () => {
    const { achieve, context, community, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'feedback', atLeast: 2 });
    await contribute(['discord-7', weeksAgo(0), { category: 'data-validators' }]);
    const credit = async (id: string) => {
      const known = await context.directory.bySlug(community.slug);
      const message = { id, link: `https://discord.com/${id}`, author: { id: '7', name: 'Ada', isBot: false } };
      await creditFeedback(context, known, { giverId: '8', message }, TESTER, NOW);
    };
    await credit('1');
    await award();
    expect(await badges()).toEqual({});
    await credit('2');
    await award();
    expect(await badges()).toEqual({ 'discord-7': { feedback: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-8 a rank on final tables, counted by window and board, whoever is kept from prizes left out', async () => {
    const { achieve, context, community, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'rank', window: 'month', atMost: 1 }, { name: 'Champion' });
    await achieve(
      { kind: 'rank', window: 'month', atMost: 2, category: 'gpu-contributors' },
      { name: 'Podium', kind: 'once' },
    );
    const amount = (amount: string, category = 'gpu-contributors') => ({ amount, category });
    await contribute(['ada', '2026-06-10T00:00:00Z', amount('3')], ['bob', '2026-06-10T00:00:00Z', amount('2')]);
    await contribute(
      ['eve', '2026-06-10T00:00:00Z', amount('1')],
      ['eve', '2026-06-10T00:00:00Z', amount('1', 'model-testers')],
    );
    await contribute(['ada', '2026-07-10T00:00:00Z', amount('3')], ['bob', '2026-08-10T00:00:00Z', amount('3')]);
    await contribute(['kept', '2026-07-10T00:00:00Z', amount('9')]);
    const kept = { target: { member: 'kept' }, scope: 'prizes', reason: 'Staff', endsAt: undefined } as const;
    await exclude(context, community.id, kept, TESTER, NOW);
    await award();
    expect(await badges()).toEqual({});
    await closeDueWindows(context, new Date('2026-07-02T00:00:00Z'));
    await award();
    expect(await badges()).toEqual({ ada: { Champion: 1, Podium: 1 }, bob: { Podium: 1 }, eve: { Champion: 1 } });
    await closeDueWindows(context, NOW);
    await award();
    expect(await badges()).toEqual({ ada: { Champion: 2, Podium: 1 }, bob: { Podium: 1 }, eve: { Champion: 1 } });
    expect(await differences()).toEqual([]);
    const { rows } = await sql<{ entitlement: string }>`
      select entitlement from grants where community_id = ${community.id} and name = 'Champion' order by 1`.execute(
      database.db,
    );
    expect(rows.map((row) => row.entitlement.replace(/^achievement \d+ /, ''))).toEqual([
      '2026-06 gpu-contributors member 1',
      '2026-06 model-testers member 3',
      '2026-07 gpu-contributors member 1',
    ]);
  });
});

describe('what is earned follows what counts', () => {
  it('BA-9 a void takes back what it was the ground of, by a counter-entry; un-voided, it is given again', async () => {
    const { achieve, contribute, award, badges, differences, community, ...scene } = await open();
    await achieve({ kind: 'contributions', atLeast: 2 });
    await achieve({ kind: 'streak', weeks: 2 });
    const [first = '', second = ''] = await contribute(['ada', weeksAgo(1)], ['ada'], ['bob']);
    await award();
    const all = { ada: { contributions: 1, streak: 1 } };
    expect(await badges()).toEqual(all);
    await scene.void(first);
    await award();
    expect(await badges()).toEqual({});
    await scene.void(first, 'unvoid');
    await award();
    expect(await badges()).toEqual(all);
    // Both at once leave things as they are.
    await scene.void(second);
    await scene.void(second, 'unvoid');
    await award();
    const { rows } = await sql<{ version: number; amount: bigint; reason: string }>`
      select version, amount, reason from grants where community_id = ${community.id} and name = 'streak' order by version`.execute(
      database.db,
    );
    expect(rows).toEqual([
      { version: 1, amount: 1n, reason: 'Achievement "streak"' },
      { version: 2, amount: -1n, reason: 'Achievement "streak": what it was earned by counts no more' },
      { version: 3, amount: 1n, reason: 'What it was earned by counts again' },
    ]);
    expect(await differences()).toEqual([]);
  });

  it('BA-10 what is held counts once it is released', async () => {
    const { achieve, context, community, contribute, award, badges, differences } = await open();
    await achieve({ kind: 'amount', category: 'gpu-contributors', atLeast: '20' });
    await setCap(context, community.id, { category: 'gpu-contributors', amount: 10_000n }, TESTER, NOW);
    await contribute(['ada', weeksAgo(0), { amount: '10' }], ['ada', weeksAgo(0), { amount: '10' }]);
    await award();
    expect(await badges()).toEqual({});
    const [held] = await listHeld(database.db, community.id, { after: 0n, limit: 1 });
    const decision = { number: held?.number ?? 0n, decision: 'release', reason: 'Checked' } as const;
    await decideHeld(context, community.id, decision, TESTER, NOW);
    await award();
    expect(await badges()).toEqual({ ada: { amount: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-11 merged members have together what the survivor earned by all, and nothing twice', async () => {
    const { achieve, contribute, award, badges, differences, merge, community } = await open();
    await achieve({ kind: 'contributions', atLeast: 1 }, { name: 'First' });
    await achieve({ kind: 'contributions', atLeast: 2 }, { name: 'Two' });
    await achieve({ kind: 'streak', weeks: 2 });
    await contribute(['old', weeksAgo(1)], ['ada'], ['third', weeksAgo(2)]);
    await award();
    expect(await badges()).toEqual({ ada: { First: 1 }, old: { First: 1 }, third: { First: 1 } });
    await merge('old', 'ada');
    expect(await badges()).toEqual({ ada: { First: 1 }, third: { First: 1 } });
    await award();
    expect(await badges()).toEqual({ ada: { First: 1, Two: 1, streak: 1 }, third: { First: 1 } });
    // Chains lead to the survivor; what was sent before and after a merge counts once.
    await contribute(['old']);
    await merge('ada', 'third');
    await contribute(['ada']);
    await award();
    expect(await badges()).toEqual({ third: { First: 1, Two: 1, streak: 1 } });
    expect(await differences()).toEqual([]);
    const tallies = await database.db
      .selectFrom('member_tallies')
      .select((eb) => eb.fn.sum<bigint>('contributions').as('contributions'))
      .where('community_id', '=', community.id)
      .executeTakeFirst();
    expect(Number(tallies?.contributions)).toBe(5);
  });

  it('BA-12 a rank moves with an amended table, and goes with the member to whom it was merged', async () => {
    const { achieve, context, community, contribute, award, badges, differences, merge, ...scene } = await open();
    await achieve({ kind: 'rank', window: 'month', atMost: 1 });
    const at = (amount: string) => ['2026-07-10T00:00:00Z', { amount }] as const;
    const [best = ''] = await contribute(['ada', ...at('3')], ['bob', ...at('2')], ['eve', ...at('1')]);
    await closeDueWindows(context, NOW);
    await award();
    expect(await badges()).toEqual({ ada: { rank: 1 } });
    await scene.void(best);
    await award();
    expect(await badges()).toEqual({ ada: { rank: 1 } });
    const known = await context.directory.bySlug(community.slug);
    const window = known.calendar.windowByKey('month', '2026-07');
    await amendFinalTables(context, known, { window, category: undefined, reason: 'Fraud' }, TESTER, NOW);
    await award();
    expect(await badges()).toEqual({ bob: { rank: 1 } });
    await merge('bob', 'eve');
    await award();
    expect(await badges()).toEqual({ eve: { rank: 1 } });
    expect(await differences()).toEqual([]);
  });

  it('BA-13 a change of time zone cuts weeks anew, and everybody is looked at again', async () => {
    const { achieve, context, community, contribute, award, badges, differences } = await open({ createdAt: NOW });
    await achieve({ kind: 'streak', weeks: 2 });
    // Sunday and Monday in UTC, and both on Monday in Auckland.
    await contribute(['ada', '2026-08-16T23:00:00Z'], ['ada', '2026-08-17T01:00:00Z']);
    await contribute(['bob', '2026-08-09T13:00:00Z'], ['bob', '2026-08-16T13:00:00Z']);
    await award();
    expect(await badges()).toEqual({ ada: { streak: 1 }, bob: { streak: 1 } });
    const changes = { timeZone: 'Pacific/Auckland', rebuild: true };
    await updateCommunity(context, community.id, changes, TESTER, NOW);
    await award();
    expect(await badges()).toEqual({ bob: { streak: 1 } });
    expect(await differences()).toEqual([]);
  });
});

describe('making and removing badges', () => {
  it('BA-14 a new badge is awarded to all who have earned it by then, in pages', async () => {
    const { achieve, contribute, award, badges, differences } = await open();
    const members = Array.from({ length: 1_203 }, (_, n) => [`m${n}`] as const);
    await contribute(...members, ['m7'], ['m1200']);
    await achieve({ kind: 'contributions', atLeast: 1 }, { name: 'First' });
    await achieve({ kind: 'contributions', atLeast: 2 }, { name: 'Two' });
    await award();
    const held = await badges();
    expect(Object.keys(held)).toHaveLength(1_203);
    expect(Object.entries(held).filter(([, names]) => names['Two'])).toEqual([
      ['m1200', { First: 1, Two: 1 }],
      ['m7', { First: 1, Two: 1 }],
    ]);
    expect(await differences()).toEqual([]);
  });

  it('BA-15 removed, nobody earns it any more and whoever has it keeps it; taken back, it is gone and can be made anew', async () => {
    const { achieve, context, community, contribute, award, badges, differences } = await open();
    const id = await achieve({ kind: 'contributions', atLeast: 1 });
    const other = await achieve({ kind: 'rank', window: 'month', atMost: 1 });
    await contribute(['ada', '2026-07-10T00:00:00Z']);
    await closeDueWindows(context, NOW);
    await award();
    const remove = (id: number, takeBack: boolean) => removeBadge(context, community.id, { id, takeBack }, TESTER, NOW);
    await remove(id, false);
    await contribute(['bob']);
    await award();
    expect(await badges()).toEqual({ ada: { contributions: 1, rank: 1 } });
    await expect(achieve({ kind: 'contributions', atLeast: 1 })).rejects.toMatchObject({ code: 'name-taken' });
    await remove(id, false);
    await remove(id, true);
    await remove(other, true);
    await expect(achieve({ kind: 'contributions', atLeast: 1 })).rejects.toMatchObject({ code: 'name-taken' });
    await award();
    expect(await badges()).toEqual({});
    await expect(remove(id, true)).rejects.toMatchObject({ code: 'unknown-badge' });
    await achieve({ kind: 'contributions', atLeast: 1 });
    await award();
    expect(await badges()).toEqual({ ada: { contributions: 1 }, bob: { contributions: 1 } });
    expect(await differences()).toEqual([]);
  });

  it.each([
    [{ name: 'x', rule: { kind: 'contributions', atLeast: 1, category: 'nope' } }, 'unknown-category'],
    [{ name: 'x', rule: { kind: 'streak', weeks: 4 }, kind: 'counted' }, 'invalid-parameter'],
    [{ name: 'x', kind: 'once' }, 'invalid-parameter'],
    [{ name: 'there' }, 'name-taken'],
  ])('BA-16 refuses %j', async (fields, code) => {
    const { context, community } = await open();
    await makeBadge(context, community, { name: 'there' });
    await expect(makeBadge(context, community, fields)).rejects.toMatchObject({ code });
  });
});

describe('how many have a badge', () => {
  it('BA-26 is counted up to 10,000, whatever it was granted for, and without those from whom it was taken', async () => {
    const { context, community } = await open();
    await makeBadge(context, community, { name: 'Common' });
    await makeBadge(context, community, { name: 'Rare' });
    const grant = (name: string, members: number, amount = 1) =>
      sql`
      insert into grants (community_id, entitlement, version, member_id, kind, amount, name, reason, made_at)
      select ${community.id}::int, ${`quest of ${name} member `}::text || n, ${amount > 0 ? 1 : 2}::int, n, 'badge', ${amount}::bigint, ${name}::text, 'Test', ${NOW}::timestamptz
      from generate_series(1, ${members}::int) n`.execute(database.db);
    await grant('Common', 10_003);
    await grant('Rare', 3);
    await grant('Rare', 1, -1);
    expect(await listBadges(database.db, community.id)).toMatchObject([
      { name: 'Common', holders: 10_000, orMore: true },
      { name: 'Rare', holders: 2, orMore: false },
    ]);
  });
});

describe('awarding', () => {
  it('BA-17 several workers at once, and runs that are cut off at any statement, award each once', async () => {
    const { achieve, contribute, context, community, award, badges, differences } = await open();
    await achieve({ kind: 'contributions', atLeast: 2 });
    await achieve({ kind: 'streak', weeks: 2 });
    await contribute(...['ada', 'bob', 'eve'].flatMap((who) => [[who], [who, weeksAgo(1)]] as const));
    let statements = 0;
    for (let broken = true; broken; statements += 1) {
      let left = statements;
      const cut = database.db.withPlugin({
        transformQuery({ node }) {
          left -= 1;
          if (left < 0) throw new Error('cut off');
          return node;
        },
        transformResult: ({ result }) => Promise.resolve(result),
      });
      broken = await awardAchievements({ ...context, db: cut }, NOW, { communityId: community.id }).then(
        () => false,
        () => true,
      );
      if (broken) expect(await badgesOf(context, community)).toEqual({});
    }
    expect(statements).toBeGreaterThan(10);
    await Promise.all([award(), award(), award()]);
    const both = { contributions: 1, streak: 1 };
    expect(await badges()).toEqual({ ada: both, bob: both, eve: both });
    expect(await differences()).toEqual([]);
  });

  it('BA-20 while contributions, voids and merges come in, nothing is missed and nothing counts twice', async () => {
    const { achieve, community, contribute, award, badges, differences } = await open();
    const other = recording(database.db);
    await contribute(...Array.from({ length: 30 }, (_, n) => [`m${n}`] as const));
    await achieve({ kind: 'contributions', atLeast: 4 });
    await achieve({ kind: 'streak', weeks: 3 });
    const recordAll = async () => {
      for (let round = 0; round < 40; round += 1) {
        await contribute(
          ...Array.from({ length: 20 }, (_, n) => [`m${(round * 7 + n) % 30}`, weeksAgo(round % 6)] as const),
        );
      }
    };
    const voidSome = async () => {
      for (let member = 0; member < 30; member += 2) {
        const target = {
          member: `m${member}`,
          from: new Date(0),
          to: new Date(NOW.getTime() - (member % 5) * WEEK_MS),
        };
        await changeCounting(other, community.id, { kind: 'void', target, reason: 'Test' }, TESTER, NOW);
      }
    };
    const mergeSome = async () => {
      for (let member = 0; member < 10; member += 1) {
        await mergeMembers(other, community.id, { from: `m${29 - member}`, into: `m${member}` }, TESTER, NOW);
      }
    };
    const over = new AbortController();
    const awardAlways = async () => {
      while (!over.signal.aborted) await Promise.all([award(), award()]);
    };
    const awarding = awardAlways();
    try {
      await Promise.all([recordAll(), voidSome(), mergeSome()]);
    } finally {
      over.abort();
    }
    await awarding;
    await award();
    expect(await differences()).toEqual([]);
    expect(Object.keys(await badges()).length).toBeGreaterThan(5);
  });

  it('BA-18 verify finds what was granted without ground, what lacks, and totals that are wrong; a rebuild puts it right', async () => {
    const { achieve, contribute, award, badges, differences, community, context, ...scene } = await open();
    const id = await achieve({ kind: 'contributions', atLeast: 2 });
    await contribute(['ada'], ['bob'], ['bob']);
    await award();
    await sql`update grants set member_id = 1, entitlement = ${`achievement ${id} member 1`} where community_id = ${community.id}`.execute(
      database.db,
    );
    await sql`update member_tallies set amount = 5 where community_id = ${community.id} and member_id = 1`.execute(
      database.db,
    );
    expect(await differences()).toEqual([
      expect.stringMatching(
        /^Member 1, category \d+, source \d+: 1 contributions, 5 thousandths, and by the contributions 1 contributions, 1000/,
      ),
      `Badge "contributions": earned and not granted: achievement ${id} member 2.`,
      `Badge "contributions": granted and not earned: achievement ${id} member 1.`,
    ]);
    const known = await context.directory.bySlug(community.slug);
    expect(await rebuildBadges(database.db, known, NOW)).toBe(3);
    expect(await badges()).toEqual({ bob: { contributions: 1 } });
    expect(await rebuildBadges(database.db, known, NOW)).toBe(0);
    expect(await differences()).toEqual([]);
    // What has yet to be looked at is no difference.
    const [late = ''] = await contribute(['ada']);
    expect(await differences()).toEqual([]);
    await award();
    await scene.void(late);
    expect(await differences()).toEqual([]);
  });
});
