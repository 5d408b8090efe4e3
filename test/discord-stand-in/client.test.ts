import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  ContainerBuilder,
  DiscordAPIError,
  Events,
  GatewayIntentBits,
  LabelBuilder,
  MessageFlags,
  ModalBuilder,
  SlashCommandBuilder,
  StringSelectMenuBuilder,
  TextDisplayBuilder,
  TextInputBuilder,
  TextInputStyle,
  type Client,
  type Interaction,
} from 'discord.js';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import type { StandInChannel, StandInUser } from '../support/discord/world.ts';
import type { DiscordStandIn } from '../support/discord/stand-in.ts';
import type { StandInGuild } from '../support/discord/guild.ts';
import { doLine, type Stage } from '../support/discord/hands/typed-line.ts';
import { clientOf, connect, startStandIn } from './connected-client.ts';

type Scene = { standIn: DiscordStandIn; guild: StandInGuild; channel: StandInChannel; ada: StandInUser };

async function scene(): Promise<Scene> {
  const standIn = await startStandIn();
  const guild = standIn.createGuild({ name: 'OmniTensor' });
  const channel = guild.createChannel({ name: 'general' });
  const ada = standIn.createUser({ username: 'ada', globalName: 'Ada', locale: 'de', timeZone: 'Asia/Kolkata' });
  guild.addMember(ada);
  return { standIn, guild, channel, ada };
}

const BOARD = new SlashCommandBuilder()
  .setName('board')
  .setDescription('Shows the board')
  .addStringOption((option) => option.setName('category').setDescription('Which').setAutocomplete(true))
  .addIntegerOption((option) => option.setName('page').setDescription('From 1').setMinValue(1))
  .toJSON();

function board(text: string): { components: ContainerBuilder[]; flags: MessageFlags.IsComponentsV2 } {
  const row = new ActionRowBuilder<ButtonBuilder>().addComponents(
    new ButtonBuilder().setCustomId('prev').setLabel('Prev').setStyle(ButtonStyle.Secondary).setDisabled(true),
    new ButtonBuilder().setCustomId('next').setLabel('Next').setEmoji('▶️').setStyle(ButtonStyle.Secondary),
  );
  const select = new StringSelectMenuBuilder()
    .setCustomId('window')
    .setPlaceholder('Window')
    .addOptions({ label: 'Week', value: 'week' }, { label: 'Season', value: 'season', default: true });
  return {
    flags: MessageFlags.IsComponentsV2,
    components: [
      new ContainerBuilder()
        .setAccentColor(0xf1c40f)
        .addTextDisplayComponents(new TextDisplayBuilder().setContent(text))
        .addActionRowComponents(row)
        .addActionRowComponents(new ActionRowBuilder<StringSelectMenuBuilder>().addComponents(select)),
    ],
  };
}

/** Answers interactions as they come; what goes wrong there is thrown into `failed`. */
function answerWith(
  client: Client,
  handle: (interaction: Interaction) => Promise<unknown>,
): { failed: Promise<unknown> } {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  client.on(Events.InteractionCreate, (interaction) => {
    handle(interaction).catch(resolve);
  });
  return { failed: promise };
}

test('DS-1 the real client connects, sees its guilds and who it is', async () => {
  const { standIn, guild, channel } = await scene();
  const client = await connect(standIn);
  expect(client.user.id).toBe(standIn.applicationId);
  expect(client.guilds.cache.get(guild.id)?.name).toBe('OmniTensor');
  expect(client.channels.cache.get(channel.id)?.isTextBased()).toBe(true);
  const later = once(client, Events.GuildCreate);
  standIn.createGuild({ name: 'Second' });
  expect((await later)[0]).toMatchObject({ name: 'Second' });
});

test('DS-2 a wrong token is refused over REST and by the gateway', async () => {
  const { standIn } = await scene();
  await expect(clientOf(standIn).login('wrong')).rejects.toThrow(/token/i);
  const client = await connect(standIn);
  const gone = once(client, Events.ShardDisconnect);
  standIn.faults.rejectToken();
  expect((await gone)[0]).toMatchObject({ code: 4004 });
  await expect(client.rest.get('/users/@me')).rejects.toMatchObject({ status: 401 });
});

test('DS-3 a command is registered, run, deferred, answered with Components V2, and its buttons work', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  answerWith(client, async (interaction) => {
    if (interaction.isChatInputCommand()) {
      await interaction.deferReply();
      await interaction.editReply(board(`# Page ${interaction.options.getInteger('page')}\n\\*not bold\\* **bold**`));
    } else if (interaction.isButton()) {
      await interaction.deferUpdate();
      await interaction.editReply(board(`# after ${interaction.customId} by ${interaction.member?.user.username}`));
    } else if (interaction.isStringSelectMenu()) {
      await interaction.update(board(`# ${interaction.values.join()}`));
    } else if (interaction.isAutocomplete()) {
      await interaction.respond([{ name: `all of ${interaction.options.getFocused()}`, value: 'all' }]);
    }
  });

  expect(await standIn.autocomplete(ada, channel, 'board', {}, 'category')).toEqual([
    { name: 'all of ', value: 'all' },
  ]);
  const run = standIn.runCommand(ada, channel, 'board', { page: 2 });
  await run.acknowledged;
  const message = await run.answer;
  expect(run.ephemeral()).toBe(false);
  expect(message.text()).toBe('Page 2\n*not bold* bold\n( Prev ) [ ▶️ Next ]\n[ Season ▾ ]');
  expect(message.buttons().map(({ label, disabled }) => [label, disabled])).toEqual([
    ['Prev', true],
    ['Next', false],
  ]);

  const pressed = standIn.press(ada, message, 'Next');
  expect((await pressed.answer).id).toBe(message.id);
  expect(message.text()).toContain('after next by ada');
  // The lines that an edit changed are marked, the others not.
  expect(standIn.transcript.render()).toMatch(/edits message 1 .*\n.*\n  › ┃ after next/);
  expect(standIn.transcript.render()).toContain('\n    ┃ ( Prev ) [ ▶️ Next ]');
  await standIn.select(ada, message, 'Window', ['week']).answer;
  expect(message.text()).toMatch(/^week\n/);
  await expect(standIn.press(ada, message, 'Prev').answer).rejects.toThrow('greyed out');
  expect(standIn.requests.flatMap(({ problems }) => problems)).toEqual([]);
});

test('DS-4 the transcript shows what each person sees, in their own zone and language', async () => {
  const { standIn, guild, channel, ada } = await scene();
  const bob = standIn.createUser({ username: 'bob' });
  guild.addMember(bob);
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  answerWith(client, async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    await interaction.reply({ content: `Hello <@${ada.id}>, <t:0:f> @everyone`, flags: MessageFlags.Ephemeral });
    await interaction.followUp({ content: `<@${ada.id}> <@1> __u__ \u001b[31m`, allowedMentions: { users: [ada.id] } });
  });
  const posted = standIn.nextMessage(channel);
  const run = standIn.runCommand(ada, channel, 'board');
  expect((await run.answer).text()).toBe('Hello @Ada, 1. Januar 1970 um 05:30 @everyone');
  expect(run.ephemeral()).toBe(true);
  expect((await posted).text()).toBe('@Ada <@1> u <U+001B>[31m');
  expect(standIn.messages(channel)).toHaveLength(1);

  expect(standIn.transcript.render(ada)).toContain('Hello @Ada');
  expect(standIn.transcript.render(ada)).toContain('only Ada sees this · pings: nobody');
  expect(standIn.transcript.render(bob)).not.toContain('Hello');
  expect(standIn.transcript.render(bob)).toContain('pings: Ada');
});

test('DS-5 a 429 is answered with retry_after, and the client tries again', async () => {
  const { standIn, channel } = await scene();
  const client = await connect(standIn);
  standIn.faults.rateLimitNext(/^POST .*messages/, 0.05);
  await client.rest.post(`/channels/${channel.id}/messages`, { body: { content: 'hello' } });
  expect(standIn.requests.filter(({ method }) => method === 'POST').map(({ status }) => status)).toEqual([429, 200]);
});

test('DS-6 a failure on demand is met once, with the status and body asked for', async () => {
  const { standIn, channel } = await scene();
  const client = await connect(standIn, { rest: { retries: 0 } });
  const post = async (): Promise<unknown> =>
    client.rest.post(`/channels/${channel.id}/messages`, { body: { content: 'x' } });
  standIn.faults.failNext('/messages', 503);
  standIn.faults.failNext('/messages', 403, { code: 50013, message: 'Missing Permissions' });
  await expect(post()).rejects.toMatchObject({ status: 503 });
  await expect(post()).rejects.toMatchObject({ status: 403, code: 50013 });
  await post();
  expect(standIn.messages(channel)).toHaveLength(1);
});

test('DS-7 a dropped gateway is resumed, and what happened meanwhile is delivered', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  answerWith(client, async (interaction) => interaction.isChatInputCommand() && interaction.reply('here'));
  const resumed = once(client, Events.ShardResume);
  standIn.faults.dropGateway({ resumable: true });
  const run = standIn.runCommand(ada, channel, 'board');
  expect((await run.answer).text()).toBe('here');
  await resumed;
});

test('DS-8 a session that cannot be resumed is begun anew', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  answerWith(client, async (interaction) => interaction.isChatInputCommand() && interaction.reply('again'));
  const ready = once(client, Events.ShardReady);
  standIn.faults.dropGateway({ resumable: false });
  await ready;
  expect((await standIn.runCommand(ada, channel, 'board').answer).text()).toBe('again');
});

test('DS-9 an interaction delivered twice can be answered once', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  const { failed } = answerWith(
    client,
    async (interaction) => interaction.isChatInputCommand() && interaction.reply('once'),
  );
  standIn.faults.duplicateNextInteraction();
  const run = standIn.runCommand(ada, channel, 'board');
  await run.answer;
  expect(await failed).toMatchObject({ code: 40060, status: 400 });
  expect(standIn.messages(channel)).toHaveLength(1);
});

test('DS-10 a first response after 3 s is refused, and the user is told', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  const arrived = once(client, Events.InteractionCreate);
  const run = standIn.runCommand(ada, channel, 'board');
  const [interaction] = await arrived;
  await expect(run.acknowledged).rejects.toThrow('did not respond');
  await expect(interaction.reply('too late')).rejects.toMatchObject({ code: 10062, status: 404 });
  expect(standIn.transcript.render(ada)).toContain('The application did not respond');
});

test('DS-11 edits and follow-ups are refused after 15 minutes', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  const arrived = once(client, Events.InteractionCreate);
  const run = standIn.runCommand(ada, channel, 'board');
  const [interaction] = await arrived;
  await interaction.reply('in time');
  await run.answer;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 });
  try {
    await expect(interaction.editReply('too late')).rejects.toMatchObject({ code: 50027 });
  } finally {
    vi.useRealTimers();
  }
});

test('DS-12 who may not run a command is refused by Discord itself', async () => {
  const { standIn, guild, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([{ ...BOARD, default_member_permissions: '32' }]);
  answerWith(client, async (interaction) => interaction.isChatInputCommand() && interaction.reply('done'));
  const refused = standIn.runCommand(ada, channel, 'board');
  expect(refused.error?.message).toContain('permission');
  expect(standIn.runCommand(ada, channel, 'bored').error?.message).toContain('Known: board');
  expect(standIn.runCommand(guild.owner, channel, 'board', { page: 0 }).error?.message).toContain('page');
  const grace = standIn.createUser({ username: 'grace' });
  guild.addMember(grace, { permissions: 'ManageGuild' });
  expect((await standIn.runCommand(grace, channel, 'board').answer).text()).toBe('done');
});

test('DS-13 members come and go for those clients alone that asked for them', async () => {
  const { standIn, guild, ada } = await scene();
  const blind = await connect(standIn);
  const seeing = await connect(standIn, { intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMembers] });
  expect(blind.guilds.cache.get(guild.id)?.members.cache.has(ada.id)).toBe(false);
  expect(seeing.guilds.cache.get(guild.id)?.members.cache.has(ada.id)).toBe(true);
  const heardByBlind = vi.fn();
  blind.on(Events.GuildMemberRemove, heardByBlind);
  const left = once(seeing, Events.GuildMemberRemove);
  guild.removeMember(ada);
  await left;
  expect(heardByBlind).not.toHaveBeenCalled();
  const members = await seeing.guilds.cache.get(guild.id)?.members.fetch();
  expect(members?.map(({ user }) => user.username).toSorted()).toEqual(['omnitensor', 'owner']);
});

test('DS-14 a form is opened, filled in and sent; what it requires is required', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  answerWith(client, async (interaction) => {
    if (interaction.isChatInputCommand()) {
      const field = new TextInputBuilder().setCustomId('name').setStyle(TextInputStyle.Short);
      const label = new LabelBuilder().setLabel('Your zone').setTextInputComponent(field);
      await interaction.showModal(new ModalBuilder().setCustomId('zone').setTitle('Zone').addLabelComponents(label));
    } else if (interaction.isModalSubmit()) {
      await interaction.reply(`zone ${interaction.fields.getTextInputValue('name')}`);
    }
  });
  const run = standIn.runCommand(ada, channel, 'board');
  expect((await run.modal).title).toBe('Zone');
  await expect(run.answer).rejects.toThrow('form');
  expect(standIn.submitModal(ada, run, {}).error?.message).toContain('must be filled in');
  expect((await standIn.submitModal(ada, run, { name: 'UTC' }).answer).text()).toBe('zone UTC');
});

test('DS-16 a deferral with the V2 flag, a 26th choice and a response of the wrong kind are refused, and can be made good', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  const arrived = once(client, Events.InteractionCreate);
  const run = standIn.runCommand(ada, channel, 'board');
  const [interaction] = await arrived;
  const respond = async (body: object): Promise<unknown> =>
    client.rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, { auth: false, body });
  await expect(respond({ type: 5, data: { flags: MessageFlags.IsComponentsV2 } })).rejects.toMatchObject({
    code: 50035,
  });
  await expect(respond({ type: 6 })).rejects.toMatchObject({ code: 50035 });
  await expect(respond({ type: 4, data: {} })).rejects.toMatchObject({ code: 50006 });
  await interaction.reply('good');
  expect((await run.answer).text()).toBe('good');

  answerWith(client, async (one) => {
    if (!one.isAutocomplete()) return;
    const choices = Array.from({ length: 26 }, (_, n) => ({ name: `${n}`, value: `${n}` }));
    await expect(one.respond(choices)).rejects.toMatchObject({ code: 50035 });
    await one.respond(choices.slice(1));
  });
  expect(await standIn.autocomplete(ada, channel, 'board', { category: 'g' }, 'category')).toHaveLength(25);
});

test('DS-17 commands of menus and subcommands reach the bot with their targets, users and values', async () => {
  const { standIn, guild, channel, ada } = await scene();
  const client = await connect(standIn);
  const list = new SlashCommandBuilder()
    .setName('quest')
    .setDescription('Quests')
    .addSubcommand((sub) =>
      sub
        .setName('list')
        .setDescription('All')
        .addUserOption((option) => option.setName('of').setDescription('Whose')),
    );
  await client.application.commands.set(
    [list.toJSON(), { type: 2, name: 'Standing' }, { type: 3, name: 'Report' }],
    guild.id,
  );
  answerWith(client, async (interaction) => {
    if (interaction.isChatInputCommand()) {
      await interaction.reply(`${interaction.options.getSubcommand()} ${interaction.options.getUser('of')?.username}`);
    } else if (interaction.isUserContextMenuCommand()) {
      await interaction.reply({ content: interaction.targetUser.username, flags: MessageFlags.Ephemeral });
    } else if (interaction.isMessageContextMenuCommand()) {
      await interaction.reply(`about "${interaction.targetMessage.content}"`);
    }
  });
  const listed = await standIn.runCommand(guild.owner, channel, 'quest list', { of: ada.id }).answer;
  expect(listed.text()).toBe('list ada');
  expect((await standIn.runContextMenu(guild.owner, channel, 'Standing', ada).answer).ephemeral).toBe(true);
  expect((await standIn.runContextMenu(ada, channel, 'Report', listed).answer).text()).toBe('about "list ada"');
});

test('DS-18 files come along with a message', async () => {
  const { standIn, channel } = await scene();
  const client = await connect(standIn);
  const found = await client.channels.fetch(channel.id);
  if (!found?.isSendable()) throw new Error('The channel takes no messages.');
  const sent = await found.send({ content: 'card', files: [{ attachment: Buffer.from('png'), name: 'card.png' }] });
  expect(sent.attachments.map(({ name, size }) => [name, size])).toEqual([['card.png', 3]]);
  expect(standIn.messages(channel)[0]?.text()).toBe('card\n📎 card.png');
});

test('DS-19 a follow-up takes the place of a deferral, and is as private as the deferral said', async () => {
  const { standIn, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD]);
  answerWith(client, async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    await interaction.deferReply({ flags: MessageFlags.Ephemeral });
    await interaction.followUp('for you');
    await interaction.followUp('for all');
  });
  const posted = standIn.nextMessage(channel);
  const run = standIn.runCommand(ada, channel, 'board');
  expect((await run.answer).text()).toBe('for you');
  expect(run.ephemeral()).toBe(true);
  expect((await posted).text()).toBe('for all');
  expect(standIn.messages(channel, ada).map((message) => message.ephemeral)).toEqual([true, false]);
});

test('DS-15 the bot sees nothing of a guild that it is thrown out of', async () => {
  const { standIn, guild, channel } = await scene();
  const client = await connect(standIn, { rest: { retries: 0 } });
  const left = once(client, Events.GuildDelete);
  guild.kickBot();
  expect((await left)[0]).toMatchObject({ id: guild.id });
  await expect(client.rest.get(`/channels/${channel.id}`)).rejects.toBeInstanceOf(DiscordAPIError);
  await expect(client.rest.get(`/guilds/${guild.id}`)).rejects.toMatchObject({ code: 50001 });
});

test('DS-33 lines that a person types act for the users of the stand-in', async () => {
  const { standIn, guild, channel, ada } = await scene();
  const client = await connect(standIn);
  await client.application.commands.set([BOARD, { type: 2, name: 'Standing' }], guild.id);
  answerWith(client, async (interaction) => {
    if (interaction.isAutocomplete()) await interaction.respond([{ name: 'All of them', value: 'all' }]);
    else if (interaction.isChatInputCommand())
      await interaction.reply(board(interaction.options.getString('category') ?? ''));
    else if (interaction.isButton()) await interaction.update(board('pressed'));
    else if (interaction.isStringSelectMenu()) await interaction.update(board('chosen'));
    else if (interaction.isUserContextMenuCommand()) await interaction.reply(`of ${interaction.targetUser.username}`);
  });
  const stage: Stage = { standIn, channel, users: [ada, guild.owner], last: new Map() };
  const answerTo = async (line: string, user = ada): Promise<string | undefined> => {
    await doLine(stage, line);
    return (await stage.last.get(user.id)?.answer)?.text().split('\n')[0];
  };
  expect(await answerTo('/board category:"the best" page:1 as owner', guild.owner)).toBe('the best');
  expect(await answerTo('press Next as ada')).toBe('pressed');
  expect(await answerTo('select Window = week')).toBe('chosen');
  expect(await answerTo('menu Standing on owner as ada')).toBe('of owner');
  expect(await doLine(stage, 'type /board category:a')).toBe('    All of them  (all)');
  expect(await doLine(stage, 'show as owner')).toContain('the best');
  await expect(doLine(stage, 'dance')).rejects.toThrow('Type help');
  await expect(doLine(stage, '/board as nobody')).rejects.toThrow('There are: ada, owner');
});
