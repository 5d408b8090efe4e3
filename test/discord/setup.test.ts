import { SlashCommandBuilder } from '@discordjs/builders';
import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { setup } from '../../commands/setup.ts';
import { contribution, makeCommunity, NOW, record, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, makeBot, openScene } from '../support/discord-bot.ts';
import { DiscordStandIn } from '../support/discord/stand-in.ts';

const database = useDatabase();

describe('/setup', () => {
  it('DI-50 without options tells its caller alone how things are and what is still to do', async () => {
    const scene = await openScene(database.db);
    const { discord, other } = scene;
    const answer = await discord.runCommand(other.guild.owner, other.channel, 'setup').answer;
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain('Setup: Other');
    expect(answer.text()).toContain('Categories none');
    expect(answer.text()).toContain('/setup preset:OmniTensor');
    expect(answer.text()).toContain('Days begin at midnight UTC');
    expect(answer.text()).toContain('Announcements have no channel');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-51 completes a community: preset, time zone, locale, visibility, channel and name, in the audit log', async () => {
    const scene = await openScene(database.db);
    const { discord, other } = scene;
    const answer = await discord.runCommand(other.guild.owner, other.channel, 'setup', {
      preset: 'omnitensor',
      'time-zone': 'asia/kolkata',
      locale: 'pt-BR',
      visibility: 'public',
      channel: other.channel.id,
      name: 'Lab *of* Ada',
    }).answer;
    expect(answer.text()).toContain('Saved: Lab *of* Ada');
    expect(answer.text()).toContain('Top GPU Contributors, Data Validators, AI Model Testers');
    expect(answer.text()).toContain('Asia/Kolkata');
    expect(answer.text()).toContain('#elsewhere');
    expect(answer.text()).not.toContain('Still to do');
    const community = await scene.ranking.directory.byGuild(other.guild.id);
    expect(community).toMatchObject({
      name: 'Lab *of* Ada',
      timeZone: 'Asia/Kolkata',
      locale: 'pt-BR',
      visibility: 'public',
      discordChannelId: other.channel.id,
    });
    const audit = await database.db
      .selectFrom('audit_log')
      .select('action')
      .where('community_id', '=', community?.id ?? 0)
      .where('actor', '=', `Discord user ${other.guild.owner.id}`)
      .execute();
    expect(audit.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['community.update', 'category.create', 'community.channel']),
    );
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-52 is for those who may manage the server, also where an admin shows it to others', async () => {
    const scene = await openScene(database.db);
    await expect(scene.discord.runCommand(scene.ada, scene.channel, 'setup').answer).rejects.toThrow('permission');
    const shown = { ...setup, data: new SlashCommandBuilder().setName('setup').setDescription('Shown to everyone') };
    const open = await openScene(database.db, { commands: [shown] });
    const answer = await open.discord.runCommand(open.ada, open.channel, 'setup').answer;
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain('Only those with the permission "Manage Server" can do this.');
    const manager = open.discord.createUser({ username: 'manager' });
    open.guild.addMember(manager, { permissions: PermissionFlagsBits.ManageGuild });
    expect((await open.discord.runCommand(manager, open.channel, 'setup').answer).text()).toContain('Setup:');
  });

  it('DI-53 a channel in which the bot cannot speak is refused, with what lacks, and nothing changes', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ranking } = scene;
    const hidden = guild.createChannel({ name: 'hidden', denyBot: true });
    const answer = await discord.runCommand(guild.owner, channel, 'setup', { channel: hidden.id, name: 'New' }).answer;
    expect(answer.text()).toContain('The bot lacks "View Channel"');
    expect(answer.text()).toContain('Nothing was changed.');
    expect(await ranking.directory.byGuild(guild.id)).toMatchObject({ name: scene.community.slug });
    expect(faultsOf(scene)).toEqual([]);
  });

  it.each([
    ['time-zone', '+05:30', 'There is no time zone'],
    ['locale', 'no such', 'There is no locale'],
    ['name', '\u202Ename', 'The name holds a control or text-direction character.'],
  ])('DI-53 a bad %s is refused before anything is changed', async (option, value, message) => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ranking } = scene;
    const answer = await discord.runCommand(guild.owner, channel, 'setup', { visibility: 'members', [option]: value })
      .answer;
    expect(answer.text()).toContain(message);
    expect(await ranking.directory.byGuild(guild.id)).toMatchObject({ visibility: 'public' });
  });

  it('DI-54 a time zone that moves what is counted is asked about, and all else is saved', async () => {
    const scene = await openScene(database.db, { createdAt: NOW });
    const { discord, guild, channel, ranking, community } = scene;
    // A Sunday in UTC, a Monday in India.
    await record(ranking, community, [contribution({ id: 'night', occurredAt: '2026-08-16T20:00:00Z' })]);
    const asked = await discord.runCommand(guild.owner, channel, 'setup', {
      'time-zone': 'Asia/Kolkata',
      visibility: 'unlisted',
    }).answer;
    expect(asked.text()).toContain('Change the time zone to Asia/Kolkata?');
    expect(asked.text()).toContain('All else that you gave is saved.');
    expect(await ranking.directory.byGuild(guild.id)).toMatchObject({ timeZone: 'UTC', visibility: 'unlisted' });
    const before = await discord.runCommand(guild.owner, channel, 'leaderboard', { window: 'week' }).answer;
    expect(before.text()).toContain('No contributions yet');
    await discord.press(guild.owner, asked, 'Change it and recompute').answer;
    expect(asked.text()).toContain('Saved:');
    expect(await ranking.directory.byGuild(guild.id)).toMatchObject({ timeZone: 'Asia/Kolkata' });
    const after = await discord.runCommand(guild.owner, channel, 'leaderboard', { window: 'week' }).answer;
    expect(after.text()).toContain('🥇 1st · ada');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-55 the home community without a server is offered, and the first to take it has it', async () => {
    const discord = await DiscordStandIn.start();
    const ranking = recording(database.db);
    const home = await makeCommunity(database.db, { slug: 'home', name: 'Home' });
    const [first, second] = ['First', 'Second'].map((name) => {
      const guild = discord.createGuild({ name, ownerName: `owner of ${name}` });
      return { guild, channel: guild.createChannel({ name: 'general' }) };
    });
    if (!first || !second) throw new Error('Two guilds were made.');
    const bot = makeBot(discord, ranking, { community: home.slug });
    onTestFinished(async () => {
      await bot.stop();
      await discord.close();
    });
    await bot.start();
    const state = await discord.runCommand(first.guild.owner, first.channel, 'setup').answer;
    expect(state.text()).toContain('Home has no server yet. If it is this one: /setup use-main:True');
    const taken = await discord.runCommand(first.guild.owner, first.channel, 'setup', { 'use-main': true }).answer;
    expect(taken.text()).toContain('Saved: Home');
    expect(await ranking.directory.byGuild(first.guild.id)).toMatchObject({ id: home.id });
    const late = await discord.runCommand(second.guild.owner, second.channel, 'setup', { 'use-main': true }).answer;
    expect(late.text()).toContain('The community "home" belongs to another server.');
    const unoffered = await discord.runCommand(second.guild.owner, second.channel, 'setup').answer;
    expect(unoffered.text()).not.toContain('use-main');
    expect(faultsOf({ discord, bot })).toEqual([]);
  });

  it('DI-56 time zones and locales are suggested', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel } = scene;
    const zones = await discord.autocomplete(guild.owner, channel, 'setup', { 'time-zone': 'berl' }, 'time-zone');
    expect(zones.map(({ value }) => value)).toEqual(['Europe/Berlin']);
    expect(zones[0]?.name).toMatch(/^Europe\/Berlin · now /);
    const locales = await discord.autocomplete(guild.owner, channel, 'setup', { locale: 'fran' }, 'locale');
    expect(locales.map(({ value }) => value)).toEqual(['fr']);
    expect(faultsOf(scene)).toEqual([]);
  });
});
