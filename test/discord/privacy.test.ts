import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/announcements/deliver.ts';
import { decodePrivacy } from '../../src/discord/privacy-message.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { createLinkCode, linkDiscordUser } from '../../src/members/link.ts';
import { changePrivacy } from '../../src/privacy/settings.ts';
import { contribution, NOW, record, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import type { StandInMessage } from '../support/discord/stand-in-message.ts';
import type { StandInUser } from '../support/discord/world.ts';
import { HIDDEN, rowsWith } from '../support/privacy.ts';
import { PROOF_GOAL } from '../support/proofs.ts';
import { makeQuest } from '../support/quests.ts';

const database = useDatabase();

/** Ada is linked with a handle; Bob is known from Discord alone; a manager. */
async function open() {
  await database.db.updateTable('announcements').set({ state: 'dropped' }).execute();
  const scene = await openScene(database.db);
  const { discord, guild, channel, ada, bob, ranking, community, contribute } = scene;
  await contribute(['countess', '5', 'Ada King-Noel'], [`discord-${bob.id}`, '3', 'Bobby'], ['eve', '1', 'Evelyn']);
  const { code } = await createLinkCode(ranking, community.id, 'countess', TESTER, NOW);
  await linkDiscordUser(ranking, community.id, { code, discordUserId: ada.id }, TESTER, NOW);
  const boss = discord.createUser({ username: 'boss', globalName: 'Boss' });
  guild.addMember(boss, { permissions: PermissionFlagsBits.ManageGuild });
  return {
    ...scene,
    boss,
    run: async (who: StandInUser, command: string, options = {}) =>
      discord.runCommand(who, channel, command, options).answer,
    press: async (who: StandInUser, message: StandInMessage, label: string) =>
      discord.press(who, message, label).answer,
    hide: async (handle: string) =>
      (await changePrivacy(ranking, community.id, { handle }, { hidden: true }, TESTER, NOW)).hiddenAs ?? '',
    /** Types into the form that a button opens. */
    type: async (who: StandInUser, message: StandInMessage, word: string) => {
      const pressed = discord.press(who, message, 'Delete my data');
      await pressed.modal;
      return discord.submitModal(who, pressed, { word }).answer;
    },
    deliver: async () => {
      const options = { clock: () => NOW, stopping: new AbortController().signal };
      await deliverDue(database.db, createMessenger(openRest(discord.token, discord.apiUrl)), options);
    },
  };
}

describe('/privacy', () => {
  it('PV-30 shows what is chosen to the caller alone, and each choice has a button and a command', async () => {
    const scene = await open();
    const { ada, run, press } = scene;
    const answer = await run(ada, 'privacy show');
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain('Not hidden. Everybody sees you on leaderboards as countess');
    expect(answer.text()).toContain('Announcements name you.');
    expect(answer.text()).toContain('Reminders of quests you joined come in private.');
    expect(answer.text()).toContain('Your Discord account is told to nobody');
    for (const label of ['Hide me', 'Leave out my name', 'No reminders', 'Show my Discord account']) {
      expect((await press(ada, answer, label)).id).toBe(answer.id);
    }
    expect(answer.text()).toMatch(/Hidden\. Others see you as hidden-[a-z0-9]{6}/);
    expect(answer.text()).toContain('leave out your name');
    expect(answer.text()).toContain('Reminders do not come.');
    expect(answer.text()).toContain('can be seen on leaderboards once you are not hidden any more');
    await press(ada, answer, 'Show me again');
    expect(answer.text()).toContain('Not hidden.');
    const last = await run(ada, 'privacy hide');
    expect(last.text()).toContain('Hidden.');
    expect((await run(ada, 'privacy unhide')).text()).toContain('Not hidden.');
    expect((await run(ada, 'privacy mentions', { on: true })).text()).toContain('Announcements name you.');
    expect((await run(ada, 'privacy reminders', { on: true })).text()).toContain('come in private');
    expect((await run(ada, 'privacy discord', { on: false })).text()).toContain('told to nobody');
    // An old button does what it says, not the opposite of what is so.
    await press(ada, last, 'Show me again');
    expect(last.text()).toContain('Not hidden.');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-36 tells what is so, however hiding, names in announcements, reminders and the account are chosen', async () => {
    const scene = await open();
    const { ada, bob, run, ranking, community } = scene;
    const both = [false, true];
    const choices = both.flatMap((hidden) =>
      both.flatMap((mentions) =>
        both.flatMap((reminders) => both.map((showDiscord) => ({ hidden, mentions, reminders, showDiscord }))),
      ),
    );
    let days = 0;
    for (const [who, handle] of [
      [ada, 'countess'],
      [bob, `discord-${bob.id}`],
    ] as const) {
      for (const chosen of choices) {
        // Far enough apart to be shown again.
        const now = new Date(NOW.getTime() - (400 - (days += 10)) * 86_400_000);
        const { hiddenAs = '' } = await changePrivacy(ranking, community.id, { handle }, chosen, TESTER, now);
        const text = (await run(who, 'privacy show')).text();
        expect(text.includes('Not hidden.')).toBe(!chosen.hidden);
        expect(text.includes(`Others see you as ${hiddenAs},`)).toBe(chosen.hidden);
        expect(text).toContain(
          !chosen.mentions
            ? 'Announcements leave out your name, and say Somebody.'
            : chosen.hidden
              ? `Announcements call you ${hiddenAs}, too.`
              : 'Announcements name you.',
        );
        expect(text).toContain(chosen.reminders ? 'come in private' : 'Reminders do not come.');
        const byHandle = chosen.hidden
          ? 'is told to nobody by leaderboards while you are hidden'
          : 'is told by your handle, which has its number in it. Hide to keep it to yourself.';
        expect(text).toContain(
          chosen.showDiscord
            ? `Your Discord account can be seen on leaderboards${chosen.hidden ? ' once you are not hidden any more' : ''}.`
            : who === bob
              ? `Your Discord account ${byHandle}`
              : 'Your Discord account is told to nobody by leaderboards.',
        );
      }
    }
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-36 tells from when on somebody can be shown again, before and after hiding, and lets everybody hide', async () => {
    const scene = await open();
    const { ada, run, press } = scene;
    const from = `<t:${Date.UTC(2026, 8, 21, 12) / 1000}:f>`;
    for (let time = 0; time < 3; time += 1) {
      expect((await run(ada, 'privacy hide')).text()).not.toContain('You can show yourself again');
      await run(ada, 'privacy unhide');
    }
    const answer = await run(ada, 'privacy show');
    const written = () => JSON.stringify(answer.components);
    expect(written()).toContain(`You can hide at any time, and then stay so until ${from} at least`);
    await press(ada, answer, 'Hide me');
    expect(written()).toContain(`You can show yourself again from ${from} on`);
    const refused = await press(ada, answer, 'Show me again');
    expect([refused.ephemeral, refused.text()]).toEqual([
      true,
      expect.stringContaining('stays hidden: it was shown again 3 times'),
    ]);
    expect((await run(ada, 'privacy show')).text()).toContain('Hidden. Others see you as hidden-');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-30 tells who is no member that nothing is kept', async () => {
    const scene = await open();
    const { boss, run } = scene;
    for (const command of ['show', 'hide', 'data', 'delete']) {
      const answer = await run(boss, `privacy ${command}`);
      expect([answer.ephemeral, answer.text()]).toEqual([true, expect.stringContaining('You are no member here yet')]);
    }
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-31 deletes once a word is typed, and nothing before', async () => {
    const scene = await open();
    const { ada, run, type, channel, discord } = scene;
    const asked = await run(ada, 'privacy delete');
    expect(asked.text()).toContain('It cannot be undone.');
    for (const word of ['delete', 'yes', 'DELETE!']) {
      const answer = await type(ada, asked, word);
      expect([answer.ephemeral, answer.text()]).toEqual([true, expect.stringContaining('Nothing was deleted.')]);
    }
    expect((await run(ada, 'me')).text()).toContain('Ada King-Noel');
    const done = await type(ada, asked, ' DELETE ');
    expect([done.id, done.text()]).toEqual([asked.id, expect.stringContaining('was deleted')]);
    expect((await run(ada, 'me')).text()).toContain('You have not contributed');
    const board = await run(scene.bob, 'leaderboard');
    expect(board.text()).toMatch(/1st · deleted-[a-z0-9]{6} · 31.25 OMNIT/);
    expect(await rowsWith(database.db, [ada.id])).toEqual([]);
    expect(discord.messages(channel).some((message) => message.text().includes('King-Noel'))).toBe(false);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-31 takes proofs with their files from the review channel, and names out of messages', async () => {
    const scene = await open();
    const { discord, guild, channel, ada, boss, ranking, community, run, type, deliver } = scene;
    const [reviews, news] = [guild.createChannel({ name: 'reviews' }), guild.createChannel({ name: 'news' })];
    await run(boss, 'setup', { 'review-channel': reviews.id, channel: news.id });
    const quest = await makeQuest(ranking, community.slug, { name: 'Show it', goal: PROOF_GOAL });
    await makeQuest(ranking, community.slug, { name: 'Do it' });
    const done = { id: 'done', contributor: 'countess', amount: 20, occurredAt: '2026-08-22T11:00:00Z' };
    await record(ranking, community, [contribution(done)]);
    const pressed = discord.press(ada, await run(ada, 'quest prove', { quest: String(quest) }), 'Hand in a proof');
    await pressed.modal;
    const file = { name: 'me.png', data: new Uint8Array([137, 80, 78, 71]), contentType: 'image/png' };
    await discord.submitModal(ada, pressed, { text: 'My own words', files: [file] }).answer;
    await deliver();
    const [review] = discord.messages(reviews);
    const completed = discord.messages(news).find((message) => message.text().includes('Quest completed'));
    expect([review?.attachments.length, review?.text()]).toEqual([1, expect.stringContaining('My own words')]);
    expect(completed?.text()).toContain('Ada King-Noel completed it.');

    await type(ada, await run(ada, 'privacy delete'), 'DELETE');
    await deliver();
    expect(completed?.text()).toMatch(/deleted-[a-z0-9]{6} completed it\./);
    expect(review?.text()).toMatch(/From deleted-[a-z0-9]{6}\./);
    expect(review?.text()).toContain('Refused by the bot');
    expect(review?.text()).not.toMatch(/King-Noel|own words|me\.png/);
    expect([review?.attachments, review?.buttons()]).toEqual([[], []]);
    expect(discord.messages(channel).map((message) => message.text())).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-32 gives all that is kept as a file, and says where to get one that no message holds', async () => {
    const scene = await open();
    const { discord, ada, bob, run, press, ranking, community } = scene;
    const answer = await run(ada, 'privacy data');
    expect([answer.ephemeral, answer.attachments.map(({ filename }) => filename)]).toEqual([true, ['my-data.json']]);
    const data = await (await fetch(answer.attachments[0]?.url ?? '')).json();
    expect(data).toMatchObject({ member: { handle: 'countess', displayName: 'Ada King-Noel', discordUserId: ada.id } });
    expect(JSON.stringify(data)).not.toMatch(new RegExp(`${bob.id}|Evelyn`));
    const byButton = await press(ada, await run(ada, 'privacy show'), 'My data as a file');
    expect(byButton.attachments).toHaveLength(1);

    for (let batch = 0; batch < 20; batch += 1) {
      const made = Array.from({ length: 1_000 }, (_, n) =>
        contribution({
          id: `${batch}-${n} ${'x'.repeat(180)}`,
          contributor: `discord-${bob.id}`,
          subject: 'y'.repeat(200),
        }),
      );
      await record(ranking, community, made);
    }
    const large = await run(bob, 'privacy data');
    expect(large.attachments).toEqual([]);
    expect(large.text()).toContain(`omnitensor-cli privacy data --contributor "discord-${bob.id}" > my-data.json`);
    expect(discord.transcript.render()).toContain('my-data.json');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-35 reads its custom ids strictly', () => {
    expect(decodePrivacy('privacy:1:hidden:on')).toEqual({ hidden: true });
    expect(decodePrivacy('privacy:1:showDiscord:off')).toEqual({ showDiscord: false });
    expect(decodePrivacy('privacy:1:data')).toBe('data');
    for (const id of [
      'privacy:1:hidden',
      'privacy:1:data:on',
      'privacy:1:constructor:on',
      'privacy:2:data',
      'privacy:1:',
    ]) {
      expect(decodePrivacy(id)).toBe(undefined);
    }
  });
});

describe('who is hidden on Discord', () => {
  it('PV-33 is seen by the pseudonym, and by no place of their own, in what everybody sees', async () => {
    const scene = await open();
    const { discord, channel, ada, bob, run, press, hide } = scene;
    const pseudonym = await hide('countess');
    expect(pseudonym).toMatch(HIDDEN);
    const shared = await run(ada, 'leaderboard');
    expect(shared.ephemeral).toBe(false);
    expect(shared.text()).toContain(`1st · ${pseudonym} · 31.25 OMNIT`);
    expect(shared.text()).toContain('Ada, you see your place with My place, and nobody else does.');
    expect(shared.text()).not.toMatch(/King-Noel|countess|you are 1st/);
    // Whoever turns the page is told in the same way.
    await press(bob, shared, 'My place');
    await discord.select(ada, shared, 'Choose a window', ['all']).answer;
    expect(shared.text()).toContain('Ada, you see your place with My place');
    const mine = await press(ada, shared, 'My place');
    expect([mine.ephemeral, mine.text()]).toEqual([
      true,
      expect.stringContaining(`You are 1st of 3 with 31.25 OMNIT. Others see you as ${pseudonym}.`),
    ]);
    expect(mine.text()).toContain('you');
    const me = await run(ada, 'me');
    expect(me.text()).toContain(`You are hidden: others see you as ${pseudonym}.`);
    expect((await run(ada, 'why')).text()).toContain('You are 1st of 3');
    expect((await run(bob, 'why')).text()).toContain(`behind ${pseudonym}`);
    for (const message of discord.messages(channel)) expect(message.text()).not.toMatch(/King-Noel|countess/);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-34 is found by nobody but managers: by handle, pseudonym, mention, suggestion, or an old button', async () => {
    const scene = await open();
    const { discord, channel, ada, bob, boss, run, press, hide, contribute } = scene;
    await contribute(...Array.from({ length: 8 }, () => ['countess', '1'] as const));
    const before = await run(bob, 'why', { member: 'countess' });
    expect(before.text()).toContain('Ada King-Noel is');
    const pseudonym = await hide('countess');

    const unknown = (await run(bob, 'why', { member: 'nobody' })).text();
    for (const member of ['countess', pseudonym]) {
      expect((await run(bob, 'why', { member })).text()).toBe(unknown.replace('nobody', member));
    }
    // As somebody who never contributed.
    const stranger = (await run(bob, 'why', { member: `<@${boss.id}>` })).text();
    expect((await run(bob, 'why', { member: `<@${ada.id}>` })).text()).toBe(stranger);
    expect((await press(bob, before, 'Older')).text()).toContain('not here any more');
    const suggest = async (who: StandInUser, command: string, options: Record<string, string>, focused: string) =>
      (await discord.autocomplete(who, channel, command, options, focused)).map(({ value }) => value);
    expect(await suggest(bob, 'why', { member: 'c' }, 'member')).toEqual([]);
    expect(await suggest(boss, 'why', { member: 'c' }, 'member')).toEqual(['countess']);
    expect(
      await suggest(boss, 'contribution void', { member: pseudonym, contribution: '' }, 'contribution'),
    ).not.toEqual([]);

    for (const member of ['countess', pseudonym, `<@${ada.id}>`]) {
      expect((await run(boss, 'why', { member })).text()).toContain('Ada King-Noel is 1st');
    }
    const excluded = await run(boss, 'exclude member', { member: pseudonym, from: 'prizes', reason: 'Test' });
    expect(excluded.text()).toContain('countess');
    expect((await run(ada, 'why', { member: 'countess' })).text()).toContain('You are 1st');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('PV-34 whose account is not to be known is not found by a mention', async () => {
    const scene = await open();
    const { ada, bob, run } = scene;
    const ask = async () => (await run(bob, 'why', { member: `<@${ada.id}>` })).text();
    expect(await ask()).toContain('does not show which member they are');
    await run(ada, 'privacy discord', { on: true });
    expect(await ask()).toContain('Ada King-Noel is 1st');
    // Known from Discord alone, the handle says it.
    expect((await run(ada, 'why', { member: `<@${bob.id}>` })).text()).toContain('Bobby is 2nd');
    expect(faultsOf(scene)).toEqual([]);
  });
});
