import { describe, expect, it } from 'vitest';
import type { Announcement } from '../../src/announcements/announcement.ts';
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
  'quest-opened': { kind: 'quest-opened', name: NASTY, description: LONG, endsAt: ENDS, rewards: REWARDS },
  'quest-completed': { kind: 'quest-completed', quest: NASTY, member: NASTY, rewards: REWARDS },
  'quest-settled': { kind: 'quest-settled', quest: NASTY, winners: MANY, others: 12_345, rewards: REWARDS },
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
    expect(outbox.messages().length).toBe(3);
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
      winners: ['ada', 'ben'],
      others: 3,
      rewards: [{ kind: 'tokens', amount: '50' }],
    });
    await outbox.deliver();
    expect(outbox.messages().at(-1)?.text()).toBe(
      'Quest settled: Train it\nWinners: ada, ben. 3 others reached the goal as well.\nReward: 50 OMNIT.',
    );
  });
});
