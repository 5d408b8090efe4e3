import { describe, expect, it } from 'vitest';
import type { Announcement, ToldTable } from '../../src/announcements/announcement.ts';
import { useDatabase } from '../support/database.ts';
import { walkComponents } from '../support/discord/component.ts';
import { Outbox } from '../support/outbox.ts';

const DAY_MS = 24 * 3_600_000;
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const database = useDatabase();

const GPU: ToldTable = {
  title: 'Top GPU Contributors',
  unit: 'OMNIT',
  members: 1_234,
  total: '98765.5',
  alsoWin: 7,
  sha256: SHA256,
  top: [
    {
      rank: 1,
      member: { memberId: 1, name: 'ada' },
      score: '1200',
      rewards: [
        { kind: 'tokens', amount: '100' },
        { kind: 'badge', name: 'GPU Champion' },
      ],
    },
    { rank: 2, member: { memberId: 2, name: 'ben_*' }, score: '1150', rewards: [{ kind: 'governance', amount: '5' }] },
    { rank: 3, member: { memberId: 3, name: 'cy' }, score: '1050.25', rewards: [] },
  ],
};
const DATA: ToldTable = {
  title: 'Data Validators',
  unit: 'dataset',
  members: 1,
  total: '1',
  sha256: SHA256,
  top: [{ rank: 1, member: { memberId: 1, name: 'ada' }, score: '1', rewards: [{ kind: 'reputation', amount: '50' }] }],
};

function final(period: string, window: 'week' | 'month' | 'season', tables = [GPU, DATA]): Announcement {
  return { kind: 'window-final', window, period, name: period, changed: 0, tables };
}

async function say(announcements: readonly Announcement[], group?: string) {
  const outbox = await Outbox.open(database.db);
  for (const one of announcements) await outbox.say(one, group === undefined ? {} : { group });
  await outbox.deliver();
  expect(outbox.problems()).toEqual([]);
  const messages = outbox.messages();
  return { outbox, messages, text: messages.map((one) => one.text()).join('\n') };
}

const lengthOf = (message: { components: Parameters<typeof walkComponents>[0] } | undefined) =>
  [...walkComponents(message?.components ?? [])].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);

describe('what is told of windows', () => {
  it('AN-51 a final table: winners with what they win, what was contributed in all, the hash and how to check it', async () => {
    const { text } = await say([{ ...final('2026-Q3', 'season'), changed: 2 } as Announcement]);
    expect(text.split('\n')).toEqual([
      'Season 2026-Q3: the final table',
      '2 contributions were added or taken out since the provisional table.',
      'Top GPU Contributors',
      '🥇 1st · ada · 1,200 OMNIT · wins 100 OMNIT + the badge GPU Champion',
      '🥈 2nd · ben_* · 1,150 OMNIT · wins 5 governance tokens',
      '🥉 3rd · cy · 1,050.25 OMNIT',
      'and 7 more members win something',
      '1,234 members, 98,765.5 OMNIT in all',
      `SHA-256 ${SHA256}`,
      'Data Validators',
      '🥇 1st · ada · 1 dataset · wins 50 reputation',
      '1 member, 1 dataset in all',
      `SHA-256 ${SHA256}`,
      'Recompute and check: omnitensor-cli seasons verify 2026-Q3',
    ]);
  });

  it('AN-52 weeks and months by name, provisional and amended tables', async () => {
    const endsAt = new Date(Date.now() + 2 * 3_600_000).toISOString();
    const provisional = await say([
      { kind: 'window-provisional', window: 'month', period: '2026-08', name: '2026-08', endsAt, tables: [DATA] },
    ]);
    expect(provisional.text).toMatch(
      /^August 2026 is over\nThis is how it stands. It is final in 2 hours: until then late/,
    );
    const amended = await say([
      {
        kind: 'window-amended',
        window: 'week',
        period: '2026-W34',
        name: '2026-W34',
        version: 2,
        reason: 'Two accounts @everyone',
        table: { ...DATA, top: [], members: 0, total: '0' },
        given: 1,
        takenBack: 2,
      },
    ]);
    expect(amended.text).toContain(
      'Week 34 of 2026 was amended\n▎ Two accounts @everyone\n1 reward given, 2 taken back. This is version 2;',
    );
    expect(amended.text).toContain('Nobody stands on it any more.');
    expect(amended.text).toContain('omnitensor-cli seasons verify 2026-W34 --window week');
    expect(amended.outbox.discord.transcript.render()).toContain('pings: nobody');
  });

  it('AN-53 what closed during a downtime is one message: few windows with their whole tables', async () => {
    const { messages, text } = await say(
      [final('2026-W31', 'week'), final('2026-W32', 'week'), final('2026-07', 'month')],
      'windows that closed long ago',
    );
    expect(messages).toHaveLength(1);
    expect(text.match(/🥉 3rd · cy/g)).toHaveLength(3);
    expect(text.match(/SHA-256/g)).toHaveLength(6);
    const titles = ['Final tables of 1 month and 2 weeks', 'July 2026', 'Week 32 of 2026', 'Week 31 of 2026'];
    const places = titles.map((title) => text.indexOf(title));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('AN-54 many windows with a line a table, and more than fit are counted', async () => {
    const weeks = (count: number) =>
      Array.from({ length: count }, (_, week) => final(`2026-W${String(week + 10).padStart(2, '0')}`, 'week'));
    const some = await say(weeks(16), 'windows that closed long ago');
    expect(some.messages).toHaveLength(1);
    expect(
      some.text.match(/Top GPU Contributors: 🥇 ada · 1,200 OMNIT · wins 100 OMNIT \+ the badge GPU Champion/g),
    ).toHaveLength(16);
    expect(lengthOf(some.messages[0])).toBeLessThanOrEqual(4_000);

    const long = {
      ...GPU,
      title: '*'.repeat(100),
      top: GPU.top.map((one) => ({ ...one, member: { memberId: 1, name: '_'.repeat(100) } })),
    };
    const all = await say(
      weeks(40).map((one) => ({ ...one, tables: [long, long, long] }) as Announcement),
      'windows that closed long ago',
    );
    expect(all.messages).toHaveLength(1);
    expect(all.text).toContain('Final tables of 40 weeks');
    expect(all.text).toMatch(/… and \d\d more/);
    expect(lengthOf(all.messages[0])).toBeLessThanOrEqual(4_000);
  });

  it('AN-63 of many windows seasons come first and in full, then months, then weeks, the newest first', async () => {
    const boards = [GPU, DATA, { ...DATA, title: 'AI Model Testers' }];
    const weeks = Array.from({ length: 13 }, (_, n) => final(`2026-W${27 + n}`, 'week', boards));
    const months = ['2026-07', '2026-08', '2026-09'].map((period) => final(period, 'month', boards));
    const { messages, text } = await say(
      [...weeks, ...months, final('2026-Q3', 'season', boards)],
      'windows that closed long ago',
    );
    expect(messages).toHaveLength(1);
    expect(lengthOf(messages[0])).toBeLessThanOrEqual(4_000);
    expect(text).toContain(
      `Final tables of 1 season, 3 months and 13 weeks\nSeason 2026-Q3\nTop GPU Contributors\n🥇 1st · ada · 1,200 OMNIT · wins`,
    );
    expect(text).toContain(`1,234 members, 98,765.5 OMNIT in all\nSHA-256 ${SHA256}\nData Validators\n`);
    expect(text.match(/SHA-256/g)).toHaveLength(3);
    expect(text).toContain('September 2026\nTop GPU Contributors: 🥇 ada · 1,200 OMNIT');
    expect(text).toContain('Recompute and check: omnitensor-cli seasons verify 2026-Q3');
    const titles = [...text.matchAll(/^(?:Season|September|August|July|Week).*$/gm)].map(([title]) => title);
    expect(titles.slice(0, 6)).toEqual([
      'Season 2026-Q3',
      'September 2026',
      'August 2026',
      'July 2026',
      'Week 39 of 2026',
      'Week 38 of 2026',
    ]);
  });

  it('AN-63 years of seasons keep to their winners, with what was contributed in all', async () => {
    const seasons = ['cup', 'spring', 'autumn', 'b', 'a', 'z', 'y'].map((key) =>
      final(key, 'season', [GPU, DATA, GPU]),
    );
    const weeks = Array.from({ length: 30 }, (_, n) => final(`2026-W${10 + n}`, 'week'));
    const { text } = await say([...weeks, ...seasons], 'windows that closed long ago');
    expect(text).toMatch(
      /^Final tables of 7 seasons and 30 weeks\ny\nTop GPU Contributors: 🥇 ada · .+ · 98,765.5 OMNIT in all\n/,
    );
    expect(text.match(/OMNIT in all/g)).toHaveLength(14);
    expect(text.indexOf('\nspring\n')).toBeLessThan(text.indexOf('\ncup\n'));
  });

  it('AN-55 beside other things it takes its share of the message, and where there is little room says who won', async () => {
    const cancelled = (count: number) =>
      Array.from({ length: count }, (_, n): Announcement => ({
        kind: 'multiplier-cancelled',
        name: `Sprint ${n}.`,
        factor: '2',
      }));
    const few = await say([final('2026-W34', 'week'), final('2026-08', 'month'), ...cancelled(1)]);
    expect(few.messages).toHaveLength(1);
    expect(few.text.match(/🥉 3rd · cy/g)).toHaveLength(2);
    expect(few.text.match(/SHA-256/g)).toHaveLength(4);
    expect(few.text).toContain('Sprint 0.');
    const many = await say([final('2026-W34', 'week', [GPU, DATA, GPU, DATA]), ...cancelled(7)]);
    expect(many.messages).toHaveLength(1);
    expect(many.text).toContain(
      'Week 34 of 2026: the final table\nTop GPU Contributors: 🥇 ada · 1,200 OMNIT · 98,765.5 OMNIT in all\nData Validators: 🥇',
    );
    expect(many.text).toContain('Sprint 6.');
  });

  it('AN-56 the end of a season is near, and the next one begins: how it stands, and what there is to win', async () => {
    const endsAt = new Date(Date.now() + 7 * DAY_MS).toISOString();
    const countdown = await say([{ kind: 'season-countdown', name: 'Spring *2027*', endsAt, tables: [DATA] }]);
    expect(countdown.text).toMatch(
      /^Spring \*2027\* ends in 7 days\nWhat is contributed until .+ counts\. This is how it stands:\nData Validators\n🥇 1st · ada/,
    );
    const opened = await say([
      {
        kind: 'season-opened',
        name: '2026-Q4',
        endsAt,
        prizes: [
          { title: 'Data', unit: 'dataset', places: { from: 1, to: 1 }, rewards: [{ kind: 'nft', name: 'Genesis' }] },
          { title: 'Data', unit: 'dataset', places: { from: 2, to: 10 }, rewards: [{ kind: 'tokens', amount: '5' }] },
          { title: 'Data', unit: 'dataset', places: { topPercent: 5 }, rewards: [{ kind: 'badge', name: 'Top' }] },
          { title: 'Data', unit: 'dataset', places: { minScore: '100' }, rewards: [{ kind: 'access', name: 'Beta' }] },
        ],
      },
    ]);
    expect(opened.text.split('\n').slice(2)).toEqual([
      'Data',
      '🥇 1st: the NFT Genesis',
      '🥈 2nd to 10th: 5 OMNIT',
      'The first 5 %: the badge Top',
      'Everybody from 100 datasets on: access to Beta',
      'What there is to win all along: /prize list',
    ]);
  });
});
