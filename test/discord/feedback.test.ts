import { ContextMenuCommandBuilder } from '@discordjs/builders';
import { ApplicationCommandType, PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { creditFeedbackCommand } from '../../commands/credit-feedback.ts';
import { setCap } from '../../src/fair-play/caps.ts';
import { NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene, type TestBotOptions } from '../support/discord-bot.ts';

const database = useDatabase();

async function open(options: Pick<TestBotOptions, 'commands'> & { preset?: undefined } = {}) {
  const scene = await openScene(database.db, options);
  const { discord, guild, channel } = scene;
  const moderator = discord.createUser({ username: 'moderator' });
  guild.addMember(moderator, { permissions: PermissionFlagsBits.ManageMessages });
  return {
    ...scene,
    moderator,
    credit: (who: typeof moderator, message: ReturnType<typeof discord.say>) =>
      discord.runContextMenu(who, channel, 'Credit feedback', message).answer,
  };
}

describe('"Credit feedback" in the menu of a message', () => {
  it('FE-10 tells the giver alone, the author gets it, and a second time is refused', async () => {
    const scene = await open();
    const { discord, channel, ada, moderator, credit } = scene;
    const message = discord.say(ada, channel, 'The dataset has 12 % of its labels swapped.');
    const answer = await credit(moderator, message);
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain('Ada gets 5 reputation for this feedback.');
    expect(answer.text()).toContain('You can credit 9 more today.');
    const [kept] = await database.db
      .selectFrom('feedback_credits')
      .selectAll()
      .where('community_id', '=', scene.community.id)
      .execute();
    expect(kept).toMatchObject({
      message_link: `https://discord.com/channels/${scene.guild.id}/${channel.id}/${message.id}`,
      author_id: ada.id,
      giver_id: moderator.id,
    });
    const board = await discord.runCommand(ada, channel, 'leaderboard', { category: 'data-validators' }).answer;
    expect(board.text()).toContain('1st · Ada · 1 dataset');
    expect((await discord.runCommand(ada, channel, 'me').answer).text()).toContain('5 reputation');
    expect((await credit(moderator, message)).text()).toContain('credited already');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('FE-11 is for those who may manage messages, also where an admin shows it to others', async () => {
    const scene = await open();
    const message = scene.discord.say(scene.ada, scene.channel, 'A flaw');
    await expect(scene.credit(scene.bob, message)).rejects.toThrow('permission');
    const data = new ContextMenuCommandBuilder().setName('Credit feedback').setType(ApplicationCommandType.Message);
    const shown = await open({ commands: [{ ...creditFeedbackCommand, data }] });
    const other = shown.discord.say(shown.ada, shown.channel, 'A flaw');
    expect((await shown.credit(shown.bob, other)).text()).toContain('permission "Manage Messages"');
    expect((await shown.credit(shown.moderator, other)).text()).toContain('Ada gets 5 reputation');
  });

  it('FE-12 credits neither oneself nor a bot, and says where the category is missing or its cap reached', async () => {
    const scene = await open();
    const { discord, channel, ada, moderator, credit, ranking, community } = scene;
    expect((await credit(moderator, discord.say(moderator, channel, 'Mine'))).text()).toContain('of their own');
    const board = await discord.runCommand(ada, channel, 'leaderboard').answer;
    expect((await credit(moderator, board)).text()).toContain('A bot earns nothing.');
    await setCap(ranking, community.id, { category: 'data-validators', amount: 500n }, TESTER, NOW);
    expect((await credit(moderator, discord.say(ada, channel, 'A flaw'))).text()).toContain('waits for an admin');
    const bare = await open({ preset: undefined });
    const message = bare.discord.say(bare.ada, bare.channel, 'A flaw');
    expect((await bare.credit(bare.moderator, message)).text()).toContain('"data-validators"');
    expect(faultsOf(scene)).toEqual([]);
  });
});
