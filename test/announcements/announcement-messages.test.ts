import { describe, expect, it } from 'vitest';
import type { Announcement, ToldTable } from '../../src/announcements/announcement.ts';
import { useDatabase } from '../support/database.ts';
import { Outbox } from '../support/outbox.ts';

const database = useDatabase();

/** As long as names get, and every character of it would do something. */
const NASTY = `@everyone **<@1>** [x](https://evil.example) \u202E\n# ${'*'.repeat(60)}`.slice(0, 100);
const LONG = '*_~`|>#'.repeat(400);
const [STARTS, ENDS] = ['2026-08-22T12:00:00.000Z', '2026-08-29T12:00:00.000Z'];
const MANY = Array.from({ length: 100 }, () => NASTY);
const REWARDS: Extract<Announcement, { kind: 'quest-opened' }>['rewards'] = [
  { kind: 'tokens', amount: '1234567.891' },
  { kind: 'badge', name: NASTY },
  { kind: 'role', roleId: '1', name: NASTY },
  { kind: 'nft', name: NASTY },
  { kind: 'access', name: NASTY },
];
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** As much as a table can be: long names, titles, units and scores, and many rewards. */
const TABLE: ToldTable = {
  title: NASTY,
  unit: NASTY,
  members: 1_234_567,
  total: '123456789012345.678',
  alsoWin: 9_999,
  sha256: SHA256,
  top: [1, 2, 3].map((rank) => ({
    rank,
    member: { memberId: rank, name: NASTY },
    score: '123456789012.345',
    rewards: [...REWARDS, ...REWARDS],
  })),
};
const TABLES = Array.from({ length: 25 }, (_, index) => ({ ...TABLE, title: `${index} ${NASTY}` }));
const WINDOW = { window: 'season', period: 'a'.repeat(32), name: NASTY } as const;
const ICON = { character: '🏅' };

const EVERY_KIND: Record<Announcement['kind'], Announcement> = {
  'multiplier-ahead': {
    kind: 'multiplier-ahead',
    name: NASTY,
    factor: '2.5',
    categories: MANY,
    startsAt: STARTS,
    endsAt: ENDS,
  },
  'multiplier-started': {
    kind: 'multiplier-started',
    name: NASTY,
    factor: '2.5',
    categories: [],
    startsAt: STARTS,
    endsAt: ENDS,
  },
  'multiplier-ended': { kind: 'multiplier-ended', name: NASTY, factor: '3', contributions: 1_234, extra: '5.5' },
  'multiplier-cancelled': { kind: 'multiplier-cancelled', name: NASTY, factor: '3' },
  'quest-opened': { kind: 'quest-opened', name: NASTY, description: LONG, goal: LONG, endsAt: ENDS, rewards: REWARDS },
  'quest-completed': { kind: 'quest-completed', quest: NASTY, member: { memberId: 1, name: NASTY }, rewards: REWARDS },
  'quest-settled': {
    kind: 'quest-settled',
    quest: NASTY,
    winners: MANY.map((name, memberId) => ({ memberId, name })),
    others: 12_345,
    rewards: REWARDS,
  },
  'quest-cancelled': { kind: 'quest-cancelled', quest: NASTY },
  'quest-reminder': { kind: 'quest-reminder', quest: NASTY, done: '6.25', goal: '10', endsAt: ENDS },
  'proof-submitted': {
    kind: 'proof-submitted',
    proofId: 7,
    times: 1,
    quest: NASTY,
    show: LONG,
    member: NASTY,
    text: LONG,
    links: MANY.slice(0, 3),
    files: MANY.slice(0, 3).map((name, index) => ({ id: String(index), name, size: 1, contentType: null, url: name })),
  },
  'window-provisional': { kind: 'window-provisional', ...WINDOW, endsAt: ENDS, tables: TABLES },
  'window-final': { kind: 'window-final', ...WINDOW, changed: 12_345, tables: TABLES },
  'window-amended': {
    kind: 'window-amended',
    ...WINDOW,
    version: 12,
    reason: LONG,
    table: TABLE,
    given: 1_234,
    takenBack: 1_234,
  },
  'season-countdown': { kind: 'season-countdown', name: NASTY, endsAt: ENDS, tables: TABLES },
  'season-opened': {
    kind: 'season-opened',
    name: NASTY,
    endsAt: ENDS,
    prizes: TABLES.flatMap(({ title, unit }) => [
      { title, unit, places: { from: 1, to: 1 }, rewards: REWARDS },
      { title, unit, places: { topPercent: 5 }, rewards: REWARDS },
      { title, unit, places: { minScore: '1234567.891' }, rewards: REWARDS },
    ]),
  },
  'achievements-earned': {
    kind: 'achievements-earned',
    badges: Array.from({ length: 40 }, (_, badgeId) => ({
      badgeId,
      name: NASTY,
      icon: ICON,
      members: 12_345,
      named: MANY.slice(0, 15).map((name, memberId) => ({ memberId, name })),
    })),
  },
  'badge-created': {
    kind: 'badge-created',
    badgeId: 1,
    name: NASTY,
    description: LONG,
    icon: ICON,
    holders: 1_234,
    orMore: true,
  },
  'proof-reviewed': { kind: 'proof-reviewed', quest: NASTY, decision: 'refused', reason: LONG },
};

/** The same, in the days to come: what is over would be dropped. */
const lastingLong = (announcement: Announcement, now: Date): Announcement => {
  const [startsAt, endsAt] = [1, 2].map((days) => new Date(now.getTime() + days * 24 * 3_600_000).toISOString());
  return {
    ...announcement,
    ...('startsAt' in announcement ? { startsAt } : {}),
    ...('endsAt' in announcement ? { endsAt } : {}),
  };
};

describe('how announcements look', () => {
  it.for(Object.values(EVERY_KIND))(
    'AN-20 $kind fits, pings nobody, and shows names as they are',
    async (announcement) => {
      const outbox = await Outbox.open(database.db);
      await outbox.say(lastingLong(announcement, outbox.now()));
      await outbox.deliver();
      expect(outbox.problems()).toEqual([]);
      const [message] = outbox.messages();
      expect(message?.text()).toContain('@everyone');
      expect(message?.text()).not.toContain('\u202E');
      // Nothing of it is a link or a heading of its own.
      expect(message?.text()).toContain('[x](https://evil');
      expect(outbox.discord.transcript.render()).toContain('pings: nobody');
    },
  );

  it('AN-21 all kinds at once fit into one message', async () => {
    const outbox = await Outbox.open(database.db);
    const { 'proof-submitted': alone, ...others } = EVERY_KIND;
    for (const one of [alone, ...Object.values(others)]) await outbox.say(lastingLong(one, outbox.now()));
    await outbox.deliver();
    expect(outbox.problems()).toEqual([]);
    expect(outbox.messages().length).toBe(4);
  });

  it('AN-22 what is told of a multiplier event and of a quest', async () => {
    const outbox = await Outbox.open(database.db);
    const now = outbox.now();
    const endsAt = new Date(now.getTime() + 24 * 3_600_000).toISOString();
    await outbox.say({
      kind: 'multiplier-started',
      name: 'Sprint',
      factor: '2.5',
      categories: ['GPU'],
      startsAt: STARTS,
      endsAt,
    });
    await outbox.deliver();
    expect(outbox.messages().at(-1)?.text()).toMatch(
      /^2\.5× is on: Sprint\nContributions to GPU earn 2\.5× OMNIT until .+, which is in (a|1) day|in 24 hours/,
    );
    await outbox.say({
      kind: 'quest-settled',
      quest: 'Train it',
      winners: ['ada', 'ben'].map((name, memberId) => ({ memberId, name })),
      others: 3,
      rewards: [{ kind: 'tokens', amount: '50' }],
    });
    await outbox.deliver();
    expect(outbox.messages().at(-1)?.text()).toBe(
      'Quest settled: Train it\nWinners: ada, ben. 3 others reached the goal as well.\nReward: 50 OMNIT.',
    );
  });

  it('AN-62 a new quest tells what it asks for, also as one of several things', async () => {
    const outbox = await Outbox.open(database.db);
    const goal = '100 GPU-hours of *A100* and a proof that a reviewer approves: a log';
    for (const more of [[], ['Another']]) {
      for (const name of ['Train it', ...more]) {
        const endsAt = new Date(outbox.now().getTime() + 24 * 3_600_000).toISOString();
        await outbox.say({ kind: 'quest-opened', name, description: 'Long runs', goal, endsAt, rewards: [] });
      }
      await outbox.deliver();
      expect(outbox.messages().at(-1)?.text()).toContain(`Goal: ${goal}\nReward: none.`);
    }
  });

  it('AN-61 a private message tells which community it is from, and one in a channel does not', async () => {
    const outbox = await Outbox.open(database.db);
    await database.db
      .updateTable('communities')
      .set({ name: NASTY })
      .where('community_id', '=', outbox.communityId)
      .execute();
    const reader = outbox.discord.createUser({ username: 'ada' });
    const { 'quest-reminder': reminder, 'proof-reviewed': reviewed } = EVERY_KIND;
    for (const recipientId of [undefined, reader.id]) {
      // As many as a message holds.
      for (const one of Array.from({ length: 4 }, () => [reminder, reviewed]).flat()) {
        await outbox.say(lastingLong(one, outbox.now()), recipientId === undefined ? {} : { recipientId });
      }
    }
    await outbox.deliver();
    expect(outbox.problems()).toEqual([]);
    const told = outbox.messages(outbox.discord.privateChannel(reader)).map((one) => one.text());
    const [shown = ''] = NASTY.split(' \u202E');
    expect(told).toEqual([expect.stringMatching(/\nFrom @everyone .+$/)]);
    expect(told[0]).toContain(`\nFrom ${shown}`);
    expect(outbox.messages().map((one) => one.text())).toEqual([expect.not.stringContaining('From ')]);
  });
});
