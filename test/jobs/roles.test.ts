import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { mergeMembers } from '../../src/members/merge.ts';
import { noteSeen } from '../../src/rewards/note-seen.ts';
import { NOT_LINKED, NOT_THERE } from '../../src/rewards/plan-roles.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { DAY_MS, RoleScene } from '../support/roles.ts';

const database = useDatabase();
const open = () => RoleScene.open(database.db);

const DELIVERED = ['delivered', null];
const waiting = ['made', NOT_THERE];
const WITHDRAWN = ['withdrawn', null];
const failed = (reason: string) => ['failed', expect.stringContaining(reason)];

describe('roles', () => {
  it('RO-1 a role is given while any grant of it is in effect, with one look and one request, and then taken', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    await scene.grant('ada', champion, 'September');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
    expect(scene.asked()).toEqual(['GET ada', 'PUT ada Champion']);
    expect(await scene.states('ada')).toEqual([DELIVERED, DELIVERED]);

    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
    expect(await scene.states('ada')).toEqual([DELIVERED, DELIVERED, DELIVERED]);
    await scene.takeBack('ada', 'September');
    await scene.run();
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual([]);
    expect(scene.asked()).toEqual(['DELETE ada Champion']);
    expect(await scene.states('ada')).toEqual([DELIVERED, DELIVERED, DELIVERED, DELIVERED]);
    expect(scene.refused()).toEqual([]);
  });

  it('RO-2 a role that somebody had before the grant stays when the grant ends', async () => {
    const scene = await open();
    const [veteran, champion] = [scene.role('Veteran'), scene.role('Champion')];
    scene.guild.setRoles(scene.user('ada'), [veteran]);
    for (const role of [veteran, champion]) await scene.grant('ada', role, `Quest ${role.name}`);
    await scene.run();
    expect(scene.asked()).toEqual(['GET ada', 'PUT ada Champion']);
    expect(await scene.states('ada')).toEqual([DELIVERED, DELIVERED]);
    for (const role of [veteran, champion]) await scene.takeBack('ada', `Quest ${role.name}`);
    expect((await scene.plan()).first.map(({ action, role }) => [action, role])).toEqual(
      expect.arrayContaining([
        ['keep', { id: veteran.id }],
        ['take', { id: champion.id }],
      ]),
    );
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Veteran']);
    expect(scene.asked()).toEqual(['DELETE ada Champion']);
    // Granted anew, it is theirs still.
    await scene.grant('ada', veteran, 'again');
    await scene.run();
    await scene.takeBack('ada', 'again');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Veteran']);
  });

  it('RO-3 a role that a moderator took off is not put back, and what was granted says so', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    await scene.run();
    scene.guild.setRoles(scene.user('ada'), []);
    // Looked at again for another role.
    await scene.grant('ada', scene.role('Other'), 'Quest');
    await scene.run();
    await scene.grant('ada', champion, 'September');
    scene.pass(8 * DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Other']);
    expect(scene.asked()).toEqual(['GET ada', 'PUT ada Champion', 'GET ada', 'PUT ada Other', 'GET ada']);
    expect(await scene.states('ada')).toEqual([failed('took this role off'), DELIVERED, failed('took this role off')]);
    // Nor when they have left and come back.
    scene.guild.removeMember(scene.user('ada'));
    scene.guild.addMember(scene.user('ada'));
    scene.pass(8 * DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Other']);
  });

  it('RO-4 what waits for an account is given once one is linked, and taken when it is unlinked', async () => {
    const scene = await open();
    await scene.addMember('bob', { as: 'alone' });
    await scene.addMember('eve', { as: 'discord' });
    const champion = scene.role('Champion');
    await scene.grant('bob', champion, 'August');
    await scene.grant('eve', champion, 'August');
    await scene.run();
    expect(scene.rolesOf('eve')).toEqual(['Champion']);
    expect(await scene.states('bob')).toEqual([['made', NOT_LINKED]]);
    expect(await scene.states('eve')).toEqual([DELIVERED]);
    expect((await scene.plan()).first.map(({ member, why }) => [member?.handle, why])).toEqual([['bob', NOT_LINKED]]);

    await scene.link('bob');
    await scene.run();
    expect(scene.rolesOf('bob')).toEqual(['Champion']);
    expect(await scene.states('bob')).toEqual([DELIVERED]);
    await scene.unlink('bob');
    await scene.run();
    expect(scene.rolesOf('bob')).toEqual([]);
    expect(await scene.states('bob')).toEqual([['made', NOT_LINKED]]);
    // What a Discord user was granted goes with the handle that it links.
    await scene.addMember('nell', { as: 'alone' });
    const before = scene.discord.requests.length;
    const names = { from: `discord-${scene.user('eve').id}`, into: 'nell' };
    await mergeMembers(scene.context, scene.communityId, names, TESTER, scene.outbox.now());
    await scene.run();
    expect(scene.rolesOf('eve')).toEqual(['Champion']);
    expect(scene.discord.requests).toHaveLength(before);
  });

  it('RO-5 who has left is looked at daily, or when they use the bot, and gets it on return', async () => {
    const scene = await open();
    scene.guild.removeMember(scene.user('ada'));
    await scene.grant('ada', scene.role('Champion'), 'August');
    await scene.run();
    await scene.run();
    scene.pass(DAY_MS / 2);
    await scene.run();
    expect(scene.asked()).toEqual(['GET ada']);
    expect(await scene.states('ada')).toEqual([['made', NOT_THERE]]);
    expect((await scene.plan()).first).toMatchObject([{ action: 'cannot', why: NOT_THERE }]);
    scene.pass(DAY_MS);
    await scene.run();
    expect(scene.asked()).toEqual(['GET ada']);

    scene.guild.addMember(scene.user('ada'));
    const seen = () => noteSeen(scene.db, scene.communityId, scene.user('ada').id, [], scene.outbox.now());
    expect(await seen()).toBe(true);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
    expect(await scene.states('ada')).toEqual([DELIVERED]);
    const roleIds = scene.guild.rolesOf(scene.user('ada')).map(({ id }) => id);
    expect(await noteSeen(scene.db, scene.communityId, scene.user('ada').id, roleIds, scene.outbox.now())).toBe(false);
    expect(new Set(scene.refused()).size).toBe(1);
  });

  it('RO-6 who has not come back for 30 days loses it, the audit log says so, and coming back later is too late', async () => {
    const scene = await open();
    scene.guild.removeMember(scene.user('ada'));
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    for (let day = 0; day <= 30; day += 1) {
      if (day === 20) await scene.grant('ada', scene.role('Late'), 'September');
      await scene.run();
      if (day === 29) expect(await scene.states('ada')).toEqual([waiting, waiting]);
      scene.pass(DAY_MS);
    }
    expect(await scene.states('ada')).toEqual([['lapsed', 'Not in the server for 30 days.'], waiting]);
    const [entry] = await scene.db
      .selectFrom('audit_log')
      .select(['actor', 'target', 'after'])
      .where('community_id', '=', scene.communityId)
      .where('action', '=', 'grant.lapse')
      .execute();
    expect(entry).toMatchObject({ actor: 'role reconciler', target: 'ada', after: { grants: [expect.any(String)] } });
    scene.guild.addMember(scene.user('ada'));
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Late']);
    // A new grant is a new chance.
    await scene.grant('ada', champion, 'October');
    await scene.run();
    expect(scene.rolesOf('ada').toSorted()).toEqual(['Champion', 'Late']);
    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(scene.rolesOf('ada').toSorted()).toEqual(['Champion', 'Late']);
    expect((await scene.states('ada')).map(([state]) => state)).toEqual([
      'lapsed',
      'delivered',
      'delivered',
      'withdrawn',
    ]);
  });

  it('RO-7 who left and came back unseen gets the roles again, and those that were theirs as the bot’s gifts', async () => {
    const scene = await open();
    const [veteran, champion] = [scene.role('Veteran'), scene.role('Champion')];
    scene.guild.setRoles(scene.user('ada'), [veteran]);
    for (const role of [veteran, champion]) await scene.grant('ada', role, role.name);
    await scene.run();
    scene.guild.removeMember(scene.user('ada'));
    scene.guild.addMember(scene.user('ada'));
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual([]);
    expect(await noteSeen(scene.db, scene.communityId, scene.user('ada').id, [], scene.outbox.now())).toBe(true);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Veteran', 'Champion']);
    // Without an interaction it is seen within a week.
    scene.guild.removeMember(scene.user('ada'));
    scene.guild.addMember(scene.user('ada'));
    scene.pass(8 * DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Veteran', 'Champion']);
    await scene.takeBack('ada', 'Veteran');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Champion']);
  });

  it('RO-8 a role that the bot cannot or must not give is not even asked for, and is given once it can be', async () => {
    const scene = await open();
    const high = scene.role('High', { position: 99 });
    const mighty = scene.role('Mighty', { permissions: PermissionFlagsBits.BanMembers });
    for (const role of [high, mighty, { id: '12345' }]) await scene.grant('ada', role, `quest ${role.id}`);
    await scene.run();
    await scene.run();
    expect(await scene.states('ada')).toEqual([
      failed("Move the bot's role above it"),
      failed('carries powers over the server'),
      failed('There is no such role'),
    ]);
    expect(scene.asked()).toEqual([]);
    expect(await scene.plan()).toMatchObject({ give: 0, cannot: 3 });
    high.position = 3;
    expect(await scene.plan()).toMatchObject({ give: 1, cannot: 2 });
    scene.pass(DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['High']);
    expect((await scene.states('ada')).map(([state]) => state)).toEqual(['delivered', 'failed', 'failed']);
    // Moved up again, it cannot be taken, and rests until it can.
    high.position = 99;
    await scene.takeBack('ada', `quest ${high.id}`);
    scene.pass(60_000);
    await scene.run();
    expect((await scene.states('ada')).at(-1)).toEqual(failed("Move the bot's role above it"));
    scene.pass(8 * DAY_MS);
    await scene.run();
    // Whether it is there still is seen once a week.
    expect(scene.asked()).toEqual(['GET ada', 'PUT ada High', 'GET ada']);
    high.position = 3;
    scene.pass(DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual([]);
    expect((await scene.states('ada')).at(-1)).toEqual(DELIVERED);
    // What has become too mighty to be given can be taken.
    mighty.permissions = 0n;
    scene.pass(DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['Mighty']);
    mighty.permissions = PermissionFlagsBits.BanMembers;
    await scene.takeBack('ada', `quest ${mighty.id}`);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual([]);
    expect((await scene.states('ada')).at(-1)).toEqual(DELIVERED);
    expect(scene.refused()).toEqual([]);
  });

  it('RO-9 a role keeps its members when it is renamed; deleted, its grants fail without a request', async () => {
    const scene = await open();
    await scene.addMember('bob');
    const champion = scene.role('Champion');
    for (const name of ['ada', 'bob']) await scene.grant(name, champion, 'August');
    await scene.run();
    champion.name = 'Winner';
    await scene.takeBack('bob', 'August');
    await scene.run();
    expect([scene.rolesOf('ada'), scene.rolesOf('bob')]).toEqual([['Winner'], []]);
    scene.asked();
    scene.guild.deleteRole(champion);
    scene.pass(DAY_MS);
    await scene.run();
    expect(await scene.states('ada')).toEqual([failed('There is no such role')]);
    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(await scene.states('ada')).toEqual([WITHDRAWN, WITHDRAWN]);
    expect(scene.asked()).toEqual([]);
    expect(scene.refused()).toEqual([]);
  });

  it('RO-10 a role that was granted by its name is found, and stays the same when it is renamed', async () => {
    const scene = await open();
    await scene.grant('ada', { kind: 'role', name: 'Governance' }, 'August');
    await scene.grant('ada', { kind: 'role', name: 'Nowhere' }, 'Nowhere');
    await scene.run();
    expect(await scene.states('ada')).toEqual([failed('no role "Governance"'), failed('no role "Nowhere"')]);
    const governance = scene.role('governance');
    expect((await scene.plan()).first.map(({ action, role }) => [action, role])).toEqual([
      ['give', { id: governance.id }],
      ['cannot', { name: 'Nowhere' }],
    ]);
    scene.pass(DAY_MS);
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual(['governance']);
    governance.name = 'Council';
    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(scene.rolesOf('ada')).toEqual([]);
    for (const name of ['Twice', 'twice']) scene.role(name);
    await scene.grant('ada', { kind: 'role', name: 'TWICE' }, 'Twice');
    scene.pass(60_000);
    await scene.run();
    expect((await scene.states('ada')).at(-1)).toEqual(failed('several roles "TWICE"'));
  });

  it('RO-11 what is taken back before it was delivered is withdrawn, with its counter-entry, and nobody is asked', async () => {
    const scene = await open();
    const champion = scene.role('Champion');
    await scene.grant('ada', champion, 'August');
    await scene.takeBack('ada', 'August');
    await scene.run();
    expect(await scene.states('ada')).toEqual([WITHDRAWN, WITHDRAWN]);
    expect(scene.asked()).toEqual([]);
  });
});
