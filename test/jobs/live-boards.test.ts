import { PermissionFlagsBits } from 'discord.js';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/db/connect.ts';
import { createBoardMessenger } from '../../src/discord/live-board-messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { removeLiveBoard, retryLiveBoards } from '../../src/live-boards/administer.ts';
import { updateLiveBoards } from '../../src/live-boards/update.ts';
import { recording, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { LiveBoards } from '../support/live-boards.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const POST = /^POST \/channels\/\d+\/messages/;
const PATCH = /^PATCH \/channels\/\d+\/messages/;

const database = useDatabase();
const open = () => LiveBoards.open(database.db);
const openShown = () => LiveBoards.openShown(database.db);

describe('when Discord does not do as asked', () => {
  it('LB-10 told to wait, it waits as long as it is asked to', async () => {
    const scene = await openShown();
    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    scene.discord.faults.rateLimitNext(PATCH, 300);
    const next = await scene.update();
    expect((next?.getTime() ?? 0) - scene.now().getTime()).toBeGreaterThan(250 * SECOND_MS);
    expect(await scene.boards()).toMatchObject([{ state: 'live', reason: 'Discord asks to wait.' }]);
    scene.pass(4 * MINUTE_MS);
    await scene.update();
    expect(scene.writes().PATCH).toBe(0);
    scene.pass(2 * MINUTE_MS);
    await scene.update();
    expect(scene.text()).toContain('1st · bob');
    expect(await scene.boards()).toMatchObject([{ state: 'live', reason: undefined }]);
  });

  it('LB-10 while Discord is down it is tried now and then, and shown once it is back', async () => {
    const scene = await openShown();
    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    const down = createBoardMessenger(openRest(scene.discord.token, 'http://127.0.0.1:9/api'));
    const options = { clock: scene.now, stopping: new AbortController().signal };
    for (let time = 0; time < 4; time += 1) {
      const next = await updateLiveBoards(recording(scene.db), down, options);
      const waits = (next?.getTime() ?? 0) - scene.now().getTime();
      expect(waits).toBeGreaterThan(30 * SECOND_MS);
      expect(waits).toBeLessThanOrEqual(5 * MINUTE_MS);
      expect(await scene.boards()).toMatchObject([
        { state: 'live', reason: expect.stringContaining('cannot be reached') },
      ]);
      scene.pass(waits);
    }
    scene.pass(MINUTE_MS);
    await scene.update();
    expect(scene.text()).toContain('1st · bob');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });
  });

  it('LB-10 a board that Discord fails at keeps no other from being shown', async () => {
    const scene = await openShown();
    const other = scene.guild.createChannel({ name: 'other' });
    await scene.place({ channelId: other.id, window: 'week' });
    scene.discord.faults.failNext(`/channels/${other.id}/messages`, 502);
    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    await scene.update();
    await scene.update();
    expect(scene.text()).toContain('1st · bob');
    scene.pass(2 * MINUTE_MS);
    await scene.update();
    expect(scene.messages(other)).toHaveLength(1);
  });

  it.each([
    ['cannot see the channel', PermissionFlagsBits.ViewChannel, '"View Channel"'],
    ['may not write in it', PermissionFlagsBits.SendMessages, '"Send Messages"'],
  ])(
    'LB-11 where the bot %s it rests with what to do, is asked once, and is shown when tried again',
    async (_, bit, words) => {
      const scene = await open();
      await scene.place();
      scene.channel.overwrites.push({ id: scene.guild.botRole.id, type: 0, allow: '0', deny: String(bit) });
      await scene.update();
      expect(await scene.boards()).toMatchObject([{ state: 'failed', reason: expect.stringContaining(words) }]);
      const asked = scene.discord.requests.length;
      scene.pass(24 * HOUR_MS);
      await scene.contribute({ ada: 1 });
      expect(await scene.update()).toBeUndefined();
      expect(scene.discord.requests).toHaveLength(asked);

      scene.channel.overwrites.length = 0;
      expect(await retryLiveBoards(scene.db, scene.community.id, TESTER, scene.now())).toBe(1);
      await scene.update();
      expect(scene.text()).toContain('1st · ada');
      expect(await scene.boards()).toMatchObject([{ state: 'live', reason: undefined }]);
    },
  );

  it('LB-11 in a channel that was deleted it rests, and others go on', async () => {
    const scene = await openShown();
    const other = scene.guild.createChannel({ name: 'other' });
    await scene.place({ channelId: other.id });
    await scene.update();
    scene.guild.deleteChannel(other);
    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    await scene.update();
    expect(await scene.boards()).toMatchObject([
      { state: 'live' },
      { state: 'failed', reason: expect.stringContaining('not there any more') },
    ]);
    expect(scene.text()).toContain('1st · bob');
  });
});

describe('exactly once', () => {
  it('LB-12 several workers at once post one message, and change it once', async () => {
    const scene = await open();
    await scene.contribute({ ada: 100 });
    await scene.place();
    await Promise.all(Array.from({ length: 4 }, () => scene.update()));
    expect(scene.messages()).toHaveLength(1);
    scene.pass(MINUTE_MS);
    await scene.contribute({ bob: 200 });
    await Promise.all(Array.from({ length: 4 }, () => scene.update()));
    expect(scene.text()).toContain('1st · bob');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });
  });

  it('LB-13 after an answer that was lost the message is looked for before another one is posted', async () => {
    const scene = await open();
    await scene.place();
    const hold = scene.discord.faults.holdNext(POST, 'after');
    // The client gives up after some seconds.
    await Promise.all([scene.update(), hold.arrived]);
    hold.release();
    expect(scene.messages()).toHaveLength(1);
    await scene.contribute({ ada: 1 });
    scene.pass(2 * MINUTE_MS);
    await scene.update();
    expect(scene.text()).toContain('1st · ada');
    expect(scene.writes()).toMatchObject({ POST: 1, PATCH: 1 });
    // Where it was not sent it is posted.
    scene.discord.faults.failNext(POST, 503);
    await scene.deleteMessages();
    await scene.contribute({ bob: 1 });
    for (let time = 0; time < 2; time += 1) {
      scene.pass(2 * MINUTE_MS);
      await scene.update();
    }
    expect(scene.text()).toContain('bob');
  }, 30_000);

  it('LB-13 where nobody may look it rests, rather than being posted twice', async () => {
    const scene = await open();
    await scene.place();
    scene.discord.faults.failNext(POST, 500);
    await scene.update();
    const deny = String(PermissionFlagsBits.ReadMessageHistory);
    scene.channel.overwrites.push({ id: scene.guild.botRole.id, type: 0, allow: '0', deny });
    scene.channel.overwrites.push({ id: scene.guild.id, type: 0, allow: '0', deny: '0' });
    scene.pass(2 * MINUTE_MS);
    await scene.update();
    expect(await scene.boards()).toMatchObject([
      { state: 'failed', reason: expect.stringContaining('"Read Message History"') },
    ]);
    scene.channel.overwrites.length = 0;
    await retryLiveBoards(scene.db, scene.community.id, TESTER, scene.now());
    await scene.update();
    expect(scene.messages()).toHaveLength(1);
  });

  it('LB-13 removed while its message is being posted, it leaves none behind', async () => {
    const scene = await open();
    const board = await scene.place();
    const hold = scene.discord.faults.holdNext(POST, 'after');
    const updating = scene.update();
    await hold.arrived;
    await removeLiveBoard(scene.db, scene.community.id, board.id, TESTER, scene.now());
    hold.release();
    await updating;
    scene.pass(SECOND_MS);
    await scene.update();
    expect(scene.messages()).toEqual([]);
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 0, DELETE: 1 });
  });

  it('LB-13 placed again with more places while it is being posted, it shows them', async () => {
    const scene = await open();
    await scene.contribute({ ada: 2, bob: 1 });
    await scene.place({ places: 1 });
    const hold = scene.discord.faults.holdNext(POST, 'after');
    const updating = scene.update();
    await hold.arrived;
    scene.pass(SECOND_MS);
    await scene.place({ places: 2 });
    hold.release();
    await updating;
    expect(scene.text()).not.toContain('bob');
    scene.pass(MINUTE_MS);
    await scene.update();
    expect(scene.text()).toContain('2nd · bob');
  });

  it('LB-14 a clock that jumps a year ahead and back again posts nothing twice, and goes on', async () => {
    const scene = await openShown();
    const year = 366 * 24 * HOUR_MS;
    scene.pass(year);
    await scene.contribute({ bob: 200 });
    scene.discord.faults.failNext(PATCH, 503);
    await scene.update();
    scene.pass(-year + MINUTE_MS);
    await scene.update();
    expect(scene.text()).toContain('1st · bob');
    expect(scene.writes()).toEqual({ POST: 1, PATCH: 1, DELETE: 0 });

    scene.pass(year);
    const hold = scene.discord.faults.holdNext(POST, 'after');
    await scene.deleteMessages();
    await scene.contribute({ cleo: 300 });
    await Promise.all([scene.update(), hold.arrived]);
    hold.release();
    scene.pass(-year + MINUTE_MS);
    await scene.update();
    expect(scene.messages()).toHaveLength(1);
  }, 30_000);
});

describe('with a thousand communities', () => {
  it('LB-15 a run with nothing to do is one statement and no request, and one that wrote is all that is looked at', async () => {
    const scene = await openShown();
    const later = new Date(scene.now().getTime() + 30 * MINUTE_MS);
    // Others, each with a board that shows what it is to show.
    await sql`
      with others as (
        insert into communities (slug, name, time_zone, locale, visibility, created_at, discord_guild_id)
        select 'many-' || n, 'Many', 'UTC', 'en', 'public', ${scene.now()}::timestamptz, 'guild ' || n
        from generate_series(1, 1000) n
        returning community_id, discord_guild_id
      ),
      counted as (
        insert into categories (community_id, slug, title, unit, measure, reputation)
        select community_id, 'gpu', 'GPU', 'hour', 'amount', 0 from others
        returning community_id, category_id
      )
      insert into live_boards (community_id, category_id, kind, places, guild_id, channel_id, placed_at, message_id,
        period, fingerprint, shown_at, seen_seq, seen_version, look_at, try_at)
      select community_id, category_id, 'all', 10, discord_guild_id, '1', ${scene.now()}::timestamptz, '1',
        'all', '', ${scene.now()}::timestamptz, 0, 0, ${later}::timestamptz, ${scene.now()}::timestamptz
      from others join counted using (community_id)`.execute(scene.db);
    scene.pass(MINUTE_MS);
    const statements: string[] = [];
    const counted = connect(database.url, {
      log(event) {
        statements.push(event.query.sql);
      },
    });
    const { discord } = scene;
    const run = async () => {
      statements.length = 0;
      const options = { clock: scene.now, stopping: new AbortController().signal };
      const messenger = createBoardMessenger(openRest(discord.token, discord.apiUrl));
      return updateLiveBoards(recording(counted), messenger, options);
    };
    try {
      const requests = discord.requests.length;
      const next = await run();
      expect(next && next > scene.now()).toBe(true);
      expect(statements).toHaveLength(1);
      expect(discord.requests).toHaveLength(requests);

      await scene.contribute({ bob: 200 });
      await run();
      expect(scene.text()).toContain('1st · bob');
      expect(discord.requests).toHaveLength(requests + 1);
      // What was read of the one community and its board, and whether there is more.
      expect(statements.length).toBeLessThan(20);
    } finally {
      await counted.destroy();
    }
  });
});
