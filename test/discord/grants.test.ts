import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { makeGrants } from '../../src/rewards/grants.ts';
import type { Reward } from '../../src/rewards/reward.ts';
import { noteMissing } from '../../src/rewards/role-store.ts';
import { decodeGrantPress } from '../../src/discord/grants-message.ts';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { walkComponents } from '../support/discord/component.ts';

const database = useDatabase();

async function open() {
  const scene = await openScene(database.db);
  const { discord, guild, channel, ranking, community, ada, contribute } = scene;
  await contribute(['user123', '1', 'Ada_L'], [`discord-${ada.id}`, '1', 'Ada']);
  const memberId = async (handle: string) =>
    (
      await ranking.db
        .selectFrom('members')
        .select('member_id')
        .where('community_id', '=', community.id)
        .where('handle', '=', handle)
        .executeTakeFirstOrThrow()
    ).member_id;
  let keys = 0;
  return {
    ...scene,
    memberId,
    admin: guild.owner,
    run: async (command: string, options = {}) => {
      const answer = await discord.runCommand(guild.owner, channel, `grants ${command}`, options).answer;
      expect(answer.ephemeral).toBe(true);
      return answer;
    },
    grant: async (reward: Reward, handle = 'user123', reason = 'Season 2026-Q3'): Promise<number> => {
      const entitlement = { key: `key ${(keys += 1)}`, memberId: await memberId(handle), reward, reason };
      await ranking.db.transaction().execute((trx) => makeGrants(trx, community.id, [entitlement], NOW));
      const { id } = await ranking.db
        .selectFrom('grants')
        .select((eb) => eb.fn.max('grant_id').as('id'))
        .where('community_id', '=', community.id)
        .executeTakeFirstOrThrow();
      return Number(id);
    },
    fail: async (id: number, reason: string) => {
      await ranking.db
        .updateTable('grants')
        .set({ state: 'failed', state_reason: reason })
        .where('community_id', '=', community.id)
        .where('grant_id', '=', BigInt(id))
        .execute();
    },
  };
}

describe('/grants', () => {
  it('GR-10 shows what failed first, with why, and has one or all tried again', async () => {
    const scene = await open();
    const { run, grant, fail, guild, discord, admin } = scene;
    expect((await run('list')).text()).toMatch(/^Grants\nNothing failed\nNothing is left to do\./);
    const role = guild.createRole({ name: 'Champion' });
    const first = await grant({ kind: 'role', roleId: role.id });
    const second = await grant({ kind: 'nft', name: 'Gold *star*' });
    await grant({ kind: 'tokens', amount: 2_500n });
    await fail(first, 'The role "Champion" stands above the bot\'s own role.');
    await fail(second, 'No wallet is known.');
    const list = await run('list');
    const text = list.text();
    expect(text).toMatch(/^Grants\n2 failed\n/);
    expect(text).toContain('Ada_L (user123): the NFT Gold *star*');
    expect(text).toContain('failed: The role "Champion" stands above');
    // What is in effect is nothing to do.
    expect(text).not.toContain('2.5 OMNIT');
    const all = (await run('list', { state: 'all' })).text();
    expect(all.indexOf('No wallet')).toBeGreaterThan(0);
    expect(all.indexOf('No wallet')).toBeLessThan(all.indexOf('2.5 OMNIT'));
    expect(list.buttons().map(({ label }) => label)).toEqual(['Delivered', 'Retry', 'Retry', 'Retry all 2']);

    await discord.press(admin, list, `grants:1:delivered:${second}`).answer;
    expect(list.text()).toMatch(/^Noted as delivered: the NFT Gold \*star\* for Ada_L\nGrants\n1 failed\n/);
    await discord.press(admin, list, `grants:1:retry:${first}`).answer;
    expect(list.text()).toMatch(/^Tried again in a moment: the role @Champion for Ada_L\nGrants\nNothing failed\n/);
    for (const id of [first, second]) await fail(id, 'Again');
    expect((await run('retry')).text()).toMatch(
      /^2 grants are tried again\. [^]+\nNothing failed · 1 to deliver by hand\n/,
    );
    expect((await run('retry')).text()).toContain('Nothing had failed.');
    expect(discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('GR-11 lists by state, kind and member, in pages that keep to the choice', async () => {
    const scene = await open();
    const { run, grant, discord, admin, ada } = scene;
    for (let n = 1; n <= 7; n += 1) await grant({ kind: 'access', name: `Beta ${n}` });
    await grant({ kind: 'badge', name: 'Other' }, `discord-${ada.id}`);
    const list = await run('list', { state: 'made', kind: 'access', member: 'user123' });
    expect(list.text()).toContain('Beta 7');
    expect(list.text()).not.toContain('Beta 2');
    await discord.press(admin, list, 'More').answer;
    expect(list.text()).toContain('Beta 2');
    expect(list.text()).not.toContain('Beta 3');
    expect((await run('list', { member: `<@${ada.id}>` })).text()).toContain('the badge Other');
    expect((await run('list', { state: 'failed' })).text()).toContain('There are none to show.');
    expect((await run('list', { member: 'nobody' })).text()).toContain('no member "nobody"');
    const toDo = await run('list');
    expect(toDo.text()).toMatch(/^Grants\nNothing failed · 7 to deliver by hand\n/);
    expect(toDo.text()).toContain('waits to be delivered by hand');
    expect(toDo.text()).not.toContain('Other');
    await discord.press(admin, toDo, 'More').answer;
    expect(toDo.text()).toContain('Beta 2');
    expect(toDo.buttons().map(({ label }) => label)).toEqual(['Delivered', 'Delivered']);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('GR-12 notes how delivering ended, and suggests what can be noted and tried again', async () => {
    const scene = await open();
    const { run, grant, discord, admin, channel, ada } = scene;
    const nft = await grant({ kind: 'nft', name: 'Gold' });
    const tokens = await grant({ kind: 'tokens', amount: 1_000n });
    const suggest = (command: string, who = admin) =>
      discord.autocomplete(who, channel, `grants ${command}`, { grant: '' }, 'grant');
    expect(await suggest('failed')).toEqual([
      { name: expect.stringContaining('user123 · NFT Gold · waits · '), value: nft },
    ]);
    expect(await suggest('retry')).toEqual([]);
    expect((await run('failed', { grant: nft, reason: 'No wallet' })).text()).toMatch(
      /^Noted as failed: the NFT Gold for Ada_L\n[^]+failed: No wallet/,
    );
    expect(await suggest('retry')).toEqual([
      { name: expect.stringContaining('user123 · NFT Gold · failed · '), value: nft },
    ]);
    expect((await run('delivered', { grant: nft })).text()).toContain('delivered');
    expect((await run('failed', { grant: nft, reason: 'x' })).text()).toContain('was delivered already');
    expect((await run('delivered', { grant: tokens })).text()).toContain('in effect at once');
    expect((await run('retry', { grant: 999_999 })).text()).toContain('There is no grant 999999');
    await expect(suggest('failed', ada)).rejects.toThrow('permission');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('GR-13 a plan says what the bot would do about roles, and changes nothing', async () => {
    const scene = await open();
    const { run, grant, guild, ada, discord, contribute } = scene;
    expect((await run('plan')).text()).toContain('Nothing: everybody has the roles that they were granted.');
    const role = guild.createRole({ name: 'Champion' });
    const high = guild.createRole({ name: 'High', position: 99 });
    await grant({ kind: 'role', roleId: role.id }, `discord-${ada.id}`);
    await grant({ kind: 'role', roleId: high.id }, `discord-${ada.id}`);
    await grant({ kind: 'role', name: 'Governance' });
    await contribute(['cy', '1', 'Cy']);
    await grant({ kind: 'role', name: 'Governance' }, 'cy');
    const { length } = discord.requests.filter(({ method }) => method === 'PUT');
    const text = (await run('plan')).text();
    expect(text).toContain('1 to give · 3 not possible now');
    expect(text).toContain('Give: @Champion · Ada\n');
    expect(text).toMatch(/Not possible now: @High · Ada\n *The role "High" stands above/);
    expect(text).toMatch(/Not possible now: Governance · Ada_L, Cy\n *No Discord account is linked yet/);
    expect(discord.requests.filter(({ method }) => method === 'PUT')).toHaveLength(length);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('GR-14 the longest and worst names and reasons fit', async () => {
    const scene = await open();
    const { run, grant, fail, contribute } = scene;
    const handle = '*'.repeat(64);
    await contribute([handle, '1', '_'.repeat(100)]);
    const reason = '`'.repeat(300);
    for (let n = 0; n < 6; n += 1) {
      const id = await grant({ kind: 'nft', name: '|'.repeat(100) }, handle, reason);
      await fail(id, '~'.repeat(300));
    }
    for (let n = 0; n < 14; n += 1) await grant({ kind: 'role', name: '*'.repeat(100 - n) }, handle, reason);
    for (const answer of [await run('list'), await run('plan'), await run('failed', { grant: 1, reason })]) {
      const length = [...walkComponents(answer.components)].reduce(
        (sum, { content }) => sum + (content?.length ?? 0),
        0,
      );
      expect(length).toBeLessThanOrEqual(4_000);
    }
    expect((await run('plan')).text()).toMatch(/\nand \d+ more\n/);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('GR-15 is for those who may manage the server, and hostile custom ids do nothing', async () => {
    const { discord, ada, channel, guild } = await open();
    await expect(discord.runCommand(ada, channel, 'grants list').answer).rejects.toThrow('permission');
    const manager = discord.createUser({ username: 'manager' });
    guild.addMember(manager, { permissions: PermissionFlagsBits.ManageGuild });
    expect((await discord.runCommand(manager, channel, 'grants list').answer).text()).toContain('Grants');
    for (const hostile of [
      'grants:1:retry:',
      'grants:1:retry:-1',
      'grants:1:retry:1e3',
      `grants:1:retry:${'9'.repeat(19)}`,
      'grants:2:retry:1',
      'grants:1:list:lost:::f1',
      'grants:1:list::drop table:::f1',
      'grants:1:list::::x1',
      'grants:1:retry-all:1',
      'grants:1:delete:1',
    ]) {
      expect(decodeGrantPress(hostile)).toBeUndefined();
    }
    expect(decodeGrantPress('grants:1:list:to-do:::f1')).toMatchObject({ view: { filter: { state: 'to-do' } } });
    expect(decodeGrantPress('grants:1:list:made:nft:7:o12')).toEqual({
      do: 'list',
      view: { filter: { state: 'made', kind: 'nft', memberId: 7 }, before: { failed: false, id: 12n } },
    });
  });

  it('RO-21 using the bot shows that somebody is back: they are looked at soon', async () => {
    const { discord, ada, channel, ranking, community, memberId } = await open();
    const user = { userId: ada.id, memberId: await memberId(`discord-${ada.id}`) };
    const later = new Date(NOW.getTime() + 3_600_000);
    await ranking.db.transaction().execute((trx) => noteMissing(trx, community.id, user, { now: NOW, lookAt: later }));
    await discord.runCommand(ada, channel, 'me').answer;
    const { look_at } = await ranking.db
      .selectFrom('role_holders')
      .select('look_at')
      .where('community_id', '=', community.id)
      .executeTakeFirstOrThrow();
    expect(look_at).toEqual(NOW);
  });
});
