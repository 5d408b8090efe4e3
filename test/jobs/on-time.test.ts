import { expect, it } from 'vitest';
import { jobs } from '../../jobs/index.ts';
import type { JobServices } from '../../jobs/services.ts';
import { updateCommunity } from '../../src/communities/update-community.ts';
import type { Job } from '../../src/queue/job.ts';
import type { RankingContext } from '../../src/ranking/context.ts';
import { makeCommunity, NOW, record, recording, contributionAt, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { announcementsOf, makeMultiplier } from '../support/multipliers.ts';
import { openQueue, queueHome } from '../support/queues.ts';
import { makeQuest } from '../support/quests.ts';

const HOUR_MS = 3_600_000;
const SOON_MS = 2_000;

const database = useDatabase();

/**
 * A worker with every job, whose schedules do not come round: what is done in a test is done because a write, or the time
 * that a job named, woke it. Its clock stands at a moment when it starts.
 */
async function openWorker(context: RankingContext, startsAt: Date) {
  const shiftMs = startsAt.getTime() - Date.now();
  const clock = () => new Date(Date.now() + shiftMs);
  const { backend } = queueHome('PostgreSQL', database.url);
  const runs: string[] = [];
  const unscheduled = jobs.map((job): Job<JobServices> => ({
    ...job,
    everyMs: HOUR_MS,
    run: async (...args) => {
      const next = await job.run(...args);
      runs.push(job.name);
      return next;
    },
  }));
  const stopping = new AbortController().signal;
  const services = { ...context, clock, lookAtClock: async () => {}, stopping, outside: undefined };
  const worker = await openQueue(backend, unscheduled, { services, clock });
  // Each runs when its worker starts, and when its schedule does.
  await expect.poll(() => runs.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2 * jobs.length);
  return { ...worker, clock };
}

it('QU-80 a quest that is over within moments of being made is settled at its time', async () => {
  const context = recording(database.db);
  const community = await makeCommunity(database.db, {}, NOW);
  const { queue, clock } = await openWorker(context, NOW);
  await makeQuest(
    context,
    community.slug,
    { startsAt: undefined, endsAt: new Date(clock().getTime() + SOON_MS).toISOString(), settleAfterMinutes: 0 },
    clock(),
  );
  queue.nudge();
  const settledAt = async () => {
    const round = await database.db
      .selectFrom('quest_rounds')
      .select('settled_at')
      .where('community_id', '=', community.id)
      .executeTakeFirst();
    return round?.settled_at ?? undefined;
  };
  await expect.poll(settledAt, { timeout: 20_000 }).toBeDefined();
});

it('CO-42 what is awaited before a window closes can be changed moments before: it closes by the new time', async () => {
  const context = recording(database.db);
  const monday = new Date('2026-08-24T00:00:00Z');
  const began = new Date(monday.getTime() - 3 * 24 * HOUR_MS);
  const community = await makeCommunity(database.db, {}, began);
  await record(context, community, [contributionAt(began, { id: '1', occurredAt: began.toISOString() })], began);
  const { queue, clock } = await openWorker(context, new Date(monday.getTime() - SOON_MS));
  await updateCommunity(context, community.id, { closingTimes: { lateMs: 0 } }, TESTER, clock());
  queue.nudge();
  const isFinal = async () => {
    const version = await database.db
      .selectFrom('final_versions as v')
      .innerJoin('windows as w', 'w.window_id', 'v.window_id')
      .select('v.sha256')
      .where('v.community_id', '=', community.id)
      .where('w.key', '=', '2026-W34')
      .where('v.sha256', 'is not', null)
      .executeTakeFirst();
    return version !== undefined;
  };
  await expect.poll(isFinal, { timeout: 20_000 }).toBe(true);
});

it('MU-61 what a backdated multiplier event brought, which is over within moments of being made, is told at its end', async () => {
  const context = recording(database.db);
  const community = await makeCommunity(database.db, {}, NOW);
  const { queue, clock } = await openWorker(context, NOW);
  const endsAt = new Date(clock().getTime() + SOON_MS);
  const { id } = await makeMultiplier(
    database.db,
    community,
    { backdated: true, endsAt: endsAt.toISOString() },
    [-60, 0],
    clock(),
  );
  queue.nudge();
  const told = async () => (await announcementsOf(database.db, community)).map(({ key }) => key);
  await expect.poll(told, { timeout: 20_000 }).toContain(`multiplier ${id} end`);
});
