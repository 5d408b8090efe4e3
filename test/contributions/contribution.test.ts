import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseContribution } from '../../src/contributions/contribution.ts';

const NOW = new Date('2026-08-22T12:00:00.000Z');
const GOOD = {
  id: 'e1',
  contributor: 'ada',
  category: 'gpu-contributors',
  amount: '1.5',
  occurredAt: '2026-08-22T11:00:00Z',
};

const read = (fields: object) => parseContribution({ ...GOOD, ...fields }, NOW);

describe('contributions', () => {
  it('IN-6 a good entry comes out in domain terms', () => {
    expect(read({ subject: 'H100', displayName: 'Ada Lovelace' })).toEqual({
      ...GOOD,
      amount: 1500n,
      occurredAt: new Date('2026-08-22T11:00:00Z'),
      subject: 'H100',
      displayName: 'Ada Lovelace',
    });
  });

  it('IN-6 fields that nobody knows are ignored', () => {
    expect(read({ extra: 1, ['__proto__']: { admin: true } })).not.toHaveProperty('reason');
  });

  it.each([[null], ['x'], [1], [true], [[]], [[GOOD]], [undefined]])('IN-7 %j is no object', (entry) => {
    expect(parseContribution(entry, NOW)).toMatchObject({ reason: 'not_an_object' });
  });

  it.each([
    ['id', 'invalid_id'],
    ['contributor', 'invalid_contributor'],
    ['category', 'invalid_category'],
    ['amount', 'invalid_amount'],
    ['occurredAt', 'invalid_occurred_at'],
  ])('IN-7 an entry without %s is refused and says so', (field, reason) => {
    const { [field]: _, ...rest }: Record<string, unknown> = GOOD;
    expect(parseContribution(rest, NOW)).toEqual({ reason, detail: `\`${field}\` is missing.` });
    for (const value of [null, {}, [], true]) {
      expect(read({ [field]: value })).toEqual({ reason, detail: `\`${field}\` has the wrong type.` });
    }
  });

  it.each([
    ['subject', 'invalid_subject'],
    ['displayName', 'invalid_display_name'],
  ])('IN-7 a %s of the wrong kind is refused, also null and empty', (field, reason) => {
    for (const value of [null, 1, '', '\u0000']) expect(read({ [field]: value })).toMatchObject({ reason });
  });

  it.each([
    ['0'],
    [0],
    [-0],
    ['0.000'],
    [-1],
    ['-1'],
    ['1000000.001'],
    [1_000_000.001],
    [1e21],
    ['9'.repeat(100_000)],
    [1e-4],
    [0.1 + 0.2],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    ['1e2'],
    [''],
    [{}],
    [[1]],
    ['1'.repeat(10) + '.'],
  ])('IN-8 an amount of %j is refused', (amount) => {
    expect(read({ amount })).toMatchObject({
      reason: 'invalid_amount',
      detail: expect.stringMatching(/^`amount` .*\.$/) as unknown,
    });
  });

  it.each([['1000000'], [1_000_000], [1e6], ['1000000.000'], ['0.001'], [0.001], [1e2]])(
    'IN-8 an amount of %j is taken',
    (amount) => {
      expect(read({ amount })).not.toHaveProperty('reason');
    },
  );

  it('IN-9 what occurred up to 5 minutes ahead is taken, a millisecond more is refused', () => {
    expect(read({ occurredAt: '2026-08-22T12:05:00.000Z' })).not.toHaveProperty('reason');
    expect(read({ occurredAt: '2026-08-22T12:05:00.0009Z' })).not.toHaveProperty('reason');
    expect(read({ occurredAt: '2026-08-22T12:05:00.001Z' })).toMatchObject({ reason: 'in_the_future' });
    expect(read({ occurredAt: '9999-12-31T23:59:59Z' })).toMatchObject({ reason: 'in_the_future' });
    expect(read({ occurredAt: '0001-01-01T00:00:00Z' })).toMatchObject({ reason: 'invalid_occurred_at' });
  });

  it('IN-7 whatever comes, the answer is a contribution or a refusal with a sentence', () => {
    const entry = fc.record(
      {
        id: fc.anything(),
        contributor: fc.anything(),
        category: fc.oneof(fc.string(), fc.anything()),
        amount: fc.oneof(fc.double(), fc.string(), fc.anything()),
        occurredAt: fc.oneof(fc.string(), fc.anything()),
        subject: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(entry, fc.anything()), (value) => {
        const parsed = parseContribution(value, NOW);
        if ('reason' in parsed) expect(parsed.detail).toMatch(/\.$|\?$/);
        else expect(parsed.amount > 0n).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
