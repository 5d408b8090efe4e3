import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { changeCounting } from '../../src/contributions/void.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { remindSubscribers } from '../../src/quests/remind.ts';
import { joinQuest } from '../../src/quests/join.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { announcementsOf, completionsOf, hours, makeQuest, tokensOf } from '../support/quests.ts';

const database = useDatabase();

async function setUp(fields: Record<string, unknown> = {}) {
  const community = await makeCommunity(database.db);
  const context = recording(database.db);
  const quest = await makeQuest(context, community.slug, fields);
  let sent = 0;
  const send = (contributor: string, amount: string, at: Date, now = NOW) =>
    record(
      context,
      community,
      [contribution({ id: `${contributor} ${++sent}`, contributor, amount, occurredAt: at.toISOString() })],
      now,
    );
  return { community, context, quest, send };
}

const winners = async (...of: Parameters<typeof completionsOf>) =>
  (await completionsOf(...of)).map(({ handle, won }) => [handle, won]);

describe('settling', () => {
  it('QU-20 the first to complete win, whatever the order of arrival; of one moment who became a member first', async () => {
    const { community, context, send } = await setUp({ maxWinners: 2 });
    for (const early of ['eve', 'ada', 'bob', 'dan']) await send(early, '1', hours(-20));
    await send('ada', '10', hours(-1));
    await send('bob', '10', hours(-2));
    await send('eve', '10', hours(-1));
    await send('dan', '9', hours(-5));
    expect(await winners(context, community.id)).toEqual([
      ['bob', null],
      ['eve', null],
      ['ada', null],
    ]);
    expect(await tokensOf(context, community.id)).toEqual({});
    // Late, and earlier than all: within the hour after the deadline it still counts.
    await send('dan', '1', hours(-4), hours(12.5));
    await settleDueRounds(context, hours(12.9));
    expect(await tokensOf(context, community.id)).toEqual({});
    await settleDueRounds(context, hours(13));
    const settled = [
      ['dan', true],
      ['bob', true],
      ['eve', false],
      ['ada', false],
    ];
    expect(await winners(context, community.id)).toEqual(settled);
    expect(await tokensOf(context, community.id)).toEqual({ bob: 5000, dan: 5000 });

    // Nothing moves them: neither what comes late nor what is voided.
    await send('ada', '10', hours(-11), hours(14));
    const target = { source: 'test', id: 'bob 6' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'test' }, TESTER, hours(14));
    await settleDueRounds(context, hours(15));
    expect(await winners(context, community.id)).toEqual(settled);
    expect(await tokensOf(context, community.id)).toEqual({ bob: 5000, dan: 5000 });
    const told = (await announcementsOf(context, community.id)).filter(({ kind }) => kind === 'quest-settled');
    expect(told.map(({ content }) => content)).toMatchObject([
      { winners: [{ name: 'dan' }, { name: 'bob' }], others: 2 },
    ]);
  });

  it('QU-21 a void before settling takes the completion back; who is next moves up', async () => {
    const { community, context, send } = await setUp({ maxWinners: 1 });
    await send('ada', '10', hours(-3));
    await send('bob', '10', hours(-2));
    const target = { source: 'test', id: 'ada 1' };
    await changeCounting(context, community.id, { kind: 'void', target, reason: 'test' }, TESTER, NOW);
    await settleDueRounds(context, hours(13));
    expect(await winners(context, community.id)).toEqual([['bob', true]]);
  });

  it('QU-22 two workers at once settle once', async () => {
    const { community, context, send } = await setUp({ maxWinners: 1 });
    await send('ada', '10', hours(-3));
    const workers = [context, recording(database.db), recording(database.db)];
    await Promise.all(workers.map((worker) => settleDueRounds(worker, hours(13))));
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000 });
    const told = (await announcementsOf(context, community.id)).filter(({ kind }) => kind === 'quest-settled');
    expect(told).toHaveLength(1);
  });

  it('QU-22 cut off at any statement, settling again does it all, once', async () => {
    const { community, context, send } = await setUp({ maxWinners: 1 });
    await send('ada', '10', hours(-3));
    // The server ends the connection when the announcement is written, and once more when the round is marked.
    for (const table of ['announcements', 'quest_rounds']) {
      const trigger = `cut_${table}`;
      await sql
        .raw(
          `
        create function ${trigger}() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$;
        create trigger ${trigger} before insert or update on ${table} for each row execute function ${trigger}()`,
        )
        .execute(database.db);
      await expect(settleDueRounds(context, hours(13))).rejects.toThrow();
      await sql.raw(`drop trigger ${trigger} on ${table}; drop function ${trigger}()`).execute(database.db);
      expect(await tokensOf(context, community.id)).toEqual({});
      expect(await winners(context, community.id)).toEqual([['ada', null]]);
    }
    await settleDueRounds(context, hours(13));
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000 });
  });

  it('QU-23 after downtime of days every round that is due is settled, each for itself', async () => {
    const { community, context, send } = await setUp({
      recurrence: 'daily',
      maxWinners: 1,
      goal: { category: 'gpu-contributors', amount: '1' },
      endsAt: hours(24 * 5).toISOString(),
    });
    await send('ada', '1', hours(-1));
    const next = await settleDueRounds(context, hours(24 * 4));
    const rounds = await database.db
      .selectFrom('quest_rounds')
      .select(['key', 'settled_at'])
      .where('community_id', '=', community.id)
      .orderBy('starts_at')
      .execute();
    expect(rounds.map(({ key, settled_at }) => [key, settled_at !== null])).toEqual([
      ['2026-08-22', true],
      ['2026-08-23', true],
      ['2026-08-24', true],
      ['2026-08-25', true],
      ['2026-08-26', false],
    ]);
    expect(next).toEqual(new Date('2026-08-27T00:00:00Z'));
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000 });
  });

  it('QU-24 a rank or a score is judged once, when the round is settled', async () => {
    const { community, context, send } = await setUp({
      goal: {
        any: [
          { rank: { category: 'gpu-contributors', window: 'season', atMost: 1 } },
          {
            all: [
              { score: { category: 'gpu-contributors', window: 'season', atLeast: '50' } },
              { category: 'gpu-contributors', amount: '3' },
            ],
          },
        ],
      },
    });
    await send('ada', '20', hours(-100));
    await send('bob', '7', hours(-50));
    await send('bob', '3', hours(-1));
    await send('eve', '15', hours(-60));
    expect(await winners(context, community.id)).toEqual([]);
    await settleDueRounds(context, hours(13));
    // ada leads since before the round began; bob reached both parts within it; eve did nothing in it.
    expect((await completionsOf(context, community.id)).map(({ handle, at }) => [handle, at])).toEqual([
      ['ada', hours(-12)],
      ['bob', hours(-1)],
    ]);
    expect(await tokensOf(context, community.id)).toEqual({ ada: 5000, bob: 5000 });
    await send('eve', '100', hours(-1), hours(20));
    await settleDueRounds(context, hours(30));
    expect(await winners(context, community.id)).toHaveLength(2);
  });

  it('QU-25 who is excluded from prizes completes, and wins nothing: the prize passes on', async () => {
    const { community, context, send } = await setUp({ maxWinners: 1 });
    await makeQuest(context, community.slug, { name: 'At once' });
    await send('ada', '1', hours(-20));
    const { member_id } = await database.db
      .selectFrom('members')
      .select('member_id')
      .where('community_id', '=', community.id)
      .executeTakeFirstOrThrow();
    await database.db
      .insertInto('exclusions')
      .values({
        community_id: community.id,
        member_id,
        role_id: null,
        scope: 'prizes',
        reason: 'test',
        starts_at: hours(-30),
      })
      .execute();
    await send('ada', '10', hours(-2));
    await send('bob', '10', hours(-1));
    await settleDueRounds(context, hours(13));
    expect(await winners(context, community.id)).toEqual([
      ['ada', false],
      ['bob', true],
      ['ada', false],
      ['bob', true],
    ]);
    expect(await tokensOf(context, community.id)).toEqual({ bob: 10_000 });
  });
});

describe('reminders', () => {
  it('QU-26 those who joined and are over half way are reminded once, when a fifth of the time is left', async () => {
    const { community, context, quest, send } = await setUp();
    const discord = (userId: string) => ({ discordUserId: userId, name: `User ${userId}`, roleIds: [] });
    for (const userId of ['1', '2', '3']) {
      await joinQuest(context, community.id, quest, discord(userId), TESTER, NOW);
    }
    await send('discord-1', '6.5', hours(-1));
    await send('discord-2', '5', hours(-1));
    await send('discord-3', '10', hours(-1));
    await send('discord-4', '9', hours(-1));
    expect(await remindSubscribers(context, hours(7))).toEqual(hours(12 - 24 / 5));
    await remindSubscribers(context, hours(8));
    await remindSubscribers(recording(database.db), hours(9));
    const told = (await announcementsOf(context, community.id)).filter(({ kind }) => kind === 'quest-reminder');
    expect(told).toMatchObject([{ recipient_id: '1', content: { done: '6.5', goal: '10 GPU-hours' } }]);
  });

  it('QU-26 a round that was over before its reminder is left alone', async () => {
    const { community, context, quest, send } = await setUp();
    const joiner = { discordUserId: '1', name: 'One', roleIds: [] };
    await joinQuest(context, community.id, quest, joiner, TESTER, NOW);
    await send('discord-1', '6', hours(-1));
    await remindSubscribers(context, hours(12));
    expect((await announcementsOf(context, community.id)).filter(({ kind }) => kind === 'quest-reminder')).toEqual([]);
  });
});
