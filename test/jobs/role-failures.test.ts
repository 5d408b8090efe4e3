import { describe, expect, it } from 'vitest';
import type { RoleGiver } from '../../src/rewards/role-giver.ts';
import { AppProcess } from '../support/app-process.ts';
import { useDatabase } from '../support/database.ts';
import { DAY_MS, RoleScene } from '../support/roles.ts';

const database = useDatabase();
const open = () => RoleScene.open(database.db);

const PUT = /^PUT \/guilds\/\d+\/members/;
const DELETE = /^DELETE \/guilds\/\d+\/members/;
const FORBIDDEN = { code: 50013, message: 'Missing Permissions' };
/** As long as a worker may take for a pass. */
const LEASE_MS = 31_000;

/** Kills a worker of its own process when a request has been done and its answer has not been written down. */
async function killAfter(scene: RoleScene, request: RegExp): Promise<void> {
  const { discord, guild } = scene;
  const hold = discord.faults.holdNext(request, 'after');
  await using worker = await AppProcess.start({
    DATABASE_URL: database.url,
    ROLES: 'worker',
    DISCORD_API_URL: discord.apiUrl,
    DISCORD_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    DISCORD_GUILD_ID: guild.id,
  });
  await hold.arrived;
  worker.kill('SIGKILL');
  await worker.ended;
  hold.release();
}

describe('roles, when something goes wrong', () => {
  it('RO-12 what Discord refuses is asked for once, whoever else is owed it, until the roles change or an admin asks', async () => {
    const scene = await open();
    for (const name of ['bob', 'eve']) await scene.addMember(name);
    const names = ['ada', 'bob', 'eve'];
    const champion = scene.role('Champion');
    for (const name of names) await scene.grant(name, champion, 'August');
    scene.discord.faults.failNext(PUT, 403, FORBIDDEN);
    await scene.run();
    expect(scene.asked()).toEqual(['GET ada', 'PUT ada Champion']);
    for (const name of names) {
      expect(await scene.states(name)).toEqual([['failed', expect.stringContaining('move its role above this one')]]);
    }
    expect(await scene.plan()).toMatchObject({ give: 0, cannot: 3 });
    scene.pass(DAY_MS);
    await scene.run();
    expect(scene.asked()).toEqual([]);
    scene.role('Another');
    scene.pass(DAY_MS);
    await scene.run();
    for (const name of names) expect(scene.rolesOf(name)).toEqual(['Champion']);
    expect(scene.refused()).toHaveLength(1);
    // What is wrong with one person is no matter of the others.
    const other = scene.role('Other');
    for (const name of names) await scene.grant(name, other, 'September');
    scene.discord.faults.failNext(PUT, 400, { code: 30_000, message: 'Too many roles' });
    await scene.run();
    scene.pass(8 * DAY_MS);
    await scene.run();
    expect((await scene.states('ada')).at(-1)).toEqual(['failed', 'Discord refused it: Too many roles (30000).']);
    expect(names.map((name) => scene.rolesOf(name).length)).toEqual([1, 2, 2]);
    expect(scene.refused()).toHaveLength(2);
  });

  it('RO-22 an admin has a role given after all: one that somebody took off, one that was refused, one that lapsed', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    await scene.run();
    scene.guild.setRoles(scene.user('ada'), []);
    scene.pass(8 * DAY_MS);
    await scene.run();
    await scene.retry('ada');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
    expect(await scene.states('ada')).toEqual([['delivered', null]]);

    await scene.addMember('bob');
    await scene.grant('bob', champion, 'August');
    scene.discord.faults.failNext(PUT, 403, FORBIDDEN);
    await scene.run();
    expect(await scene.states('bob')).toEqual([['failed', expect.any(String)]]);
    // Asked for while a pass is under way that does not know of it yet.
    await scene.addMember('eve');
    await scene.grant('eve', scene.role('Other'), 'August');
    const hold = scene.discord.faults.holdNext(PUT, 'before');
    const running = scene.run();
    await hold.arrived;
    await scene.retry('bob');
    hold.release();
    await running;
    await scene.run();
    expect(scene.rolesOf('bob')).toEqual(['Champion']);

    await scene.addMember('nell', { inGuild: false });
    await scene.grant('nell', champion, 'August');
    for (let day = 0; day <= 31; day += 1) {
      await scene.run();
      scene.pass(DAY_MS);
    }
    expect(await scene.states('nell')).toEqual([['lapsed', expect.any(String)]]);
    scene.guild.addMember(scene.user('nell'));
    await scene.retry('nell');
    await scene.run();
    expect(scene.rolesOf('nell')).toEqual(['Champion']);
  });

  it('RO-13 when Discord asks to wait, fails or is away, it goes on by itself, and each role is given once', async () => {
    const scene = await open();
    await scene.addMember('bob');
    const champion = scene.role('Champion');
    for (const name of ['ada', 'bob']) await scene.grant(name, champion, 'August');
    scene.discord.faults.rateLimitNext(PUT, 20);
    const resumeAt = await scene.run();
    expect(resumeAt?.getTime()).toBeGreaterThan(scene.outbox.now().getTime() + 15_000);
    expect(await scene.states('ada')).toEqual([['made', 'Discord asks to wait.']]);
    await scene.run();
    expect(scene.asked()).toEqual(['GET ada', 'PUT ada Champion']);
    scene.pass(21_000);
    scene.renewConnection();
    scene.discord.faults.failNext(PUT, 502);
    await scene.run();
    expect(await scene.states('ada')).toEqual([['made', 'Discord answered with status 502.']]);
    scene.pass(11_000);
    await scene.run();
    expect([scene.rolesOf('ada'), scene.rolesOf('bob')]).toEqual([['Champion'], ['Champion']]);
    expect(scene.asked()).toEqual([
      'GET ada',
      'PUT ada Champion',
      'GET ada',
      'PUT ada Champion',
      'GET bob',
      'PUT bob Champion',
    ]);

    const away: RoleGiver = scene.giverAt('http://127.0.0.1:1/api');
    await scene.takeBack('bob', 'August');
    await scene.run(away);
    expect(scene.rolesOf('bob')).toEqual(['Champion']);
    await scene.run();
    expect(scene.rolesOf('bob')).toEqual(['Champion']);
    scene.pass(11_000);
    await scene.run();
    expect(scene.rolesOf('bob')).toEqual([]);
    expect(scene.refused()).toEqual([]);
  });

  it('RO-14 killed between giving and writing it down: the role is known as the bot’s, and taken in the end', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    await killAfter(scene, PUT);
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
    expect(await scene.states('ada')).toEqual([['delivering', null]]);
    scene.asked();
    scene.pass(LEASE_MS);
    await scene.run();
    expect(scene.asked()).toEqual(['GET ada']);
    expect(await scene.states('ada')).toEqual([['delivered', null]]);
    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual([]);
  }, 60_000);

  it('RO-15 killed between taking and writing it down: nobody is said to have taken it off', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    await scene.run();
    await scene.takeBack('ada', 'August');
    await killAfter(scene, DELETE);
    expect(scene.rolesOf('ada')).toEqual([]);
    // Granted anew before anybody has looked.
    await scene.grant('ada', champion, 'September');
    scene.pass(LEASE_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
    expect((await scene.states('ada')).map(([state]) => state)).toEqual(['delivered', 'delivered', 'delivered']);
  }, 60_000);

  it('RO-16 several workers at once ask for each thing once', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    const names = ['ada', 'bob', 'eve', 'nell'];
    for (const name of names.slice(1)) await scene.addMember(name);
    for (const name of names) await scene.grant(name, champion, 'August');
    await Promise.all(Array.from({ length: 5 }, () => scene.run()));
    expect(scene.asked()).toEqual(names.flatMap((name) => [`GET ${name}`, `PUT ${name} Champion`]));
  });

  it('RO-17 a server that the bot was thrown out of is not asked again and again', async () => {
    const scene = await open();
    await scene.grant('ada', scene.role('Champion'), 'August');
    scene.guild.kickBot();
    for (let hour = 0; hour < 5; hour += 1) {
      await scene.run();
      await scene.run();
      scene.pass(3_600_000);
    }
    expect(scene.refused()).toHaveLength(1);
    expect(await scene.states('ada')).toEqual([['made', null]]);
  });

  it('RO-19 a dry run tells what the run then does', async () => {
    const scene = await open();
    const [champion, old, high] = [scene.role('Champion'), scene.role('Old'), scene.role('High')];
    for (const name of ['bob', 'eve', 'nell']) await scene.addMember(name);
    await scene.addMember('zoe', { as: 'alone' });
    for (const name of ['ada', 'bob']) await scene.grant(name, old, 'July');
    await scene.run();
    await scene.takeBack('ada', 'July');
    for (const name of ['bob', 'eve', 'zoe']) await scene.grant(name, champion, 'August');
    await scene.grant('nell', high, 'August');
    high.position = 99;
    scene.asked();
    const plan = await scene.plan();
    expect(scene.asked()).toEqual([]);
    const { first, ...counts } = plan;
    expect(counts).toEqual({ give: 2, take: 1, keep: 0, cannot: 2 });
    await scene.run();
    const roles = new Map([champion, old, high].map(({ id, name }) => [id, name]));
    const planned = first.flatMap(({ action, member, role }) => {
      const name = 'id' in role ? roles.get(role.id) : role.name;
      if (action === 'give') return [`PUT ${member?.handle} ${name}`];
      return action === 'take' ? [`DELETE ${member?.handle} ${name}`] : [];
    });
    expect(scene.asked().filter((one) => !one.startsWith('GET'))).toEqual(planned);
    expect(first.filter(({ action }) => action === 'cannot').map(({ member, why }) => [member?.handle, why])).toEqual([
      ['nell', expect.stringContaining("Move the bot's role above it")],
      ['zoe', expect.stringContaining('No Discord account')],
    ]);
    expect(await scene.plan()).toMatchObject({ give: 0, take: 0, keep: 0, cannot: 2 });
  });
});
