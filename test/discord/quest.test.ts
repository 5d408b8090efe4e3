import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { contribution, NOW, record } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene, type Scene } from '../support/discord-bot.ts';
import { completionsOf, hours, makeQuest } from '../support/quests.ts';

const database = useDatabase();
const WANTED = { name: 'Ten *hours*', ends: 'in 12 h', category: 'gpu-contributors', amount: '10', tokens: '5.5' };

async function questsOf({ community }: Scene) {
  return database.db
    .selectFrom('quests')
    .selectAll()
    .where('community_id', '=', community.id)
    .orderBy('quest_id')
    .execute();
}

const sourceOf = (message: { components: unknown }) => JSON.stringify(message.components);

describe('/quest', () => {
  it('QU-60 shows quests with deadlines in everybody’s own time, and how far the reader has come', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob, community, ranking } = scene;
    expect((await discord.runCommand(ada, channel, 'quest list').answer).text()).toContain('No quests yet.');
    const id = await makeQuest(ranking, community.slug, {
      name: 'Ten *hours*',
      maxWinners: 3,
      rewards: [
        { kind: 'tokens', amount: '1500' },
        { kind: 'badge', name: '**Hero**' },
      ],
    });
    const at = hours(-1).toISOString();
    const contributor = `discord-${ada.id}`;
    await record(ranking, community, [
      contribution({ id: 'a', contributor, amount: '6.25', occurredAt: at }),
      contribution({ id: 'b', contributor: 'bob', amount: '10', occurredAt: at }),
    ]);
    const list = await discord.runCommand(ada, channel, 'quest list').answer;
    expect(list.ephemeral).toBe(true);
    expect(list.text()).toContain('Ten *hours* · ends');
    expect(list.text()).toContain('10 GPU-hours');
    expect(list.text()).toContain('1,500 OMNIT + the badge **Hero** for the first 3');
    expect(list.text()).toContain('▰▰▰▰▰▰▱▱▱▱ 62 % · 6.25 of 10 GPU-hours');
    expect(sourceOf(list)).toContain(`<t:${hours(12).getTime() / 1000}:R>`);

    const shown = await discord.runCommand(bob, channel, 'quest show', { quest: String(id) }).answer;
    expect(shown.text()).toContain('Completed by bob');
    expect(shown.text()).not.toContain('▰');
    const own = await discord.runCommand(ada, channel, 'quest progress').answer;
    expect(own.text()).toContain('▰▰▰▰▰▰▱▱▱▱ 62 %');
    expect((await discord.runCommand(bob, channel, 'quest progress').answer).text()).toContain('not contributed yet');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-61 is joined by command or button, by who is not a member yet, too', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob, community, ranking } = scene;
    const id = await makeQuest(ranking, community.slug, { joinRequired: true });
    const shown = await discord.runCommand(ada, channel, 'quest show', { quest: String(id) }).answer;
    expect(shown.buttons().map(({ label }) => label)).toEqual(['Join']);
    await discord.press(ada, shown, 'Join').answer;
    expect(shown.buttons()).toEqual([]);
    expect(shown.text()).toContain('▱▱▱▱▱▱▱▱▱▱ 0 % · 0 of 10 GPU-hours');
    const joined = await discord.runCommand(bob, channel, 'quest join', { quest: String(id) }).answer;
    expect(joined.text()).toContain('0 of 10 GPU-hours');
    const members = await database.db
      .selectFrom('members as m')
      .innerJoin('quest_joins as j', (join) =>
        join.onRef('j.community_id', '=', 'm.community_id').onRef('j.member_id', '=', 'm.member_id'),
      )
      .select(['m.handle', 'm.display_name'])
      .where('m.community_id', '=', community.id)
      .orderBy('m.member_id')
      .execute();
    expect(members).toEqual([
      { handle: `discord-${ada.id}`, display_name: 'Ada' },
      { handle: `discord-${bob.id}`, display_name: 'Bob' },
    ]);
    const at = { contributor: `discord-${ada.id}`, amount: '10', occurredAt: NOW.toISOString() };
    await record(ranking, community, [contribution({ id: 'a', ...at })]);
    expect(await completionsOf(ranking, community.id)).toHaveLength(1);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-62 a role that a quest asks for is looked at when joining', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ada, bob, community, ranking } = scene;
    const role = guild.createRole({ name: 'Miner' });
    guild.addMember(bob, { roles: [role] });
    const id = await makeQuest(ranking, community.slug, { joinRequired: true, prerequisites: [{ role: role.id }] });
    const refused = await discord.runCommand(ada, channel, 'quest join', { quest: String(id) }).answer;
    expect(refused.text()).toContain('a role that you lack');
    const joined = await discord.runCommand(bob, channel, 'quest join', { quest: String(id) }).answer;
    expect(joined.text()).toContain('0 of 10 GPU-hours');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-63 managers create, change and cancel quests, and nobody else', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ada } = scene;
    for (const [name, options] of [
      ['create', WANTED],
      ['edit', { quest: '1', name: 'x' }],
      ['cancel', { quest: '1' }],
    ] as const) {
      const refused = await discord.runCommand(ada, channel, `quest ${name}`, options).answer;
      expect(refused.text()).toContain('Only those with the permission "Manage Server" can do this.');
    }
    const made = await discord.runCommand(guild.owner, channel, 'quest create', WANTED).answer;
    expect(made.text()).toContain('Ten *hours*');
    const [row] = await questsOf(scene);
    expect(row).toMatchObject({
      name: 'Ten *hours*',
      goal: { category: 'gpu-contributors', amount: '10' },
      rewards: [{ kind: 'tokens', amount: '5.5' }],
      starts_at: NOW,
      ends_at: hours(12),
    });
    const id = String(row?.quest_id);
    const edited = await discord.runCommand(guild.owner, channel, 'quest edit', {
      quest: id,
      name: 'New',
      ends: 'in 13 h',
    }).answer;
    expect(edited.text()).toContain('New');
    const asked = await discord.runCommand(guild.owner, channel, 'quest cancel', { quest: id }).answer;
    expect(asked.text()).toContain('Cancel this quest for good?');
    expect((await questsOf(scene))[0]?.cancelled_at).toBeNull();
    await discord.press(guild.owner, asked, 'Cancel it').answer;
    expect(asked.text()).toContain('Cancelled: New');
    expect(await questsOf(scene)).toMatchObject([{ name: 'New', ends_at: hours(13), cancelled_at: NOW }]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-63 several goals at once are all asked for', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel } = scene;
    const options = {
      ...WANTED,
      subjects: 'llama, gpt',
      each: 2,
      days: 1,
      repeats: 'daily',
      winners: 3,
      badge: 'Hero',
    };
    const made = await discord.runCommand(guild.owner, channel, 'quest create', options).answer;
    expect(made.text()).toContain('every day');
    const [category, subjects] = ['gpu-contributors', ['llama', 'gpt']];
    expect((await questsOf(scene))[0]?.goal).toEqual({
      all: [
        { category, amount: '10' },
        { category, subjects, each: 2 },
        { category, days: 1 },
      ],
    });
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-70 a score or a rank on a board can be a goal, and of several goals one can be enough', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel } = scene;
    const { amount: _amount, ...rest } = WANTED;
    const create = (options: Record<string, string | number | boolean>) =>
      discord.runCommand(guild.owner, channel, 'quest create', options).answer;
    const made = await create({ ...rest, score: '1234.5', rank: 3, window: 'month', days: 1, 'one-is-enough': true });
    expect(made.text()).toContain('Created: Ten *hours*');
    expect(made.text()).toContain('1,234.5');
    await create({ ...rest, rank: 10 });
    const category = 'gpu-contributors';
    expect((await questsOf(scene)).map(({ goal }) => goal)).toEqual([
      {
        any: [
          { category, days: 1 },
          { score: { category, window: 'month', atLeast: '1234.5' } },
          { rank: { category, window: 'month', atMost: 3 } },
        ],
      },
      { rank: { category, window: 'season', atMost: 10 } },
    ]);
    const { category: _category, ...bare } = rest;
    expect((await create({ ...bare, score: '10' })).text()).toContain('Give a category beside score or rank');
    expect((await create({ ...rest, score: 'high' })).text()).toContain('score is not a decimal number');
    expect((await create({ ...rest, rank: 1, tokens: '1.2345' })).text()).toContain('tokens has more than 3 decimal');
    expect(await questsOf(scene)).toHaveLength(2);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-71 a quest can be for some alone, which it says by name; a role implies joining', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ada, community, ranking } = scene;
    const role = guild.createRole({ name: 'Miner' });
    const first = await makeQuest(ranking, community.slug, {
      name: 'Warm *up*',
      rewards: [{ kind: 'badge', name: 'Warm' }],
    });
    const suggest = async (option: string) =>
      (await discord.autocomplete(guild.owner, channel, 'quest create', { [option]: 'warm' }, option)).map(
        ({ value }) => value,
      );
    expect(await suggest('after')).toEqual([String(first)]);
    expect(await suggest('needs-badge')).toEqual(['Warm']);
    const made = await discord.runCommand(guild.owner, channel, 'quest create', {
      ...WANTED,
      after: String(first),
      'needs-badge': 'Warm',
      'needs-role': role.id,
      'member-before': '2026-08-20',
    }).answer;
    expect(made.text()).toContain(
      'Only for those who have completed Warm *up*, who hold the badge Warm, who have the role @Miner when they join, and who became members before August 20, 2026',
    );
    expect((await questsOf(scene))[1]).toMatchObject({
      join_required: true,
      count_earlier: false,
      prerequisites: [
        { quest: first },
        { badge: 'Warm' },
        { role: role.id },
        { memberBefore: '2026-08-20T00:00:00.000Z' },
      ],
    });
    const refused = await discord.runCommand(ada, channel, 'quest join', { quest: String(first + 1) }).answer;
    expect(refused.text()).toContain('a role that you lack: @Miner.');
    const unknown = { ...WANTED, after: 'Warm up' };
    const answer = await discord.runCommand(guild.owner, channel, 'quest create', unknown).answer;
    expect(answer.text()).toContain('Choose one of those that are suggested.');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-72 buttons are there while they are of use', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, community, ranking } = scene;
    const labelsOf = async (quest: number) => {
      const shown = await discord.runCommand(ada, channel, 'quest show', { quest: String(quest) }).answer;
      return shown.buttons().map(({ label }) => label);
    };
    const open = await makeQuest(ranking, community.slug);
    const proof = await makeQuest(ranking, community.slug, { goal: { proof: 'A picture' }, joinRequired: true });
    expect(await labelsOf(open)).toEqual(['Join and be reminded']);
    expect(await labelsOf(proof)).toEqual(['Join']);
    await discord.runCommand(ada, channel, 'quest join', { quest: String(proof) }).answer;
    expect(await labelsOf(proof)).toEqual(['Hand in a proof']);
    const done = { contributor: `discord-${ada.id}`, amount: '10', occurredAt: NOW.toISOString() };
    await record(ranking, community, [contribution({ id: 'a', ...done })]);
    expect(await labelsOf(open)).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-73 an edit that changes nothing says so, and what is cancelled is not cancelled again', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, community, ranking } = scene;
    const quest = String(await makeQuest(ranking, community.slug));
    const run = (name: string) => discord.runCommand(guild.owner, channel, `quest ${name}`, { quest }).answer;
    expect((await run('edit')).text()).toContain('Say what to change');
    await discord.press(guild.owner, await run('cancel'), 'Cancel it').answer;
    const again = await run('cancel');
    expect(again.text()).toContain('Cancelled');
    expect(again.buttons()).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it.each<[string, Record<string, string | number>, string]>([
    ['goal', { amount: undefined as unknown as string }, 'Say what the goal is: give amount'],
    ['reward', { tokens: undefined as unknown as string }, 'Say what there is to win: give tokens'],
    ['deadline that lies ahead', { ends: '2026-08-22 11:00' }, 'has passed'],
    ['deadline that is a time', { ends: 'soon' }, 'ends, "soon", is not a time such as'],
    ['category that there is', { category: 'pages' }, 'There is no category "pages"'],
    ['amount that is a number', { amount: 'many' }, 'is not a decimal number'],
  ])('QU-64 without a %s nothing is created', async (_, change, message) => {
    const scene = await openScene(database.db);
    const { discord, guild, channel } = scene;
    const options = Object.fromEntries(
      Object.entries({ ...WANTED, ...change }).filter(([, value]) => value !== undefined),
    );
    const refused = await discord.runCommand(guild.owner, channel, 'quest create', options).answer;
    expect(refused.text()).toContain(message);
    expect(await questsOf(scene)).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-65 a role that is above the bot or dangerous is refused as a reward, with what to change', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel } = scene;
    const roles = {
      fine: guild.createRole({ name: 'Hero', position: 1 }),
      dangerous: guild.createRole({ name: 'Mods', position: 1, permissions: PermissionFlagsBits.ModerateMembers }),
      above: guild.createRole({ name: 'Boss', position: guild.botRole.position + 1 }),
    };
    const create = (role: string) =>
      discord.runCommand(guild.owner, channel, 'quest create', { ...WANTED, role }).answer;
    expect((await create(roles.dangerous.id)).text()).toContain('carries powers over the server');
    expect((await create(roles.above.id)).text()).toContain("Move the bot's role above it");
    expect(await questsOf(scene)).toEqual([]);
    expect((await create(roles.fine.id)).text()).toContain('the role @Hero');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-66 quests, categories and times are suggested; what is over only where it can be shown', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, community, ranking } = scene;
    const id = await makeQuest(ranking, community.slug, { name: 'Night shift' });
    await makeQuest(ranking, community.slug, { name: 'Over' }, hours(-24));
    await database.db
      .updateTable('quests')
      .set({ cancelled_at: NOW })
      .where('community_id', '=', community.id)
      .where('name', '=', 'Over')
      .execute();
    const suggest = (command: string, option: string, typed: string) =>
      discord.autocomplete(guild.owner, channel, command, { [option]: typed }, option);
    expect(await suggest('quest join', 'quest', '')).toEqual([{ name: 'Night shift', value: String(id) }]);
    expect((await suggest('quest show', 'quest', '')).map(({ name }) => name)).toEqual(['Night shift', 'Over']);
    expect((await suggest('quest create', 'category', 'gpu')).map(({ value }) => value)).toEqual(['gpu-contributors']);
    expect((await suggest('quest create', 'ends', 'in 2 h')).map(({ value }) => value)).toEqual([
      hours(2).toISOString(),
    ]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('QU-67 what quests granted is in /me: tokens, reputation and badges', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, community, ranking } = scene;
    const badge = { kind: 'badge', name: 'He*ro' };
    const rewards = [{ kind: 'tokens', amount: '5' }, { kind: 'reputation', amount: '2.5' }, badge];
    for (const name of ['One', 'Two']) await makeQuest(ranking, community.slug, { name, rewards });
    const contributor = `discord-${ada.id}`;
    await record(ranking, community, [
      contribution({ id: 'a', contributor, amount: '10', occurredAt: NOW.toISOString() }),
    ]);
    const answer = await discord.runCommand(ada, channel, 'me').answer;
    expect(answer.text()).toContain('72.5 OMNIT earned · 5 reputation');
    expect(answer.text()).toContain('🏅 He*ro ×2');
    expect(faultsOf(scene)).toEqual([]);
  });
});
