import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { up } from '../../migrations/0009-rounds-to-come.ts';
import { cancelQuest, editQuest } from '../../src/quests/manage.ts';
import { nextOpening } from '../../src/quests/open-rounds.ts';
import { settleDueRounds } from '../../src/quests/settle.ts';
import { makeCommunity, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { hours, makeQuest } from '../support/quests.ts';

const database = useDatabase();

async function roundsOf(questId: number): Promise<string[]> {
  const rows = await database.db
    .selectFrom('quest_rounds')
    .select(['key', 'starts_at', 'ends_at'])
    .where('quest_id', '=', questId)
    .orderBy('starts_at')
    .execute();
  return rows.map((row) => `${row.key}: ${row.starts_at.toISOString()} to ${row.ends_at.toISOString()}`);
}

it('QU-83 a recurring quest whose last round was made goes on when its deadline is put off, and ends when it is cancelled', async () => {
  const { id, slug } = await makeCommunity(database.db);
  const context = recording(database.db);
  const quest = await makeQuest(context, slug, { recurrence: 'daily', endsAt: hours(8).toISOString() });
  expect(await roundsOf(quest)).toEqual(['2026-08-22: 2026-08-22T00:00:00.000Z to 2026-08-22T20:00:00.000Z']);
  expect(await nextOpening(database.db)).toBeUndefined();
  await editQuest(context, id, quest, { endsAt: hours(60) }, TESTER, hours(1));
  expect(await nextOpening(database.db)).toEqual(hours(8));
  await settleDueRounds(context, hours(9));
  expect((await roundsOf(quest)).slice(1)).toEqual([
    '2026-08-23: 2026-08-22T20:00:00.000Z to 2026-08-24T00:00:00.000Z',
  ]);
  expect(await nextOpening(database.db)).toEqual(hours(36));
  await cancelQuest(context, id, quest, TESTER, hours(10));
  expect(await nextOpening(database.db)).toBeUndefined();
  await settleDueRounds(context, hours(40));
  expect(await roundsOf(quest)).toHaveLength(2);
});

it('QU-83 quests that were made before this was noted are noted the same', async () => {
  const { db } = database;
  const { slug } = await makeCommunity(db);
  const context = recording(db);
  const ahead = { startsAt: hours(30).toISOString(), endsAt: hours(40).toISOString() };
  for (const fields of [
    {},
    ahead,
    { recurrence: 'daily', endsAt: hours(60).toISOString() },
    { recurrence: 'weekly', endsAt: hours(500).toISOString() },
  ]) {
    await makeQuest(context, slug, fields);
  }
  const noted = () => db.selectFrom('quests').select(['quest_id', 'next_round_at']).orderBy('quest_id').execute();
  const before = await noted();
  expect(new Set(before.map(({ next_round_at }) => next_round_at?.toISOString()))).toEqual(
    new Set([undefined, hours(30).toISOString(), hours(12).toISOString(), '2026-08-24T00:00:00.000Z']),
  );
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const before0009 = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  onTestFinished(() => before0009.destroy());
  await sql`alter table quests drop column next_round_at`.execute(before0009);
  await sql`drop index quests_end, quest_rounds_end`.execute(before0009);
  await up(before0009);
  expect(await noted()).toEqual(before);
});
