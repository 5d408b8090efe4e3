import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import type { Announcement } from '../../src/announcements/announcement.ts';
import { renderAnnouncements } from '../../src/discord/announcement-messages.ts';
import { createMultiplier } from '../../src/multipliers/create-multiplier.ts';
import { newMultiplierSchema } from '../../src/multipliers/multiplier.ts';
import { readMultipliers } from '../../src/multipliers/multiplier-store.ts';
import { NOW, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { walkComponents } from '../support/discord/component.ts';
import { faultsOf, openScene, type Scene } from '../support/discord-bot.ts';
import { makeMultiplier, minutes } from '../support/multipliers.ts';

const database = useDatabase();
const WANTED = { name: 'Double *day*', factor: 2.5, starts: 'tomorrow 18:00', ends: '2026-08-24 18:00' };

/** A scene whose clock can be set, in Berlin, where it is 14:00 on a Saturday. */
async function open(): Promise<Scene & { setNow(now: Date): void }> {
  let now = NOW;
  const scene = await openScene(database.db, { timeZone: 'Europe/Berlin', clock: () => now });
  return { ...scene, setNow: (moment) => (now = moment) };
}

async function eventsOf({ community }: Scene) {
  return (await readMultipliers(database.db, community.id, { limit: 100, offset: 0 }, NOW)).multipliers;
}

function sourceOf(message: { components: unknown }): string {
  return JSON.stringify(message.components);
}

describe('/multiplier', () => {
  it('MU-50 create shows what it would be, in everybody’s own time, and creates it when that is confirmed', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const asked = await discord.runCommand(guild.owner, channel, 'multiplier create', WANTED).answer;
    expect(asked.ephemeral).toBe(true);
    expect(asked.text()).toContain('Create this multiplier event?');
    expect(asked.text()).toContain('Double *day* · 2.5× OMNIT');
    expect(asked.text()).toContain('In Europe/Berlin: Sunday, August 23, 2026 at 6:00');
    expect(asked.text()).toContain('For all categories');
    expect(asked.text()).toContain('Announcements have no channel yet');
    expect(sourceOf(asked)).toContain(`<t:${Date.UTC(2026, 7, 23, 16) / 1000}:f>`);
    expect(sourceOf(asked)).toContain(`<t:${Date.UTC(2026, 7, 24, 16) / 1000}:f>`);
    expect(await eventsOf(scene)).toEqual([]);

    await discord.press(guild.owner, asked, 'Create it').answer;
    expect(asked.text()).toContain('Created');
    expect(asked.buttons()).toEqual([]);
    expect(await eventsOf(scene)).toMatchObject([
      {
        name: 'Double *day*',
        factor: 250n,
        categoryIds: undefined,
        startsAt: new Date('2026-08-23T16:00:00Z'),
        endsAt: new Date('2026-08-24T16:00:00Z'),
        announceAt: [new Date('2026-08-22T16:00:00Z'), new Date('2026-08-23T15:00:00Z')],
      },
    ]);
    const audit = await database.db
      .selectFrom('audit_log')
      .select('actor')
      .where('community_id', '=', scene.community.id)
      .where('action', '=', 'multiplier.create')
      .execute();
    expect(audit).toEqual([{ actor: `Discord user ${guild.owner.id}` }]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-50 confirmed twice at once, it is one event', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const asked = await discord.runCommand(guild.owner, channel, 'multiplier create', WANTED).answer;
    const presses = [1, 2].map(() => discord.press(guild.owner, asked, 'Create it'));
    await Promise.all(presses.map((press) => press.answer));
    expect(await eventsOf(scene)).toHaveLength(1);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-50 takes categories and moments to announce', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const asked = await discord.runCommand(guild.owner, channel, 'multiplier create', {
      ...WANTED,
      categories: 'model-testers, gpu-contributors',
      announce: ',',
    }).answer;
    expect(asked.text()).toContain('For Top GPU Contributors, AI Model Testers');
    expect(asked.text()).toContain('Announced at its start and end');
    await discord.press(guild.owner, asked, 'Create it').answer;
    expect(await eventsOf(scene)).toMatchObject([
      { categoryIds: [expect.any(Number), expect.any(Number)], announceAt: [] },
    ]);
  });

  it.each([
    [{ starts: 'soon' }, 'starts, "soon", is not a time such as'],
    [{ starts: 'in 4 min' }, 'is too early'],
    [{ starts: '2026-08-22 13:00' }, 'is too early'],
    [{ ends: 'tomorrow 17:00' }, 'has to be later than the start'],
    [{ factor: 1.255 }, 'The factor has more than 2 decimal places'],
    [{ name: '\u202Ename' }, 'The name holds a control or text-direction character'],
    [{ categories: 'pages' }, 'There is no category "pages"'],
    [{ categories: ' , ' }, 'The categories must name a category'],
  ])('MU-51 %j is refused before anything is asked', async (fields, message) => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const answer = await discord.runCommand(guild.owner, channel, 'multiplier create', { ...WANTED, ...fields }).answer;
    expect(answer.text()).toContain(message);
    expect(answer.buttons()).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-51 confirmed too late, it is refused, with the earliest start', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const asked = await discord.runCommand(guild.owner, channel, 'multiplier create', { ...WANTED, starts: 'in 6 min' })
      .answer;
    scene.setNow(minutes(3));
    const refused = await discord.press(guild.owner, asked, 'Create it').answer;
    expect(refused.text()).toContain('is too early');
    expect(await eventsOf(scene)).toEqual([]);
  });

  it('DI-70 a refusal shows moments in everybody’s own time', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const refused = await discord.runCommand(guild.owner, channel, 'multiplier create', {
      ...WANTED,
      starts: 'in 4 min',
    }).answer;
    const source = sourceOf(refused);
    for (const moment of [minutes(4), minutes(5)]) expect(source).toContain(`<t:${moment.getTime() / 1000}:f>`);
    expect(source).not.toContain('2026');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('DI-71 factors are written by the reader’s locale, and by the community’s where everybody sees them', async () => {
    let now = NOW;
    const scene = await openScene(database.db, { locale: 'de', clock: () => now });
    const { discord, guild, channel, community } = scene;
    await makeMultiplier(database.db, community, { factor: '2.5' }, [5, 90]);
    now = minutes(10);
    const german = discord.createUser({ username: 'gert', locale: 'de' });
    guild.addMember(german);
    const list = (who: typeof german) => discord.runCommand(who, channel, 'multiplier list').answer;
    expect((await list(german)).text()).toContain('2,5× OMNIT');
    expect((await list(guild.owner)).text()).toContain('2.5× OMNIT');
    const board = await discord.runCommand(guild.owner, channel, 'leaderboard').answer;
    expect(board.text()).toContain('2,5× OMNIT');
    const [startsAt, endsAt] = [minutes(5).toISOString(), minutes(90).toISOString()];
    const started: Announcement = {
      kind: 'multiplier-started',
      name: 'X',
      factor: '2.5',
      categories: [],
      startsAt,
      endsAt,
    };
    const told = renderAnnouncements({ id: 1, parts: [[started]], locale: 'de' });
    expect(JSON.stringify(told.toJSON())).toContain('2,5× is on');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-52 a time that comes twice, or not at all, is remarked on', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const asked = await discord.runCommand(guild.owner, channel, 'multiplier create', {
      ...WANTED,
      starts: '2026-10-25 02:30',
      ends: '2027-03-28 02:30',
    }).answer;
    expect(asked.text()).toContain('02:30 comes twice on 2026-10-25');
    expect(sourceOf(asked)).toContain('The second is `2026-10-25T02:30:00+01:00`');
    expect(asked.text()).toContain('02:30 does not exist on 2027-03-28');
    const starts = await discord.autocomplete(
      guild.owner,
      channel,
      'multiplier create',
      { starts: '2026-10-25 02:30' },
      'starts',
    );
    expect(starts.map(({ value }) => value)).toEqual(['2026-10-25 02:30', '2026-10-25T01:30:00.000Z']);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-53 only those who may manage the server create, cancel and end; the list is for everybody', async () => {
    const scene = await open();
    const { discord, guild, channel, ada, community } = scene;
    const { id } = await makeMultiplier(database.db, community);
    const event = String(id);
    for (const [name, options] of [
      ['multiplier create', WANTED],
      ['multiplier cancel', { event }],
      ['multiplier end', { event }],
    ] as const) {
      const answer = await discord.runCommand(ada, channel, name, options).answer;
      expect(answer.text()).toContain('Only those with the permission "Manage Server"');
    }
    expect((await discord.runCommand(ada, channel, 'multiplier list').answer).text()).toContain('Double hour');
    const manager = discord.createUser({ username: 'manager' });
    guild.addMember(manager, { permissions: PermissionFlagsBits.ManageGuild });
    const answer = await discord.runCommand(manager, channel, 'multiplier cancel', { event }).answer;
    expect(answer.text()).toContain('Cancelled');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-54 cancels and ends what is suggested, and refuses what is not', async () => {
    const scene = await open();
    const { discord, guild, channel, community } = scene;
    const running = await makeMultiplier(database.db, community, { name: 'Running' }, [5, 600]);
    const coming = await makeMultiplier(database.db, community, { name: 'Coming' }, [300, 600]);
    scene.setNow(minutes(60));
    const suggest = (action: string) =>
      discord.autocomplete(guild.owner, channel, `multiplier ${action}`, { event: '' }, 'event');
    expect((await suggest('end')).map(({ value }) => value)).toEqual([String(running.id)]);
    const [only, ...others] = await suggest('cancel');
    expect([only?.value, others]).toEqual([String(coming.id), []]);
    expect(only?.name).toMatch(/^Coming · 2× · Aug 22, 2026/);

    const run = (action: string, options: Record<string, string>) =>
      discord.runCommand(guild.owner, channel, `multiplier ${action}`, options).answer;
    expect((await run('cancel', { event: String(running.id) })).text()).toContain('End it instead');
    expect((await run('cancel', { event: 'Running' })).text()).toContain('Choose one of those that are suggested');
    const ended = await run('end', { event: String(running.id), at: '17:00' });
    expect(ended.text()).toContain('Ends early');
    expect(sourceOf(ended)).toContain(`<t:${Date.UTC(2026, 7, 22, 15) / 1000}:f>`);
    await run('end', { event: String(running.id) });
    await run('cancel', { event: String(coming.id) });
    expect(await eventsOf(scene)).toMatchObject(
      [{ id: coming.id, cancelledAt: minutes(60) }, { endsAt: minutes(65) }].toReversed(),
    );
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-54 suggests times in the community’s zone, and lists of categories', async () => {
    const scene = await open();
    const { discord, guild, channel } = scene;
    const type = (option: string, typed: string) =>
      discord.autocomplete(guild.owner, channel, 'multiplier create', { [option]: typed }, option);
    const [time] = await type('starts', 'tomorrow 18:00');
    expect(time?.value).toBe('2026-08-23T16:00:00.000Z');
    expect(time?.name).toMatch(/^tomorrow 18:00 · Sun, Aug 23, 2026, 6:00 PM GMT\+2$/);
    expect(await type('ends', 'whenever')).toEqual([]);
    expect((await type('ends', '')).length).toBeGreaterThan(3);
    expect(await type('categories', 'gpu')).toEqual([{ name: 'Top GPU Contributors', value: 'gpu-contributors' }]);
    expect((await type('categories', 'gpu-contributors, data')).map(({ value }) => value)).toEqual([
      'gpu-contributors,data-validators',
    ]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-55 lists running events first, whatever their names, within what a message can hold', async () => {
    const scene = await open();
    const { discord, channel, bob, community } = scene;
    const empty = await discord.runCommand(bob, channel, 'multiplier list').answer;
    expect(empty.text()).toContain('No multiplier events yet.');
    for (let count = 0; count < 9; count += 1) {
      await makeMultiplier(database.db, community, { name: '*'.repeat(100) }, [60 + count, 120]);
    }
    const wanted = {
      name: 'Now',
      factor: '1.5',
      startsAt: minutes(5).toISOString(),
      endsAt: minutes(90).toISOString(),
    };
    await createMultiplier(database.db, community.id, newMultiplierSchema.parse(wanted), TESTER, NOW);
    scene.setNow(minutes(10));
    const answer = await discord.runCommand(bob, channel, 'multiplier list').answer;
    expect(answer.text()).toMatch(/^Multiplier events\nNow · 1\.5× OMNIT · ⚡ running, ends /);
    expect(answer.text()).toContain('and 4 earlier');
    const length = [...walkComponents(answer.components)].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
    expect(length).toBeLessThan(4_000);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('MU-56 boards that are open say while an event is running, and only those of its categories', async () => {
    const scene = await open();
    const { discord, channel, ada, community } = scene;
    await makeMultiplier(database.db, community, { factor: '2.5', categories: ['gpu-contributors'] }, [5, 90]);
    const board = async (options: Record<string, string> = {}) =>
      discord.runCommand(ada, channel, 'leaderboard', options).answer;
    expect((await board()).text()).not.toContain('×');
    scene.setNow(minutes(5));
    const running = await board();
    expect(running.text()).toContain('2.5× OMNIT · ends ');
    expect(sourceOf(running)).toContain(`<t:${minutes(90).getTime() / 1000}:R>`);
    expect((await board({ category: 'model-testers' })).text()).not.toContain('×');
    expect((await board({ period: 'previous' })).text()).not.toContain('×');
    expect(faultsOf(scene)).toEqual([]);
  });
});
