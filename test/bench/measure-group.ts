import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchContext, Figure, FigureGroup } from './figure.ts';

const MINUTE_MS = 60_000;
const LIMIT_MINUTES = 30;
/** How long a group that was given up has to put away what it had, once that was taken from it. */
const WIND_UP_MS = 10_000;

/**
 * Measures a group. One that breaks, or is not done in its time, is not measured: why goes to stderr, and the next one can
 * go on.
 *
 * @param takeAway ends what a group has in use, such as processes and databases: whatever waits for them fails
 */
export async function measureGroup(
  group: FigureGroup,
  context: BenchContext,
  takeAway: () => Promise<void>,
): Promise<Figure[]> {
  const limit = AbortSignal.timeout((group.limitMinutes ?? LIMIT_MINUTES) * MINUTE_MS);
  const over = Promise.withResolvers<never>();
  limit.addEventListener('abort', () => over.reject(limit.reason));
  const measuring = group.measure(context);
  try {
    return await Promise.race([measuring, over.promise]);
  } catch (error) {
    if (!limit.aborted) return notMeasured(group, error);
    // What it breaks with then tells what it waited for.
    const ended = takeAway().then(() => measuring);
    const cause = await Promise.race([
      ended.catch((reason: unknown) => reason),
      sleep(WIND_UP_MS, 'It went on waiting when all was taken away.', { ref: false }),
    ]);
    const minutes = group.limitMinutes ?? LIMIT_MINUTES;
    return notMeasured(group, new Error(`It was not done within ${minutes} minutes.`, { cause }));
  }
}

function notMeasured({ names }: FigureGroup, error: unknown): Figure[] {
  console.error(`${names.join(', ')}: not measured.`, error);
  process.exitCode = 1;
  return names.map((name) => ({
    name,
    value: null,
    unit: 'x',
    goal: undefined,
    measured: `not measured: ${String(error)}`,
  }));
}
