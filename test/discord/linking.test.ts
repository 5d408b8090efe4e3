import { describe, expect, it } from 'vitest';
import { createLinkCode } from '../../src/members/link.ts';
import { NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';

const database = useDatabase();

async function open() {
  const scene = await openScene(database.db);
  const { discord, ranking, community, channel } = scene;
  await scene.contribute(['user123', '10', 'User One Two Three']);
  return {
    ...scene,
    makeCode: async () => (await createLinkCode(ranking, community.id, 'user123', TESTER, NOW)).code,
    run: async (who: typeof scene.ada, command: string, options = {}) => {
      const answer = await discord.runCommand(who, channel, command, options).answer;
      expect(answer.ephemeral).toBe(true);
      return answer.text();
    },
  };
}

describe('/link and /unlink', () => {
  it('LI-30 tells how to link, links by a code, adds what there was, and shows the handle in /me', async () => {
    const scene = await open();
    const { ada, run, makeCode, contribute } = scene;
    await contribute([`discord-${ada.id}`, '2']);
    expect(await run(ada, 'link')).toContain('not linked yet');
    expect(await run(ada, 'me')).toContain('not linked with a handle yet: /link');
    const linked = await run(ada, 'link', { code: (await makeCode()).toLowerCase() });
    expect(linked).toContain('You are user123');
    expect(linked).toContain('What you had contributed from Discord was added to it.');
    const me = await run(ada, 'me');
    expect(me).toContain('User One Two Three');
    expect(me).toContain('user123 in');
    expect(me).toContain('linked with your Discord account');
    expect(me).toContain('75 OMNIT');
    expect(await run(ada, 'link')).toContain('You are linked with user123.');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LI-31 says clearly what is wrong with a code, and what to do', async () => {
    const scene = await open();
    const { ada, bob, run, makeCode } = scene;
    const code = await makeCode();
    expect(await run(bob, 'link', { code: 'AAAA-AAAA' })).toContain('There is no such code.');
    await run(ada, 'link', { code });
    expect(await run(bob, 'link', { code })).toContain('This code was used already.');
    expect(await run(bob, 'link', { code: await makeCode() })).toContain('is linked with another Discord account');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LI-32 parts what was linked; who left and comes back is the same member', async () => {
    const scene = await open();
    const { ada, guild, run, makeCode, discord, channel } = scene;
    await run(ada, 'link', { code: await makeCode() });
    guild.removeMember(ada);
    const board = await discord.runCommand(scene.bob, channel, 'leaderboard').answer;
    expect(board.text()).toContain('User One Two Three');
    guild.addMember(ada);
    expect(await run(ada, 'me')).toContain('user123 in');
    expect(await run(ada, 'unlink')).toContain('You are not user123 any more.');
    expect(await run(ada, 'unlink')).toContain('linked with no handle');
    expect(await run(ada, 'me')).toContain('You have not contributed');
    expect(faultsOf(scene)).toEqual([]);
  });
});
