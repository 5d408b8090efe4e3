import { describe, expect, it } from 'vitest';
import { createMultiplier } from '../../src/multipliers/create-multiplier.ts';
import { readMultipliers } from '../../src/multipliers/multiplier-store.ts';
import { parseFactor, statusOf } from '../../src/multipliers/multiplier.ts';
import { cancelMultiplier, endMultiplier } from '../../src/multipliers/stop-multiplier.ts';
import { contribution, makeCommunity, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { makeMultiplier, minutes, wantedMultiplier } from '../support/multipliers.ts';

const database = useDatabase();

const at = (count: number) => minutes(count).toISOString();

/** A community in which something was contributed so many minutes from now. */
async function communityWith(...occurred: readonly number[]) {
  const community = await makeCommunity(database.db);
  const context = recording(database.db);
  const contributions = occurred.map((minute) => contribution({ id: `at ${minute}`, occurredAt: at(minute) }));
  if (contributions.length > 0) await record(context, community, contributions);
  return { community, context };
}

describe('a factor', () => {
  it.each([
    ['1.01', 101n],
    ['3', 300n],
    ['3.00', 300n],
    ['2.50', 250n],
    [2.5, 250n],
    [3, 300n],
  ])('MU-1 %j is good', (value, factor) => expect(parseFactor(value)).toEqual({ factor }));

  it.each([
    ['3.01', 'is 3.01: a factor is more than 1 and at most 3'],
    [3.01, 'is 3.01'],
    [1, 'is 1:'],
    ['1.00', 'is 1:'],
    [0, 'is 0:'],
    ['0.5', 'is 0.5:'],
    ['abc', 'is not a decimal number'],
    ['', 'is not a decimal number'],
    ['-2', 'is not a decimal number'],
    [Number.NaN, 'is not a decimal number'],
    ['1e0', 'is not a decimal number'],
    ['1.255', 'has more than 2 decimal places'],
    ['1.2555', 'has more than 2 decimal places'],
    [1.255, 'has more than 2 decimal places'],
    ['9'.repeat(60), 'has far too many digits'],
  ])('MU-1 %j is refused', (value, problem) => {
    expect(parseFactor(value)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('when an event may be', () => {
  it('MU-2 it begins at least 5 minutes ahead, and the refusal says when that is', async () => {
    const { community } = await communityWith();
    const early = wantedMultiplier({ startsAt: new Date(minutes(5).getTime() - 1).toISOString() });
    await expect(createMultiplier(database.db, community.id, early, TESTER, NOW)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(at(5)),
    });
    expect(await makeMultiplier(database.db, community, {}, [5, 6])).toMatchObject({ startsAt: minutes(5) });
  });

  it.each([
    [{ endsAt: at(60) }, 'The end'],
    [{ endsAt: at(59) }, 'The end'],
    [{ announceAt: at(60) }, 'announced ahead'],
  ])('MU-2 %j is refused for one that starts in an hour', async (fields, message) => {
    const { community } = await communityWith();
    await expect(makeMultiplier(database.db, community, fields)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(message),
    });
  });

  it('MU-2 a category that is not there is refused', async () => {
    const { community } = await communityWith();
    const wanted = makeMultiplier(database.db, community, { categories: ['gpu-contributors', 'pages'] });
    await expect(wanted).rejects.toMatchObject({ code: 'unknown-category' });
  });

  it('MU-3 a backdated one is refused once anything of its stretch and categories is recorded', async () => {
    const { community } = await communityWith(-30);
    const make = (from: number, to: number, fields = {}) =>
      makeMultiplier(database.db, community, { backdated: true, ...fields }, [from, to]);
    await expect(make(-30, -20)).rejects.toMatchObject({ code: 'state-conflict' });
    await expect(make(-40, 40)).rejects.toMatchObject({ code: 'state-conflict' });
    // The start belongs to it, the end does not; other categories are no matter.
    await make(-40, -30);
    await make(-29, 10);
    await make(-60, 60, { categories: ['model-testers'] });
  });

  it('MU-3 voided contributions are recorded ones', async () => {
    const { community } = await communityWith(-30);
    await database.db
      .updateTable('contributions')
      .set({ counted: false })
      .where('community_id', '=', community.id)
      .execute();
    const wanted = makeMultiplier(database.db, community, { backdated: true }, [-60, 0]);
    await expect(wanted).rejects.toMatchObject({ code: 'state-conflict' });
  });

  it('MU-3 whatever the clocks of several processes say, nothing recorded is priced anew', async () => {
    const { community } = await communityWith(4);
    // Made by a process whose clock is behind.
    const behind = createMultiplier(database.db, community.id, wantedMultiplier({}, 2, 60), TESTER, minutes(-10));
    await expect(behind).rejects.toMatchObject({ code: 'state-conflict' });
  });
});

describe('cancelling and ending', () => {
  it('MU-4 a scheduled event is cancelled, twice as well as once, and prices nothing', async () => {
    const { community, context } = await communityWith();
    const { id } = await makeMultiplier(database.db, community, {}, [5, 60]);
    for (let time = 0; time < 2; time += 1) {
      expect(await cancelMultiplier(database.db, community.id, id, TESTER, NOW)).toMatchObject({ cancelledAt: NOW });
    }
    const [outcome] = await record(
      context,
      community,
      [{ ...contribution({ id: 'x' }), occurredAt: minutes(10) }],
      minutes(20),
    );
    expect(outcome).toMatchObject({ status: 'accepted', multiplier: 100n });
    await expect(endMultiplier(database.db, community.id, id, undefined, TESTER, NOW)).rejects.toMatchObject({
      code: 'state-conflict',
    });
  });

  it('MU-5 an event that has started, or starts within 5 minutes, is ended and not cancelled', async () => {
    const { community } = await communityWith();
    for (const [start, now] of [
      [10, 20],
      [10, 6],
    ] as const) {
      const { id } = await makeMultiplier(database.db, community, {}, [start, 60]);
      await expect(cancelMultiplier(database.db, community.id, id, TESTER, minutes(now))).rejects.toThrow(
        'End it instead',
      );
      const ended = await endMultiplier(database.db, community.id, id, undefined, TESTER, minutes(now));
      expect(ended.endsAt).toEqual(minutes(now + 5));
      // Once more, by a caller that did not hear the answer.
      const again = await endMultiplier(database.db, community.id, id, undefined, TESTER, minutes(now + 1));
      expect(again.endsAt).toEqual(minutes(now + 5));
    }
  });

  it('MU-5 the moment of an end is at least 5 minutes ahead and not later than the event ends', async () => {
    const { community } = await communityWith();
    const { id } = await makeMultiplier(database.db, community, {}, [10, 60]);
    const end = (moment: number | undefined, now: number) =>
      endMultiplier(
        database.db,
        community.id,
        id,
        moment === undefined ? undefined : minutes(moment),
        TESTER,
        minutes(now),
      );
    await expect(end(undefined, 0)).rejects.toThrow('cancel it instead');
    await expect(end(24, 20)).rejects.toMatchObject({
      code: 'invalid-parameter',
      message: expect.stringContaining(at(25)),
    });
    await expect(end(61, 20)).rejects.toMatchObject({ code: 'invalid-parameter' });
    expect(await end(60, 20)).toMatchObject({ endsAt: minutes(60) });
    expect(await end(25, 20)).toMatchObject({ endsAt: minutes(25) });
    expect(await end(undefined, 22)).toMatchObject({ endsAt: minutes(25) });
    await expect(end(undefined, 25)).rejects.toMatchObject({ code: 'state-conflict' });
  });

  it('MU-5 an end does not change what was earned already', async () => {
    const { community } = await communityWith();
    const { id } = await makeMultiplier(database.db, community, {}, [10, 60]);
    // By a process whose clock is ahead.
    const ahead = { ...contribution({ id: 'ahead' }), occurredAt: minutes(30) };
    await record(recording(database.db), community, [ahead], minutes(30));
    const end = (moment?: Date) => endMultiplier(database.db, community.id, id, moment, TESTER, minutes(20));
    await expect(end(minutes(30))).rejects.toMatchObject({ code: 'invalid-parameter' });
    expect((await end()).endsAt.getTime()).toBe(minutes(30).getTime() + 1);
  });

  it('MU-60 a refusal names an event by its name alone', async () => {
    const { community } = await communityWith();
    const { id } = await makeMultiplier(database.db, community, { name: 'Sprint' }, [10, 60]);
    const end = (now: number) => endMultiplier(database.db, community.id, id, undefined, TESTER, minutes(now));
    await expect(end(0)).rejects.toThrow('The multiplier event "Sprint" has not started: cancel it instead.');
    await expect(cancelMultiplier(database.db, community.id, id, TESTER, minutes(20))).rejects.toThrow(
      'The multiplier event "Sprint" has started or starts within 5 minutes:',
    );
    await expect(end(61)).rejects.toThrow(`The multiplier event "Sprint" is over: it ended at ${at(60)}.`);
  });

  it('MU-4 an event that is not there is refused', async () => {
    const { community } = await communityWith();
    const refused = { code: 'unknown-multiplier' };
    await expect(cancelMultiplier(database.db, community.id, 999, TESTER, NOW)).rejects.toMatchObject(refused);
    await expect(endMultiplier(database.db, community.id, 999, undefined, TESTER, NOW)).rejects.toMatchObject(refused);
  });
});

describe('the list', () => {
  it('MU-6 shows running events first, then scheduled, then past ones, and of each the newest', async () => {
    const { community } = await communityWith();
    const make = (name: string, from: number, to: number, now = 0) =>
      makeMultiplier(database.db, community, { name }, [from, to], minutes(now));
    await make('over', -80, -70, -90);
    await make('running', -60, 60, -90);
    await make('running, newer', -50, 40, -90);
    await make('soon', 30, 40);
    const { id } = await make('off', 30, 40);
    await make('later', 300, 400);
    await cancelMultiplier(database.db, community.id, id, TESTER, NOW);
    const { total, multipliers } = await readMultipliers(database.db, community.id, { limit: 100, offset: 0 }, NOW);
    expect(total).toBe(6);
    expect(multipliers.map((event) => [event.name, statusOf(event, NOW)])).toEqual([
      ['running, newer', 'running'],
      ['running', 'running'],
      ['later', 'scheduled'],
      ['soon', 'scheduled'],
      ['off', 'cancelled'],
      ['over', 'ended'],
    ]);
    const page = await readMultipliers(database.db, community.id, { limit: 2, offset: 1 }, NOW);
    expect(page.multipliers.map(({ name }) => name)).toEqual(['running', 'later']);
  });
});

describe('the request', () => {
  it('MU-7 sent again with the same key, gives the event that it made; another request of that key is refused', async () => {
    const { community } = await communityWith();
    const create = (fields: object, now = NOW) =>
      createMultiplier(database.db, community.id, wantedMultiplier({ ...fields }), TESTER, now, 'key 1');
    const [first, second] = await Promise.all([create({}), create({})]);
    expect(second).toEqual(first);
    // By then its start is too near, and it is the same all the same.
    expect(await create({}, minutes(58))).toMatchObject({ id: first.id });
    await expect(create({ factor: '3' })).rejects.toMatchObject({ code: 'state-conflict' });
  });

  it('MU-7 is in the audit log, with what it asked for', async () => {
    const { community } = await communityWith();
    const { id } = await makeMultiplier(database.db, community, { categories: ['model-testers'] }, [10, 60]);
    await endMultiplier(database.db, community.id, id, undefined, TESTER, minutes(10));
    const audit = await database.db
      .selectFrom('audit_log')
      .select(['action', 'target', 'before', 'after'])
      .where('community_id', '=', community.id)
      .where('action', 'like', 'multiplier.%')
      .orderBy('audit_id')
      .execute();
    expect(audit).toMatchObject([
      { action: 'multiplier.create', after: { factor: '2', categories: ['model-testers'], startsAt: at(10) } },
      { action: 'multiplier.end', before: { endsAt: at(60) }, after: { endsAt: at(15) } },
    ]);
  });
});
