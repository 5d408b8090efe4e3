import type { z } from 'zod';
import type { leaderboardSchema } from './api-shapes.ts';

/**
 * Writes a leaderboard as lines, in a format that programs may rely on:
 *
 *     Top 3 Contributors:
 *     1. user123 - 1200 OMNIT
 *
 * The heading names the limit even when fewer stand. Units take a plural s unless the score is 1; OMNIT has none.
 */
export function formatLeaderboard(
  { unit, entries }: z.output<typeof leaderboardSchema>,
  { limit, around }: { limit: number; around?: string },
): string[] {
  if (entries.length === 0) return ['No contributions yet.'];
  const heading = around === undefined ? `Top ${limit} Contributors:` : `Around ${around}:`;
  return [
    heading,
    ...entries.map(({ rank, handle, score }) => `${rank}. ${handle} - ${score} ${inNumber(unit, score)}`),
  ];
}

function inNumber(unit: string, score: string): string {
  return unit === 'OMNIT' || score === '1' ? unit : `${unit}s`;
}
