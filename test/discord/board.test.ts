import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { board } from '../../commands/board.ts';
import type { AnyCommand } from '../../src/discord/command.ts';
import { createBoardMessenger } from '../../src/discord/live-board-messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { listLiveBoards } from '../../src/live-boards/administer.ts';
import { updateLiveBoards } from '../../src/live-boards/update.ts';
import { NOW, recording } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, makeBot, openScene, type Scene } from '../support/discord-bot.ts';
import type { StandInMessage } from '../support/discord/stand-in-message.ts';

const database = useDatabase();
const HOUR_MS = 3_600_000;

type BoardScene = Scene & {
  /** Places a board in the channel, as the owner. */
  place(options?: Record<string, string | number>): Promise<StandInMessage>;
  run(name: string, options?: Record<string, string>): Promise<StandInMessage>;
  /** Looks after what is due, as a worker does, so many milliseconds from the scene's time. */
  update(laterMs?: number): Promise<void>;
  boards(): ReturnType<typeof listLiveBoards>;
};

async function open(options: { commands?: readonly AnyCommand[] } = {}): Promise<BoardScene> {
  await database.db.deleteFrom('live_boards').execute();
  const scene = await openScene(database.db, options);
  const { discord, guild, channel, community } = scene;
  const run = async (name: string, options: Record<string, string | number> = {}) =>
    discord.runCommand(guild.owner, channel, name, options).answer;
  return {
    ...scene,
    run,
    place: (options = {}) =>
      run('board place', { category: 'gpu-contributors', window: 'season', channel: channel.id, ...options }),
    async update(laterMs = 0) {
      const messenger = createBoardMessenger(openRest(discord.token, discord.apiUrl));
      const clock = () => new Date(NOW.getTime() + laterMs);
      await updateLiveBoards(recording(database.db), messenger, { clock, stopping: new AbortController().signal });
    },
    boards: () => listLiveBoards(database.db, community.id),
  };
}

/** The message of the only live board in the channel. */
function liveMessage({ discord, channel }: BoardScene): StandInMessage {
  const [message, ...others] = discord.messages(channel).filter((one) => one.text().includes('as of'));
  if (!message || others.length > 0) throw new Error('There is not one board.');
  return message;
}

describe('/board', () => {
  it('LB-20 place says what will be where, and the board appears there', async () => {
    const scene = await open();
    await scene.contribute(['ada', '10', 'Ada'], ['bob', '5', 'Bob']);
    const answer = await scene.place();
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toMatch(
      /^Placed in #general\nTop GPU Contributors · Season · top 10\nIt appears in a moment/,
    );
    await scene.update();
    expect(liveMessage(scene).text()).toContain('🥇 1st · Ada · 62.5 OMNIT');
    expect(await scene.boards()).toMatchObject([{ window: 'season', places: 10, state: 'live' }]);
    const audit = await database.db
      .selectFrom('audit_log')
      .select(['actor', 'action'])
      .where('community_id', '=', scene.community.id)
      .where('action', 'like', 'live-board.%')
      .execute();
    expect(audit).toEqual([{ actor: `Discord user ${scene.guild.owner.id}`, action: 'live-board.place' }]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LB-21 the same board twice in one channel is one, and place says where it is', async () => {
    const scene = await open();
    await scene.place();
    await scene.update();
    const again = await scene.place({ limit: 3 });
    expect(again.text()).toContain('Top GPU Contributors · Season · top 3 is in that channel already');
    expect(JSON.stringify(again.components)).toContain(
      `https://discord.com/channels/${scene.guild.id}/${scene.channel.id}/${liveMessage(scene).id}`,
    );
    expect(await scene.boards()).toMatchObject([{ places: 3 }]);
    // Another window, or another channel, is another board.
    await scene.place({ window: 'all' });
    await scene.place({ channel: scene.guild.createChannel({ name: 'second' }).id });
    expect(await scene.boards()).toHaveLength(3);
    const placed = await Promise.all([scene.place({ window: 'week' }), scene.place({ window: 'week' })]);
    expect(placed.filter((one) => one.text().includes('Placed'))).toHaveLength(1);
    expect(await scene.boards()).toHaveLength(4);
    expect(faultsOf(scene)).toEqual([]);
  });

  it.each([['an unknown category', { category: 'pages' }, 'There is no category "pages"']])(
    'LB-22 %s is refused',
    async (_, options, words) => {
      const scene = await open();
      const answer = await scene.place(options);
      expect(answer.ephemeral).toBe(true);
      expect(answer.text()).toContain(words);
      expect(await scene.boards()).toEqual([]);
    },
  );

  it.each([
    ['View Channel', PermissionFlagsBits.ViewChannel],
    ['Send Messages', PermissionFlagsBits.SendMessages],
    ['Read Message History', PermissionFlagsBits.ReadMessageHistory],
  ])('LB-22 a channel in which the bot lacks "%s" is refused, with what to change', async (name, bit) => {
    const scene = await open();
    const closed = scene.guild.createChannel({ name: 'closed' });
    const deny = String(bit);
    scene.guild.changeOverwrites(closed, [{ id: scene.guild.botRole.id, type: 0, allow: '0', deny }]);
    const answer = await scene.place({ channel: closed.id });
    expect(answer.text()).toContain(`The bot lacks "${name}"`);
    expect(answer.text()).toContain('Allow it in the channel');
    expect(await scene.boards()).toEqual([]);
  });

  it('LB-22 a twenty-first board is refused', async () => {
    const scene = await open();
    for (let n = 0; n < 20; n += 1) {
      await scene.place({ channel: scene.guild.createChannel({ name: `channel-${n}` }).id });
    }
    const answer = await scene.place();
    expect(answer.text()).toContain('There are 20 live boards, which is the most. Remove one of them first.');
    expect(await scene.boards()).toHaveLength(20);
    // One that is there can be placed again, and all of them fit into a list, whatever became of them.
    const [first] = await scene.boards();
    expect((await scene.place({ channel: first?.channelId ?? '' })).text()).toContain('already');
    await scene.update();
    const shown = await scene.run('board list');
    expect(shown.text().match(/as of/g)).toHaveLength(20);
    await database.db
      .updateTable('live_boards')
      .set((eb) => ({ state: 'failed', reason: eb.cast(eb.val('*'.repeat(300)), 'text') }))
      .execute();
    const failed = await scene.run('board list');
    expect(failed.text().match(/⚠️ stopped/g)).toHaveLength(20);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LB-23 is for those who may manage the server, also where an admin shows it to others', async () => {
    const shown = { ...board.data.toJSON(), default_member_permissions: null };
    const scene = await open({ commands: [{ ...board, data: { name: 'board', toJSON: () => shown } }] });
    const { discord, channel, ada } = scene;
    await scene.place();
    const [placed] = await scene.boards();
    for (const [name, options] of [
      ['board place', { category: 'gpu-contributors', window: 'all', channel: channel.id }],
      ['board list', {}],
      ['board remove', { board: String(placed?.id) }],
    ] as const) {
      const answer = await discord.runCommand(ada, channel, name, options).answer;
      expect(answer.text()).toContain('Only those with the permission "Manage Server" can do this.');
    }
    expect(await scene.boards()).toEqual([placed]);
  });

  it('LB-24 list and /setup tell what keeps a board, and a button has it tried again', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    expect((await scene.run('board list')).text()).toContain('No live boards yet');
    await scene.place();
    channel.overwrites.push({
      id: guild.botRole.id,
      type: 0,
      allow: '0',
      deny: String(PermissionFlagsBits.SendMessages),
    });
    await scene.update();
    const list = await scene.run('board list');
    expect(list.text()).toContain('Top GPU Contributors · Season · top 10 · #general · ⚠️ stopped');
    expect(list.text()).toContain(
      '⚠️ Stopped: The bot may not write in the channel. Allow "Send Messages" in its settings',
    );
    expect((await scene.run('setup')).text()).toContain(
      '1 live board cannot be shown: The bot may not write in the channel.',
    );
    channel.overwrites.length = 0;
    await discord.press(guild.owner, list, 'Try again').answer;
    expect(list.text()).toMatch(/^1 board is tried again\. [^]+about to appear/);
    expect(list.buttons()).toEqual([]);
    await scene.update();
    expect(liveMessage(scene).text()).toContain('No contributions yet');
    expect((await scene.run('setup')).text()).not.toContain('live board');
  });

  it('LB-25 a board that rests is tried again by itself once the permissions allow it', async () => {
    const scene = await open();
    const { guild, channel } = scene;
    await scene.place();
    const deny = String(PermissionFlagsBits.SendMessages);
    guild.changeOverwrites(channel, [{ id: guild.botRole.id, type: 0, allow: '0', deny }]);
    await scene.update();
    expect(await scene.boards()).toMatchObject([{ state: 'failed' }]);
    // Another change leaves it alone.
    guild.changeOverwrites(channel, [{ id: guild.botRole.id, type: 0, allow: '0', deny: String(BigInt(deny) | 1n) }]);
    guild.changeOverwrites(channel, []);
    await expect.poll(async () => (await scene.boards())[0]?.state, { timeout: 10_000 }).toBe('waiting');
    await scene.update();
    expect(liveMessage(scene).text()).toContain('Top GPU Contributors');
    expect(faultsOf(scene).filter((fault) => !fault.includes('50013') && !fault.includes('Missing'))).toEqual([]);
  });

  it('LB-26 remove takes a board that was chosen from suggestions out of its channel', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    await scene.place();
    await scene.place({ window: 'all' });
    await scene.update();
    const [season] = await scene.boards();
    const offered = await discord.autocomplete(guild.owner, channel, 'board remove', { board: 'season' }, 'board');
    expect(offered).toEqual([{ name: 'Top GPU Contributors · Season · #general', value: String(season?.id) }]);
    const answer = await scene.run('board remove', { board: String(season?.id) });
    expect(answer.text()).toContain('Top GPU Contributors · Season · top 10 leaves #general.');
    await scene.update();
    expect(liveMessage(scene).text()).toContain('All time');
    for (const board of [String(season?.id), 'the first one']) {
      expect((await scene.run('board remove', { board })).text()).toMatch(/There is no live board|is no live board/);
    }
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LB-27 its buttons answer whoever presses them in private, after a restart too, and leave the board as it is', async () => {
    const scene = await open();
    const { discord, ada, bob, guild, community, ranking, bot } = scene;
    await scene.contribute(...Array.from({ length: 12 }, (_, n) => [`m${n}`, `${100 - n}`, `Member ${n}`] as const));
    await database.db
      .updateTable('members')
      .set({ discord_user_id: ada.id })
      .where('community_id', '=', community.id)
      .where('handle', '=', 'm11')
      .execute();
    await scene.place({ limit: 5 });
    await scene.update();
    const message = liveMessage(scene);
    const before = message.text();
    expect(before).toContain('5th · Member 4');
    expect(before).not.toContain('Member 5');

    await bot.stop();
    const restarted = makeBot(discord, ranking, { guildId: guild.id, community: community.slug });
    await restarted.start();
    try {
      const mine = await discord.press(ada, message, 'My place').answer;
      expect(mine.ephemeral).toBe(true);
      expect(mine.text()).toMatch(/12th · Member 11 .* you/);
      const all = await discord.press(bob, message, 'All places').answer;
      expect(all.ephemeral).toBe(true);
      expect(all.text()).toContain('10th · Member 9');
      await discord.press(bob, all, 'Next').answer;
      expect(all.text()).toContain('12th · Member 11');
      expect(message.text()).toBe(before);
    } finally {
      await restarted.stop();
    }
    await scene.update(HOUR_MS);
    expect(message.text()).toBe(before);
  });
});
