import { sql } from 'kysely';
import { beforeAll, describe, expect, it } from 'vitest';
import { readOwnProgress } from '../../src/quests/read-quests.ts';
import { readQuest } from '../../src/quests/quest-store.ts';
import { remindSubscribers } from '../../src/quests/remind.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { contribution, makeCommunity, NOW, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { hours } from '../support/quests.ts';
import { rowsOf, touchedBy } from '../support/touched.ts';

/** A community after a year: quests that are over, those that go on, and daily ones with a round for each day. */
const OVER = 1_000;
const OPEN = 30;
const DAILY = 10;
const DAYS = 365;
const MEMBERS = 1_000;
/** Of each member: a daily quest completed on some days. */
const COMPLETIONS = 50;

const [GOING_ON, ALL_ROUNDS] = [OPEN + DAILY, OVER + OPEN + DAILY * DAYS];

const database = useDatabase();
let community: Awaited<ReturnType<typeof makeCommunity>>;

beforeAll(async () => {
  const { db } = database;
  community = await makeCommunity(db);
  for (const other of [await makeCommunity(db), community]) {
    await fillQuests(other.id);
    await sendAll(recording(db), other, 'first', MEMBERS);
    await fillCompletions(other.id);
  }
  await sql`vacuum analyze`.execute(db);
}, 120_000);

async function fillQuests(communityId: number): Promise<void> {
  const { db } = database;
  await sql`
    insert into quests (community_id, name, goal, rewards, recurrence, starts_at, ends_at, next_round_at, created_at)
    select ${communityId}::int, 'Quest ' || n, '{"category": "gpu-contributors", "amount": "10"}', '[{"kind": "tokens", "amount": "5"}]',
      case when n > ${OVER + OPEN} then 'daily' else 'once' end,
      case when n <= ${OVER} then ${hours(-24 * DAYS)}::timestamptz + n * interval '7 hours' else ${hours(-24 * DAYS)}::timestamptz end,
      case when n <= ${OVER} then ${hours(-24 * DAYS)}::timestamptz + (n + 24) * interval '7 hours' else ${hours(24 * 30)}::timestamptz end,
      case when n > ${OVER + OPEN} then ${hours(12)}::timestamptz end, 'epoch'
    from generate_series(1, ${OVER + GOING_ON}) n`.execute(db);
  await sql`
    insert into quest_rounds (community_id, quest_id, key, starts_at, ends_at, settles_at, settled_at)
    select community_id, quest_id, 'once', starts_at, ends_at, ends_at + interval '1 hour', case when ends_at < ${hours(-1)} then ends_at end
    from quests where community_id = ${communityId} and recurrence = 'once'
    union all
    select community_id, quest_id, to_char(ends_at, 'YYYY-MM-DD'), ends_at - interval '1 day', ends_at, ends_at + interval '1 hour', case when ends_at < ${hours(-1)} then ends_at end
    from (
      select community_id, quest_id, next_round_at - n * interval '1 day' as ends_at
      from quests cross join generate_series(${DAYS - 1}, 0, -1) n where community_id = ${communityId} and recurrence = 'daily'
    ) d`.execute(db);
}

async function fillCompletions(communityId: number): Promise<void> {
  await sql`
    insert into quest_completions (community_id, round_id, member_id, completed_at, recorded_at)
    select r.community_id, r.round_id, m.member_id, r.ends_at, r.ends_at
    from members m cross join lateral (
      select community_id, round_id, ends_at from quest_rounds r
      where r.community_id = m.community_id and r.settled_at is not null and r.key <> 'once' order by round_id offset m.member_id limit ${COMPLETIONS}
    ) r where m.community_id = ${communityId}`.execute(database.db);
}

/** Has a contribution of each of some members recorded. */
async function sendAll(context: RankingContext, to: typeof community, id: string, members: number, now = NOW) {
  const events = Array.from({ length: members }, (_, n) =>
    contribution({ id: `${id} ${n}`, contributor: `m${n}`, amount: '0.1', occurredAt: hours(-2).toISOString() }),
  );
  await record(context, to, events, now);
}

describe(`what quests touch where ${ALL_ROUNDS} rounds were, and ${GOING_ON} go on`, () => {
  it('QU-81 a batch of a process that remembers nothing: the quests that go on, their last days, and its members', async () => {
    const BATCH = 100;
    let calls = 0;
    const touched = await touchedBy(database.url, ({ db }) =>
      sendAll(recording(db), community, `cold ${(calls += 1)}`, BATCH),
    );
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'quests')).toBeGreaterThanOrEqual(GOING_ON);
    expect(rowsOf(touched, 'quests')).toBeLessThanOrEqual(2 * GOING_ON);
    // The last one of each, and those of a week.
    expect(rowsOf(touched, 'quest_rounds')).toBeLessThanOrEqual(2 * GOING_ON + DAILY * 9);
    expect(rowsOf(touched, 'quest_completions')).toBe(0);
    // What it writes and reads back of each member, who has contributed some times.
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(BATCH * 8);
  });

  it('QU-81 one of a process that remembers: none of them', async () => {
    let calls = 0;
    const touched = await touchedBy(database.url, (context) =>
      sendAll(context, community, `warm ${(calls += 1)}`, 100),
    );
    expect(touched.seqScans).toEqual({});
    for (const table of ['quests', 'quest_rounds', 'quest_completions']) expect(rowsOf(touched, table)).toBe(0);
  });

  it('QU-84 one of a process that remembers, by which its members reach every goal: no contribution but its own', async () => {
    const MEMBERS_WHO_REACH = 20;
    let calls = 0;
    const touched = await touchedBy(database.url, (context) => {
      const [call, amount] = [(calls += 1), calls === 1 ? '0.1' : '10'];
      const events = Array.from({ length: MEMBERS_WHO_REACH }, (_, n) =>
        contribution({ id: `r${n} ${call}`, contributor: `r${n}`, amount, occurredAt: hours(call - 3).toISOString() }),
      );
      return record(context, community, events);
    });
    const { rows } = await sql<{ completed: number }>`
      select count(*)::int as completed from quest_completions q
      join members m using (community_id, member_id) where community_id = ${community.id} and m.handle ~ '^r[0-9]+$'`.execute(
      database.db,
    );
    expect(rows).toEqual([{ completed: MEMBERS_WHO_REACH * GOING_ON }]);
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'contributions')).toBe(0);
  });

  it('QU-82 looking for what is due: the rounds that are not settled', async () => {
    const open = 2 * GOING_ON;
    for (const look of [settleDueRounds, remindSubscribers]) {
      const touched = await touchedBy(database.url, (context) => look(context, NOW));
      expect(touched.seqScans).toEqual({});
      // Two statements, in both communities.
      expect(rowsOf(touched, 'quest_rounds')).toBeLessThanOrEqual(2 * open);
      expect(rowsOf(touched, 'quests')).toBeLessThanOrEqual(2 * open + 2 * DAILY * 2);
      expect(touched.blocks).toBeLessThan(1_500n);
    }
  });

  it('QU-82 settling a round: who completed it', async () => {
    const { db } = database;
    const rounds = await db
      .selectFrom('quest_rounds')
      .select('round_id')
      .where('community_id', '=', community.id)
      .where('settled_at', 'is not', null)
      .where('key', '<>', 'once')
      .orderBy('round_id', 'desc')
      .limit(2)
      .execute();
    let calls = 0;
    await sql`
      insert into quest_completions (community_id, round_id, member_id, completed_at, recorded_at)
      select community_id, ${rounds[1]?.round_id}, member_id, ${NOW}, ${NOW} from members where community_id = ${community.id}
      on conflict do nothing`.execute(db);
    const touched = await touchedBy(database.url, async (context) => {
      // The second time one that everybody has completed.
      const { round_id } = rounds[calls++] ?? { round_id: 0 };
      await sql`
        update quests set max_winners = 10 where community_id = ${community.id}
          and quest_id = (select quest_id from quest_rounds where community_id = ${community.id} and round_id = ${round_id})`.execute(
        context.db,
      );
      await sql`
        update quest_rounds set settled_at = null where community_id = ${community.id} and round_id = ${round_id}`.execute(
        context.db,
      );
      await settleDueRounds(context, hours(11));
    });
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'quest_completions')).toBeGreaterThanOrEqual(MEMBERS);
    expect(rowsOf(touched, 'quest_completions')).toBeLessThanOrEqual(MEMBERS + 100);
    expect(rowsOf(touched, 'contributions')).toBe(0);
  });

  it('QU-82 how far a member has come: one round', async () => {
    const known = await recording(database.db).directory.bySlug(community.slug);
    const { quest_id } = await database.db
      .selectFrom('quests')
      .select('quest_id')
      .where('community_id', '=', community.id)
      .where('recurrence', '=', 'daily')
      .limit(1)
      .executeTakeFirstOrThrow();
    const touched = await touchedBy(database.url, async ({ db }) => {
      const quest = await readQuest(db, community.id, quest_id);
      if (quest) await readOwnProgress(db, known, quest, 1, NOW);
    });
    expect(touched.seqScans).toEqual({});
    expect(rowsOf(touched, 'quest_rounds')).toBeGreaterThan(0);
    expect(rowsOf(touched, 'quest_rounds')).toBeLessThanOrEqual(3);
    expect(rowsOf(touched, 'quest_completions')).toBeLessThanOrEqual(1);
    expect(rowsOf(touched, 'contributions')).toBeLessThanOrEqual(10);
  });
});
