import { beforeAll, describe, expect, it } from 'vitest';
import type { Faults } from '../torture/check.ts';
import { torture, type TortureReport } from '../torture/torture.ts';

const ROUNDS = 20;
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 1e9));

describe(`a server that is killed ${ROUNDS} times while months go by, SEED=${seed}`, () => {
  let report: TortureReport | undefined;

  beforeAll(async () => {
    report = await torture({ seed, rounds: ROUNDS });
  }, 600_000);

  const RULES: [rule: string, area: keyof Faults][] = [
    [
      'TT-1 comes back by itself each time, answers every call as it must, and has nothing left to do in the end',
      'server',
    ],
    ['TT-2 keeps every contribution that it accepted, once, and balances are their sums', 'contributions'],
    ['TT-3 has closed every window that was due, once, in order, and told its final table', 'windows'],
    ['TT-4 has granted what final tables and quests say, once, and nothing else', 'grants'],
    ['TT-5 has given every role that the ledger says, and taken every other one', 'roles'],
    ['TT-6 has said everything that was to be said exactly once', 'announcements'],
    ['TT-7 finds nothing wrong when it verifies itself, and no job rests as failed', 'verification'],
  ];
  it.each(RULES)('%s', (_, area) => {
    expect(report?.faults[area], `SEED=${seed}`).toEqual([]);
  });

  it('TT-8 was killed in the middle of something, most times', () => {
    expect(report?.interrupted).toBeGreaterThan((report?.kills ?? 0) / 2);
  });
});
