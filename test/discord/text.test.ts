import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describePeriod, formatNumber, formatScore, ordinal } from '../../src/discord/format.ts';
import { decodeView, encodeView } from '../../src/discord/leaderboard-view.ts';
import { suggestLocales, suggestPeriods, suggestTimeZones } from '../../src/discord/suggestions.ts';
import { code, escapeMarkdown, plain, shownName } from '../../src/discord/text.ts';
import { createCalendar, WINDOW_KINDS } from '../../src/ranking/calendar.ts';
import { NOW } from '../support/communities.ts';

const category = { id: 1, slug: 'c', title: 'C', unit: 'dataset', measure: 'amount', reputation: 0n } as const;

describe('outside text', () => {
  it('DI-20 nothing in a name is left for Discord to act on', () => {
    expect(escapeMarkdown('**a** ||b|| `c` # d')).toBe(String.raw`\*\*a\*\* \|\|b\|\| \`c\` \# d`);
    expect(escapeMarkdown('<@123> @everyone')).toBe(String.raw`\<\@123\> \@everyone`);
    expect(escapeMarkdown('[x](https://a.b)')).toBe(String.raw`\[x\]\(https\:\/\/a\.b\)`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeMarkdown(text);
        // Every character with a meaning stands behind a backslash of its own.
        expect(escaped.replaceAll(/\\[!-/:-@[-`{-~]/g, '')).not.toMatch(/[!-/:-@[-`{-~\n\r\u2028\u202e]/);
      }),
    );
  });

  it('DI-20 a name does not reorder the line that it stands in', () => {
    expect(shownName('עדה')).toBe('\u2068עדה\u2069');
    expect(shownName('a\u202Eb\u2066c')).toBe('a b c');
    expect(shownName('plain')).toBe('plain');
  });

  it('DI-20 code stays code', () => {
    expect(code('a`b\nc')).toBe('`aˋb c`');
  });

  it('DI-20 labels are cut to what Discord takes, and never in the middle of an emoji', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.integer({ min: 2, max: 20 }), (text, max) => {
        const cut = plain(text, max);
        expect(cut.length).toBeLessThanOrEqual(max);
        expect(cut.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('numbers', () => {
  it('DI-21 are exact to the last place, in the way of a locale', () => {
    expect(formatNumber(4_611_686_018_427_387_904n, 'en')).toBe('4,611,686,018,427,387.904');
    expect(formatNumber(1_234_500n, 'de')).toBe('1.234,5');
    expect(formatNumber(12_345_678_000n, 'en-IN')).toBe('1,23,45,678');
  });

  it('DI-21 units take a plural s unless it is 1', () => {
    expect(formatScore(1000n, category, 'en')).toBe('1 dataset');
    expect(formatScore(1500n, category, 'en')).toBe('1.5 datasets');
    expect(formatScore(1000n, { ...category, measure: 'reward' }, 'en')).toBe('1 OMNIT');
  });

  it('DI-21 ranks are ordinals', () => {
    expect([1, 2, 3, 4, 11, 12, 13, 21, 1002, 1013].map((rank) => ordinal(rank, 'en'))).toEqual([
      '1st',
      '2nd',
      '3rd',
      '4th',
      '11th',
      '12th',
      '13th',
      '21st',
      '1,002nd',
      '1,013th',
    ]);
  });
});

describe('custom ids', () => {
  it('DI-22 carry a view there and back, within 100 characters', () => {
    fc.assert(
      fc.property(
        fc.record({
          categoryId: fc.integer({ min: 0, max: 999_999_999 }),
          kind: fc.constantFrom(...WINDOW_KINDS),
          period: fc.stringMatching(/^[A-Za-z0-9-]{1,32}$/),
          offset: fc.integer({ min: 0, max: 999_999_999 }),
        }),
        (view) => {
          const id = encodeView('previous', view);
          expect(id.length).toBeLessThanOrEqual(100);
          expect(decodeView(id)).toEqual({ action: 'previous', view });
        },
      ),
    );
  });

  it.each([
    '',
    'leaderboard:',
    'leaderboard:0:next:1:week:2026-W34:1',
    'leaderboard:1:next:1:week:2026-W34:-1',
    'leaderboard:1:next:1:year:2026:1',
    'leaderboard:1:drop:1:week:2026-W34:1',
    'leaderboard:1:next:1:week:2026-W34:1:x',
    'leaderboard:1:next:1:week:2026-W34:1e9',
    'leaderboard:1:next:1:week:2026-W34\n:1',
    'leaderboard:1:next:-1:week:2026-W34:1',
    'leaderboard:1:constructor:1:week:2026-W34:1',
    "leaderboard:1:next:1:week:' or 1=1:1",
  ])('DI-22 what was not written so is not read: %j', (customId) => {
    expect(decodeView(customId)).toBeUndefined();
  });
});

describe('suggestions', () => {
  const calendar = createCalendar({ timeZone: 'UTC', kept: [] });
  const community = { calendar, timeZone: 'UTC' } as Parameters<typeof suggestPeriods>[0];

  it('DI-23 periods are labelled so that they can be read', () => {
    const window = (kind: 'week' | 'month' | 'season', key: string) =>
      describePeriod(calendar.windowByKey(kind, key), 'UTC', 'en').replaceAll(/\s/gu, ' ');
    expect(window('season', '2026-Q3')).toBe('July – September 2026');
    expect(window('month', '2026-08')).toBe('August 2026');
    expect(window('week', '2026-W34')).toBe('August 17 – 23, 2026');
  });

  it('DI-23 current and previous come first, then past ones, filtered by what is typed', () => {
    const past = ['2026-Q3', '2026-Q2', '2026-Q1', '2025-Q4'].map((key) => calendar.windowByKey('season', key));
    expect(suggestPeriods(community, 'season', past, '', NOW, 'en').map(({ value }) => value)).toEqual([
      'current',
      'previous',
      '2026-Q1',
      '2025-Q4',
    ]);
    expect(suggestPeriods(community, 'season', past, 'octob', NOW, 'en').map(({ value }) => value)).toEqual([
      '2025-Q4',
    ]);
    expect(suggestPeriods(community, 'season', past, 'q2', NOW, 'en').map(({ value }) => value)).toEqual(['previous']);
  });

  it('DI-24 time zones are found by their words, newer names and exact names included, with the time there', () => {
    const values = (typed: string) => suggestTimeZones('UTC', typed, NOW, 'en').map(({ value }) => value);
    expect(values('new york')[0]).toBe('America/New_York');
    expect(values('kolk')[0]).toBe('Asia/Kolkata');
    expect(values('KYIV')[0]).toBe('Europe/Kyiv');
    expect(values('utc')).toContain('UTC');
    expect(values('nowhere at all')).toEqual([]);
    expect(values('').length).toBeLessThanOrEqual(25);
    expect(values('a').length).toBe(25);
    expect(values('US/Pacific')[0]).toBe('US/Pacific');
    expect(suggestTimeZones('UTC', 'kolkata', NOW, 'en')[0]?.name).toMatch(/^Asia\/Kolkata · now Sat 05:30 PM$/);
  });

  it('DI-24 locales are found by tag and by name', () => {
    const values = (typed: string) => suggestLocales(typed).map(({ value }) => value);
    expect(values('german')).toEqual(['de']);
    expect(values('deutsch')).toEqual(['de']);
    expect(values('pt-br')).toEqual(['pt-BR']);
    expect(values('de-AT')[0]).toBe('de-AT');
    expect(values('').length).toBe(25);
  });
});
