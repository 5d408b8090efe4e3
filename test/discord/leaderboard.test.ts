import { ActionRowBuilder, ButtonBuilder, SlashCommandBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { commands } from '../../commands/index.ts';
import type { Command } from '../../src/discord/command.ts';
import { encodeView, type LeaderboardView } from '../../src/discord/leaderboard-view.ts';
import { note } from '../../src/discord/messages.ts';
import { contribution, record } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, makeBot, openScene, type Scene } from '../support/discord-bot.ts';
import { walkComponents } from '../support/discord/component.ts';
import type { StandInMessage } from '../support/discord/stand-in-message.ts';
import type { StandInUser } from '../support/discord/world.ts';

const database = useDatabase();

/** 34 members, m1 first; the reader of a handle is 14th. */
async function fill({ contribute }: Scene, fourteenth: string): Promise<void> {
  await contribute(
    ...Array.from({ length: 34 }, (_, index) => {
      const handle = index === 13 ? fourteenth : `m${index + 1}`;
      return [handle, String(200 - index), `Member ${index + 1}`] as const;
    }),
  );
}

function handleOf(user: StandInUser): string {
  return `discord-${user.id}`;
}

function labels(message: StandInMessage): string[] {
  return message.buttons().map(({ label, disabled }) => (disabled ? `(${label})` : label));
}

/** All characters that Discord counts. */
function lengthOf(message: StandInMessage): number {
  return [...walkComponents(message.components)].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
}

describe('/leaderboard', () => {
  it('DI-30 shows title, period, status, medals with ranks in words, scores, members, pages, and the reader’s place', async () => {
    const scene = await openScene(database.db);
    await fill(scene, handleOf(scene.ada));
    const message = await scene.discord.runCommand(scene.ada, scene.channel, 'leaderboard').answer;
    const lines = message.text().split('\n');
    expect(lines[0]).toContain('Top GPU Contributors');
    expect(message.text()).toContain('Season 2026-Q3 · July 1, 2026 – September 30, 2026');
    expect(message.text()).toContain('Open · end');
    expect(message.text()).toContain('🥇 1st · Member 1 · 1,250 OMNIT');
    expect(message.text()).toContain('🥉 3rd · Member 3 · 1,237.5 OMNIT');
    expect(message.text()).toContain('10th · Member 10 · 1,193.75 OMNIT');
    expect(message.text()).not.toContain('Member 11');
    expect(message.text()).toContain('Ada, you are 14th of 34 with 1,168.75 OMNIT.');
    expect(message.text()).toContain('34 members · page 1 of 4');
    expect(labels(message)).toEqual(['(First)', '(Previous)', 'Next', 'Last', 'My place']);
    expect(message.ephemeral).toBe(false);
    const source = JSON.stringify(message.components);
    expect(source).toContain(`<t:${Date.UTC(2026, 6, 1) / 1000}:D>`);
    expect(source).toContain(`<t:${Date.UTC(2026, 9, 1) / 1000}:R>`);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-31 pages turn in place for everyone who sees the message, and name whose place stands below', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob } = scene;
    await fill(scene, handleOf(bob));
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    expect(message.text()).toContain('Ada, you are not on this board yet');
    await discord.press(bob, message, 'Next').answer;
    expect(message.text()).toContain('11th · Member 11');
    expect(message.text()).toContain('page 2 of 4');
    expect(message.text()).toContain('Bob, you are 14th of 34');
    expect(labels(message)).toEqual(['First', 'Previous', 'Next', 'Last', 'My place']);
    await discord.press(ada, message, 'Last').answer;
    expect(message.text()).toContain('34th · Member 34');
    expect(labels(message)).toEqual(['First', 'Previous', '(Next)', '(Last)', 'My place']);
    await discord.press(ada, message, 'Previous').answer;
    expect(message.text()).toContain('page 3 of 4');
    await discord.press(ada, message, 'First').answer;
    expect(message.text()).toContain('page 1 of 4');
    expect(discord.messages(channel)).toHaveLength(1);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-32 buttons go on working after a restart, and for a period that has passed meanwhile', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob, guild, community, ranking } = scene;
    await fill(scene, handleOf(ada));
    const message = await discord.runCommand(ada, channel, 'leaderboard', { window: 'week' }).answer;
    await scene.bot.stop();
    const later = makeBot(discord, ranking, {
      guildId: guild.id,
      community: community.slug,
      clock: () => new Date('2027-03-01T00:00:00Z'),
    });
    await later.start();
    try {
      await discord.press(bob, message, 'Next').answer;
      expect(message.text()).toContain('Week 34 of 2026 · ');
      expect(message.text()).toContain('11th · Member 11');
      expect(message.text()).toContain('Bob, you have no place on this board.');
      expect(faultsOf({ discord, bot: later })).toEqual([]);
    } finally {
      await later.stop();
    }
  });

  it('DI-33 "My place" answers the presser alone, with the presser in the middle, marked; its buttons change that answer', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob } = scene;
    await fill(scene, handleOf(bob));
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    const mine = await discord.press(bob, message, 'My place').answer;
    expect(mine.ephemeral).toBe(true);
    expect(mine.text()).toContain('➤ 14th · Member 14 · 1,168.75 OMNIT · you');
    expect(mine.text()).toContain('10th · Member 10');
    expect(mine.text()).toContain('19th · Member 19');
    expect(mine.text()).toContain('You are 14th of 34');
    expect(mine.text()).toContain('34 members · ranks 10 to 19');
    expect(message.text()).toContain('page 1 of 4');
    await discord.press(bob, mine, 'Next').answer;
    expect(mine.text()).toContain('ranks 20 to 29');
    await discord.press(bob, mine, 'First').answer;
    expect(mine.text()).toContain('🥇 1st');
    expect(mine.text()).toContain('page 1 of 4');
    const again = await discord.press(bob, mine, 'My place').answer;
    expect(again.id).toBe(mine.id);
    expect(mine.text()).toContain('ranks 10 to 19');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-33 the last of a board sees who stands before', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada } = scene;
    await fill(scene, 'm14');
    await scene.contribute([handleOf(ada), '1']);
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    const mine = await discord.press(ada, message, 'My place').answer;
    expect(mine.text()).toContain('26th · Member 26');
    expect(mine.text()).toContain('➤ 35th');
    expect(labels(mine)).toEqual(['First', 'Previous', '(Next)', '(Last)', 'My place']);
  });

  it('DI-33 whoever is on no board is told what to do', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob } = scene;
    await fill(scene, 'm14');
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    const mine = await discord.press(bob, message, 'My place').answer;
    expect(mine.text()).toContain(
      'You are not on this board yet: your first contribution puts you here. /me tells how.',
    );
  });

  it('DI-34 a select changes the window, another one the category', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, bob } = scene;
    await fill(scene, handleOf(ada));
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    await discord.press(ada, message, 'Next').answer;
    await discord.select(bob, message, 'Choose a window', ['all']).answer;
    expect(message.text()).toContain('All time · Open');
    expect(message.text()).toContain('page 1 of 4');
    const [windows, categories] = message.selects();
    expect(windows?.options.filter((option) => option.default).map(({ value }) => value)).toEqual(['all']);
    const validators = categories?.options.find(({ label }) => label === 'Data Validators');
    await discord.select(bob, message, 'Choose a category', [validators?.value ?? '']).answer;
    expect(message.text()).toContain('Data Validators');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-35 an empty board says what to do; an empty past one, where to look', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, community } = scene;
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    expect(message.text()).toContain('No contributions yet: first place is free.');
    expect(message.text()).toContain(`OMNITENSOR_COMMUNITY=${community.slug} omnitensor-cli import`);
    expect(message.selects()).toHaveLength(2);
    const past = await discord.runCommand(ada, channel, 'leaderboard', { period: '2026-W02' }).answer;
    expect(past.text()).toContain('No contributions in Week 2 of 2026.');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-35 a community without categories says how it gets them', async () => {
    const scene = await openScene(database.db, { preset: undefined });
    const message = await scene.discord.runCommand(scene.ada, scene.channel, 'leaderboard').answer;
    expect(message.text()).toContain(`Nothing is counted in ${scene.community.slug} yet.`);
    expect(message.text()).toContain('/setup preset:OmniTensor');
  });

  it('DI-36 what is refused is told to the caller alone, in the words of the domain', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada } = scene;
    const bad = await discord.runCommand(ada, channel, 'leaderboard', { window: 'week', period: '2026-Q3' }).answer;
    expect(bad.ephemeral).toBe(true);
    expect(bad.text()).toContain('"2026-Q3" is no period of the window week. One looks like 2026-W34.');
    const early = await discord.runCommand(ada, channel, 'leaderboard', { period: '2030-Q1' }).answer;
    expect(early.text()).toContain('has not begun');
    const none = await discord.runCommand(ada, channel, 'leaderboard', { category: '@everyone' }).answer;
    expect(none.text()).toContain('There is no category "@everyone"');
    expect(discord.messages(channel)).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-37 autocompletion offers the guild’s categories, and periods of the chosen window that have boards', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, ranking, community } = scene;
    await record(ranking, community, [
      contribution({ id: 'old', occurredAt: '2025-05-05T00:00:00Z' }),
      contribution({ id: 'older', occurredAt: '2024-12-31T00:00:00Z' }),
    ]);
    const categories = await discord.autocomplete(ada, channel, 'leaderboard', { category: 'valid' }, 'category');
    expect(categories).toEqual([{ name: 'Data Validators', value: 'data-validators' }]);
    const seasons = await discord.autocomplete(ada, channel, 'leaderboard', { period: '' }, 'period');
    expect(seasons.map(({ value }) => value)).toEqual(['current', 'previous', '2025-Q2', '2024-Q4']);
    const weeks = await discord.autocomplete(ada, channel, 'leaderboard', { window: 'week', period: '2025' }, 'period');
    expect(weeks.map(({ value }) => value)).toEqual(['2025-W19', '2025-W01']);
    const message = await discord.runCommand(ada, channel, 'leaderboard', { period: '2025-Q2' }).answer;
    expect(message.text()).toContain('Season 2025-Q2');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-38 names of any kind do nothing, and stand there as they are', async () => {
    const scene = await openScene(database.db);
    const { discord, channel, ada, contribute } = scene;
    const names = [
      '@everyone <@123> <@&1> <#2>',
      '**bold** _it_ ~~s~~ ||spoiler|| `code`',
      '# heading',
      '[click](https://evil.example) https://evil.example discord.gg/x',
      '<t:0:R> </x:1> <:a:1>',
      'עדה לאבלייס',
      'a\u200bb\u2028c',
      String.raw`back\slash`,
      '👩‍👩‍👧‍👦',
    ];
    await contribute(...names.map((name, index) => [`h${index}`, String(50 - index), name] as const));
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    for (const name of names.filter((name) => !/[\u2000-\u206f\u0590-\u05ff]/.test(name))) {
      expect(message.text()).toContain(` · ${name} · `);
    }
    expect(JSON.stringify(message.components)).toContain('\u2068עדה לאבלייס\u2069');
    expect(discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(
      message
        .text()
        .split('\n')
        .filter((line) => line.includes(' OMNIT')),
    ).toHaveLength(names.length);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-39 the longest and worst names and settings fit into a message', async () => {
    const scene = await openScene(database.db, { slug: 'x'.repeat(64), name: '*'.repeat(100) });
    const { discord, channel, ada, community } = scene;
    await database.db
      .updateTable('categories')
      .set({ title: '#'.repeat(100), unit: '_'.repeat(100), measure: 'amount' })
      .where('community_id', '=', community.id)
      .execute();
    await database.db
      .updateTable('communities')
      .set((eb) => ({ config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', community.id)
      .execute();
    for (let batch = 0; batch < 3; batch += 1) {
      await scene.contribute(
        ...Array.from({ length: 12 }, (_, index) => {
          const handle = index === 3 ? handleOf(ada) : `m${index}`;
          return [handle, '999999.999', '*'.repeat(100)] as const;
        }),
      );
    }
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    await discord.press(ada, message, 'My place').answer;
    await discord.runCommand(ada, channel, 'me').answer;
    expect(lengthOf(message)).toBeLessThanOrEqual(4_000);
    expect([...walkComponents(message.components)].length).toBeLessThanOrEqual(40);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-40 a guild never sees another’s data, whatever a custom id says', async () => {
    let foreign: LeaderboardView = { categoryId: 1, kind: 'season', period: '2026-Q3', offset: 0 };
    // Sends a button that names a category of another guild, as nobody else can.
    const forge: Command = {
      data: new SlashCommandBuilder().setName('forge').setDescription('Sends a foreign button'),
      shows: 'to-everyone',
      execute: async () =>
        note('forged').addActionRowComponents(
          new ActionRowBuilder<ButtonBuilder>().addComponents(
            new ButtonBuilder()
              .setCustomId(encodeView('first', foreign))
              .setLabel('First')
              .setStyle(ButtonStyle.Primary),
          ),
        ),
    };
    const scene = await openScene(database.db, { commands: [...commands, forge] });
    const { discord, channel, ada, bob, other, ranking, community } = scene;
    await fill(scene, handleOf(ada));
    const { categories } = await ranking.directory.bySlug(community.slug);
    foreign = { ...foreign, categoryId: categories[0]?.id ?? 0 };
    await discord.runCommand(other.guild.owner, other.channel, 'setup', { preset: 'omnitensor' }).answer;

    const here = await discord.runCommand(ada, channel, 'forge').answer;
    await discord.press(ada, here, 'First').answer;
    expect(here.text()).toContain('Member 1');
    const there = await discord.runCommand(bob, other.channel, 'forge').answer;
    await discord.press(bob, there, 'First').answer;
    expect(there.text()).toContain('is not counted here any more');
    expect(there.text()).not.toContain('Member');
    const empty = await discord.runCommand(bob, other.channel, 'leaderboard').answer;
    expect(empty.text()).toContain('No contributions yet');
    const mine = await discord.runCommand(bob, other.channel, 'me').answer;
    expect(mine.text()).toContain('You have not contributed to Other yet.');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-41 numbers are the reader’s way where only the reader sees them, and the community’s where everybody does', async () => {
    const scene = await openScene(database.db, { locale: 'de' });
    const { discord, guild, channel } = scene;
    const hana = discord.createUser({ username: 'hana', globalName: 'Hana', locale: 'en-US' });
    guild.addMember(hana);
    await scene.contribute([handleOf(hana), '200']);
    const message = await discord.runCommand(hana, channel, 'leaderboard').answer;
    expect(message.text()).toContain('1.250 OMNIT');
    const mine = await discord.press(hana, message, 'My place').answer;
    expect(mine.text()).toContain('1,250 OMNIT');
  });
});
