import { ActionRowBuilder, ButtonBuilder, SlashCommandBuilder } from '@discordjs/builders';
import { ButtonStyle } from 'discord.js';
import { sql } from 'kysely';
import { describe, expect, it, onTestFinished } from 'vitest';
import { commands } from '../../commands/index.ts';
import type { Command } from '../../src/discord/command.ts';
import { note } from '../../src/discord/messages.ts';
import { connect } from '../../src/db/connect.ts';
import { recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import {
  ERROR,
  faultsOf,
  makeBot,
  openScene,
  WARN,
  type TestBot,
  type TestBotOptions,
} from '../support/discord-bot.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';

const database = useDatabase();

/** The names of all commands. */
const ALL = commands.map(({ data }) => data.name).join(' ');

async function standIn(options: { port?: number } = {}): Promise<DiscordStandIn> {
  const discord = await DiscordStandIn.start(options);
  onTestFinished(() => discord.close());
  return discord;
}

async function startBot(discord: DiscordStandIn, options: TestBotOptions = {}): Promise<TestBot> {
  const bot = makeBot(discord, recording(database.db), options);
  onTestFinished(() => bot.stop());
  await bot.start();
  return bot;
}

/** The lists of commands that were written, as `scope: names`. */
function written({ requests }: DiscordStandIn): string[] {
  return requests
    .filter(({ method }) => method === 'PUT')
    .map(({ path, body }) => {
      const scope = /guilds\/(\d+)/.exec(path)?.[1] ?? 'everywhere';
      return `${scope}: ${(body as { name: string }[]).map(({ name }) => name).join(' ')}`;
    });
}

describe('registering commands', () => {
  it('DI-10 with a guild named, commands are registered in each guild, the named one first, and nowhere else', async () => {
    const discord = await standIn();
    const [first, named] = [discord.createGuild({ name: 'A' }), discord.createGuild({ name: 'B' })];
    const bot = await startBot(discord, { guildId: named.id });
    expect(written(discord)).toEqual([`${named.id}: ${ALL}`, `${first.id}: ${ALL}`]);
    expect(faultsOf({ discord, bot })).toEqual([]);
  });

  it('DI-10 without one they are registered everywhere', async () => {
    const discord = await standIn();
    discord.createGuild({ name: 'A' });
    const bot = await startBot(discord);
    expect(written(discord)).toEqual([`everywhere: ${ALL}`]);
    expect(faultsOf({ discord, bot })).toEqual([]);
  });

  it('DI-11 what is registered already is not written again', async () => {
    const discord = await standIn();
    const guild = discord.createGuild({ name: 'A' });
    await (await startBot(discord)).stop();
    await (await startBot(discord)).stop();
    expect(written(discord)).toHaveLength(1);
    await (await startBot(discord, { guildId: guild.id })).stop();
    await (await startBot(discord, { guildId: guild.id })).stop();
    // Nothing is listed twice: whichever list is not the right one is emptied.
    expect(written(discord).slice(1)).toEqual(['everywhere: ', `${guild.id}: ${ALL}`]);
    await startBot(discord);
    expect(written(discord).slice(3)).toEqual([`everywhere: ${ALL}`, `${guild.id}: `]);
  });

  it('DI-11 what differs is written', async () => {
    const discord = await standIn();
    const other: Command = {
      data: new SlashCommandBuilder().setName('me').setDescription('Something else'),
      shows: 'to-caller',
      execute: async () => note('x'),
    };
    await (await startBot(discord, { commands: [other] })).stop();
    await startBot(discord);
    expect(written(discord)).toEqual(['everywhere: me', `everywhere: ${ALL}`]);
  });

  it('DI-12 a guild that the bot joins later has its commands and its community at once', async () => {
    const discord = await standIn();
    const named = discord.createGuild({ name: 'A' });
    const bot = await startBot(discord, { guildId: named.id });
    const joined = discord.createGuild({ name: 'Joined' });
    const channel = joined.createChannel({ name: 'general' });
    await bot.logs('Welcomed', { guildId: joined.id });
    const answer = await discord.runCommand(joined.owner, channel, 'setup').answer;
    expect(answer.text()).toContain('Setup: Joined');
    expect(answer.text()).toContain(`guild-${joined.id}`);
  });

  it('DI-12 commands refused in one guild keep no other from having them', async () => {
    const discord = await standIn();
    const guilds = ['A', 'B'].map((name) => discord.createGuild({ name }));
    discord.faults.failNext(`GET /applications/${discord.applicationId}/guilds/${guilds[0]?.id}`, 403, {
      code: 50001,
      message: 'Missing Access',
    });
    const bot = await startBot(discord, { guildId: guilds[0]?.id ?? '' });
    expect(written(discord)).toEqual([`${guilds[1]?.id}: ${ALL}`]);
    expect(bot.logged.filter(({ level }) => level >= WARN)).toMatchObject([{ guildId: guilds[0]?.id }]);
  });
});

describe('the connection', () => {
  it('DI-13 a wrong token is told once, with what to do, and ends nothing else', async () => {
    const discord = await standIn();
    const bot = await startBot(discord, { token: 'wrong' });
    const told = bot.logged.filter(({ level }) => level >= WARN);
    expect(told).toMatchObject([{ level: ERROR, msg: expect.stringContaining('Set DISCORD_TOKEN') }]);
    expect(JSON.stringify(bot.logged)).not.toContain('wrong');
  });

  it('DI-13 a token that is reset while connected is told once', async () => {
    const scene = await openScene(database.db);
    scene.discord.faults.rejectToken();
    await scene.bot.logs('Set DISCORD_TOKEN');
    expect(scene.bot.logged.filter(({ level }) => level >= ERROR)).toHaveLength(1);
  });

  it('DI-14 while Discord is away the bot goes on trying, and works once it is there', async () => {
    const away = await DiscordStandIn.start();
    const port = Number(new URL(away.apiUrl).port);
    await away.close();
    const bot = makeBot(away, recording(database.db));
    onTestFinished(() => bot.stop());
    await bot.start();
    expect(bot.logged).toMatchObject([{ level: WARN, msg: expect.stringContaining('trying again') }]);
    await standIn({ port });
    await bot.logs('Connected to Discord');
  });

  it.each([true, false])(
    'DI-15 a dropped connection comes back (session resumable: %s) and nothing is lost',
    async (resumable) => {
      const scene = await openScene(database.db);
      const { discord, ada, channel, bot } = scene;
      discord.faults.dropGateway({ resumable });
      if (!resumable) await bot.logs('is back');
      // Resumed, what happened meanwhile is replayed.
      const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
      expect(message.text()).toContain('Top GPU Contributors');
      await bot.logs('is back');
      const told = bot.logged.filter(({ level }) => level >= WARN);
      expect(told).toMatchObject([{ level: WARN, msg: expect.stringContaining('was lost') }]);
    },
  );

  it('DI-15 a Discord that goes away whole and comes back is found again', async () => {
    const first = await DiscordStandIn.start();
    const bot = makeBot(first, recording(database.db));
    onTestFinished(() => bot.stop());
    await bot.start();
    const port = Number(new URL(first.apiUrl).port);
    await first.close();
    await bot.logs('was lost');
    const discord = await standIn({ port });
    const guild = discord.createGuild({ name: 'A' });
    const channel = guild.createChannel({ name: 'general' });
    // A server that the bot joined while it was away is welcomed as well.
    await bot.logs('Welcomed', { guildId: guild.id });
    expect((await discord.runCommand(guild.owner, channel, 'leaderboard').answer).text()).not.toBe('');
  });

  it('DI-16 a rate limit is waited out', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, channel } = scene;
    discord.faults.rateLimitNext(/POST \/interactions/, 0.2);
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    expect(message.text()).toContain('Top GPU Contributors');
    expect(discord.requests.filter(({ status }) => status === 429)).toHaveLength(1);
    expect(scene.bot.logged.filter(({ level }) => level >= WARN)).toEqual([]);
  });

  it('DI-17 stopping finishes what is in hand', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const slow: Command = {
      data: new SlashCommandBuilder().setName('slow').setDescription('Waits'),
      shows: 'to-caller',
      execute: async () => {
        await released;
        return note('done');
      },
    };
    const scene = await openScene(database.db, { commands: [slow] });
    const running = scene.discord.runCommand(scene.ada, scene.channel, 'slow');
    await running.acknowledged;
    const stopped = scene.bot.stop();
    release();
    await stopped;
    expect((await running.answer).text()).toBe('done');
  });
});

describe('interactions', () => {
  it('DI-18 one that is delivered twice is answered once, and is no fault', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, channel } = scene;
    discord.faults.duplicateNextInteraction();
    const message = await discord.runCommand(ada, channel, 'leaderboard').answer;
    discord.faults.duplicateNextInteraction();
    await discord.press(ada, message, 'My place').answer.catch(() => undefined);
    discord.faults.duplicateNextInteraction();
    await discord.autocomplete(ada, channel, 'leaderboard', { category: '' }, 'category');
    await scene.bot.stop();
    expect(discord.messages(channel)).toHaveLength(1);
    expect(discord.requests.filter(({ problems }) => problems.length > 0).every(({ status }) => status === 400)).toBe(
      true,
    );
    expect(scene.bot.logged.filter(({ level }) => level >= WARN)).toEqual([]);
  });

  it('DI-19 the first response does not wait for the database', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, channel, contribute } = scene;
    await contribute(['m1', '1']);
    const shown = await discord.runCommand(ada, channel, 'leaderboard').answer;
    const { promise: locked, resolve: isLocked } = Promise.withResolvers<void>();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const holding = connect(database.url);
    const held = holding.transaction().execute(async (trx) => {
      await sql`lock table communities in access exclusive mode`.execute(trx);
      isLocked();
      await released;
    });
    await locked;
    const interactions = [
      discord.runCommand(ada, channel, 'leaderboard'),
      discord.runCommand(ada, channel, 'me'),
      discord.press(ada, shown, 'My place'),
      discord.select(ada, shown, 'Choose a window', ['week']),
    ];
    await Promise.all(interactions.map(({ acknowledged }) => acknowledged));
    // There is nothing to defer to: no suggestions are better than late ones.
    expect(await discord.autocomplete(ada, channel, 'leaderboard', { category: '' }, 'category')).toEqual([]);
    release();
    await held;
    await holding.destroy();
    for (const { answer } of interactions) expect((await answer).text()).not.toBe('');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-19 nor for discord.js’s own count of 50 requests a second: 200 at once are all deferred in time', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, channel } = scene;
    const burst = Array.from({ length: 200 }, () => discord.runCommand(ada, channel, 'me'));
    await Promise.all(burst.map(({ acknowledged }) => acknowledged));
    await Promise.all(burst.map(({ answer }) => answer));
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-19 with the database away the answer says so, and the process lives on', async () => {
    const discord = await standIn();
    const guild = discord.createGuild({ name: 'A' });
    const channel = guild.createChannel({ name: 'general' });
    const nowhere = connect('postgres://nobody@127.0.0.1:1/nothing');
    onTestFinished(() => nowhere.destroy());
    const bot = makeBot(discord, recording(nowhere));
    onTestFinished(() => bot.stop());
    await bot.start();
    for (const command of ['leaderboard', 'me', 'setup']) {
      const answer = await discord.runCommand(guild.owner, channel, command).answer;
      expect(answer.text()).toContain('cannot be reached at the moment');
      expect(answer.ephemeral).toBe(true);
    }
    expect(discord.messages(channel)).toEqual([]);
    expect(bot.logged.filter(({ level }) => level >= ERROR)).toEqual([]);
  });

  it('DI-19 a fault is told as one, logged, and ends nothing', async () => {
    const broken: Command = {
      data: new SlashCommandBuilder().setName('broken').setDescription('Breaks'),
      shows: 'to-everyone',
      execute: () => Promise.reject(new Error('a secret detail')),
    };
    const scene = await openScene(database.db, { commands: [...commands, broken] });
    const { discord, ada, channel, bot } = scene;
    const answer = await discord.runCommand(ada, channel, 'broken').answer;
    expect(answer.text()).toContain('Something went wrong here');
    expect(answer.text()).not.toContain('secret');
    expect(answer.ephemeral).toBe(true);
    expect(bot.logged.filter(({ level }) => level >= ERROR)).toMatchObject([
      { interaction: { command: 'broken', guildId: scene.guild.id } },
    ]);
    expect((await discord.runCommand(ada, channel, 'leaderboard').answer).text()).toContain('Top GPU Contributors');
  });

  it('DI-22 a button that this version did not send says so', async () => {
    const old: Command = {
      data: new SlashCommandBuilder().setName('old').setDescription('Sends an old button'),
      shows: 'to-everyone',
      execute: async () =>
        note('old').addActionRowComponents(
          new ActionRowBuilder<ButtonBuilder>().addComponents(
            new ButtonBuilder().setCustomId('leaderboard:0:next:7').setLabel('Next').setStyle(ButtonStyle.Primary),
          ),
        ),
    };
    const scene = await openScene(database.db, { commands: [...commands, old] });
    const { discord, ada, channel } = scene;
    const message = await discord.runCommand(ada, channel, 'old').answer;
    const answer = await discord.press(ada, message, 'Next').answer;
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain('This button is from an older version of the bot: run the command again.');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-42 /me shows its caller alone the own balances and places', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, bob, channel, contribute } = scene;
    await contribute([`discord-${ada.id}`, '2', 'Ada L.'], ['m1', '1']);
    const mine = await discord.runCommand(ada, channel, 'me').answer;
    expect(mine.ephemeral).toBe(true);
    expect(mine.text()).toContain('Ada L.');
    expect(mine.text()).toContain('12.5 OMNIT earned · 0 reputation');
    expect(mine.text()).toContain('Season 2026-Q3: 1st of 2 · 12.5 OMNIT');
    expect(mine.text()).toContain('All time: 1st of 2');
    const stranger = await discord.runCommand(bob, channel, 'me').answer;
    expect(stranger.text()).toContain('You have not contributed');
    expect(stranger.text()).toContain(`discord-${bob.id}`);
    expect(faultsOf(scene)).toEqual([]);
  });
});
