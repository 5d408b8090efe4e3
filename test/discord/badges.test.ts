import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { deliverDue } from '../../src/announcements/deliver.ts';
import { keepEmojis } from '../../src/badges/keep-emojis.ts';
import { changeCounting } from '../../src/contributions/void.ts';
import { createEmojiMaker } from '../../src/discord/application-emojis.ts';
import { createMessenger } from '../../src/discord/messenger.ts';
import { openRest } from '../../src/discord/rest.ts';
import { contribution, NOW, record } from '../support/communities.ts';
import { award, badgesOf, forgetBadges, makeBadge } from '../support/badges.ts';
import { useDatabase } from '../support/database.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { walkComponents } from '../support/discord/component.ts';
import type { StandInFile } from '../support/discord/world.ts';

const database = useDatabase();
const HOUR_MS = 3_600_000;
const EMOJIS = '/applications/1000000000000000001/emojis';

const png: StandInFile = {
  name: 'fire.png',
  data: new Uint8Array(Buffer.from('89504e470d0a1a0a0000', 'hex')),
  contentType: 'image/png',
};
const page: StandInFile = { name: 'x.png', data: new TextEncoder().encode('<html>'), contentType: 'image/png' };

async function open() {
  await database.db.updateTable('announcements').set({ state: 'dropped' }).execute();
  await database.db.deleteFrom('badge_images').execute();
  const scene = await openScene(database.db);
  const { discord, guild, channel, ranking, community } = scene;
  const rest = openRest(discord.token, discord.apiUrl);
  const stopping = new AbortController().signal;
  let shiftMs = 0;
  return {
    ...scene,
    admin: guild.owner,
    run: async (command: string, options = {}, who = guild.owner) => {
      const answer = await discord.runCommand(who, channel, command, options).answer;
      expect(answer.ephemeral).toBe(true);
      return answer;
    },
    award: () => award(ranking, community),
    held: () => badgesOf(ranking, community),
    /** Lets time pass, and delivers what is due by then. */
    deliverAfter: async (ms: number) => {
      shiftMs += ms;
      const clock = () => new Date(NOW.getTime() + shiftMs);
      await deliverDue(database.db, createMessenger(rest), { clock, stopping });
    },
    keepEmojis: (now = NOW) =>
      keepEmojis(database.db, createEmojiMaker(rest, discord.applicationId), now, { stopping }),
    emojis: async () =>
      ((await rest.get(EMOJIS)) as { items: { id: string; name: string; animated: boolean }[] }).items,
    contribute: async (who: { id: string }, ...days: readonly number[]) => {
      const at = (day: number) => new Date(NOW.getTime() - day * 24 * HOUR_MS).toISOString();
      const made = days.map((day, n) =>
        contribution({
          id: `${who.id} ${day} ${n}`,
          contributor: `discord-${who.id}`,
          occurredAt: at(day),
          displayName: `<${who.id}>`,
        }),
      );
      await record(ranking, community, made);
    },
  };
}

describe('/badges', () => {
  it('BA-50 shows what the caller has earned, and how near the rest is, to the caller alone', async () => {
    const scene = await open();
    const { run, ada, bob, contribute, award } = scene;
    const stranger = await run('badges', {}, ada);
    expect(stranger.text()).toContain('Badges to earn');
    expect(stranger.text()).toContain('⚡ First Spark · 1 contribution in Top GPU Contributors');
    expect(stranger.text()).toContain('How to begin: /me');
    await contribute(ada, 0, 7);
    await award();
    const own = (await run('badges', {}, ada)).text();
    expect(own).toMatch(/^Your badges\n⚡ First Spark · .+2026\nThe first hours of GPU shared/);
    expect(own).toContain('🔥 Warmed Up ▰▰▰▰▰▱▱▱▱▱ 50 % · 2 of 4 weeks in a row');
    expect(own).toContain('👋 Good to See You · a contribution after 4 weeks or more without any');
    expect(own).toContain('🔍 Sharp Eye · 1 contribution in Data Validators');
    const others = (await run('badges', { member: `discord-${ada.id}` }, bob)).text();
    expect(others).toMatch(/^Badges of <\d+>\n⚡ First Spark/);
    expect(others).not.toContain('Still to earn');
    expect((await run('badges', { member: `discord-${ada.id}` }, ada)).text()).toMatch(/^Your badges/);
    expect((await run('badges', { member: 'nobody' }, ada)).text()).toContain('There is no member');
    expect((await run('me', {}, ada)).text()).toContain('⚡ First Spark · /badges');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-51 whatever names were chosen, it fits, and they do nothing', async () => {
    const scene = await open();
    const { run, ada, contribute, award, ranking, community } = scene;
    const name = (n: number) => `${n} ${'*_~`|>#'.repeat(20)}`.slice(0, 100);
    for (let n = 0; n < 60; n += 1) {
      const rule = { kind: 'contributions', atLeast: n < 30 ? 1 : 1_000_000 + n };
      await makeBadge(ranking, community, { name: name(n), description: '@everyone '.repeat(20), rule });
    }
    await contribute(ada, 0);
    await award();
    const answer = await run('badges', {}, ada);
    const length = [...walkComponents(answer.components)].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
    expect(length).toBeLessThanOrEqual(4_000);
    expect(answer.text()).toMatch(/and \d+ more/);
    await run('me', {}, ada);
    expect(scene.discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/badge', () => {
  it('BA-52 makes a badge, which those who have earned it get', async () => {
    const scene = await open();
    const { run, ada, contribute, award, held, ranking, community, discord, admin, channel } = scene;
    await forgetBadges(ranking, community);
    await contribute(ada, 0, 7);
    const made = await run('badge create', {
      name: 'Two *weeks*',
      description: 'Twice.',
      icon: ' 🔥 ',
      'earned-by': 'streak',
      number: '2',
    });
    expect(made.text()).toBe(
      'Badge made\n🔥 Two *weeks*\nTwice.\nEarned by: a contribution in each of 2 weeks in a row\nWhoever has earned it already gets it in a moment.',
    );
    await award();
    expect(await held()).toEqual({ [`discord-${ada.id}`]: { 'Two *weeks*': 1 } });
    const chosen = { 'earned-by': 'rank', window: 'season', number: '3', category: 'gpu-contributors' };
    expect((await run('badge create', { name: 'Podium', ...chosen })).text()).toContain(
      'among the first 3 on Top GPU Contributors when a season becomes final, each time anew',
    );
    const offered = await discord.autocomplete(admin, channel, 'badge remove', { badge: 'podium' }, 'badge');
    expect(offered).toEqual([{ name: 'Podium', value: expect.any(String) }]);
    const categories = await discord.autocomplete(admin, channel, 'badge create', { category: 'gpu' }, 'category');
    expect(categories).toEqual([{ name: 'Top GPU Contributors', value: 'gpu-contributors' }]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it.each([
    [{ 'earned-by': 'streak' }, 'To be earned by streak, a badge needs a whole number of weeks, 2 to 520.'],
    [{ 'earned-by': 'quests', number: 'many' }, 'needs a whole number of quests'],
    [{ 'earned-by': 'rank', number: '3' }, 'needs a window, and the worst rank as number'],
    [{ 'earned-by': 'amount', number: '3' }, 'needs a number of units and their category'],
    [{ 'earned-by': 'contributions', number: '3', category: 'nope' }, 'There is no category "nope"'],
    [{ number: '3' }, 'Say with earned-by what'],
    [{ icon: 'fire' }, 'The icon must be one emoji character'],
    [{ counted: true, 'earned-by': 'streak', number: '3' }, 'Only rank and categories can be counted'],
  ])('BA-53 says what to change about %j', async (options, problem) => {
    const { run } = await open();
    expect((await run('badge create', { name: 'x', ...options })).text()).toContain(problem);
  });

  it('BA-54 removes a badge, and takes it back once that is confirmed', async () => {
    const scene = await open();
    const { run, ada, contribute, award, held, discord, admin, ranking, community } = scene;
    await forgetBadges(ranking, community);
    const id = String(
      await makeBadge(ranking, community, { name: 'One', rule: { kind: 'contributions', atLeast: 1 } }),
    );
    await contribute(ada, 0);
    await award();
    expect((await run('badge remove', { badge: id })).text()).toContain('Whoever has it keeps it.');
    await award();
    expect(await held()).toEqual({ [`discord-${ada.id}`]: { One: 1 } });
    const asked = await run('badge remove', { badge: id, 'take-back': true });
    expect(asked.text()).toContain('🏅 One · 1 member has it');
    expect(await held()).not.toEqual({});
    await discord.press(admin, asked, 'Take it back').answer;
    expect(asked.text()).toContain('taken from all who have earned it');
    await award();
    expect(await held()).toEqual({});
    expect((await run('badge remove', { badge: id })).text()).toContain(`There is no badge ${id}.`);
    expect((await run('badge remove', { badge: 'x' })).text()).toContain('is no badge');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-64 changes what is said of a badge and how it looks', async () => {
    const scene = await open();
    const { run, ranking, community, discord, ada, admin, channel } = scene;
    await forgetBadges(ranking, community);
    const badge = String(await makeBadge(ranking, community, { name: 'Here', description: 'You cmae.', icon: '👋' }));
    const offered = await discord.autocomplete(admin, channel, 'badge edit', { badge: 'her' }, 'badge');
    expect(offered).toEqual([{ name: 'Here', value: badge }]);
    const changed = await run('badge edit', { badge, description: 'You came.', icon: ' 🏠 ' });
    expect(changed.text()).toBe('Badge changed\n🏠 Here\nYou came.');
    expect((await run('badge edit', { badge, without: 'description' })).text()).toBe('Badge changed\n🏠 Here');
    expect((await run('badge edit', { badge })).text()).toContain('Say what to change');
    expect((await run('badge edit', { badge, icon: 'fire' })).text()).toContain('must be one emoji character');
    expect((await run('badge edit', { badge, image: page })).text()).toContain('is no PNG');
    expect((await run('badge edit', { badge: 'x', icon: '🔥' })).text()).toContain('is no badge');
    await expect(discord.runCommand(ada, channel, 'badge edit', { badge }).answer).rejects.toThrow('permission');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-55 is for those who may manage the server', async () => {
    const { discord, ada, channel, guild, run } = await open();
    await expect(discord.runCommand(ada, channel, 'badge create', { name: 'x' }).answer).rejects.toThrow('permission');
    const other = discord.createUser({ username: 'other' });
    guild.addMember(other, { permissions: PermissionFlagsBits.ManageGuild });
    expect((await run('badge create', { name: 'x' }, other)).text()).toContain('It is given by quests and prizes');
  });
});

describe('pictures of badges', () => {
  it('BA-56 the bot makes an emoji of a picture, once, and shows it', async () => {
    const scene = await open();
    const { run, ada, contribute, award, keepEmojis, emojis, discord, ranking, community } = scene;
    await forgetBadges(ranking, community);
    const chosen = { 'earned-by': 'contributions', number: '1', icon: '🔥' };
    const made = await run('badge create', { name: 'Pictured', image: png, ...chosen });
    expect(made.text()).toContain('makes an emoji of its picture');
    await contribute(ada, 0);
    await award();
    expect((await run('badges', {}, ada)).text()).toContain('🔥 Pictured');
    await Promise.all([keepEmojis(), keepEmojis()]);
    const [emoji, ...others] = await emojis();
    expect([emoji?.name, emoji?.animated, others]).toEqual([expect.stringMatching(/^badge_\d+$/), false, []]);
    expect(JSON.stringify((await run('badges', {}, ada)).components)).toContain(`<:${emoji?.name}:${emoji?.id}>`);
    const asked = discord.requests.length;
    await keepEmojis();
    expect(discord.requests.length).toBe(asked);
    // Somebody deleted it on Discord: it is made anew.
    await openRest(discord.token, discord.apiUrl).delete(`${EMOJIS}/${emoji?.id}`);
    await keepEmojis(new Date(NOW.getTime() + 25 * HOUR_MS));
    const [again] = await emojis();
    expect([again?.name, again?.id === emoji?.id]).toEqual([emoji?.name, false]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-57 one that was made and not noted is found again; that of a badge that is gone is removed', async () => {
    const scene = await open();
    const { run, keepEmojis, emojis, ranking, community } = scene;
    await forgetBadges(ranking, community);
    await run('badge create', { name: 'Pictured', image: png });
    await keepEmojis();
    await database.db.updateTable('badge_images').set({ emoji_id: null, look_at: NOW }).execute();
    await keepEmojis();
    expect(await emojis()).toHaveLength(1);
    const { badge_id: id } = await database.db
      .selectFrom('badges')
      .select('badge_id')
      .where('community_id', '=', community.id)
      .executeTakeFirstOrThrow();
    await run('badge remove', { badge: String(id) });
    await keepEmojis();
    expect(await emojis()).toEqual([]);
    expect(await database.db.selectFrom('badge_images').selectAll().execute()).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-65 when a picture is replaced or taken away its emoji follows, also where it was made at that moment', async () => {
    const scene = await open();
    const { run, keepEmojis, emojis, ranking, community, discord } = scene;
    await forgetBadges(ranking, community);
    await run('badge create', { name: 'Pictured', image: png, icon: '🔥' });
    await keepEmojis();
    const { badge_id: id } = await database.db.selectFrom('badge_images').select('badge_id').executeTakeFirstOrThrow();
    const edit = (options: object) => run('badge edit', { badge: String(id), ...options });
    const gif: StandInFile = { ...png, data: new TextEncoder().encode('GIF89a...') };
    expect((await edit({ image: gif })).text()).toBe(
      'Badge changed\n🔥 Pictured\nThe bot makes an emoji of its picture in a moment.',
    );
    await keepEmojis();
    expect(await emojis()).toMatchObject([{ name: `badge_${id}_2`, animated: true }]);
    const [second] = await emojis();
    expect(JSON.stringify((await edit({ icon: '⚡' })).components)).toContain(`<a:badge_${id}:${second?.id}>`);

    // One is made of a picture while that is replaced: it is not taken for the one of the new picture.
    await edit({ image: png });
    const hold = discord.faults.holdNext(/^POST .*emojis/, 'after');
    const keeping = keepEmojis();
    await hold.arrived;
    await edit({ image: gif });
    hold.release();
    await keeping;
    await keepEmojis();
    expect(await emojis()).toMatchObject([{ name: `badge_${id}_4`, animated: true }]);

    expect((await edit({ without: 'image' })).text()).toBe('Badge changed\n⚡ Pictured');
    await keepEmojis();
    expect(await emojis()).toEqual([]);
    await edit({ image: png });
    await keepEmojis();
    expect(await emojis()).toMatchObject([{ name: `badge_${id}_6`, animated: false }]);
    await run('badge remove', { badge: String(id) });
    await keepEmojis();
    expect([await emojis(), await database.db.selectFrom('badge_images').selectAll().execute()]).toEqual([[], []]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-58 when Discord asks to wait or refuses, the badge is shown without it, and the reason is kept', async () => {
    const scene = await open();
    const { run, keepEmojis, emojis, discord, ranking, community } = scene;
    await forgetBadges(ranking, community);
    await run('badge create', { name: 'Pictured', image: png, icon: '🔥' });
    discord.faults.rateLimitNext(/^GET .*emojis/, 30);
    const later = await keepEmojis();
    expect(later?.getTime()).toBeGreaterThanOrEqual(NOW.getTime() + 30_000);
    discord.faults.failNext(/^POST .*emojis/, 400);
    await keepEmojis(later);
    const row = () => database.db.selectFrom('badge_images').select(['emoji_id', 'reason']).executeTakeFirst();
    expect(await row()).toEqual({ emoji_id: null, reason: expect.stringContaining('Discord refused it') });
    await keepEmojis(new Date(NOW.getTime() + 26 * HOUR_MS));
    expect(await row()).toEqual({ emoji_id: (await emojis())[0]?.id, reason: null });
  });

  it('BA-59 what is no picture, or too large, is refused', async () => {
    const { run } = await open();
    expect((await run('badge create', { name: 'x', image: page })).text()).toContain('is no PNG, GIF, WebP or JPEG');
    const large = { ...png, data: new Uint8Array(256 * 1024 + 1) };
    expect((await run('badge create', { name: 'x', image: large })).text()).toContain('is over 256 KiB');
  });
});

describe('telling', () => {
  it('BA-60 what was earned is told once a day in one message, a line a badge, and nobody is pinged', async () => {
    const scene = await open();
    const { ada, bob, guild, discord, channel, contribute, award, run, deliverAfter, ranking, community } = scene;
    await run('setup', { channel: channel.id });
    await contribute(ada, 0);
    await award();
    const eve = discord.createUser({ username: 'eve' });
    guild.addMember(eve);
    await contribute(bob, 0);
    await contribute(eve, 0);
    const many = Array.from({ length: 5 }, (_, n) =>
      contribution({ id: `m${n}`, contributor: `m${n}`, category: 'data-validators' }),
    );
    await record(ranking, community, many);
    await award();
    await deliverAfter(5 * HOUR_MS);
    const told = () => discord.messages(channel).filter(({ ephemeral }) => !ephemeral);
    expect(told()).toEqual([]);
    await deliverAfter(HOUR_MS);
    const [message, ...others] = told();
    expect(others).toEqual([]);
    expect(message?.text()).toMatch(
      /^Badges earned since yesterday\n⚡ First Spark: <\d+>, <\d+>, <\d+>\n🔍 Sharp Eye: m0, m1, m2 and 2 more\nYours, and what you can still earn: \/badges$/,
    );
    await deliverAfter(48 * HOUR_MS);
    expect(told()).toHaveLength(1);
    expect(discord.transcript.render()).toContain('pings: nobody');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-61 what is taken back before it is told is not told', async () => {
    const scene = await open();
    const { ada, discord, channel, contribute, award, run, deliverAfter, ranking, community } = scene;
    await run('setup', { channel: channel.id });
    await contribute(ada, 0);
    await award();
    const target = { member: `discord-${ada.id}`, from: new Date(0), to: new Date(NOW.getTime() + 1) };
    await changeCounting(ranking, community.id, { kind: 'void', target, reason: 'Fraud' }, { name: 'x' }, NOW);
    await award();
    await deliverAfter(6 * HOUR_MS);
    expect(discord.messages(channel).filter(({ ephemeral }) => !ephemeral)).toEqual([]);
  });

  it('BA-62 a new badge is told with how many have it already, and they are not told one by one', async () => {
    const scene = await open();
    const { ada, bob, discord, channel, contribute, award, run, deliverAfter, ranking, community } = scene;
    await run('setup', { channel: channel.id });
    await forgetBadges(ranking, community);
    await contribute(ada, 0);
    await contribute(bob, 0);
    await run('badge create', {
      name: 'Here',
      icon: '👋',
      description: 'You came.',
      'earned-by': 'contributions',
      number: '1',
    });
    await run('badge create', { name: 'Far', 'earned-by': 'contributions', number: '100' });
    await award();
    await deliverAfter(0);
    const told = discord.messages(channel).filter(({ ephemeral }) => !ephemeral);
    expect(told.map((one) => one.text())).toEqual([
      'New badge: 👋 Here\nYou came.\n2 members have earned it already.\nNew badge: 🏅 Far\nNobody has earned it yet.',
    ]);
    await deliverAfter(24 * HOUR_MS);
    expect(discord.messages(channel).filter(({ ephemeral }) => !ephemeral)).toHaveLength(1);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('BA-63 a community can have it quiet', async () => {
    const { ada, discord, channel, contribute, award, run, deliverAfter, held } = await open();
    await run('setup', { channel: channel.id });
    expect((await run('badge announce', { on: false })).text()).toContain('not announced any more');
    await contribute(ada, 0);
    await award();
    expect(await held()).toMatchObject({ [`discord-${ada.id}`]: { 'First Spark': 1 } });
    await deliverAfter(24 * HOUR_MS);
    expect(discord.messages(channel).filter(({ ephemeral }) => !ephemeral)).toEqual([]);
    expect((await run('badge announce', { on: true })).text()).toContain('once a day');
  });
});
