import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/announcements/deliver.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { NOW } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { walkComponents } from '../support/discord/component.ts';
import type { StandInFile, StandInUser } from '../support/discord/world.ts';
import { decide, handIn, PROOF_GOAL, proofsOf } from '../support/proofs.ts';
import { completionsOf, hours, makeQuest } from '../support/quests.ts';

const database = useDatabase();
const PICTURE: StandInFile = {
  name: 'my *rig*.PNG',
  data: new Uint8Array([137, 80, 78, 71]),
  contentType: 'image/png',
};
const LOG: StandInFile = { name: 'log.txt', data: new TextEncoder().encode('did it'), contentType: 'text/plain' };

/** A quest with proof, a review channel, and two who may review: Rita and Sam. */
async function open() {
  await database.db.updateTable('announcements').set({ state: 'dropped' }).execute();
  const scene = await openScene(database.db);
  const { discord, guild, channel, community, ranking } = scene;
  const reviews = guild.createChannel({ name: 'reviews' });
  const [rita, sam] = (['Rita', 'Sam'] as const).map((globalName) => {
    const user = discord.createUser({ username: globalName.toLowerCase(), globalName });
    guild.addMember(user, { permissions: PermissionFlagsBits.ModerateMembers });
    return user;
  });
  if (!rita || !sam) throw new Error('Two reviewers were made.');
  const owner = discord.createUser({ username: 'boss' });
  guild.addMember(owner, { permissions: PermissionFlagsBits.ManageGuild });
  const setUp = await discord.runCommand(owner, channel, 'setup', { 'review-channel': reviews.id }).answer;
  expect(setUp.text()).toContain('Proofs of quests #reviews');
  const quest = await makeQuest(ranking, community.slug, { name: 'Show *your* rig', goal: PROOF_GOAL });
  await database.db.updateTable('announcements').set({ state: 'dropped' }).execute();
  return {
    ...scene,
    reviews,
    rita,
    sam,
    quest,
    /** Delivers what is due, as a worker would. */
    deliver: async () => {
      const options = { clock: () => NOW, stopping: new AbortController().signal };
      await deliverDue(database.db, createMessenger(openRest(discord.token, discord.apiUrl)), options);
    },
    /** Opens the form with `/quest prove`, fills it in and sends it. */
    prove: async (who: StandInUser, fields: Record<string, string | StandInFile[]>) => {
      const told = await discord.runCommand(who, channel, 'quest prove', { quest: String(quest) }).answer;
      const pressed = discord.press(who, told, 'Hand in a proof');
      await pressed.modal;
      return discord.submitModal(who, pressed, fields).answer;
    },
  };
}

describe('proofs on Discord', () => {
  it('PR-20 are handed in through a form with text, link and files, and come to the review channel with the files', async () => {
    const scene = await open();
    const { ada, discord, channel, reviews, deliver, prove, quest } = scene;
    const offered = await discord.autocomplete(ada, channel, 'quest prove', { quest: 'rig' }, 'quest');
    expect(offered).toEqual([{ name: 'Show *your* rig', value: String(quest) }]);
    const answer = await prove(ada, {
      text: 'First line **bold**\nsecond @everyone',
      link: 'https://example.org/a_b?c=*d*',
      files: [PICTURE, LOG],
    });
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain('Your proof for Show *your* rig waits for a review.');
    await deliver();
    const [message, ...others] = discord.messages(reviews);
    expect(others).toEqual([]);
    const text = message?.text(ada) ?? '';
    expect(text).toContain('From Ada. To show: A picture of your rig');
    expect(text).toContain('First line **bold**');
    expect(text).toContain('second @everyone');
    expect(text).toContain('https://example.org/a_b?c=*d*');
    expect(text).toContain('my *rig*.PNG (1 KB)');
    expect(message?.buttons().map(({ label }) => label)).toEqual(['Approve', 'Ask for more', 'Refuse']);
    const shown = [...walkComponents(message?.components ?? [])].flatMap(({ file, items }) => [
      ...(file ? [file.url] : []),
      ...(items ?? []).map(({ media }) => media.url),
    ]);
    expect(shown).toEqual(['attachment://proof-1.png', 'attachment://proof-2.txt']);
    expect(message?.attachments.map(({ filename, size }) => [filename, size])).toEqual([
      ['proof-1.png', 4],
      ['proof-2.txt', 6],
    ]);
    expect(discord.transcript.render()).toContain('pings: nobody');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PR-21 are approved by a button: the message shows by whom, and who handed it in is told', async () => {
    const scene = await open();
    const { ada, bob, rita, sam, discord, reviews, deliver, prove, ranking, community } = scene;
    await prove(ada, { text: 'Here', files: [LOG] });
    await deliver();
    const [message] = discord.messages(reviews);
    if (!message) throw new Error('Nothing came to the review channel.');
    const denied = await discord.press(bob, message, 'Approve').answer;
    expect(denied.ephemeral).toBe(true);
    expect(denied.text()).toContain('can review proofs');
    const number = message.components[0]?.id;
    const both = [discord.press(rita, message, 'Approve'), discord.press(sam, message, 'Approve')];
    await Promise.all(both.map(({ answer }) => answer));
    expect(message.text(rita)).toMatch(/Approved by (Rita|Sam)/);
    expect(message.buttons()).toEqual([]);
    // By its number it is found again, should the worker have died before noting that it was sent.
    expect(message.components[0]?.id).toBe(number);
    expect(message.attachments.map(({ filename }) => filename)).toEqual(['proof-1.txt']);
    const told = [rita, sam].flatMap((who) => discord.messages(reviews, who)).filter(({ ephemeral }) => ephemeral);
    expect(told.map((one) => one.text())).toEqual([
      expect.stringMatching(/was decided already: (Rita|Sam) approved at .*That decision stands/),
    ]);
    expect(await completionsOf(ranking, community.id)).toMatchObject([{ handle: `discord-${ada.id}`, won: true }]);
    await deliver();
    expect(discord.messages(discord.privateChannel(ada)).at(-1)?.text(ada)).toContain('Your proof was approved');
    expect(message.text(rita)).toMatch(/Approved by (Rita|Sam)/);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PR-22 asking and refusing take a reason through a form; asked for more, it comes to the channel anew', async () => {
    const scene = await open();
    const { ada, rita, discord, channel, reviews, deliver, prove, quest } = scene;
    await prove(ada, { text: 'Here' });
    await deliver();
    const [message] = discord.messages(reviews);
    if (!message) throw new Error('Nothing came to the review channel.');
    const asking = discord.press(rita, message, 'Ask for more');
    expect((await asking.modal).title).toBe('Ask for more');
    await discord.submitModal(rita, asking, { reason: 'Show\nthe *log*' }).answer;
    expect(message.text(rita)).toContain('Asked for more by Rita: Show the *log*');
    const told = await discord.runCommand(ada, channel, 'quest prove', { quest: String(quest) }).answer;
    expect(told.text()).toMatch(/More is asked of your proof:\n.*Show the \*log\*/);
    await prove(ada, { text: 'With the log' });
    await deliver();
    const renewed = discord.messages(reviews).at(-1);
    if (!renewed) throw new Error('Nothing came to the review channel.');
    expect(renewed.text(rita)).toContain('With the log');
    const refusing = discord.press(rita, renewed, 'Refuse');
    await refusing.modal;
    await discord.submitModal(rita, refusing, { reason: 'No' }).answer;
    scene.guild.removeMember(rita);
    await deliver();
    expect(renewed.text(ada)).toContain('Refused by Rita: No');
    expect(message.text(rita)).toContain('Asked for more by Rita');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PR-23 nobody reviews their own', async () => {
    const scene = await open();
    const { rita, discord, reviews, deliver, prove } = scene;
    await prove(rita, { text: 'Mine' });
    await deliver();
    const [message] = discord.messages(reviews);
    if (!message) throw new Error('Nothing came to the review channel.');
    expect((await discord.press(rita, message, 'Approve').answer).text()).toContain('your own');
    expect(message.buttons()).toHaveLength(3);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PR-24 /quest review lists what waits, oldest first, page by page, with the same buttons', async () => {
    const scene = await open();
    const { ada, rita, discord, channel, quest, ranking, community } = scene;
    for (let index = 0; index < 5; index += 1) {
      const prover = { discordUserId: String(1_000 + index), name: `Member ${index}` };
      await handIn(ranking, community, quest, prover, { text: `Proof ${index}`, now: hours(-5 + index) });
    }
    expect((await discord.runCommand(ada, channel, 'quest review').answer).text()).toContain('can review proofs');
    const list = await discord.runCommand(rita, channel, 'quest review').answer;
    expect(list.ephemeral).toBe(true);
    const numbers = (text: string) => [...text.matchAll(/Member (\d)/g)].map(([, number]) => number);
    expect(numbers(list.text())).toEqual(['0', '1', '2']);
    await discord.press(rita, list, 'Next').answer;
    expect(numbers(list.text())).toEqual(['3', '4']);
    await discord.press(rita, list, 'Oldest').answer;
    await discord.press(rita, list, 'Approve').answer;
    expect(list.text()).toMatch(/^Approved: proof \d+ of Member 0\./);
    const refusing = discord.press(rita, list, 'Refuse');
    await refusing.modal;
    await discord.submitModal(rita, refusing, { reason: 'No' }).answer;
    expect(numbers(list.text())).toEqual(['1', '2', '3', '4']);
    expect((await proofsOf(ranking, community)).map(({ state }) => state)).toEqual([
      'approved',
      'refused',
      'waiting',
      'waiting',
      'waiting',
    ]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PR-25 what was decided elsewhere is shown on the message in the review channel, once the worker comes to it', async () => {
    const scene = await open();
    const { ada, rita, discord, reviews, deliver, prove, ranking, community } = scene;
    await prove(ada, { text: 'Here', files: [PICTURE] });
    await deliver();
    const [message] = discord.messages(reviews);
    const [proof] = await proofsOf(ranking, community);
    await decide(ranking, community, proof?.id ?? 0, 'refuse', { by: { name: 'key ops' }, reason: 'Blurred' });
    discord.faults.failNext(`/channels/${reviews.id}/messages/`, 500);
    await deliver();
    expect(message?.buttons()).toHaveLength(3);
    await database.db.updateTable('announcements').set({ edit_at: NOW }).where('edit_at', 'is not', null).execute();
    await deliver();
    expect(message?.text(rita)).toContain('Refused by key ops: Blurred');
    expect(message?.buttons()).toEqual([]);
    expect(message?.attachments).toHaveLength(1);
    // Told in private; nothing is left to change.
    const left = await database.db
      .selectFrom('announcements')
      .select('key')
      .where('community_id', '=', community.id)
      .where('edit_at', 'is not', null)
      .execute();
    expect(left).toEqual([]);
  });

  it('PR-26 without a review channel it waits in the list, and comes to a channel that is chosen later', async () => {
    const scene = await open();
    const { ada, discord, channel, reviews, deliver, prove, guild, community } = scene;
    await database.db
      .updateTable('communities')
      .set((eb) => ({ discord_review_channel_id: null, config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', community.id)
      .execute();
    await prove(ada, { text: 'Here' });
    await deliver();
    expect(discord.messages(reviews)).toEqual([]);
    const boss = discord.createUser({ username: 'chief' });
    guild.addMember(boss, { permissions: PermissionFlagsBits.ManageGuild });
    await discord.runCommand(boss, channel, 'setup', { 'review-channel': reviews.id }).answer;
    await deliver();
    expect(discord.messages(reviews)[0]?.text(ada)).toContain('From Ada');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PR-27 refuses links that are no https links, and says that nothing was handed in', async () => {
    const scene = await open();
    const { ada, prove, ranking, community } = scene;
    for (const link of ['http://example.org', 'javascript:alert(1)', 'example', 'https://user:pass@example.org']) {
      expect((await prove(ada, { text: 'Here', link })).text()).toContain('Nothing was handed in.');
    }
    expect(await proofsOf(ranking, community)).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });
});
