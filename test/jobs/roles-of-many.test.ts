import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'kysely';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createRoleGiver } from '../../src/discord/role-giver.ts';
import { openRest } from '../../src/discord/rest.ts';
import { takeBackGrants } from '../../src/rewards/grants.ts';
import { useDatabase } from '../support/database.ts';
import type { StandInRole } from '../support/discord/world.ts';
import { RoleScene } from '../support/roles.ts';

/** About a minute on two cores; `ROLE_MEMBERS=500` takes seconds. */
const MEMBERS = Number(process.env['ROLE_MEMBERS'] ?? 10_000);
const AT_ONCE = 1_000;
/** What a member may leave in memory: the stand-in keeps each request. */
const BYTES_A_MEMBER = 4_000;
/** Discord shuts out for a while who has sent so many refused requests within ten minutes. */
const SHUT_OUT_AT = 10_000;
const FORBIDDEN = { code: 50013, message: 'Missing Permissions' };

const database = useDatabase();

it(
  'RO-18 a large community, under Discord’s limits: one request a member, none that is refused is repeated',
  async () => {
    const scene = await RoleScene.open(database.db, { rateLimits: true });
    const champion = scene.role('Champion');
    const [old, moody, fallen, high] = ['Old', 'Moody', 'Fallen', 'High'].map((name) => scene.role(name));
    if (!old || !moody || !fallen || !high) throw new Error('Each name makes a role.');
    const people = Array.from({ length: MEMBERS }, (_, n) => ({
      name: `member ${n}`,
      isThere: n % 7 > 0,
      role: [old, old, fallen, high, moody][n % 10] ?? champion,
    }));
    await arrange(scene, people, old);
    scene.guild.deleteRole(fallen);
    high.position = 99;
    // Discord refuses one of the roles though nothing shows why.
    scene.discord.faults.failNext(new RegExp(`^PUT .*/roles/${moody.id}`), 403, FORBIDDEN);
    scene.asked();

    // The clock stands still but for what Discord asks to wait: its limits are kept to, and nobody waits.
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const giver = createRoleGiver(openRest(scene.discord.token, scene.discord.apiUrl));
    const began = Date.now();
    const heap = usedHeap();
    const refusedAt: number[] = [];
    let waits = 0;
    for (let resumeAt = await scene.run(giver); resumeAt; resumeAt = await scene.run(giver)) {
      while (refusedAt.length < scene.refused().length) refusedAt.push(Date.now());
      vi.setSystemTime(resumeAt);
      waits += 1;
    }
    expect(usedHeap() - heap).toBeLessThan(10_000_000 + MEMBERS * BYTES_A_MEMBER);

    const asked = scene.asked();
    const [looks, requests] = [true, false].map((isLook) => asked.filter((one) => one.startsWith('GET') === isLook));
    expect(requests?.filter((one, n) => requests?.indexOf(one) !== n)).toEqual([]);
    // Whoever Discord asked to wait for is looked at anew.
    expect(looks?.length).toBeLessThanOrEqual(new Set(looks).size + waits);
    const there = people.filter(({ isThere }) => isThere);
    const missing = people.filter(({ isThere, role }) => !isThere && [old, champion, moody].includes(role));
    const count = (role: StandInRole) => there.filter((one) => one.role === role).length;
    expect(asked.filter((one) => one.startsWith('PUT'))).toHaveLength(count(champion) + 1);
    expect(asked.filter((one) => one.startsWith('DELETE'))).toHaveLength(
      people.filter(({ role }) => role === old).length,
    );
    for (const { name, isThere, role } of people) {
      expect(scene.rolesOf(name)).toEqual(isThere && role === champion ? ['Champion'] : []);
    }
    const refused = scene.refused();
    expect(new Set(refused).size).toBe(refused.length);
    expect(scene.discord.requests.filter(({ status }) => status === 429)).toEqual([]);
    // Each who is missing once, and the role once.
    expect(refused.length).toBeLessThanOrEqual(missing.length + 1);
    expect(mostWithin(refusedAt, 600_000)).toBeLessThan(SHUT_OUT_AT / 20);
    // Ten requests in ten seconds are what Discord takes.
    expect(Date.now() - began).toBeGreaterThan((count(champion) + count(old)) * 1_000 - 10_000);
  },
  MEMBERS * 120 + 60_000,
);

type Person = { name: string; isThere: boolean; role: StandInRole };

/** Makes members of people and grants each a role; `old` was given and is taken back again. */
async function arrange(scene: RoleScene, people: readonly Person[], old: StandInRole): Promise<void> {
  for (let from = 0; from < people.length; from += AT_ONCE) {
    const some = people.slice(from, from + AT_ONCE);
    await scene.addMembers(some.map(({ name, isThere }) => ({ name, as: 'linked', inGuild: isThere })));
    await scene.grantAll(some, 'August');
    const holders = some.filter(({ role }) => role === old);
    for (const { name, isThere } of holders) if (isThere) scene.guild.setRoles(scene.user(name), [old]);
    const ids = holders.map(({ name }) => scene.user(name).id);
    await sql`
      insert into role_holdings (community_id, discord_user_id, role_id, state)
      select ${scene.communityId}::int, id, ${old.id}, 'ours' from unnest(${ids}::text[]) id`.execute(scene.db);
    await sql`
      update grants set state = 'delivered' where community_id = ${scene.communityId} and role_id = ${old.id}`.execute(
      scene.db,
    );
    const keys = holders.map(({ name }) => `August ${name}`);
    await scene.db
      .transaction()
      .execute((trx) => takeBackGrants(trx, scene.communityId, keys, 'It ended', scene.outbox.now()));
  }
}

/** What is used of the heap, without what nobody uses any more. */
function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  // A context that is made after the flag was set has it.
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

/** How many of some moments, in order, lie within a stretch at most. */
function mostWithin(moments: readonly number[], stretchMs: number): number {
  let first = 0;
  return moments.reduce((most, moment, n) => {
    while ((moments[first] ?? moment) <= moment - stretchMs) first += 1;
    return Math.max(most, n - first + 1);
  }, 0);
}
