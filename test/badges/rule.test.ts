import { describe, expect, it } from 'vitest';
import { hasGap, longestRun, runUpTo } from '../../src/badges/active-time.ts';
import { iconSchema } from '../../src/badges/badge.ts';
import { readImage } from '../../src/badges/image.ts';
import { readTyped, RULE_KINDS, ruleSchema, writeRule, type TypedRule } from '../../src/badges/rule.ts';
import { sayProgress, sayRule } from '../../src/badges/rule-text.ts';
import { newBadgeSchema } from '../../src/badges/badge.ts';
import { OMNITENSOR_BADGES } from '../../src/communities/preset-badges.ts';
import { PRESETS } from '../../src/communities/presets.ts';

const community = { categories: PRESETS.omnitensor.categories.map((category, id) => ({ id, ...category })) };

const TYPED: readonly (readonly [TypedRule, string])[] = [
  [{ kind: 'contributions', number: '1' }, '1 contribution'],
  [{ kind: 'contributions', number: '1000', categories: ['model-testers'] }, '1000 contributions in AI Model Testers'],
  [{ kind: 'amount', number: '2.5', categories: ['gpu-contributors'] }, '2.5 GPU-hours in all'],
  [{ kind: 'amount', number: '1', categories: ['data-validators'] }, '1 dataset in all'],
  [{ kind: 'streak', number: '4' }, 'a contribution in each of 4 weeks in a row'],
  [
    { kind: 'categories', window: 'month', categories: ['gpu-contributors', 'model-testers'] },
    'contributions to Top GPU Contributors and AI Model Testers within one month',
  ],
  [{ kind: 'comeback', number: '1' }, 'a contribution after 1 week or more without any'],
  [{ kind: 'quests', number: '1' }, '1 quest completed'],
  [{ kind: 'feedback', number: '3' }, '3 messages credited as critical feedback'],
  [{ kind: 'rank', number: '1', window: 'season' }, 'first on a board when a season becomes final'],
  [
    { kind: 'rank', number: '3', window: 'week', categories: ['data-validators'] },
    'among the first 3 on Data Validators when a week becomes final',
  ],
];

describe('rules', () => {
  it.each(TYPED)('BA-22 %j is typed, kept as JSON, read again and said', (typed, words) => {
    const rule = ruleSchema.parse(readTyped(typed));
    expect(ruleSchema.parse(JSON.parse(JSON.stringify(writeRule(rule))))).toEqual(rule);
    expect(sayRule(rule, community)).toBe(words);
  });

  it('BA-22 each kind can be typed', () => {
    expect(new Set(TYPED.map(([{ kind }]) => kind))).toEqual(new Set(RULE_KINDS));
  });

  it.each([
    [{ kind: 'streak', number: '2', window: 'month' }],
    [{ kind: 'categories', number: '2', window: 'month' }],
    [{ kind: 'amount', number: '1', categories: ['a', 'b'] }],
    [{ kind: 'contributions', number: '1.5' }],
    [{ kind: 'rank', number: '3' }],
  ] satisfies [TypedRule][])('BA-22 %j is refused: what does not belong to its kind is not left out', (typed) => {
    expect(ruleSchema.safeParse(readTyped(typed)).success).toBe(false);
  });

  it('BA-22 how far somebody has come is said in the units of the rule', () => {
    const say = (typed: TypedRule, done: bigint, wanted: bigint) =>
      sayProgress(ruleSchema.parse(readTyped(typed)), { done, wanted }, community);
    expect(say({ kind: 'amount', number: '10', categories: ['gpu-contributors'] }, 2_500n, 10_000n)).toBe(
      '2.5 of 10 GPU-hours',
    );
    expect(say({ kind: 'streak', number: '4' }, 2n, 4n)).toBe('2 of 4 weeks in a row');
    expect(say({ kind: 'quests', number: '1' }, 0n, 1n)).toBe('0 of 1 quest');
  });

  it('BA-23 what the preset brings can be asked for as well', () => {
    for (const badge of OMNITENSOR_BADGES) {
      const { rule, ...rest } = badge;
      expect(newBadgeSchema.parse({ ...rest, ...(rule ? { rule: writeRule(rule) } : {}) })).toEqual(badge);
    }
    expect(new Set(OMNITENSOR_BADGES.map(({ name }) => name)).size).toBe(OMNITENSOR_BADGES.length);
    const given = PRESETS.omnitensor.prizes.flatMap(({ rewards }) =>
      rewards.flatMap((reward) => (reward.kind === 'badge' ? [reward.name] : [])),
    );
    expect(
      OMNITENSOR_BADGES.filter(({ rule }) => !rule)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual([...new Set(given)].toSorted());
  });
});

describe('weeks in a row', () => {
  it.each([
    [[], 0, 0],
    [[5], 1, 1],
    [[4], 1, 1],
    [[3], 1, 0],
    [[1, 2, 3, 5], 3, 1],
    [[2, 3, 4], 3, 3],
    [[2, 3, 4, 5], 4, 4],
    [[1, 3, 5], 1, 1],
  ])('BA-3 of the weeks %j the longest run is %i, and %i goes on in week 5', (weeks, longest, current) => {
    expect(longestRun(weeks)).toBe(longest);
    expect(runUpTo(weeks, 5)).toBe(current);
  });

  it.each([
    [[1, 2, 3], 1, false],
    [[1, 3], 1, true],
    [[1, 3], 2, false],
    [[1, 2, 8], 5, true],
    [[], 1, false],
  ])('BA-5 in %j there is a gap of %i: %s', (weeks, least, is) => {
    expect(hasGap(weeks, least)).toBe(is);
  });
});

describe('icons and pictures', () => {
  it.each(['🏆', '❤', '❤️', '👩🏽‍🚀', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '🇩🇪', '1️⃣', '🫱🏿‍🫲🏻'])('BA-24 %s is one emoji', (icon) => {
    expect(iconSchema.safeParse(icon).success).toBe(true);
  });

  it.each(['', 'a', '1', '🏆 ', '🏆🏆', '<:a:1>', '\u200D', '👩‍👩‍👧‍👦'.repeat(9)])('BA-24 %j is none', (icon) => {
    expect(iconSchema.safeParse(icon).success).toBe(false);
  });

  it.each([
    ['image/png', '89504e470d0a1a0a'],
    ['image/gif', '474946383961'],
    ['image/gif', '474946383761'],
    ['image/webp', '52494646aabbccdd57454250'],
    ['image/jpeg', 'ffd8ffe0'],
    [undefined, '89504e47'],
    [undefined, '52494646aabbccdd41564920'],
    [undefined, '3c737667'],
    [undefined, ''],
  ])('BA-25 tells %s by the bytes %s', (mediaType, hex) => {
    const read = readImage(Buffer.from(hex, 'hex'));
    expect('mediaType' in read ? read.mediaType : undefined).toBe(mediaType);
  });
});
