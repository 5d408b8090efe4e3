import { describe, expect, it } from 'vitest';
import { updateCommunity } from '../../src/communities/update-community.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { mergeMembers } from '../../src/members/merge.ts';
import { joinQuest } from '../../src/quests/join.ts';
import { createQuest } from '../../src/quests/create-quest.ts';
import { cancelQuest, editQuest } from '../../src/quests/manage.ts';
import { newQuestSchema } from '../../src/quests/quest.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { verifyQuests } from '../../src/quests/verify.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { announcementsOf, completionsOf, hours, makeQuest, questBody, tokensOf } from '../support/quests.ts';

const database = useDatabase();

async function setUp(timeZone = 'UTC') {
  const community = await makeCommunity(database.db, { timeZone });
  const context = recording(database.db);
  let sent = 0;
  return {
    community,
    context,
    make: (fields: Record<string, unknown> = {}, now = NOW) => makeQuest(context, community.slug, fields, now),
    send: (contributor: string, amount: string, at: Date, now = NOW) =>
      record(
        context,
        community,
        [contribution({ id: `${contributor} ${++sent}`, contributor, amount, occurredAt: at.toISOString() })],
        now,
      ),
    completed: async () => (await completionsOf(context, community.id)).map(({ handle }) => handle),
  };
}

describe('completing', () => {
  it('QU-2 without a limit of winners a completion is granted at once; what is late moves it and grants nothing more', async () => {
    const { community, context, make, send } = await setUp();
    await make({
      rewards: [
        { kind: 'tokens', amount: '5' },
        { kind: 'badge', name: 'Ten' },
        { kind: 'reputation', amount: 2 },
      ],
    });
    await send('ada', '6', hours(-2));
    expect(await completionsOf(context, community.id)).toEqual([]);
    await send('ada', '6', hours(-1));
    expect(await completionsOf(context, community.id)).toMatchObject([{ handle: 'ada', at: hours(-1), won: true }]);
    await send('ada', '6', hours(-3));
    expect(await completionsOf(context, community.id)).toMatchObject([{ handle: 'ada', at: hours(-2), won: true }]);
    const grants = await database.db
      .selectFrom('grants')
      .select(['kind', 'amount', 'name', 'reason'])
      .where('community_id', '=', community.id)
      .orderBy('grant_id')
      .execute();
    expect(grants).toEqual([
      { kind: 'tokens', amount: 5000n, name: null, reason: 'Quest "Ten hours"' },
      { kind: 'badge', amount: 1n, name: 'Ten', reason: 'Quest "Ten hours"' },
      { kind: 'reputation', amount: 2000n, name: null, reason: 'Quest "Ten hours"' },
    ]);
    const told = await announcementsOf(context, community.id);
    expect(told.map(({ kind }) => kind)).toEqual(['quest-opened', 'quest-completed']);
    expect(told[0]?.content).toMatchObject({ goal: '10 GPU-hours' });
  });

  it('QU-3 a quest that starts earlier counts what was recorded before it was made', async () => {
    const { context, community, make, send, completed } = await setUp();
    await send('ada', '10', hours(-1));
    await send('bob', '10', hours(-13));
    await send('eve', '9', hours(-1));
    await make();
    expect(await completed()).toEqual(['ada']);
    await send('eve', '1', hours(-2));
    expect(await completed()).toEqual(['ada', 'eve']);
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000, eve: 5000 });
  });

  it('QU-4 what is voided takes a completion back with its grants; un-voided it is granted again', async () => {
    const { context, community, make, send, completed } = await setUp();
    await make();
    await send('ada', '10', hours(-1));
    const target = { source: 'test', id: 'ada 1' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'test' }, TESTER, NOW);
    expect([await completed(), await tokensOf(context, community.id)]).toEqual([[], {}]);
    await changeCounting(context, community.id, { kind: 'unvoid', target, reason: 'test' }, TESTER, NOW);
    expect([await completed(), await tokensOf(context, community.id)]).toEqual([['ada'], { ada: 5000 }]);
    expect(await Array.fromAsync(verifyQuests(database.db, await context.directory.bySlug(community.slug)))).toEqual(
      [],
    );
  });

  it('QU-5 merging keeps one completion a quest, the earlier, and one grant, and counts all contributions together', async () => {
    const { context, community, make, send } = await setUp();
    await make();
    await make({ name: 'Twenty', goal: { category: 'gpu-contributors', amount: '21' } });
    await send('ada', '11', hours(-1));
    await send('bob', '10', hours(-2));
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000, bob: 5000 });
    await mergeMembers(context, community.id, { from: 'bob', into: 'ada' }, TESTER, NOW);
    expect(await completionsOf(context, community.id)).toMatchObject([
      { handle: 'ada', at: hours(-2), won: true },
      { handle: 'ada', at: hours(-1), won: true },
    ]);
    expect(await tokensOf(context, community.id)).toEqual({ ada: 10_000 });
  });

  it('QU-6 what a quest asks for beforehand is looked at on completion, and again with what comes and at the end', async () => {
    const { context, community, make, send, completed } = await setUp();
    const first = await make({ rewards: [{ kind: 'badge', name: 'Starter' }] });
    const goal = { category: 'gpu-contributors', amount: '1' };
    for (const prerequisite of [{ quest: first }, { badge: 'Starter' }, { memberBefore: hours(1).toISOString() }]) {
      await make({ goal, prerequisites: [prerequisite] });
    }
    await make({ goal, prerequisites: [{ memberBefore: hours(-1).toISOString() }] });
    await send('ada', '5', hours(-2));
    expect(await completed()).toEqual(['ada']);
    await send('ada', '5', hours(-1));
    const rows = await completionsOf(context, community.id);
    expect(rows.map(({ quest, at }) => [quest - first, at])).toEqual([
      [0, hours(-1)],
      [1, hours(-2)],
      [2, hours(-2)],
      [3, hours(-2)],
    ]);
  });

  it('QU-6 at the end, too, where nothing came any more', async () => {
    const { context, community, make, send, completed } = await setUp();
    const goal = { category: 'gpu-contributors', amount: '1' };
    await make({ goal, prerequisites: [{ badge: 'Given by hand' }] });
    await send('ada', '5', hours(-2));
    const member = await database.db
      .selectFrom('members')
      .select('member_id')
      .where('community_id', '=', community.id)
      .executeTakeFirstOrThrow();
    const grant = { entitlement: 'by hand', kind: 'badge', amount: 1n, name: 'Given by hand', role_id: null } as const;
    await database.db
      .insertInto('grants')
      .values({ community_id: community.id, ...member, ...grant, reason: 'test', made_at: NOW })
      .execute();
    expect(await completed()).toEqual([]);
    await settleDueRounds(context, hours(13));
    expect(await completed()).toEqual(['ada']);
  });
});

describe('joining', () => {
  it('QU-7 a quest that has to be joined counts from the join, or earlier where it says so', async () => {
    const { context, community, make, send } = await setUp();
    const from = await make({ joinRequired: true });
    const all = await make({ joinRequired: true, countEarlier: true });
    await send('ada', '10', hours(-2));
    expect(await completionsOf(context, community.id)).toEqual([]);
    for (const quest of [from, all]) {
      await joinQuest(context, community.id, quest, { handle: 'ada' }, TESTER, NOW);
      await joinQuest(context, community.id, quest, { handle: 'ada' }, TESTER, hours(1));
    }
    expect(await completionsOf(context, community.id)).toMatchObject([{ quest: all, at: hours(-2) }]);
    await send('ada', '10', hours(-1), hours(2));
    expect(await completionsOf(context, community.id)).toHaveLength(1);
    await send('ada', '10', NOW, hours(2));
    expect(await completionsOf(context, community.id)).toMatchObject([
      { quest: from, at: NOW },
      { quest: all, at: hours(-2) },
    ]);
  });

  it('QU-8 a role is asked for when joining, where Discord tells it; elsewhere joining is refused with the reason', async () => {
    const { context, community, make, send } = await setUp();
    const quest = await make({ joinRequired: true, prerequisites: [{ role: '77' }] });
    await send('ada', '1', hours(-1));
    const join = (joiner: Parameters<typeof joinQuest>[3]) =>
      joinQuest(context, community.id, quest, joiner, TESTER, NOW);
    await expect(join({ handle: 'ada' })).rejects.toThrow('join it there, with /quest join');
    await expect(join({ discordUserId: '1', name: 'One', roleIds: ['78'] })).rejects.toThrow('a role that you lack');
    const { member } = await join({ discordUserId: '1', name: 'One', roleIds: ['77'] });
    expect(member).toMatchObject({ handle: 'discord-1', displayName: 'One' });
  });

  it('QU-8 who is unknown cannot be joined, and nothing that is over can', async () => {
    const { context, community, make, send } = await setUp();
    const quest = await make();
    const join = (questId: number, now = NOW) =>
      joinQuest(context, community.id, questId, { handle: 'ada' }, TESTER, now);
    await expect(join(quest)).rejects.toMatchObject({ code: 'unknown-member' });
    await send('ada', '1', hours(-1));
    await expect(join(quest + 1000)).rejects.toMatchObject({ code: 'unknown-quest' });
    await expect(join(quest, hours(12))).rejects.toMatchObject({ code: 'state-conflict' });
  });
});

describe('recurring quests', () => {
  it('QU-9 begin anew at local midnights, and each round can be completed', async () => {
    const { context, community, make, send } = await setUp('Asia/Kolkata');
    await make({
      recurrence: 'daily',
      startsAt: '2026-08-20T00:00:00Z',
      endsAt: hours(48).toISOString(),
      goal: { category: 'gpu-contributors', amount: '1' },
    });
    // Midnight in Kolkata is at 18:30.
    await send('ada', '1', new Date('2026-08-20T18:29:59.999Z'));
    await send('ada', '1', new Date('2026-08-20T18:30:00Z'));
    await send('ada', '0.5', new Date('2026-08-21T18:30:00Z'));
    expect((await completionsOf(context, community.id)).map(({ key }) => key)).toEqual(['2026-08-20', '2026-08-21']);
    expect(await tokensOf(context, community.id)).toEqual({ ada: 10_000 });
  });

  it('QU-10 after a change of time zone rounds that have begun keep their bounds, and the next follow on them', async () => {
    const { context, community, make, send } = await setUp('UTC');
    await make({ recurrence: 'daily', startsAt: '2026-08-21T00:00:00Z', endsAt: hours(72).toISOString() });
    await send('ada', '1', hours(-1));
    await updateCommunity(context, community.id, { timeZone: 'America/New_York', rebuild: true }, TESTER, NOW);
    await settleDueRounds(context, hours(70));
    const rounds = await database.db
      .selectFrom('quest_rounds')
      .select(['key', 'starts_at', 'ends_at'])
      .where('community_id', '=', community.id)
      .orderBy('starts_at')
      .execute();
    const times = ['21T00:00', '22T00:00', '23T00:00', '24T04:00', '25T04:00', '25T12:00'].map(
      (time) => new Date(`2026-08-${time}:00Z`),
    );
    expect(rounds.map(({ key }) => key)).toEqual([
      '2026-08-21',
      '2026-08-22',
      '2026-08-23',
      '2026-08-24',
      '2026-08-25',
    ]);
    expect(rounds.map(({ starts_at }) => starts_at)).toEqual(times.slice(0, -1));
    expect(rounds.map(({ ends_at }) => ends_at)).toEqual(times.slice(1));
  });
});

describe('setting up', () => {
  const refused: [what: string, fields: Record<string, unknown>, message: string][] = [
    ['an end before the start', { endsAt: hours(-13).toISOString() }, 'is not after `startsAt`'],
    ['a deadline in the past', { endsAt: hours(-1).toISOString() }, 'has passed'],
    ['a category that is not there', { goal: { category: 'nope', amount: 1 } }, 'There is no category "nope"'],
    ['more days than there are', { goal: { days: 3 } }, 'asks for 3 different days'],
    ['more days than a round has', { goal: { days: 2 }, recurrence: 'daily' }, 'a round has one'],
    [
      'a window of another shape',
      { goal: { rank: { category: 'gpu-contributors', window: 'week', period: '2026-08', atMost: 3 } } },
      'is no period',
    ],
    ['a quest that is not there', { prerequisites: [{ quest: 999_999 }] }, 'There is no quest 999999'],
    ['a role without joining', { prerequisites: [{ role: '1' }] }, 'set `joinRequired`'],
    ['too many rounds in the past', { recurrence: 'daily', startsAt: '2026-01-01T00:00:00Z' }, 'Let it start later'],
  ];
  it.each(refused)('QU-11 refuses %s', async (_, fields, message) => {
    const { community, context, make } = await setUp();
    await expect(make(fields)).rejects.toThrow(message);
    const rows = await database.db.selectFrom('quests').selectAll().where('community_id', '=', community.id).execute();
    expect([rows, await announcementsOf(context, community.id)]).toEqual([[], []]);
  });

  const unreadable: [what: string, fields: Record<string, unknown>, message: string][] = [
    ['no goal', { goal: {} }, 'asks for nothing'],
    ['no goal at all', { goal: undefined }, 'expected object'],
    ['two goals at once', { goal: { category: 'a', amount: 1, days: 2 } }, 'asks for both'],
    [
      'more subjects than listed',
      { goal: { category: 'a', subjects: ['x', 'y'], each: 1, of: 3 } },
      'nobody can reach that',
    ],
    ['a subject twice', { goal: { category: 'a', subjects: ['x', 'x'], each: 1 } }, 'names a subject twice'],
    ['an amount of 0', { goal: { category: 'a', amount: 0 } }, 'must be more than 0'],
    ['an amount with 4 places', { goal: { category: 'a', amount: '0.0001' } }, 'more than 3 decimal places'],
    ['a goal without category', { goal: { amount: 1 } }, 'without `category`'],
    ['goals four deep', { goal: { all: [{ any: [{ all: [{ days: 1 }] }] }] } }, 'Unrecognized key'],
    ['an empty list of goals', { goal: { all: [] } }, 'must hold a goal'],
    ['no rewards', { rewards: [] }, 'must hold a reward'],
    ['no winners', { maxWinners: 0 }, 'must be at least 1'],
    ['an unknown prerequisite', { prerequisites: [{ shoe: 'blue' }] }, 'must be {"quest": id}'],
    ['an empty name', { name: ' ' }, 'white space alone'],
    ['a reward of 0', { rewards: [{ kind: 'tokens', amount: 0 }] }, 'must be more than 0'],
    [
      'a reward that cannot be counted',
      { rewards: [{ kind: 'tokens', amount: '1000000000.001' }] },
      'is above 1000000000',
    ],
  ];
  it.each(unreadable)('QU-11 refuses %s', (_, fields, message) => {
    const parsed = newQuestSchema.safeParse(questBody(fields));
    expect(parsed.error?.issues.map((issue) => issue.message).join('; ')).toContain(message);
  });

  it('QU-12 a role that cannot or must not be given is refused with the reason', async () => {
    const { community, context } = await setUp();
    const wanted = newQuestSchema.parse(questBody({ rewards: [{ kind: 'role', roleId: '5' }] }));
    const checkRole = (_: string | undefined, roleId: string) => Promise.resolve(`Role ${roleId} is above the bot's.`);
    const known = await context.directory.bySlug(community.slug);
    await expect(createQuest({ ...context, checkRole }, known, wanted, TESTER, NOW)).rejects.toMatchObject({
      code: 'state-conflict',
      message: "Role 5 is above the bot's.",
    });
  });

  it('QU-13 name, description and a later deadline can be changed, nothing that was promised; cancelling ends it', async () => {
    const { community, context, make, send, completed } = await setUp();
    const quest = await make();
    const edit = (changes: Parameters<typeof editQuest>[3], now = NOW) =>
      editQuest(context, community.id, quest, changes, TESTER, now);
    await send('ada', '10', hours(-1));
    await expect(edit({ endsAt: hours(11) })).rejects.toThrow('can only become later');
    await edit({ name: 'New name', endsAt: hours(20) });
    await expect(edit({ endsAt: hours(48) }, hours(20))).rejects.toMatchObject({ code: 'state-conflict' });
    await send('bob', '10', NOW, hours(14));
    expect((await announcementsOf(context, community.id)).map(({ content }) => content)).toMatchObject([
      { kind: 'quest-opened', name: 'New name', endsAt: hours(20).toISOString() },
      { kind: 'quest-completed', quest: 'Ten hours', member: { name: 'ada' } },
      { kind: 'quest-completed', quest: 'New name', member: { name: 'bob' } },
    ]);
    await cancelQuest(context, community.id, quest, TESTER, hours(15));
    await cancelQuest(context, community.id, quest, TESTER, hours(16));
    await send('eve', '10', NOW, hours(16));
    await settleDueRounds(context, hours(30));
    expect(await completed()).toEqual(['ada', 'bob']);
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000, bob: 5000 });
    expect((await announcementsOf(context, community.id)).at(-1)).toMatchObject({ kind: 'quest-cancelled' });
    const audit = await database.db
      .selectFrom('audit_log')
      .select('action')
      .where('community_id', '=', community.id)
      .where('action', 'like', 'quest.%')
      .orderBy('audit_id')
      .execute();
    expect(audit.map(({ action }) => action)).toEqual(['quest.create', 'quest.edit', 'quest.cancel']);
  });
});
