import { setTimeout as sleep } from 'node:timers/promises';
import { makeContribution } from './history.ts';
import type { Person } from './people.ts';
import { seededRandom } from './random.ts';
import type { DemoApi } from './sender.ts';

const LEAST_PAUSE_MS = 1_000;
const MOST_PAUSE_MS = 4_000;

/** Has people go on contributing, one every few seconds, the zealous more often. Resolves once told to end. */
export async function keepContributing(api: DemoApi, people: readonly Person[], ending: AbortSignal): Promise<void> {
  const random = seededRandom(Date.now());
  const zeal = people.reduce((sum, person) => sum + person.zeal, 0);
  for (;;) {
    const pause = LEAST_PAUSE_MS + random() * (MOST_PAUSE_MS - LEAST_PAUSE_MS);
    await sleep(pause, undefined, { signal: ending }).catch(() => undefined);
    if (ending.aborted) return;
    let left = random() * zeal;
    const person = people.find((candidate) => (left -= candidate.zeal) < 0);
    const now = new Date();
    if (person) await api.send([makeContribution(random, person, `live-${now.getTime()}`, now)]);
  }
}
