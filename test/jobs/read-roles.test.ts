import { REST } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { cleanUp } from '../../jobs/clean-up.ts';
import { readRoles } from '../../jobs/read-roles.ts';
import { settleExclusions } from '../../jobs/settle-exclusions.ts';
import type { JobServices } from '../../jobs/services.ts';
import { createEmojiMaker } from '../../src/discord/application-emojis.ts';
import { createBoardMessenger } from '../../src/discord/live-board-messenger.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { createRoleGiver } from '../../src/discord/role-giver.ts';
import { createRoleReader } from '../../src/discord/role-reader.ts';
import { createScheduledEvents } from '../../src/discord/scheduled-events.ts';
import { noteRoles } from '../../src/fair-play/discord-roles.ts';
import { listExclusions } from '../../src/fair-play/exclusion-store.ts';
import { exclude, liftExclusion } from '../../src/fair-play/exclusions.ts';
import { excludedFromPrizes } from '../../src/fair-play/prizes.ts';
import { contribution, NOW, record, recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import type { StandInRole } from '../support/discord/world.ts';
import { Outbox } from '../support/outbox.ts';
import { differencesOf } from '../support/verifying.ts';

const DAY_MS = 86_400_000;
/** How many are asked for a run. */
const BATCH = 100;
const READ = /^GET \/guilds\/\d+\/members\/\d+/;

const database = useDatabase();

/** A server, and a community whose members are all its people: with a role Staff, and without. */
async function open(people: { staff: number; others: number }) {
  const outbox = await Outbox.open(database.db, { channel: false });
  const { db, discord, guild, communityId } = outbox;
  const staff = guild.createRole({ name: 'Staff' });
  const join = (username: string, ...roles: StandInRole[]) => {
    const user = discord.createUser({ username });
    guild.addMember(user, { roles });
    return user;
  };
  const users = {
    staff: Array.from({ length: people.staff }, (_, n) => join(`staff${n}`, staff)),
    others: Array.from({ length: people.others }, (_, n) => join(`other${n}`)),
  };
  const ranking = recording(db);
  const { slug } = await db
    .selectFrom('communities')
    .select('slug')
    .where('community_id', '=', communityId)
    .executeTakeFirstOrThrow();
  const { source_id: sourceId } = await db
    .selectFrom('sources')
    .select('source_id')
    .where('community_id', '=', communityId)
    .where('name', '=', 'test')
    .executeTakeFirstOrThrow();
  const send = (...contributors: string[]) =>
    record(
      ranking,
      { id: communityId, sourceId },
      contributors.map((contributor, n) => contribution({ id: `${contributor} ${n}`, contributor })),
    );
  await send('ada', ...[...users.staff, ...users.others].map(({ id }) => `discord-${id}`));
  /** Those of a worker of its own. */
  const services = (now: Date, rest = openRest(discord.token, discord.apiUrl)): JobServices => {
    return {
      ...recording(db),
      clock: () => now,
      lookAtClock: async () => {},
      stopping: new AbortController().signal,
      outside: {
        messenger: createMessenger(rest),
        roles: createRoleGiver(rest),
        readRoles: createRoleReader(rest),
        calendar: createScheduledEvents(rest),
        boards: createBoardMessenger(rest),
        emojis: createEmojiMaker(rest, discord.applicationId),
      },
    };
  };
  return {
    discord,
    guild,
    staff,
    users,
    ranking,
    communityId,
    slug,
    send,
    exclude: (scope: 'boards' | 'prizes', now = NOW) =>
      exclude(
        ranking,
        communityId,
        { target: { roleId: staff.id }, scope, reason: 'Staff', endsAt: undefined },
        TESTER,
        now,
      ),
    lift: (id: number, now: Date) => liftExclusion(ranking, communityId, id, TESTER, now),
    see: async (user: string, ...roles: string[]) =>
      noteRoles(ranking, await ranking.directory.bySlug(slug), user, roles, NOW),
    read: (now = NOW) => readRoles.run(services(now), now),
    /** Reads without the pauses that the library makes for Discord's 50 requests a second. */
    readFast() {
      const limits = { retries: 0, globalRequestsPerSecond: Number.POSITIVE_INFINITY };
      return readRoles.run(services(NOW, new REST({ api: discord.apiUrl, ...limits }).setToken(discord.token)), NOW);
    },
    cleanUp: (now: Date) => cleanUp.run(services(now), now),
    /** How many are on the boards, after everything was compared with the contributions. */
    async standing(): Promise<number> {
      expect(await differencesOf(ranking, slug)).toEqual([]);
      const rows = db.selectFrom('standings').select('member_id').where('community_id', '=', communityId);
      return new Set((await rows.execute()).map(({ member_id }) => member_id)).size;
    },
    asked: () => discord.requests.filter(({ method, path }) => READ.test(`${method} ${path}`)).length,
    known: async () => {
      const rows = db.selectFrom('discord_roles').select('role_ids').where('community_id', '=', communityId);
      return (await rows.execute()).length;
    },
    settle: (now = NOW) => settleExclusions.run({ ...services(now), outside: undefined }, now),
  };
}

describe('reading roles on Discord', () => {
  it('FP-46 concerns members too who do not use the bot, and asks for each once an exclusion', async () => {
    const scene = await open({ staff: 2, others: 3 });
    expect(await scene.read()).toBeUndefined();
    expect(scene.asked()).toBe(0);
    const { id } = await scene.exclude('boards');
    await scene.settle();
    expect(await scene.standing()).toBe(6);
    expect(await scene.read()).toBeUndefined();
    expect(await scene.standing()).toBe(4);
    expect(scene.asked()).toBe(5);
    await scene.read();
    expect(scene.asked()).toBe(5);
    expect(await listExclusions(database.db, scene.communityId)).toMatchObject([{ id, members: 2 }]);
    await scene.exclude('prizes', new Date(NOW.getTime() + 1));
    // Whoever has used the bot since then is known, though nothing is new.
    await scene.see(scene.users.staff[0]?.id ?? '', scene.staff.id);
    await scene.read();
    expect(scene.asked()).toBe(9);
  });

  it('FP-46 is done for a role that is excluded from prizes as well', async () => {
    const scene = await open({ staff: 2, others: 1 });
    await scene.exclude('prizes');
    await scene.read();
    expect((await excludedFromPrizes(database.db, scene.communityId, NOW)).size).toBe(2);
    expect(await scene.standing()).toBe(4);
  });

  it('FP-46 asks for some a run, never seen ones first, and says when to go on', async () => {
    const scene = await open({ staff: 1, others: BATCH + 9 });
    const [seen] = scene.users.others;
    await scene.exclude('prizes', new Date(NOW.getTime() - 2));
    await scene.see(seen?.id ?? '');
    await scene.exclude('boards', new Date(NOW.getTime() + 1));
    expect(await scene.readFast()).toEqual(NOW);
    expect([scene.asked(), await scene.known()]).toEqual([BATCH, BATCH + 1]);
    expect(scene.discord.requests.map(({ path }) => path).filter((path) => path.endsWith(seen?.id ?? '?'))).toEqual([]);
    expect(await scene.readFast()).toBeUndefined();
    expect([scene.asked(), await scene.known()]).toEqual([BATCH + 10, BATCH + 10]);
  });

  it('FP-46 a clock that was set back does not have it ask again and again', async () => {
    const scene = await open({ staff: 1, others: 0 });
    await scene.exclude('boards');
    const earlier = new Date(NOW.getTime() - 365 * DAY_MS);
    for (let n = 0; n < 3; n += 1) await scene.read(earlier);
    expect(scene.asked()).toBe(1);
  });

  it('FP-47 who has left is asked for once, and keeps the roles that were last seen', async () => {
    const scene = await open({ staff: 2, others: 0 });
    await scene.send('discord-5', 'discord-99999999999999999999');
    const [gone] = scene.users.staff;
    if (!gone) throw new Error('Two were made.');
    const never = { code: 50035, message: 'Invalid Form Body' };
    scene.discord.faults.failNext('/members/99999999999999999999', 400, never);
    await scene.exclude('boards');
    await scene.see(gone.id, scene.staff.id);
    scene.guild.removeMember(gone);
    expect(await scene.standing()).toBe(4);
    await scene.exclude('prizes', new Date(NOW.getTime() + 1));
    for (let n = 0; n < 2; n += 1) await scene.read();
    expect(scene.asked()).toBe(4);
    expect(await scene.standing()).toBe(3);
    // Whoever comes back is known again with the first interaction.
    await scene.see(gone.id);
    expect(await scene.standing()).toBe(4);
  });

  it('FP-48 goes on where Discord asks to wait or is away, and what an interaction told meanwhile stands', async () => {
    const scene = await open({ staff: 3, others: 0 });
    await scene.exclude('boards');
    scene.discord.faults.failNext(READ, 500);
    expect(await scene.read()).toBeUndefined();
    scene.discord.faults.rateLimitNext(READ, 30);
    const next = await scene.read();
    expect((next?.getTime() ?? 0) - NOW.getTime()).toBeGreaterThanOrEqual(29_000);
    expect(await scene.known()).toBe(0);
    const [first] = scene.users.staff;
    const hold = scene.discord.faults.holdNext(READ, 'after');
    const reading = scene.read();
    await hold.arrived;
    await scene.see(first?.id ?? '', '4711');
    hold.release();
    await reading;
    expect(await scene.standing()).toBe(2);
    await scene.read();
    expect(await scene.standing()).toBe(2);
  });

  it('FP-48 leaves a server be that the bot was thrown out of', async () => {
    const scene = await open({ staff: 2, others: 0 });
    await scene.exclude('boards');
    scene.guild.kickBot();
    expect(await scene.read()).toBeUndefined();
    expect(scene.asked()).toBe(1);
    expect(await scene.known()).toBe(0);
  });

  it('FP-49 roles are kept while a role is excluded and for 30 days after, and never elsewhere', async () => {
    const scene = await open({ staff: 1, others: 1 });
    await scene.see(scene.users.staff[0]?.id ?? '', scene.staff.id);
    expect(await scene.known()).toBe(0);
    const { id } = await scene.exclude('prizes');
    await scene.read();
    const later = (days: number) => new Date(NOW.getTime() + days * DAY_MS);
    await scene.cleanUp(later(400));
    expect(await scene.known()).toBe(2);
    await scene.lift(id, later(400));
    await scene.cleanUp(later(429));
    expect(await scene.known()).toBe(2);
    await scene.cleanUp(later(431));
    expect(await scene.known()).toBe(0);
  });
});
