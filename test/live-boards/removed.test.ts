import { describe, expect, it } from 'vitest';
import { claimHome } from '../../src/communities/guilds.ts';
import { removeLiveBoard } from '../../src/live-boards/administer.ts';
import { makeCommunity, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { LiveBoards } from '../support/live-boards.ts';

const MINUTE_MS = 60_000;

const database = useDatabase();
const open = () => LiveBoards.open(database.db);
const openShown = () => LiveBoards.openShown(database.db);

describe('a live board that goes', () => {
  it('LB-7 goes from its channel when it is removed, and nothing more is asked if it is gone already', async () => {
    const scene = await openShown();
    const [board] = await scene.boards();
    await removeLiveBoard(scene.db, scene.community.id, board?.id ?? 0, TESTER, scene.now());
    expect(await scene.boards()).toEqual([]);
    await scene.update();
    expect(scene.messages()).toEqual([]);
    expect(await scene.db.selectFrom('live_boards').selectAll().execute()).toEqual([]);
    await expect(
      removeLiveBoard(scene.db, scene.community.id, board?.id ?? 0, TESTER, scene.now()),
    ).rejects.toMatchObject({ code: 'unknown-live-board' });

    // Placed anew, and its message, or all of its channel, deleted by hand.
    for (const remove of [() => scene.deleteMessages(), async () => scene.guild.deleteChannel(scene.channel)]) {
      const again = await scene.place();
      await scene.update();
      expect(scene.messages()).toHaveLength(1);
      await remove();
      await removeLiveBoard(scene.db, scene.community.id, again.id, TESTER, scene.now());
      await scene.update();
      expect(await scene.db.selectFrom('live_boards').selectAll().execute()).toEqual([]);
    }
  });

  it('LB-8 goes when its community moves to another server, and is never shown in a channel of another one', async () => {
    const scene = await openShown();
    const other = scene.discord.createGuild({ name: 'Other' });
    const foreign = other.createChannel({ name: 'foreign' });
    await scene.place({ channelId: foreign.id });
    scene.pass(MINUTE_MS);
    await scene.update();
    expect(scene.messages(foreign)).toEqual([]);
    expect(await scene.boards()).toMatchObject([
      { state: 'live' },
      { state: 'failed', reason: expect.stringContaining("not one of this community's server") },
    ]);

    await scene.db
      .updateTable('communities')
      .set((eb) => ({ discord_guild_id: other.id, config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', scene.community.id)
      .execute();
    scene.pass(MINUTE_MS);
    await scene.update();
    expect(scene.messages()).toEqual([]);
  });

  it('LB-8 goes when its server takes the community that the bot was installed with', async () => {
    const scene = await open();
    const home = await makeCommunity(scene.db);
    await scene.place();
    await scene.update();
    await claimHome(
      scene.db,
      { slug: home.slug, guildId: undefined },
      { id: scene.guild.id, name: 'Lab', locale: 'en' },
      TESTER,
      scene.now(),
    );
    scene.pass(MINUTE_MS);
    await scene.update();
    expect(scene.messages()).toEqual([]);
    expect(await scene.boards()).toEqual([]);
  });
});
