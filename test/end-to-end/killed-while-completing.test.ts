import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { AppProcess, verifyStandings } from '../support/app-process.ts';
import { useDatabase } from '../support/database.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

const database = useDatabase();
/** More than the statements of a transaction that completes a quest. */
const MOST_STEPS = 60;
const PATH = '/v1/communities/omnitensor';

it(
  'EE-13 killed between any two steps of completing a quest: nothing is lost, nothing is granted or said twice',
  { timeout: 180_000 },
  async () => {
    const { hostname, port } = new URL(database.url);
    await using proxy = await TcpProxy.start({ host: hostname, port: Number(port) });
    const address = Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: String(proxy.port) });
    // Without a worker: what the transaction writes is looked at before anybody delivers it.
    const settings = { DATABASE_URL: address.href, ROLES: 'web' };
    const contribution = (member: number) => ({
      id: `work-${member}`,
      contributor: `member-${member}`,
      category: 'model-testers',
      amount: 1,
      occurredAt: new Date(Date.now() - 60_000).toISOString(),
    });
    const sent = new Map<number, ReturnType<typeof contribution>>();
    const post = (app: AppProcess, member: number) => {
      const body = sent.get(member) ?? contribution(member);
      sent.set(member, body);
      return app.call('POST', `${PATH}/contributions`, { contributions: [body] });
    };

    let app = await AppProcess.start(settings);
    await app.call('POST', `${PATH}/quests`, {
      name: 'Test a model',
      startsAt: new Date(Date.now() - 3_600_000).toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      goal: { category: 'model-testers', amount: '1' },
      rewards: [
        { kind: 'tokens', amount: '5' },
        { kind: 'badge', name: 'Tester' },
      ],
    });

    let steps = 1;
    for (let wasAnswered = false; !wasAnswered && steps < MOST_STEPS; steps += 1) {
      const stalled = proxy.stallAfter(steps).then(() => false);
      const answered = post(app, steps).then(
        ({ status }) => status === 200,
        () => false,
      );
      wasAnswered = await Promise.race([stalled, answered]);
      app.kill('SIGKILL');
      await app.ended;
      // The database notices that the other end is gone, and lets go of what it held.
      proxy.refuse();
      proxy.open();
      app = await AppProcess.start(settings);
      // Whoever got no answer sends it again.
      expect((await post(app, steps)).json).toMatchObject({ rejected: 0 });
    }
    expect(steps).toBeGreaterThan(5);
    expect(steps).toBeLessThan(MOST_STEPS);

    const members = steps - 1;
    const { rows } = await sql<{ contributions: number; completions: number; grants: number; said: number }>`
    select (select count(*) from contributions)::int as contributions, (select count(*) from quest_completions)::int as completions,
      (select count(*) from grants)::int as grants, (select count(*) from announcements where kind = 'quest-completed')::int as said`.execute(
      database.db,
    );
    expect(rows).toEqual([{ contributions: members, completions: members, grants: 2 * members, said: members }]);
    expect((await app.stop()).code).toBe(0);
    expect(await verifyStandings({ DATABASE_URL: database.url })).toMatchObject({ code: 0 });
  },
);
