import { PermissionFlagsBits } from 'discord.js';
import { describe, expect, it } from 'vitest';
import { exclude } from '../../src/fair-play/exclusions.ts';
import { listPrizes } from '../../src/rewards/prizes.ts';
import { TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { walkComponents } from '../support/discord/component.ts';
import type { StandInUser } from '../support/discord/world.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';

const database = useDatabase();
/** In the third quarter, in a week and month that run, an hour after the ones before ended. */
const NOW = new Date('2026-08-22T12:00:00Z');
const FIRST = { category: 'gpu-contributors', window: 'month', rank: 1, tokens: '100' } as const;

/** A bot whose community has no prizes yet. */
async function open({ now = NOW, createdAt = new Date('2026-08-01T00:00:00Z') } = {}) {
  const scene = await openScene(database.db, { clock: () => now, createdAt });
  const { discord, guild, channel, ranking, community } = scene;
  await database.db.deleteFrom('prizes').where('community_id', '=', community.id).execute();
  return {
    ...scene,
    admin: guild.owner,
    /** Runs a command, with the options that have a value. */
    run: (command: string, options: object = {}, user: StandInUser = guild.owner) => {
      const given = Object.entries(options).filter(([, value]) => value !== undefined);
      return discord.runCommand(user, channel, command, Object.fromEntries(given)).answer;
    },
    prizes: () => listPrizes(ranking.db, community.id),
    suggest: (command: string, options: Record<string, string>, focused: string) =>
      discord.autocomplete(guild.owner, channel, command, options, focused),
  };
}

describe('/prize create and list', () => {
  it('SD-20 sets prizes up, tells from when on they are given, and lists them for everybody', async () => {
    const scene = await open();
    const { run, guild, ada, prizes } = scene;
    expect((await run('prize list', {}, ada)).text()).toContain('No prizes yet.');
    const role = guild.createRole({ name: 'Champion', position: 1 });
    const made = await run('prize create', {
      ...FIRST,
      tokens: '1234.5',
      badge: '*Champion*',
      role: role.id,
      nft: 'Genesis',
      access: 'the beta',
    });
    expect(made.ephemeral).toBe(true);
    expect(made.text()).toMatch(
      /^Prize set up\nTop GPU Contributors · each month\n🥇 1st: 1,234\.5 OMNIT \+ the badge \*Champion\* \+ the NFT Genesis \+ access to the beta \+ the role @Champion\n/,
    );
    expect(made.text()).toContain('First given for August 2026, which ends September 1, 2026 at 12:00 AM');
    for (const options of [
      { ...FIRST, rank: 2, 'to-rank': 10, governance: '5', tokens: undefined },
      { ...FIRST, rank: undefined, 'top-percent': 5, window: 'week' },
      {
        ...FIRST,
        rank: undefined,
        'min-score': '99.5',
        category: 'data-validators',
        window: 'season',
        reputation: '7',
      },
    ]) {
      await run('prize create', options);
    }
    expect(await prizes()).toHaveLength(4);
    const list = await run('prize list', {}, ada);
    expect(list.ephemeral).toBe(true);
    expect(list.text().split('\n')).toEqual([
      'Prizes',
      'Top GPU Contributors · each week',
      'The first 5 %: 100 OMNIT',
      'Top GPU Contributors · each month',
      '🥇 1st: 1,234.5 OMNIT + the badge *Champion* + the NFT Genesis + access to the beta + the role @Champion',
      '🥈 2nd to 10th: 5 governance tokens',
      'Data Validators · each season',
      'Everybody from 99.5 datasets on: 100 OMNIT + 7 reputation',
      'Given when each window is final. How it stands: /leaderboard',
    ]);
    expect((await run('prize list', { category: 'data-validators' }, ada)).text()).not.toContain('GPU');
    expect((await run('prize list', { window: 'week' }, ada)).text()).not.toContain('each month');
    expect((await run('prize list', { category: 'model-testers' }, ada)).text()).toContain(
      'No prizes for what you chose. All that there are: /prize list',
    );
    expect(scene.discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-21 says what a closing window keeps, and where ranks win twice or nothing', async () => {
    const scene = await open({ now: new Date('2026-08-24T00:30:00Z') });
    const { run } = scene;
    const weekly = (options: object) => run('prize create', { ...FIRST, window: 'week', ...options });
    expect((await weekly({})).text()).toContain('Week 34 of 2026 is closing and keeps the prizes that it had.');
    expect((await weekly({ rank: 4, 'to-rank': 5 })).text()).toContain('No prize is for ranks 2 to 3.');
    const overlap = (await weekly({ rank: 1, 'to-rank': 4 })).text();
    expect(overlap).toContain('Rank 1 wins another prize as well: the one for rank 1.');
    expect(overlap).toContain('Rank 4 wins another prize as well: the one for ranks 4 to 5.');
    const all = (await weekly({ rank: undefined, 'min-score': '12.5' })).text();
    expect(all).toContain(
      'Whoever wins it may win other prizes as well: those for rank 1; ranks 1 to 4; ranks 4 to 5.',
    );
    expect((await weekly({ rank: 6 })).text()).toContain(
      'Whoever wins it may win another prize as well: the one for everybody from 12.5 on.',
    );
    const monthly = (await run('prize create', FIRST)).text();
    expect(monthly).toContain('First given for August 2026, ');
    expect(monthly).not.toContain('is closing');
    expect(faultsOf(scene)).toEqual([]);
  });

  it.each([
    [{ rank: undefined }, 'Say whom the prize is for'],
    [{ 'top-percent': 5 }, 'Say whom the prize is for, in one way'],
    [{ rank: 3, 'to-rank': 2 }, 'upside down: from 3 to 2'],
    [{ rank: undefined, 'min-score': '0' }, 'min-score must be a number above 0'],
    [{ rank: undefined, 'min-score': 'many' }, 'min-score must be a number above 0'],
    [{ tokens: undefined }, 'Say what there is to win'],
    [{ tokens: '0' }, 'tokens must be more than 0'],
    [{ tokens: '0.0001' }, 'tokens has more than 3 decimal places'],
    [{ tokens: 'lots' }, 'tokens is not a decimal number such as'],
    [{ reputation: '10000000000' }, 'reputation is above 1000000000'],
    [{ badge: '   ' }, 'badge is empty or white space alone'],
    [{ category: 'nope' }, 'There is no category "nope"'],
  ])('SD-22 what cannot be is refused, with what to change: %j', async (changes, refusal) => {
    const scene = await open();
    expect((await scene.run('prize create', { ...FIRST, ...changes })).text()).toContain(refusal);
    expect(await scene.prizes()).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-23 a role that the bot cannot give, or that is dangerous, is refused, with what to change', async () => {
    const scene = await open();
    const { run, guild, prizes } = scene;
    const dangerous = guild.createRole({ name: 'Mods', position: 1, permissions: PermissionFlagsBits.ModerateMembers });
    const above = guild.createRole({ name: 'Boss', position: guild.botRole.position + 1 });
    const create = async (role: string) => (await run('prize create', { ...FIRST, role })).text();
    expect(await create(dangerous.id)).toContain('carries powers over the server');
    expect(await create(above.id)).toContain("Move the bot's role above it");
    expect(await create(guild.id)).toContain('Everybody has @everyone already');
    expect(await prizes()).toEqual([]);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/prize remove', () => {
  it('SD-24 removes a prize, which a closing window still gives, once', async () => {
    const scene = await open({ now: new Date('2026-08-24T00:30:00Z') });
    const { run, suggest, prizes, guild } = scene;
    await run('prize create', { ...FIRST, window: 'week', badge: '*Hero*' });
    const role = guild.createRole({ name: 'Champion', position: 1 });
    await run('prize create', { ...FIRST, category: 'data-validators', role: role.id });
    expect(await suggest('prize remove', { prize: 'champion' }, 'prize')).toMatchObject([
      { name: 'Data Validators, each month · 🥇 1st: 100 OMNIT + the role Champion' },
    ]);
    const choices = await suggest('prize remove', { prize: 'gpu' }, 'prize');
    expect(choices).toEqual([
      {
        name: 'Top GPU Contributors, each week · 🥇 1st: 100 OMNIT + the badge *Hero*',
        value: expect.any(String),
      },
    ]);
    const id = String(choices[0]?.value);
    const removed = await run('prize remove', { prize: id });
    expect(removed.text()).toMatch(/^Prize removed\n/);
    expect(removed.text()).toContain('From Week 35 of 2026 on it is not given any more. What was given stays.');
    expect(removed.text()).toContain('Week 34 of 2026 is closing and still gives it.');
    expect(await prizes()).toHaveLength(1);
    expect((await run('prize remove', { prize: id })).text()).toContain('Prize removed');
    expect((await run('prize remove', { prize: '999999999' })).text()).toContain('There is no prize 999999999');
    expect((await run('prize remove', { prize: 'Hero' })).text()).toContain('"Hero" is no prize');
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('/prize preview', () => {
  it('SD-25 says who would win what, who is passed over, what could not be given, and what it costs', async () => {
    const scene = await open();
    const { run, contribute, guild, ranking, community } = scene;
    expect((await run('prize preview')).text()).toContain('There is nothing to preview.');
    await contribute(['eve', '200', 'Eve *the first*'], ['user123', '192'], ['gpu_master99', '184']);
    await exclude(
      ranking,
      community.id,
      { target: { member: 'eve' }, scope: 'prizes', reason: 'staff', endsAt: undefined },
      TESTER,
      NOW,
    );
    const role = guild.createRole({ name: 'Champion', position: 1 });
    await run('prize create', { ...FIRST, role: role.id });
    await run('prize create', { ...FIRST, rank: 2, tokens: '50' });
    await run('prize create', { ...FIRST, category: 'data-validators', tokens: '10' });
    await run('prize create', { ...FIRST, rank: undefined, 'top-percent': 10, window: 'season' });
    await database.db
      .updateTable('communities')
      .set((eb) => ({ monthly_budget: 120_000n, config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', community.id)
      .execute();

    const preview = (await run('prize preview', { window: 'month' })).text();
    expect(preview).toMatch(
      /^If it closed now\nTop GPU Contributors · August 2026\nOpen · 3 members, 2 would win something\n🥈 2nd · user123 · 100 OMNIT \+ the role @Champion\n🥉 3rd · gpu_master99 · 50 OMNIT\nKept from prizes, so that they pass on: Eve \*the first\*\n⚠️ user123 would not get the role @Champion: /,
    );
    expect(preview).toContain('Nobody would win on Data Validators (August 2026)');
    expect(preview).toContain('In all, now: 150 OMNIT + 1 × the role @Champion');
    expect(preview).toContain(
      'August 2026: 150 OMNIT of a budget of 120 OMNIT\n⚠️ That is 30 OMNIT over budget. Take a prize away with /prize remove,',
    );
    expect(preview).toMatch(/Season 2026-Q3: at most .+ OMNIT/);
    expect(preview).toContain(
      'Not counted ahead, as nobody knows how many will win: Top GPU Contributors, each season: The first 10 %',
    );
    const season = (await run('season preview', { category: 'gpu-contributors' })).text();
    expect(season).toContain('Top GPU Contributors · Season 2026-Q3');
    expect(season).not.toContain('Top GPU Contributors · August 2026');
    expect((await run('prize preview', { category: 'nope' })).text()).toContain('There is no category "nope"');
    expect(scene.discord.transcript.render()).not.toMatch(/pings: (?!nobody)/);
    expect(faultsOf(scene)).toEqual([]);
  });
});

describe('what /prize may', () => {
  it('SD-26 whoever may not manage the server lists prizes, and nothing else', async () => {
    const scene = await open();
    const { run, ada, prizes } = scene;
    await run('prize create', FIRST);
    const [prize] = await prizes();
    for (const [subcommand, options] of [
      ['create', FIRST],
      ['remove', { prize: String(prize?.id) }],
      ['preview', {}],
    ] as const) {
      expect((await run(`prize ${subcommand}`, options, ada)).text()).toContain(
        'Only those with the permission "Manage Server"',
      );
    }
    expect(await prizes()).toHaveLength(1);
    expect((await run('prize list', {}, ada)).text()).toContain('🥇 1st: 100 OMNIT');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-27 categories and badges are suggested', async () => {
    const scene = await open();
    expect(await scene.suggest('prize create', { category: 'gpu' }, 'category')).toEqual([
      { name: 'Top GPU Contributors', value: 'gpu-contributors' },
    ]);
    await database.db
      .insertInto('badges')
      .values({
        community_id: scene.community.id,
        name: 'Night owl',
        description: 'x',
        icon: null,
        kind: 'once',
        rule: null,
        created_at: NOW,
        examined_to: null,
        is_new: false,
      })
      .execute();
    expect(await scene.suggest('prize create', { badge: 'owl' }, 'badge')).toEqual([
      { name: 'Night owl', value: 'Night owl' },
    ]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('SD-28 however many prizes and winners, and whatever their names, it fits', async () => {
    const scene = await open();
    const { run, contribute, community } = scene;
    const nasty = '`*_~|>#'.repeat(15).slice(0, 100);
    await database.db
      .updateTable('categories')
      .set({ title: nasty })
      .where('community_id', '=', community.id)
      .execute();
    await database.db
      .updateTable('communities')
      .set((eb) => ({ config_version: eb('config_version', '+', 1n) }))
      .where('community_id', '=', community.id)
      .execute();
    await contribute(...Array.from({ length: 30 }, (_, n) => [`${n}${'*'.repeat(60)}`, '999999.999', nasty] as const));
    for (const window of ['week', 'month', 'season']) {
      for (let n = 1; n <= 12; n += 1) {
        await run('prize create', {
          ...FIRST,
          window,
          rank: n,
          'to-rank': n + 5,
          badge: `${n}${nasty.slice(3)}`,
          nft: nasty,
          access: nasty,
        });
      }
    }
    for (const command of ['prize list', 'prize preview']) {
      const message = await run(command);
      const length = [...walkComponents(message.components)].reduce(
        (sum, { content }) => sum + (content?.length ?? 0),
        0,
      );
      expect(length).toBeLessThanOrEqual(4_000);
      expect(message.text()).toMatch(/OMNIT|more/);
    }
    expect(await scene.suggest('prize remove', {}, 'prize')).toHaveLength(25);
    expect(faultsOf(scene)).toEqual([]);
  }, 30_000);
});
