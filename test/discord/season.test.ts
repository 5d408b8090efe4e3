import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { changeCounting } from '../../src/contributions/void.ts';
import { decodeChoice, encodeChoice, keyFromName } from '../../src/discord/season-view.ts';
import { closeDueWindows } from '../../src/seasons/close-windows.ts';
import { readVersions } from '../../src/seasons/final-versions.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { walkComponents } from '../support/discord/component.ts';
import type { StandInMessage } from '../support/discord/stand-in-message.ts';
import type { StandInUser } from '../support/discord/world.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { differencesOf } from '../support/verifying.ts';

const database = useDatabase();
const DAY = 24 * 3_600_000;

/** A bot whose clock can be moved; its community has four members on one board, and began in June. */
async function open(options: { timeZone?: string } = {}) {
  const state = { now: new Date('2026-08-22T12:00:00Z') };
  const scene = await openScene(database.db, {
    clock: () => state.now,
    createdAt: new Date('2026-06-01T00:00:00Z'),
    ...options,
  });
  const { discord, guild, channel, ranking, community, contribute } = scene;
  await contribute(['user123', '192'], ['gpu_master99', '184'], ['data_wizard', '168'], ['eve', '3']);
  const known = () => ranking.directory.bySlug(community.slug);
  return {
    ...scene,
    known,
    admin: guild.owner,
    run: (command: string, options = {}, user: StandInUser = guild.owner) =>
      discord.runCommand(user, channel, command, options).answer,
    press: (message: StandInMessage, button: string, user: StandInUser = guild.owner) =>
      discord.press(user, message, button).answer,
    suggest: async (command: string, options: Record<string, string>, focused: string) =>
      discord.autocomplete(guild.owner, channel, command, options, focused),
    /** Lets the time come at which everything is closed that is due. */
    at: async (moment: string) => {
      state.now = new Date(moment);
      await closeDueWindows(ranking, state.now);
    },
    now: () => state.now,
    seasons: async () => (await known()).seasons,
    versions: async (period: string) => {
      const { categoryBySlug, calendar } = await known();
      const { id = 0 } = categoryBySlug.get('gpu-contributors') ?? {};
      return readVersions(database.db, community.id, calendar.windowByKey('season', period), id);
    },
  };
}

const lengthOf = ({ components }: StandInMessage) =>
  [...walkComponents(components)].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);

describe('/season show and list', () => {
  it('SD-1 everybody sees, in private, how a season stands, whatever it has come to', async () => {
    const scene = await open();
    const { run, at, ada } = scene;
    const running = await run('season show', {}, ada);
    expect(running.ephemeral).toBe(true);
    expect(running.text()).toMatch(/^Season 2026-Q3\n2026-Q3 · .+ · Open, ends /);
    expect(running.text()).toContain('Top GPU Contributors\n🥇 user123 · 1,200 OMNIT\n4 members\n');
    expect(running.text()).toContain('Nobody stands on Data Validators, AI Model Testers');
    expect((await run('season show', { season: '2026-Q4' }, ada)).text()).toMatch(
      /^Season 2026-Q4\n2026-Q4 · .+ · begins /,
    );
    await at('2026-10-01T12:00:00Z');
    expect((await run('season show', { season: 'previous' }, ada)).text()).toMatch(
      /Provisional, ended .+\nIts tables become final .+: October 2, 2026/,
    );
    await at('2026-10-03T12:00:00Z');
    const final = (await run('season show', { season: '2026-Q3' }, ada)).text();
    expect(final).toMatch(/Final, ended [^]+4 members · SHA-256 [0-9a-f]{64}\n/);
    expect(final).toContain('omnitensor-cli seasons verify 2026-Q3');
    expect((await run('season show', { season: 'nope' }, ada)).text()).toContain(
      '"nope" is no period of the window season',
    );
    expect((await run('season list', {}, ada)).text()).toMatch(
      /^Seasons\nSeason 2027-Q1 [^]+Season 2026-Q4 [^]+Season 2026-Q3 [^]+Season 2026-Q2 /,
    );
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-2 seasons are suggested by name and by key', async () => {
    const scene = await open();
    const { run, suggest } = scene;
    await run('season rename', { season: '2026-Q3', name: 'Summer of GPUs' });
    expect(await suggest('season show', { season: 'summer' }, 'season')).toEqual([
      { name: expect.stringMatching(/^Summer of GPUs \(2026-Q3\) · July.–.September 2026$/), value: '2026-Q3' },
    ]);
    expect((await suggest('season show', {}, 'season')).map(({ value }) => value)).toEqual([
      '2026-Q4',
      '2026-Q3',
      '2026-Q2',
    ]);
    expect(await suggest('season remove', {}, 'season')).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/season create', () => {
  it('SD-3 shows what a season would mean, and creates it once, with its first and its last day', async () => {
    const scene = await open({ timeZone: 'Europe/Berlin' });
    const { run, press, seasons } = scene;
    const proposal = await run('season create', {
      name: 'Spring *2027*',
      'first-day': '2027-01-10',
      'last-day': '2027-03-31',
    });
    const text = proposal.text();
    expect(text).toContain(
      'Name Spring *2027*\nKey spring-2027\nFrom January 9, 2027 at 11:00 PM until March 31, 2027 at 10:00 PM: 81 days',
    );
    expect(text).toMatch(/In Europe\/Berlin: Sunday, January 10.–.Wednesday, March 31, 2027/);
    expect(text).toContain(
      '⚠️ From January 9, 2027 at 11:00 PM on there are no calendar quarters: seasons are those that you create.\n',
    );
    expect(text).toContain(
      '⚠️ 2027-Q1 ends as this season begins, after 9 days. Its prizes are given in full all the same.\n',
    );
    expect(text).toMatch(/⚠️ The \d+ prizes set up for seasons are given for this one too, in full/);
    expect(text).toContain('Announcements have no channel yet');
    expect(await seasons()).toEqual([]);

    await press(proposal, 'Create it');
    expect(proposal.text()).toMatch(/^Created: Spring \*2027\*\nspring-2027 · .+ · begins /);
    expect(await seasons()).toEqual([
      { key: 'spring-2027', name: 'Spring *2027*', startsOn: '2027-01-10', endsOn: '2027-04-01' },
    ]);
    const next = await run('season create', {
      name: 'Summer',
      'first-day': '2027-04-10',
      'last-day': '2027-04-10',
      key: 'one-day',
    });
    expect(next.text()).toContain(': 1 day\n');
    expect(next.text()).toContain(
      'Between spring-2027 and this one, from March 31, 2027 at 10:00 PM to April 9, 2027 at 10:00 PM, nothing counts towards a season.',
    );
    expect(next.text()).not.toContain('no calendar quarters');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-4 pressed twice it makes one; after another one was made in its place it is refused', async () => {
    const scene = await open();
    const { discord, admin, run, press, seasons } = scene;
    const wanted = { name: 'Spring', 'first-day': '2026-10-01', 'last-day': '2026-12-31' };
    const [first, second] = [await run('season create', wanted), await run('season create', wanted)];
    const other = await run('season create', { ...wanted, key: 'other', 'last-day': '2026-12-30' });
    await Promise.all([press(first, 'Create it'), press(second, 'Create it')]);
    expect(await seasons()).toHaveLength(1);
    await press(second, 'Create it').catch(() => undefined);
    const refusal = await discord.press(admin, other, 'Create it').answer;
    expect(refusal.text()).toContain('It overlaps the season "spring"');
    expect(other.text()).toContain('Create this season?');
    expect(await seasons()).toHaveLength(1);
    expect(faultsOf(scene)).toEqual([]);
  });

  it.each([
    [{ 'first-day': '2026-09-01', 'last-day': '2026-12-31' }, 'The quarter 2026-Q3 runs until'],
    [{ 'first-day': '2026-08-20', 'last-day': '2026-12-31' }, 'Seasons are created before they start'],
    [{ 'first-day': '2026-10-01', 'last-day': '2036-10-01' }, 'longer than 2 years'],
    [{ 'first-day': '2026-10-02', 'last-day': '2026-10-01' }, 'The last day, 2026-10-01, is before the first'],
    [{ 'first-day': '2026-02-30', 'last-day': '2026-12-31' }, 'first-day, "2026-02-30", is not a day such as'],
    [{ 'first-day': '2026-10-01', 'last-day': 'whenever' }, 'last-day, "whenever", is not a day such as'],
    [{ 'first-day': '2026-10-01', 'last-day': '2026-12-31', key: 'current' }, 'Choose a key such as "spring-2027"'],
    [{ 'first-day': '2026-10-01', 'last-day': '2026-12-31', key: '2026-q4' }, 'the name of a built-in period'],
    [{ 'first-day': '2026-10-01', 'last-day': '2026-12-31', key: '2026-w99' }, 'the name of a built-in period'],
    [{ 'first-day': '2026-10-01', 'last-day': '2026-12-31', key: 'UPPER' }, 'small letters, digits and hyphens'],
    [{ 'first-day': '2026-10-01', 'last-day': '2026-12-31', name: '日本' }, 'Give a key'],
  ])('SD-5 what cannot be is refused when it is typed, with what to change: %j', async (options, refusal) => {
    const scene = await open();
    const answer = await scene.run('season create', { name: 'Spring', ...options });
    expect(answer.text()).toContain(refusal);
    expect(answer.buttons()).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-6 days are typed as people write them, and suggested', async () => {
    const scene = await open({ timeZone: 'Pacific/Auckland' });
    const { run, suggest } = scene;
    const answer = await run('season create', { name: 'A', 'first-day': 'in 7 weeks', 'last-day': 'in 8 weeks' });
    expect(answer.text()).toMatch(/In Pacific\/Auckland: Sunday, October 11.–.Sunday, October 18, 2026/);
    const firstDays = await suggest('season create', {}, 'first-day');
    expect(firstDays.slice(0, 2)).toEqual([
      { name: 'Thursday, October 1, 2026', value: '2026-10-01' },
      { name: 'Sunday, November 1, 2026', value: '2026-11-01' },
    ]);
    expect(await suggest('season create', { 'first-day': 'in 2 weeks' }, 'first-day')).toEqual([
      { name: 'in 2 weeks · Sunday, September 6, 2026', value: '2026-09-06' },
    ]);
    const lastDays = await suggest('season create', { 'first-day': '2026-10-01' }, 'last-day');
    expect(lastDays).toContainEqual({ name: '3 months: Thursday, December 31, 2026', value: '2026-12-31' });
    expect(await suggest('season create', { 'first-day': 'never' }, 'last-day')).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/season rename and remove', () => {
  it('SD-7 renames quarters too, and removes what has not begun once it is confirmed', async () => {
    const scene = await open();
    const { run, press, seasons, suggest } = scene;
    expect((await run('season rename', { season: 'current', name: '# Summer @everyone' })).text()).toMatch(
      /^Renamed: # Summer @everyone\n2026-Q3/,
    );
    await press(
      await run('season create', { name: 'Spring', 'first-day': '2026-10-01', 'last-day': '2026-12-31' }),
      'Create it',
    );
    expect((await suggest('season remove', {}, 'season')).map(({ value }) => value)).toEqual(['spring']);
    expect((await run('season remove', { season: '2026-Q3' })).text()).toContain(
      'There is no season "2026-Q3" of the community\'s own',
    );
    const asked = await run('season remove', { season: 'spring' });
    expect(asked.text()).toMatch(/^Remove this season\?\nSpring · spring/);
    expect(await seasons()).toHaveLength(1);
    await press(asked, 'Remove it');
    expect(asked.text()).toBe('The season spring was removed.');
    expect(await seasons()).toEqual([]);
    expect(scene.discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/season close and amend', () => {
  it('SD-8 what is over becomes final before its time once it is confirmed, once of two at once', async () => {
    const scene = await open();
    const { discord, admin, run, at, suggest, versions } = scene;
    expect((await run('season close', { period: '2026-Q3' })).text()).toContain(
      'Only a window that is over can be closed',
    );
    expect((await run('season close', { period: 'all' })).text()).toContain('all is open for good: it never closes');
    await at('2026-10-01T12:00:00Z');
    expect((await suggest('season close', {}, 'period')).map(({ value }) => value)).toEqual(['2026-Q3']);
    const asked = [await run('season close', { period: '2026-Q3' }), await run('season close', { period: '2026-Q3' })];
    expect(asked[0]?.text()).toMatch(
      /^Close Season 2026-Q3 now\?\nIt ended .+, and becomes final by itself .+\nClosed now, late/,
    );
    expect(await versions('2026-Q3')).toEqual([]);
    const answers = await Promise.all(asked.map((message) => discord.press(admin, message, 'Close it now').answer));
    expect(answers.map((answer) => answer.text()).toSorted()).toEqual([
      expect.stringMatching(/^2026-Q3 was closed at .+ already\.$/),
      expect.stringMatching(/^Closed: Season 2026-Q3\n/),
    ]);
    expect(await versions('2026-Q3')).toMatchObject([{ version: 1, sha256: expect.any(String) }]);
    expect((await suggest('season amend', { period: 'Q3' }, 'period')).map(({ value }) => value)).toEqual(['2026-Q3']);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-9 amending shows what would change, changes nothing, and then amends with the reason that was given', async () => {
    const scene = await open();
    const { run, press, at, versions, ranking, community, now } = scene;
    await at('2026-10-03T12:00:00Z');
    const reason = 'Two *accounts* of `one` person @everyone';
    expect((await run('season amend', { period: '2026-Q3', reason })).text()).toContain(
      'Nothing has changed since 2026-Q3 became final',
    );
    expect((await run('season amend', { period: '2026-Q4', reason })).text()).toContain(
      'only what is final is amended',
    );
    const everything = { member: 'user123', from: new Date('2026-08-01T00:00:00Z'), to: now() };
    await changeCounting(ranking, community.id, { kind: 'void', target: everything, reason: 'fraud' }, TESTER, now());
    const before = await versions('2026-Q3');
    const asked = await run('season amend', { period: '2026-Q3', reason, category: 'gpu-contributors' });
    expect(asked.text()).toMatch(/^Amend Season 2026-Q3\?\n/);
    expect(asked.text()).toMatch(
      /Top GPU Contributors · version 2\n1 line changes, \d+ rewards given, \d+ taken back\nFirst by it: 1st gpu_master99 with 1,150, 2nd data_wizard/,
    );
    expect(asked.text()).toContain(`Reason ${reason}`);
    expect(await versions('2026-Q3')).toEqual(before);
    expect((await run('leaderboard', { period: '2026-Q3' })).text()).toContain('1st · user123');
    expect(await differencesOf(ranking, community.slug)).toEqual([]);

    await press(asked, 'Amend it');
    expect(asked.text()).toMatch(/^Amended: Season 2026-Q3\n/);
    expect(await versions('2026-Q3')).toMatchObject([
      { version: 1 },
      { version: 2, reason: 'amended', note: reason, sha256: expect.any(String) },
    ]);
    expect((await run('leaderboard', { period: '2026-Q3' })).text()).toContain('1st · gpu_master99');
    expect(await differencesOf(ranking, community.slug)).toEqual([]);
    expect(scene.discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('what /season may', () => {
  it('SD-10 whoever may not manage the server is refused by the server, also at buttons of others', async () => {
    const scene = await open();
    const { discord, guild, ada, admin, run, press, seasons } = scene;
    const asked = [
      ['create', { name: 'A', 'first-day': '2026-10-01', 'last-day': '2026-12-31' }],
      ['rename', { season: '2026-Q3', name: 'Mine' }],
      ['preview', {}],
      ['amend', { period: '2026-Q2', reason: 'x' }],
      ['close', { period: '2026-Q2' }],
      ['remove', { season: '2026-Q3' }],
    ] as const;
    for (const [subcommand, options] of asked) {
      expect((await run(`season ${subcommand}`, options, ada)).text()).toContain(
        'Only those with the permission "Manage Server"',
      );
    }
    const proposal = await run('season create', { name: 'A', 'first-day': '2026-10-01', 'last-day': '2026-12-31' });
    // Somebody who lost the permission since.
    const former = discord.createUser({ username: 'former' });
    guild.addMember(former, { permissions: PermissionFlagsBits.ManageGuild });
    const theirs = await run(
      'season create',
      { name: 'B', 'first-day': '2026-10-01', 'last-day': '2026-12-31' },
      former,
    );
    guild.addMember(former, { permissions: 0n });
    expect((await press(theirs, 'Create it', former)).text()).toContain('Only those with the permission');
    expect(await seasons()).toEqual([]);
    await press(proposal, 'Create it', admin);
    expect(await seasons()).toHaveLength(1);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-11 custom ids are read strictly, and keys are made of names', () => {
    const choices = [
      { action: 'create', key: 'a'.repeat(32), firstDay: '2027-01-01', lastDay: '2027-12-31' },
      { action: 'remove', key: 'spring-2027' },
      { action: 'close', kind: 'week', period: '2026-W34' },
      { action: 'amend', kind: 'season', period: 'a'.repeat(32), categoryId: 123_456_789 },
    ] as const;
    for (const choice of choices) {
      expect(encodeChoice(choice).length).toBeLessThanOrEqual(100);
      expect(decodeChoice(encodeChoice(choice))).toEqual(choice);
    }
    const hostile = [
      'create:a:2027-01-01:x',
      'create:A:2027-01-01:2027-01-02',
      'remove:',
      'close:all:all',
      'close:week:../x',
      'amend:week:2026-W34:-1',
      'amend:day:1:1',
      'toString',
    ];
    for (const body of hostile) expect(decodeChoice(`season:1:${body}`)).toBeUndefined();
    expect(decodeChoice('season:2:remove:a')).toBeUndefined();
    expect(['Spring 2027', '  Été – 2027! ', '日本', '-', 'x'.repeat(40)].map(keyFromName)).toEqual([
      'spring-2027',
      'ete-2027',
      undefined,
      undefined,
      'x'.repeat(32),
    ]);
  });

  it('SD-12 the longest and worst names fit', async () => {
    const scene = await open();
    const { run, press, known, contribute, community } = scene;
    for (let n = 0; n < 30; n += 1) {
      await database.db
        .insertInto('categories')
        .values({
          community_id: community.id,
          slug: `c${n}`,
          title: '*'.repeat(100),
          unit: '_'.repeat(100),
          measure: 'amount',
          reputation: 0n,
        })
        .execute();
    }
    await database.db
      .updateTable('communities')
      .set((eb) => ({ config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', community.id)
      .execute();
    expect((await known()).categories.length).toBe(33);
    await contribute(['*'.repeat(64), '999999.999', '_'.repeat(100)]);
    const name = '`*_~|>#'.repeat(15).slice(0, 100);
    for (let n = 0; n < 25; n += 1) {
      const day = new Date(Date.parse('2026-10-01T00:00:00Z') + n * DAY).toISOString().slice(0, 10);
      await press(
        await run('season create', { name, key: `${'k'.repeat(28)}${n}`, 'first-day': day, 'last-day': day }),
        'Create it',
      );
    }
    const messages = [
      await run('season list'),
      await run('season show'),
      await run('season rename', { season: 'current', name }),
    ];
    for (const message of messages) expect(lengthOf(message)).toBeLessThanOrEqual(4_000);
    expect(messages[0]?.text()).toMatch(/… and \d+ more/);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/leaderboard', () => {
  it('SD-13 says when a table becomes final, its hash once it is, and the name of its season', async () => {
    const scene = await open();
    const { run, at } = scene;
    await run('season rename', { season: '2026-Q3', name: 'Summer of GPUs' });
    expect((await run('leaderboard')).text()).toMatch(/^Top GPU Contributors\nSummer of GPUs · .+\nOpen · ends .+\n🥇/);
    await at('2026-10-01T12:00:00Z');
    expect((await run('leaderboard', { period: '2026-Q3' })).text()).toMatch(/Provisional · ended .+\nFinal .+\n🥇/);
    await at('2026-10-03T12:00:00Z');
    expect((await run('leaderboard', { period: '2026-Q3' })).text()).toMatch(
      /Final · ended .+\nSHA-256 [0-9a-f]{64}\n🥇/,
    );
    expect(faultsOf(scene)).toEqual([]);
  });
});
