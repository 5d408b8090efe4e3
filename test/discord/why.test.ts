import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeCounting } from '../../src/contributions/void.ts';
import { creditFeedback } from '../../src/feedback/credit-feedback.ts';
import { decodeWhy, encodeWhy, type WhyView } from '../../src/discord/why-view.ts';
import { END_OF_TIME, WINDOW_KINDS } from '../../src/ranking/calendar.ts';
import { contribution, NOW, record, TESTER } from '../support/communities.ts';
import { useDatabase } from '../support/database.ts';
import { walkComponents } from '../support/discord/component.ts';
import { faultsOf, openScene } from '../support/discord-bot.ts';
import { makeQuest } from '../support/quests.ts';

const database = useDatabase();

describe('/why', () => {
  it('LE-20 says how far ahead the next place is, and pages through every line, for the caller alone', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, channel, ranking, community } = scene;
    await record(ranking, community, [
      ...Array.from({ length: 12 }, (_, n) =>
        contribution({
          id: `own-${n}`,
          contributor: `discord-${ada.id}`,
          subject: 'H100',
          occurredAt: `2026-08-${String(n + 1).padStart(2, '0')}T10:00:00Z`,
        }),
      ),
      contribution({ id: 'x', contributor: 'rival', displayName: 'X *y*', amount: 14 }),
    ]);
    const target = { source: 'test', id: 'own-11' };
    await changeCounting(ranking, community.id, { kind: 'void', target, reason: 'Made *up*' }, TESTER, NOW);
    const answer = await discord.runCommand(ada, channel, 'why').answer;
    expect(answer.ephemeral).toBe(true);
    expect(answer.text()).toContain(
      'You are 2nd of 2 with 68.75 OMNIT: 18.75 OMNIT behind X *y*, who reached that score first.',
    );
    expect(answer.text()).toContain('1 GPU-hour × 6.25 = 6.25 OMNIT · H100');
    expect(answer.text()).toContain('Counts nowhere, voided: Made *up*');
    const pages = [answer.text()];
    for (const button of ['Older', 'Older']) {
      await discord.press(ada, answer, button).answer;
      pages.push(answer.text());
    }
    const ids = pages.map((text) => [...text.matchAll(/own-\d+/g)].map(([id]) => id));
    expect(ids.map((page) => page.length)).toEqual([5, 5, 2]);
    expect(ids.flat()).toEqual(Array.from({ length: 12 }, (_, n) => `own-${11 - n}`));
    const disabled = answer.buttons().filter((button) => button.disabled);
    expect(disabled.map(({ label }) => label)).toEqual(['Older']);
    await discord.press(ada, answer, 'Newer').answer;
    expect(answer.text()).toBe(pages[1]);
    await discord.press(ada, answer, 'Newer').answer;
    expect(answer.text()).toBe(pages[0]);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LE-21 shows others too, by handle or mention, and another board', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, bob, channel, ranking, community } = scene;
    const tied = { category: 'data-validators', amount: 2 };
    await record(ranking, community, [
      contribution({ id: '1', contributor: 'first', ...tied, occurredAt: '2026-08-01T10:00:00Z' }),
      contribution({ id: '2', contributor: `discord-${bob.id}`, ...tied, occurredAt: '2026-08-02T10:00:00Z' }),
    ]);
    const ask = async (member: string) =>
      (
        await discord.runCommand(ada, channel, 'why', { category: 'data-validators', window: 'month', member }).answer
      ).text();
    expect(await ask('first')).toContain('first is 1st of 2 with 2 datasets: tied with');
    const mentioned = await ask(`<@${bob.id}>`);
    expect(mentioned).toContain('is 2nd of 2 with 2 datasets: tied with first, who reached it first, at');
    expect(mentioned).toContain('2 datasets × 10 = 20 OMNIT · 10 reputation');
    expect(await ask('nobody')).toContain('There is no member "nobody"');
    expect((await discord.runCommand(ada, channel, 'why').answer).text()).toContain('You have not contributed');
    const offered = await discord.autocomplete(ada, channel, 'why', { member: 'fi' }, 'member');
    expect(offered.map(({ value }) => value)).toEqual(['first']);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LE-50 shows all that was earned, of every category and with what was granted and taken back, by option or button', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, ada, channel, ranking, community } = scene;
    const role = guild.createRole({ name: 'Hero' });
    await makeQuest(ranking, community.slug, {
      name: 'Ten *hours*',
      rewards: [
        { kind: 'tokens', amount: '5.5' },
        { kind: 'reputation', amount: '2' },
        { kind: 'badge', name: '**Warm**' },
        { kind: 'role', roleId: role.id },
      ],
    });
    const own = { contributor: `discord-${ada.id}`, occurredAt: NOW.toISOString() };
    await record(ranking, community, [
      contribution({ id: 'gpu', amount: 10, ...own }),
      contribution({ id: 'data', category: 'data-validators', amount: 1, ...own }),
    ]);
    const board = await discord.runCommand(ada, channel, 'why').answer;
    expect(board.text()).not.toContain('5.5 OMNIT');
    await discord.press(ada, board, 'Everything earned').answer;
    const newest = board.text();
    expect(newest).toContain('All that you have earned\n78 OMNIT · 7 reputation');
    for (const gift of ['5.5 OMNIT', '2 reputation', 'the badge **Warm**', 'the role @Hero · on its way']) {
      expect(newest).toContain(`🎁 ${gift}`);
    }
    expect(newest).toContain('Quest "Ten *hours*"');
    expect(newest).toContain('1 dataset × 10 = 10 OMNIT · 5 reputation');
    expect(newest).toContain('Data Validators · test · data');
    await discord.press(ada, board, 'Older').answer;
    expect(board.text()).toContain('10 GPU-hours × 6.25 = 62.5 OMNIT');

    const target = { source: 'test', id: 'gpu' };
    await changeCounting(ranking, community.id, { kind: 'void', target, reason: 'Made up' }, TESTER, NOW);
    const all = await discord.runCommand(ada, channel, 'why', { everything: true }).answer;
    expect(all.ephemeral).toBe(true);
    expect(all.text()).toContain('All that you have earned\n10 OMNIT · 5 reputation');
    expect(all.text()).toContain('↩️ taken back: the badge **Warm**');
    expect(all.text()).toContain('↩️ taken back: 5.5 OMNIT');
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LE-51 says of credited feedback that it pays no OMNIT, and leads to the message', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, bob, channel, ranking, community, guild } = scene;
    const link = `https://discord.com/channels/${guild.id}/${channel.id}/1`;
    const message = { id: '1', link, author: { id: ada.id, name: 'Ada', isBot: false } };
    const known = await ranking.directory.bySlug(community.slug);
    await creditFeedback(ranking, known, { giverId: bob.id, message }, TESTER, NOW);
    const answer = await discord.runCommand(ada, channel, 'why', { category: 'data-validators' }).answer;
    expect(answer.text()).toContain('1 dataset, without OMNIT · 5 reputation');
    expect(JSON.stringify(answer.components)).toContain(`credited feedback · [evidence](${link})`);
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LE-22 stays within what a message can hold, whatever the texts', async () => {
    const scene = await openScene(database.db);
    const { discord, ada, channel, ranking, community } = scene;
    const wild = (length: number) => '*'.repeat(length);
    await record(
      ranking,
      community,
      Array.from({ length: 7 }, (_, n) =>
        contribution({
          id: `${wild(190)}${n}`,
          contributor: `discord-${ada.id}`,
          displayName: wild(100),
          subject: wild(200),
          amount: '999999.999',
        }),
      ),
    );
    await record(ranking, community, [
      contribution({ id: 'x', contributor: 'y', displayName: wild(100), amount: '1000000' }),
    ]);
    const target = { member: `discord-${ada.id}`, from: new Date(0), to: NOW };
    await changeCounting(ranking, community.id, { kind: 'void', target, reason: wild(300) }, TESTER, NOW);
    for (const everything of [false, true]) {
      const answer = await discord.runCommand(ada, channel, 'why', { everything }).answer;
      const length = [...walkComponents(answer.components)].reduce(
        (sum, { content }) => sum + (content?.length ?? 0),
        0,
      );
      expect(length).toBeLessThan(4_000);
    }
    expect(faultsOf(scene)).toEqual([]);
  });

  it('LE-23 its buttons carry a view within 100 characters, and nothing else is read', () => {
    const cursor = fc.record({
      at: fc.date({ min: new Date(0), max: END_OF_TIME, noInvalidDate: true }),
      kind: fc.constantFrom('contribution' as const, 'grant' as const),
      number: fc.bigInt({ min: 0n, max: 2n ** 62n - 1n }),
    });
    const page: fc.Arbitrary<WhyView['page']> = fc.oneof(
      fc.constant('newest' as const),
      fc.record({ before: cursor }),
      fc.record({ after: cursor }),
    );
    const board = fc.record({
      categoryId: fc.nat(2 ** 31 - 1),
      kind: fc.constantFrom(...WINDOW_KINDS),
      period: fc.stringMatching(/^[a-z0-9-]{1,32}$/),
    });
    const of = fc.oneof(board, fc.constant('everything' as const));
    const view: fc.Arbitrary<WhyView> = fc.record({ memberId: fc.nat(2 ** 31 - 1), of, page });
    fc.assert(
      fc.property(view, (wanted) => {
        expect(encodeWhy(wanted).length).toBeLessThanOrEqual(100);
        expect(decodeWhy(encodeWhy(wanted))).toEqual(wanted);
      }),
    );
    for (const text of [
      'why:newest',
      'why:1:1:1:week:all:x',
      'why:1:1:1:year:all:n',
      'why:1:9999999999:1:week:all:n',
      'why:1:1:1:week:all:n1',
      'why:1:1:1:week:all:b',
      'why:1:1:everything',
      'why:1:1:everything:x',
      'why:1:9999999999:everything:n',
      'why:1:1:everything:week:all:n',
    ]) {
      expect(decodeWhy(text)).toBe(undefined);
    }
  });
});

describe('/rate', () => {
  it('CA-21 sets a rate, dated, and lists what holds and will', async () => {
    const scene = await openScene(database.db);
    const { discord, guild, channel, ada } = scene;
    const set = (options: Record<string, string>) =>
      discord.runCommand(guild.owner, channel, 'rate set', { category: 'gpu-contributors', ...options }).answer;
    expect((await set({ rate: '9.5', subject: 'H100', from: '2026-10-01' })).text()).toContain(
      '9.5 OMNIT a GPU-hour of H100 in Top GPU Contributors, for what occurs from October 1, 2026',
    );
    expect((await set({ rate: '7' })).text()).toContain('7 OMNIT a GPU-hour in Top GPU Contributors');
    const rates = await database.db
      .selectFrom('rates')
      .select(['subject', 'rate', 'starts_at'])
      .where('community_id', '=', scene.community.id)
      .where('starts_at', '>', NOW)
      .orderBy('starts_at')
      .execute();
    expect(rates).toEqual([
      { subject: '', rate: 7000n, starts_at: new Date('2026-08-22T12:06:00Z') },
      { subject: 'H100', rate: 9500n, starts_at: new Date('2026-10-01T00:00:00Z') },
    ]);
    const list = (await discord.runCommand(guild.owner, channel, 'rate list').answer).text();
    expect(list).toContain('6.25 OMNIT a GPU-hour, until');
    expect(list).toContain('9.5 OMNIT a GPU-hour of H100, from');
    expect(list).toContain('Data Validators');
    for (const [option, value, message] of [
      ['rate', '1.2345', 'more than 3 decimal places'],
      ['rate', '10001', '10000'],
      ['from', 'some day', 'is not a time such as'],
      ['category', 'nope', 'There is no category "nope"'],
    ] as const) {
      expect((await set({ rate: '1', [option]: value })).text()).toContain(message);
    }
    await expect(discord.runCommand(ada, channel, 'rate list').answer).rejects.toThrow('permission');
    expect(faultsOf(scene)).toEqual([]);
  });
});
