import { randomNumbers } from './measure.ts';

/** As `POST …/contributions` and the import take it. */
export type SentContribution = {
  id: string;
  contributor: string;
  category: string;
  amount: string;
  occurredAt: string;
};

/** Which of so many members contributes next, by a number from 0 to 1. */
export const MEMBER_MIXES = {
  // Zipf's law with exponent 1: the n-th of them contributes an n-th as often as the first.
  heavyTailed: (members: number, random: number) => Math.floor(members ** random) - 1,
  uniform: (members: number, random: number) => Math.floor(members * random),
} as const;

/** Contributions without end, the same in every run: of the last days, in order, by members of whom few do most. */
export function* heavyTailedContributions(members: number): Generator<SentContribution, never> {
  const random = randomNumbers(11);
  const start = Date.now() - 5 * 86_400_000;
  for (let n = 0; ; n += 1) {
    yield {
      id: `job-${n}`,
      contributor: `member-${MEMBER_MIXES.heavyTailed(members, random())}`,
      category: 'gpu-contributors',
      amount: (0.25 * (1 + Math.floor(random() * 96))).toString(),
      occurredAt: new Date(start + 100 * n).toISOString(),
    };
  }
}
