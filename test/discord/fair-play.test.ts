import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { settleAllOffBoards } from '../../src/fair-play/off-boards.ts';
import { excludedFromPrizes } from '../../src/fair-play/prizes.ts';
import { requireMember } from '../../src/members/members.ts';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { walkComponents } from '../support/discord/component.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();

async function open() {
  const scene = await openScene(database.db);
  const { discord, guild, channel, ranking, community } = scene;
  return {
    ...scene,
    admin: guild.owner,
    run: async (command: string, options = {}) => {
      const answer = await discord.runCommand(guild.owner, channel, command, options).answer;
      expect(answer.ephemeral).toBe(true);
      return answer;
    },
    earned: async (handle: string) => (await requireMember(ranking.db, community.id, handle)).earnedOmnit,
    total: async () => (await discord.runCommand(scene.ada, channel, 'leaderboard').answer).text(),
  };
}

/** Three who have contributed; eve is the first of them, and Staff. */
async function withStaff() {
  const scene = await open();
  const { discord, guild, ada, bob, contribute } = scene;
  const staff = guild.createRole({ name: 'Staff' });
  const eve = discord.createUser({ username: 'eve' });
  guild.addMember(eve, { roles: [staff] });
  await contribute([`discord-${eve.id}`, '3'], [`discord-${ada.id}`, '2'], [`discord-${bob.id}`, '1']);
  return { ...scene, staff, eve };
}

describe('/exclude', () => {
  it('FP-30 excludes a member from boards with an end, lists it, offers it for lifting, and lifts it', async () => {
    const scene = await open();
    const { run, contribute, total, discord, admin, channel } = scene;
    await contribute(['user123', '10']);
    const options = { member: 'user123', from: 'boards', reason: 'Two *accounts*', until: 'in 30 days' };
    const made = (await run('exclude member', options)).text();
    expect(made).toContain('Excluded user123 from boards and prizes until September 21, 2026');
    expect(made).toContain('The member is off all boards now. Contributions still earn');
    expect(made).toMatch(/• \d+: user123 .* Reason: Two \*accounts\*/);
    expect(await total()).toContain('No contributions yet');
    expect((await run('exclude member', options)).text()).toContain('That is so already');
    const choices = await discord.autocomplete(admin, channel, 'exclude lift', {}, 'exclusion');
    expect(choices).toEqual([
      { name: expect.stringContaining('user123 from boards and prizes'), value: expect.any(Number) },
    ]);
    const exclusion = Number(choices[0]?.value);
    const lifted = (await run('exclude lift', { exclusion })).text();
    expect(lifted).toContain('Lifted: user123 from boards and prizes. The standings are back now');
    expect(lifted).toContain('Nobody is excluded.');
    expect(await total()).toContain('user123');
    expect((await run('exclude lift', { exclusion })).text()).toContain('no exclusion');
    expect((await run('exclude member', { ...options, until: 'whenever' })).text()).toContain('is not a time such as');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('FP-31 a role is excluded from prizes for those who have it when they use the bot', async () => {
    const scene = await withStaff();
    const { run, discord, channel, ada, bob, eve, staff, ranking, community } = scene;
    const made = (await run('exclude role', { role: staff.id, from: 'prizes', reason: 'Staff' })).text();
    expect(made).toContain('Excluded members with @Staff from prizes until it is lifted.');
    expect(made).toContain('Their ranks stay, and prizes pass to the next.');
    expect(made).toContain('No member was seen with the role so far.');
    const kept = () => excludedFromPrizes(ranking.db, community.id, NOW);
    expect(await kept()).toEqual(new Set());
    for (const user of [eve, ada, bob]) await discord.runCommand(user, channel, 'me').answer;
    const { id } = await requireMember(ranking.db, community.id, `discord-${eve.id}`);
    expect(await kept()).toEqual(new Set([id]));
    expect((await run('exclude list')).text()).toContain('1 member was last seen with the role.');
    expect(discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/exclude role from boards', () => {
  it('FP-30 takes whoever is seen with the role off the boards, and gives the place back when it is lost or lifted', async () => {
    const scene = await withStaff();
    const { run, guild, discord, channel, eve, bob, staff, ranking } = scene;
    const board = async (reader = bob) => (await discord.runCommand(reader, channel, 'leaderboard').answer).text();
    const made = (await run('exclude role', { role: staff.id, from: 'boards', reason: 'They run the network' })).text();
    expect(made).toContain('members with @Staff from boards and prizes until it is lifted');
    expect(made).toContain('They leave all boards within a minute.');
    expect(await board()).toContain(`discord-${eve.id}`);
    await discord.runCommand(eve, channel, 'me').answer;
    expect(await board()).not.toContain(`discord-${eve.id}`);
    guild.addMember(eve);
    await discord.runCommand(eve, channel, 'me').answer;
    expect(await board()).toContain(`discord-${eve.id}`);
    guild.addMember(eve, { roles: [staff] });
    await board(eve);
    expect(await board()).not.toContain(`discord-${eve.id}`);

    const choices = await discord.autocomplete(guild.owner, channel, 'exclude lift', {}, 'exclusion');
    expect(choices).toMatchObject([{ name: expect.stringContaining('@Staff from boards and prizes: They run') }]);
    const lifted = (await run('exclude lift', { exclusion: Number(choices[0]?.value) })).text();
    expect(lifted).toContain('Their standings are back within a minute, unless another exclusion holds.');
    await settleAllOffBoards(ranking, { stopping: new AbortController().signal });
    expect(await board()).toContain(`discord-${eve.id}`);
    expect(await differencesOf(ranking, scene.community.slug)).toEqual([]);
    expect(discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('FP-30 refuses @everyone, and the same twice', async () => {
    const scene = await withStaff();
    const { run, guild, staff } = scene;
    const wanted = { role: guild.id, from: 'boards', reason: 'x' };
    expect((await run('exclude role', wanted)).text()).toContain('Everybody has @everyone. Choose another role.');
    await run('exclude role', { ...wanted, role: staff.id });
    expect((await run('exclude role', { ...wanted, role: staff.id })).text()).toContain('That is so already');
    expect((await run('exclude role', { ...wanted, role: staff.id, from: 'prizes' })).text()).toContain('Excluded');
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/cap and /held', () => {
  it('FP-32 sets and shows caps, and takes them away', async () => {
    const scene = await open();
    const { run } = scene;
    expect((await run('cap list')).text()).toContain('There are no caps.');
    const set = await run('cap set', { category: 'gpu-contributors', amount: 24.5 });
    expect(set.text()).toContain('Top GPU Contributors: 24.5 GPU-hours');
    expect((await run('cap set', { category: 'gpu-contributors', amount: 0.0015 })).text()).toContain('decimal places');
    expect((await run('cap remove', { category: 'gpu-contributors' })).text()).toContain('There are no caps.');
    expect((await run('cap remove', { category: 'nope' })).text()).toContain('There is no category "nope"');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('FP-33 asks for a reason, decides once whoever presses, and shows what is left', async () => {
    const scene = await open();
    const { run, contribute, discord, guild, admin, channel, earned } = scene;
    await run('cap set', { category: 'gpu-contributors', amount: 10 });
    await contribute(['ada', '20'], ['bob', '30'], ['eve', '1']);
    const list = await run('held');
    expect(list.text()).toContain('ada: 20 GPU-hours, 125 OMNIT');
    expect(list.text()).not.toContain('(ada)');
    const [release = '', , , refuse = ''] = list.buttons().map(({ customId }) => customId ?? '');

    const other = discord.createUser({ username: 'other' });
    guild.addMember(other, { permissions: PermissionFlagsBits.ManageGuild });
    const theirs = await discord.runCommand(other, channel, 'held').answer;
    const [late] = theirs.buttons();

    const asked = discord.press(admin, list, release);
    await asked.modal;
    await discord.submitModal(admin, asked, { reason: 'Eight nodes' }).answer;
    expect(list.text()).toContain('The contribution of ada counts now.');
    expect(list.text()).not.toContain('20 GPU-hours');
    expect(await earned('ada')).toBe(125_000n);

    const second = discord.press(other, theirs, late?.customId ?? '');
    await second.modal;
    const told = await discord.submitModal(other, second, { reason: 'No' }).answer;
    expect(told.text()).toContain('It was released already');
    expect(await earned('ada')).toBe(125_000n);

    const third = discord.press(admin, list, refuse);
    await third.modal;
    await discord.submitModal(admin, third, { reason: 'A day has 24 hours' }).answer;
    expect(list.text()).toContain('Nothing is held.');
    expect(await earned('bob')).toBe(0n);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('FP-34 the longest and worst names fit, and the rest is told of', async () => {
    const scene = await open();
    const { run, contribute } = scene;
    await run('cap set', { category: 'gpu-contributors', amount: 1 });
    await contribute(
      ...Array.from({ length: 7 }, (_, n) => [`${n}${'*'.repeat(63)}`, '999999.999', '_'.repeat(100)] as const),
    );
    const list = await run('held');
    expect(list.buttons()).toHaveLength(10);
    expect(list.text()).toContain('There are more');
    const length = [...walkComponents(list.components)].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
    expect(length).toBeLessThanOrEqual(4_000);
    for (let n = 0; n < 10; n += 1) {
      const reason = '`'.repeat(300);
      await run('exclude member', { member: `${n % 7}${'*'.repeat(63)}`, from: n < 7 ? 'boards' : 'prizes', reason });
    }
    expect((await run('exclude list')).text()).toContain('and 2 more');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('FP-35 is for those who may manage the server', async () => {
    const { discord, ada, channel } = await open();
    for (const command of ['held', 'cap list', 'exclude list']) {
      await expect(discord.runCommand(ada, channel, command).answer).rejects.toThrow('permission');
    }
  });
});
