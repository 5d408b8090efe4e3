import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { openRest } from '../../src/discord/rest.ts';
import { createRoleGiver } from '../../src/discord/role-giver.ts';
import { deliverRoles } from '../../src/rewards/deliver.ts';
import { makeGrants, takeBackGrants } from '../../src/rewards/grants.ts';
import { useDatabase } from '../support/database.ts';
import type { StandInRole } from '../support/discord/world.ts';
import { Outbox } from '../support/outbox.ts';

const database = useDatabase();
const PUT = /^PUT \/guilds\/\d+\/members/;

async function open() {
  const outbox = await Outbox.open(database.db);
  const { db, discord, guild, communityId } = outbox;
  const ada = discord.createUser({ username: 'ada' });
  guild.addMember(ada);
  await db
    .insertInto('members')
    .values({
      community_id: communityId,
      member_id: 1,
      handle: 'ada',
      display_name: 'Ada',
      display_name_at: outbox.now(),
      discord_user_id: ada.id,
      created_at: outbox.now(),
    })
    .execute();
  return {
    outbox,
    guild,
    ada,
    async grant(role: Pick<StandInRole, 'id'>, key: string) {
      const entitlement = {
        key,
        memberId: 1,
        reward: { kind: 'role', roleId: role.id } as const,
        reason: 'Quest: Train it',
      };
      await db.transaction().execute((trx) => makeGrants(trx, communityId, [entitlement], outbox.now()));
    },
    async takeBack(key: string) {
      await db.transaction().execute((trx) => takeBackGrants(trx, communityId, [key], 'voided', outbox.now()));
    },
    deliver: () =>
      deliverRoles(db, createRoleGiver(openRest(discord.token, discord.apiUrl), outbox.now), {
        stopping: new AbortController().signal,
      }),
    async states() {
      const rows = await db
        .selectFrom('grants')
        .select(['state', 'state_reason'])
        .where('community_id', '=', communityId)
        .orderBy('grant_id')
        .execute();
      return rows.map((row) => [row.state, row.state_reason]);
    },
    asked: () => discord.requests.filter(({ method }) => method === 'PUT' || method === 'DELETE').length,
  };
}

describe('delivering roles', () => {
  it('AN-40 a role that was granted is given, and taken when it was taken back everywhere', async () => {
    const scene = await open();
    const role = scene.guild.createRole({ name: 'Champion' });
    await scene.grant(role, 'quest 1');
    await scene.grant(role, 'quest 2');
    await scene.deliver();
    expect(scene.guild.rolesOf(scene.ada).map(({ name }) => name)).toEqual(['Champion']);
    expect(await scene.states()).toEqual([
      ['delivered', null],
      ['delivered', null],
    ]);
    await scene.takeBack('quest 1');
    await scene.deliver();
    expect(scene.guild.rolesOf(scene.ada)).toHaveLength(1);
    await scene.takeBack('quest 2');
    await scene.deliver();
    expect(scene.guild.rolesOf(scene.ada)).toEqual([]);
    expect(scene.outbox.problems()).toEqual([]);
  });

  it('AN-41 a role that the bot cannot or must not give is not even asked for, and the reason says what to do', async () => {
    const scene = await open();
    const high = scene.guild.createRole({ name: 'High', position: 99 });
    const mighty = scene.guild.createRole({ name: 'Mighty', permissions: PermissionFlagsBits.BanMembers });
    for (const role of [high, mighty, { id: '12345' }]) await scene.grant(role, `quest ${role.id}`);
    await scene.deliver();
    await scene.deliver();
    expect(await scene.states()).toEqual([
      ['failed', expect.stringContaining("Move the bot's role above it")],
      ['failed', expect.stringContaining('carries powers over the server')],
      ['failed', expect.stringContaining('There is no such role')],
    ]);
    expect(scene.asked()).toBe(0);
  });

  it('AN-42 who left the server gets none, and is not asked for again', async () => {
    const scene = await open();
    await scene.grant(scene.guild.createRole({ name: 'Champion' }), 'quest 1');
    scene.guild.removeMember(scene.ada);
    await scene.deliver();
    await scene.deliver();
    expect(await scene.states()).toEqual([['failed', 'This person is not in the server any more.']]);
    expect(scene.asked()).toBe(1);
  });

  it('AN-43 when Discord asks to wait or fails, it is tried again by the next run, and given once', async () => {
    const scene = await open();
    scene.outbox.discord.faults.rateLimitNext(PUT, 0.01);
    scene.outbox.discord.faults.failNext(PUT, 502);
    await scene.grant(scene.guild.createRole({ name: 'Champion' }), 'quest 1');
    await scene.deliver();
    expect(await scene.states()).toEqual([['made', 'Discord asks to wait.']]);
    await scene.deliver();
    await scene.deliver();
    expect(await scene.states()).toEqual([['delivered', null]]);
  });
});
