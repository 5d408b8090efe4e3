import { expect, it } from 'vitest';
import { announceSeasonsJob } from '../../jobs/announce-seasons.ts';
import { deliverAnnouncements } from '../../jobs/deliver-announcements.ts';
import { deliverDue } from '../../src/announcements/deliver.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import type { Job } from '../../src/queue/job.ts';
import { announceSeasons } from '../../src/seasons/announce-seasons.ts';
import { contributionAt, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { Outbox } from '../support/outbox.ts';
import { openQueue, queueHome } from '../support/queues.ts';

/** An hour before the third quarter ends. */
const DUE = Date.parse('2026-09-30T23:00:00Z');
const database = useDatabase();

it('CD-13 a worker says at its moment, and once, that a season ends in an hour', async () => {
  const outbox = await Outbox.open(database.db);
  const { discord, communityId } = outbox;
  const ranking = recording(database.db);
  const { slug } = await database.db
    .selectFrom('communities')
    .select('slug')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  const { source_id: sourceId } = await database.db
    .selectFrom('sources')
    .select('source_id')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  const occurredAt = '2026-09-20T10:00:00Z';
  await record(
    ranking,
    { id: communityId, sourceId },
    [contributionAt(new Date(occurredAt), { id: slug, contributor: 'ada', amount: '2', occurredAt })],
    new Date(occurredAt),
  );

  const shiftMs = DUE - 20_000 - Date.now();
  const clock = () => new Date(Date.now() + shiftMs);
  const messenger = createMessenger(openRest(discord.token, discord.apiUrl));
  const services = { ...ranking, clock, stopping: new AbortController().signal };
  // With the schedules that they have.
  const jobs: Job<typeof services>[] = [
    { ...announceSeasonsJob, run: announceSeasons },
    { ...deliverAnnouncements, run: ({ db, stopping }) => deliverDue(db, messenger, { clock, stopping }) },
  ];
  const said = discord.nextMessage(outbox.channel);
  const { backend } = queueHome('PostgreSQL', database.url);
  const worker = await openQueue(backend, jobs, { services, clock });
  const message = await said;
  const lateMs = clock().getTime() - DUE;
  expect(lateMs).toBeGreaterThanOrEqual(0);
  expect(lateMs).toBeLessThan(5_000);
  expect(message.text()).toMatch(/^Season 2026-Q3 ends [^]+🥇 1st · ada · 12\.5 OMNIT/);
  worker.queue.nudge();
  await worker.ran({ name: 'announce-seasons' });
  await worker.ran({ name: 'deliver-announcements' });
  expect(outbox.messages()).toHaveLength(1);
  expect(outbox.problems()).toEqual([]);
}, 60_000);
